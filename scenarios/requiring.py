"""``require``: planning backwards. What budget, volumes and capacities does a goal need, or why can it not be reached?

The budget is bisected; in every step the best plan within it (and within all other limits) is searched, and valued on
customers that no search has seen. The answer is verified once more with draws of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from optimizer.errors import Infeasible
from scenarios.alternatives import Alternative, Valued, Valuer, unit_of
from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part, toml_text
from scenarios.pointstore import PointStore, data_digests, question_digest
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, money, number
from scenarios.requiring_delivery import delivery_needs
from scenarios.requiring_steps import CLOSE, UNLIMITED, Step, Steps, bisect, budget_name, spent
from scenarios.requiring_words import require_verdict
from scenarios.world import FrameScenario
from sim.compare import Estimate, base_total
from sim.errors import InputError

Progress = Callable[[float, float, str], None]
Measure = Literal["value", "contribution", "revenue", "orders"]
MEASURES = ("value", "contribution", "revenue", "orders")
FRESH, VERIFY = 2, 12
"""Added to the seed: draws that value a step's plan; draws that verify the answer."""


@dataclass(frozen=True)
class Goal:
    """A measure over no contact, and how much of it."""

    measure: Measure
    amount: float | None
    """In the currency (or orders); None: ``share`` above what the current policy brings."""
    share: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Goal:
        """``value=15000`` or ``orders=+5%``."""
        found = re.fullmatch(r"\s*(\w+)\s*=\s*(?:([\d_.]+)|([+-][\d_.]+)\s*%)\s*", text)
        allowed = f"MEASURE=AMOUNT or MEASURE=+PERCENT%, the measure one of {', '.join(MEASURES)}, like value=+5%"
        if not found or found[1] not in MEASURES:
            raise InputError.of("--target", "is not a goal", text, allowed)
        try:
            amount = float(found[2]) if found[2] else None
            share = float(found[3]) / 100 if found[3] else 0.0
        except ValueError:
            raise InputError.of("--target", "is not a goal", text, allowed) from None
        return cls(cast(Measure, found[1]), amount, share)


def require_goal(
    loaded: LoadedScenario,
    goal: Goal,
    *,
    most_list_loss: float | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """The smallest budget whose best plan reaches the goal, its plan and volumes. Raises ``Infeasible`` with reasons.

    ``most_list_loss``: share of the subscriptions at the start that may be lost within the horizon.
    ``folder``: where finished steps are kept until the run is written (see ``PointStore``).
    """
    if most_list_loss is not None and not 0 <= most_list_loss <= 1:
        raise InputError.of("--most-list-loss", "is out of range", most_list_loss, "a share, 0 to 1")
    clock, say = Clock(), progress or (lambda done, total, text: None)
    valuer = Valuer(loaded, seed=seed + FRESH, customers=customers, threads=threads)
    say(0, 10, "the current policy")
    today = valuer.value(Alternative("current", loaded))
    target = goal.amount if goal.amount is not None else today.estimate(goal.measure).mean * (1 + goal.share)
    if goal.amount is None and today.estimate(goal.measure).mean <= 0:
        what = "the current policy brings nothing that a percentage could be taken of"
        raise InputError.of("--target", what, number(today.estimate(goal.measure).mean), "an amount")
    if target <= 0:
        raise InputError.of("--target", "is reached without any contact", number(target), "more than 0 over no contact")
    loss = None if most_list_loss is None else most_list_loss * today.subscriptions
    store = PointStore(None if isinstance(loaded, FrameScenario) else folder)
    try:
        steps = Steps(loaded, loss, valuer, seed, customers, threads, store)
        best, tried = _smallest_budget(steps, goal, target, say)
    finally:
        store.close()
    say(9, 10, "verification")
    again = Valuer(loaded, seed=seed + VERIFY, customers=customers, threads=threads)
    verified = again.value(Alternative("plan", loaded, best.plan))
    now = again.value(Alternative("current", loaded)) if goal.amount is None else None
    result = _result(loaded, goal, target, best, tried, verified, today, most_list_loss)
    result["more_than_asked"] = estimate(_more_than_asked(verified, now, goal))
    result |= delivery_needs(loaded, best.plan, seed=seed + VERIFY, threads=threads)
    result["verdict"] = require_verdict(result)
    result["assumptions"] = assumption_rows(valuer.base(loaded))
    result["provenance"] = provenance_part(clock, seed=seed, verify_seed=seed + VERIFY)
    say(10, 10, "done")
    frames, texts = {"steps": _frame(result["steps"], goal.measure)}, {"required.toml": _fragment(result)}
    return RunResult(result, frames, best.plan, texts, loaded.slug)


def require_digest(
    loaded: LoadedScenario, goal: Goal, *, most_list_loss: float | None, seed: int, customers: int | None
) -> str:
    """Of the whole question."""
    return question_digest([loaded.digest, data_digests(loaded), astuple(goal), most_list_loss, seed, customers])


def _smallest_budget(steps: Steps, goal: Goal, target: float, say: Progress) -> tuple[Step, list[Step]]:
    """The step that answers, and all that were taken; raises ``Infeasible`` where no budget is enough."""
    say(1, 10, "without a budget")
    free = steps.take(UNLIMITED)
    if free is None:
        raise ValueError("without a budget a search finds a plan or says which limits contradict each other")
    if _reached(free, goal) < target:
        raise Infeasible(_why_not(steps.loaded, goal, target, free))
    expected = math.ceil(-math.log2(CLOSE))
    taken = 0

    def take(budget: float) -> Step | None:
        nonlocal taken
        taken += 1
        say(min(8.5, 1 + 7.5 * taken / expected), 10, f"budget {count(budget)}, step {taken} of about {expected}")
        return steps.take(budget)

    return bisect(free, lambda step: _reached(step, goal) >= target, take)


def _reached(step: Step, goal: Goal) -> float:
    return step.found.estimate(goal.measure).mean


def _why_not(loaded: LoadedScenario, goal: Goal, target: float, free: Step) -> str:
    """What can be reached at most, and what holds it back."""
    currency = loaded.scenario.currency
    reached, cost = _reached(free, goal), spent(free)
    held = [name for name in free.binding if name != budget_name(loaded)]
    reason = f"held back by: {', '.join(held)}" if held else "the customers do not bring more, whatever is spent"
    return (
        f"{goal.measure} of {number(target)} over no contact cannot be reached: the best plan without a budget brings "
        f"{number(reached)} for {money(cost, currency)}; {reason}"
    )


def _result(
    loaded: LoadedScenario,
    goal: Goal,
    target: float,
    best: Step,
    steps: list[Step],
    verified: Valued,
    today: Valued,
    most_list_loss: float | None,
) -> Part:
    currency, weeks = loaded.scenario.currency, loaded.scenario.horizon.weeks
    cost, reached = verified.estimate("cost").mean, verified.estimate(goal.measure)
    budget = max(cost, spent(best))
    unit = "orders" if goal.measure == "orders" else currency
    per_week = {name: many / weeks for name, many in verified.contacts.items()}
    busiest = {name: max(weeks_) for name, weeks_ in verified.weekly_contacts.items() if any(weeks_)}
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "require",
        "scenario": scenario_part(loaded, verified.population),
        "goal": {"measure": goal.measure, "target": target, "unit": unit},
        **({} if most_list_loss is None else {"most_list_loss": most_list_loss}),
        "plan_name": "required",
        **plan_part(best.plan),
        "budget": budget,
        "budget_name": budget_name(loaded),
        "contacts_per_week": per_week,
        "capacity_per_week": busiest,
        "reached": estimate(reached),
        "value": estimate(verified.estimate("value")),
        "cost": cost,
        "list_lost_share": estimate(verified.share_lost("unsubscribes")),
        "current": {goal.measure: estimate(today.estimate(goal.measure)), "cost": today.estimate("cost").mean},
        "held_back_by": list(best.binding),
        "steps": [
            {
                "budget": step.budget if step.budget < UNLIMITED else spent(step),
                goal.measure: estimate(step.found.estimate(goal.measure)),
                "cost": spent(step),
                "list_lost_share": estimate(step.found.share_lost("unsubscribes")),
                "reaches": _reached(step, goal) >= target,
            }
            for step in steps
        ],
    }


def _more_than_asked(verified: Valued, now: Valued | None, goal: Goal) -> Estimate:
    """By how much the plan exceeds the goal on draws of its own; a percentage is one of the current policy there."""
    if now is None:
        reached = verified.estimate(goal.measure)
        return Estimate(reached.mean - (goal.amount or 0.0), reached.se)
    asked = np.rint((1 + goal.share) * now.measures[goal.measure]).astype(np.int64)
    return base_total(verified.measures[goal.measure] - asked, verified.population, unit_of(goal.measure))


def _fragment(result: Part) -> str:
    """The limits that the goal needs, with a twentieth to spare. Loads with ``extends``."""
    lines = ["# What the goal needs, from contactpolicy require: extends = [..., 'required.toml'].", ""]
    name = toml_text(result["budget_name"])
    lines += ["[[optimize.limits]]", f"name = {name}", f"max_cost = {1.05 * result['budget']:.2f}"]
    for channel, most in result["capacity_per_week"].items():
        lines += ["", "[[optimize.limits]]", f"name = {toml_text(f'{channel}: required capacity')}"]
        lines += [f"channel = {toml_text(channel)}", f"max_contacts_per_week = {math.ceil(1.05 * most)}"]
    return "\n".join(lines) + "\n"


def _frame(rows: list[Part], measure: str) -> Any:
    import polars as pl

    ends = ("mean", "ci_low", "ci_high")
    flat = [
        {key: row[key] for key in ("budget", "cost", "reaches")}
        | {f"{name}_{end}": row[name].get(end) for name in (measure, "list_lost_share") for end in ends}
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
