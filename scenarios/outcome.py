"""From a simulation to the numbers of result.json: money, contacts, and what became of the customers.

Everything is scaled to the real base. An estimate is {mean, ci_low, ci_high}; orders, opt-outs, complaints and what
was seen or clicked are expected numbers, contacts and deliveries are counted. What was not computed is absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.compare import Estimate, Increment, compare, outcome_interval, total_of, total_value
from sim.engine.tables import (
    CLICKED_EXPECTED,
    COMPLAINTS_EXPECTED,
    DELIVERED,
    NANO,
    SEEN_EXPECTED,
    SENT,
    UNSUBSCRIBED_EXPECTED,
)
from sim.quantities import HORIZON, TAIL, Quantity, unit
from sim.result import Findings

Part = dict[str, Any]
Worlds = Mapping[str, int]
"""World ("plan", "current", "no_contact") -> its place in the simulation; no "current" where the plan is that one."""
VERSUS = {"versus_current": "current", "versus_none": "no_contact"}


def plan_outcome(result: Findings, worlds: Worlds) -> Part:
    """All that one simulation says about the plan, without the weekly tables."""
    return {
        "incremental": increments(result, worlds, HORIZON),
        **({"tail_value": increments(result, worlds, TAIL)} if result.world.tail_weeks else {}),
        "value": values(result, worlds),
        "outcome": outcomes(result, worlds),
        "baseline": baseline(result, worlds["no_contact"]),
        **contact_totals(result, worlds["plan"]),
        "cost": cost(result, worlds["plan"]),
        "cost_estimate": estimate(total_of(result, Quantity("cost", HORIZON), worlds["plan"])),
    }


def estimate(found: Estimate) -> Part:
    """{mean, ci_low, ci_high}; without an interval where one customer cannot give any."""
    if not math.isfinite(found.se):
        return {"mean": float(found.mean)}
    return {key: float(value) for key, value in found.to_dict().items()}


def increment(found: Increment, base_size: int) -> Part:
    """{total, per_customer} of orders, revenue and contribution."""
    parts = {"orders": found.orders, "revenue": found.revenue, "contribution": found.contribution}
    return {
        "total": {key: estimate(part) for key, part in parts.items()},
        "per_customer": {key: estimate(part.times(1 / base_size)) for key, part in parts.items()},
    }


def increments(result: Findings, worlds: Worlds, phase: int) -> Part:
    """The plan over the current one and over no contact, in the horizon or (discounted) after it."""
    size = result.people.base_size
    return {
        versus: increment(compare(result, worlds["plan"], worlds[other], phase=phase), size)
        for versus, other in VERSUS.items()
        if other in worlds
    }


def values(result: Findings, worlds: Worlds) -> Part:
    """Contribution of the horizon and of what is left after it, together."""
    return {
        versus: estimate(total_value(result, worlds["plan"], worlds[other]))
        for versus, other in VERSUS.items()
        if other in worlds
    }


def outcomes(result: Findings, worlds: Worlds) -> Part:
    """What one real period can show, as contribution of the horizon."""
    spans = {
        versus: outcome_interval(result, worlds["plan"], worlds[other])
        for versus, other in VERSUS.items()
        if other in worlds
    }
    return {key: {"outcome_low": float(low), "outcome_high": float(high)} for key, (low, high) in spans.items()}


def baseline(result: Findings, nothing: int) -> Part:
    """Expected orders and revenue of the horizon without any contact."""
    return {name: _total(result, nothing, name) for name in ("orders", "revenue")}


def cost(result: Findings, world: int) -> float:
    """Contact cost of the horizon."""
    return _total(result, world, "cost")


def contact_totals(result: Findings, world: int) -> Part:
    """Contacts, unsubscribes, complaints and the funnel of each channel over the horizon."""
    lanes = result.totals.lane[world, : result.world.weeks].sum(axis=0)
    scale = result.people.scale
    counted = {"sent": SENT, "delivered": DELIVERED}
    expected = {"seen": SEEN_EXPECTED, "clicked": CLICKED_EXPECTED}
    contacts, unsubscribes, complaints, funnel = Part(), Part(), Part(), Part()
    for name, row in zip(result.world.channel_names, lanes.tolist(), strict=True):
        contacts[name] = row[SENT] * scale
        unsubscribes[name] = row[UNSUBSCRIBED_EXPECTED] * scale / NANO
        complaints[name] = row[COMPLAINTS_EXPECTED] * scale / NANO
        funnel[name] = {step: row[column] * scale for step, column in counted.items()}
        funnel[name] |= {step: row[column] * scale / NANO for step, column in expected.items()}
    return {"contacts": contacts, "unsubscribes": unsubscribes, "complaints": complaints, "funnel": funnel}


def _total(result: Findings, world: int, name: str) -> float:
    return result.moments(Quantity(name, HORIZON), world).total * result.people.scale / unit(name)
