"""What offers take off orders, and what campaigns and cascades send; parts of a result where the world has them."""

from __future__ import annotations

from scenarios.outcome import Part, estimate
from sim.compare import total_of
from sim.engine.tables import SENT
from sim.lines import lines_of
from sim.quantities import HORIZON, Quantity
from sim.result import Findings


def program_outcome(result: Findings, world: int) -> Part:
    """``offer_cost`` where there are offers, ``campaign_contacts`` where there are campaigns or cascades."""
    program = result.world.program
    return (offer_cost(result, world) if program.offers else {}) | (
        {"campaign_contacts": campaign_contacts(result, world)} if program.campaigns or program.cascades else {}
    )


def offer_cost(result: Findings, world: int) -> Part:
    """Discounts of the horizon, {mean, ci_low, ci_high} in the currency: ``total``, and the part of it on ``organic``
    orders, which would have come anyway, at the full price."""
    names = {"total": "offer cost", "organic": "offer cost on organic orders"}
    return {
        "offer_cost": {key: estimate(total_of(result, Quantity(name, HORIZON), world)) for key, name in names.items()}
    }


def campaign_contacts(result: Findings, world: int) -> list[Part]:
    """Contacts of the horizon by campaign and by step of each cascade that the plan runs: {campaign, step?, channel,
    contacts, share_of_first_step?}."""
    rows: list[Part] = []
    scale, sent = result.people.scale, result.totals.line[world, : result.world.weeks, :, SENT].sum(axis=0)
    first: dict[str, float] = {}
    for number, line in enumerate(lines_of(result.world)):
        if line.campaign is None or line.campaign not in result.plans[world].campaigns:
            continue
        contacts = float(sent[number]) * scale
        row: Part = {"campaign": line.campaign, "channel": result.world.channel_names[line.channel]}
        if line.step is not None:
            row["step"] = line.step + 1
            of = first.setdefault(line.campaign, contacts)
            if of:
                row["share_of_first_step"] = contacts / of
        rows.append(row | {"contacts": contacts})
    return rows
