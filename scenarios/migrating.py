"""``ledger``: who ends in another segment because of the plan, and what that is worth, customer by customer.

Every customer lives in both worlds with the same luck. Who ends elsewhere under the plan than without it has moved
because of it; the money beside it is the paired difference of these very customers. Segment averages never multiply
flows: a customer whom a contact has moved up is not an average customer of the better segment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.logged import OTHER, PLAN, Versus, segments_on, simulate_two_policies
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, money, percent
from sim.compare import Estimate, base_total, value_per_customer
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.units import MICRO
from sim.world import World

Progress = Callable[[float, float, str], None]


def migration_ledger(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    versus: Versus = "no_contact",
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Moves between segments over the horizon that the plan makes, with the paired contribution of those who moved."""
    clock, say = Clock(), progress or (lambda done, total, text: None)
    both = simulate_two_policies(loaded, plan, versus, seed=seed, customers=customers, threads=threads, say=say)
    found, chosen, world = both.found, both.chosen, both.started.world
    ends = segments_on(found, both.started.begin.segment, world.days)
    gain = value_per_customer(found, PLAN, 0) - value_per_customer(found, OTHER, 0)
    moved = np.sign(ends[OTHER].astype(np.int64) - ends[PLAN])  # segments stand in order, the best one first
    say(2, 3, "ledger")
    total = base_total(gain, world.population, MICRO)
    groups = [_group(name, moved == sign, gain, found) for name, sign in (("up", 1), ("same", 0), ("down", -1))]
    rows = _moves(ends, gain, found)
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "ledger",
        "scenario": scenario_part(loaded, world.population),
        "plan_name": chosen.name,
        "versus": versus,
        **plan_part(chosen),
        "total": estimate(total),
        "groups": groups,
        "moves": rows,
        "assumptions": assumption_rows(both.base),
        "verdict": _verdict(groups, total, loaded.scenario.currency, versus),
        "remarks": [remark(world)],
        "provenance": provenance_part(clock, seed=seed),
    }
    say(3, 3, "done")
    return RunResult(result, {"moves": _frame(rows), "groups": _frame(groups)}, chosen, {}, loaded.slug)


def remark(world: World) -> str:
    """What the money in the ledger is, given what contacts can do in this world."""
    response = world.behaviour.response
    pulled = max([response.pull_forward_share, *(offer.pull_forward_share for offer in world.program.offers)])
    said = [
        "Segments only relabel customers here: nothing in the model makes a customer better because the label is.",
        "The money is that of the orders which the contacts themselves brought"
        + (
            ", and of those that customers whom they woke (response.waking_share) then place by themselves."
            if response.waking_share
            else " (waking is off: no contact makes a customer active again)."
        ),
    ]
    if response.loyalty_gain:
        said.append("Among them are orders that customers place by themselves after one that a contact won (loyalty).")
    if world.behaviour.fatigue.dropout_growth:
        said.append("Orders of customers whom contacts drove away (irritation) are taken off.")
    if pulled:
        said.append("Orders that are missing later because they were pulled forward are taken off.")
    return " ".join(said)


def _group(name: str, who: npt.NDArray[np.bool_], gain: npt.NDArray[np.int64], found: SimulationResult) -> Part:
    people = found.world.population
    return {
        "group": name,
        "customers": int(who.sum()) * people.scale,
        "contribution": estimate(base_total(np.where(who, gain, 0), people, MICRO)),
    }


def _moves(ends: npt.NDArray[np.int64], gain: npt.NDArray[np.int64], found: SimulationResult) -> list[Part]:
    """Where they would have ended -> where they ended, most customers first; only those who ended elsewhere."""
    names, people = found.world.rfm.segments, found.world.population
    rows: list[Part] = []
    for a in range(len(names)):
        for b in range(len(names)):
            who = (ends[OTHER] == a) & (ends[PLAN] == b)
            if a != b and who.any():
                worth: Estimate = base_total(np.where(who, gain, 0), people, MICRO)
                many = int(who.sum()) * people.scale
                rows.append({"without": names[a], "with": names[b], "customers": many, "contribution": estimate(worth)})
    return sorted(rows, key=lambda row: -float(row["customers"]))


def _verdict(groups: list[Part], total: Estimate, currency: str, versus: Versus) -> str:
    up, same, down = groups
    against = "without contacts" if versus == "no_contact" else "under the current policy"
    part = up["contribution"]["mean"] / total.mean if total.mean else 0.0
    better, worse = count(up["customers"]), count(down["customers"])
    worth = f"{money(up['contribution']['mean'], currency)} more, {percent(part)} of all the plan brings"
    return (
        f"Because of the plan {better} customers end in a better segment than {against} and {worse} in a worse one. "
        f"Those who moved up bring {worth}; the {count(same['customers'])} who end where they would have anyway bring "
        f"{money(same['contribution']['mean'], currency)}."
    )


def _frame(rows: list[Part]) -> Any:
    import polars as pl

    flat = [
        {key: value for key, value in row.items() if key != "contribution"}
        | {f"contribution_{end}": row["contribution"].get(end) for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
