"""``require``: planning backwards. What budget, volumes and capacities does a goal need, or why can it not be reached?

The budget is bisected; in every step the best plan within it (and within all other limits) is searched, and valued on
customers that no search has seen. The answer is verified once more with draws of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from optimizer.errors import Infeasible
from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part, toml_text
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, money, number, percent
from scenarios.requiring_delivery import delivery_needs, needs_in_words
from scenarios.run import optimize_scenario
from scenarios.vary import varied
from sim.errors import InputError
from sim.policy import Frequencies

Progress = Callable[[float, float, str], None]
Measure = Literal["value", "contribution", "revenue", "orders"]
MEASURES = ("value", "contribution", "revenue", "orders")
FRESH, VERIFY = 2, 12
"""Added to the seed: draws that value a step's plan; draws that verify the answer."""
LIST_LIMIT = "list loss"
CLOSE = 0.02
"""The budget is found to 2 %."""


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


@dataclass(frozen=True, eq=False)
class Step:
    """One budget: the best plan within it and what it is worth on fresh customers."""

    budget: float
    plan: Frequencies
    found: Valued
    binding: tuple[str, ...]


def require_goal(
    loaded: LoadedScenario,
    goal: Goal,
    *,
    most_list_loss: float | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """The smallest budget whose best plan reaches the goal, its plan and volumes. Raises ``Infeasible`` with reasons.

    ``most_list_loss``: share of the subscriptions at the start that may be lost within the horizon.
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
    loss = None if most_list_loss is None else most_list_loss * today.subscriptions

    def try_budget(budget: float, text: str, done: float) -> Step:
        say(done, 10, text)
        return _step(loaded, budget, loss, valuer, seed, customers, threads)

    free = try_budget(1e12, "without a budget", 1)
    if _reached(free, goal) < target:
        raise Infeasible(_why_not(loaded, goal, target, free))
    best, steps = _bisect(free, goal, target, try_budget)
    say(9, 10, "verification")
    again = Valuer(loaded, seed=seed + VERIFY, customers=customers, threads=threads)
    verified = again.value(Alternative("plan", loaded, best.plan))
    result = _result(loaded, goal, target, best, steps, verified, today, most_list_loss)
    result |= delivery_needs(loaded, best.plan, seed=seed + VERIFY, threads=threads)
    if told := needs_in_words(result.get("delivery", {})):
        result["verdict"] += f" To deliver it in time takes {told}."
    result["provenance"] = provenance_part(clock, seed=seed, verify_seed=seed + VERIFY)
    say(10, 10, "done")
    frames, texts = {"steps": _frame(result["steps"])}, {"required.toml": _fragment(result)}
    return RunResult(result, frames, best.plan, texts, loaded.slug)


def _bisect(
    free: Step, goal: Goal, target: float, try_budget: Callable[[float, str, float], Step]
) -> tuple[Step, list[Step]]:
    """Smallest budget that reaches the target, to 2 %; steps in order of budget."""
    best, low, high = free, 0.0, free.found.estimate("cost").mean
    steps, number_ = [free], 0
    while high - low > CLOSE * high and high > 0:
        middle = (low + high) / 2
        number_ += 1
        step = try_budget(middle, f"budget {count(middle)}", min(8.5, 1 + 1.2 * number_))
        steps.append(step)
        if _reached(step, goal) >= target:
            best, high = step, min(middle, step.found.estimate("cost").mean)
        else:
            low = middle
    return best, sorted(steps, key=lambda step: step.budget)


def _step(
    loaded: LoadedScenario,
    budget: float,
    loss: float | None,
    valuer: Valuer,
    seed: int,
    customers: int | None,
    threads: int | None,
) -> Step:
    within = varied(loaded, [_limits_text(loaded, budget, loss)], "--target")
    done = optimize_scenario(within, seed=seed, customers=customers, threads=threads)
    if done.plan is None:
        raise ValueError("a search ends with a plan")
    found = valuer.value(Alternative("plan", loaded, done.plan))
    binding = tuple(row["name"] for row in done.result["limits"] if row.get("binding"))
    return Step(budget, done.plan, found, binding)


def _limits_text(loaded: LoadedScenario, budget: float, loss: float | None) -> str:
    """The scenario's own budget is replaced by this one; its other limits stay."""
    items = [f"{{name = {toml_text(_budget_name(loaded))}, max_cost = {budget!r}}}"]
    if loss is not None:
        items.append(f'{{name = "{LIST_LIMIT}", max_unsubscribes = {loss!r}}}')
    return f"optimize.limits=[{', '.join(items)}]"


def _budget_name(loaded: LoadedScenario) -> str:
    limits = loaded.scenario.optimize.limits
    total = [limit.name for limit in limits if limit.max_cost is not None and not limit.channel]
    return total[0] if total else "required budget"


def _reached(step: Step, goal: Goal) -> float:
    return step.found.estimate(goal.measure).mean


def _why_not(loaded: LoadedScenario, goal: Goal, target: float, free: Step) -> str:
    """What can be reached at most, and what holds it back."""
    currency = loaded.scenario.currency
    reached, cost = _reached(free, goal), free.found.estimate("cost").mean
    held = [name for name in free.binding if name != _budget_name(loaded)]
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
    spent, reached = verified.estimate("cost").mean, verified.estimate(goal.measure)
    budget = max(spent, best.found.estimate("cost").mean)
    unit = "orders" if goal.measure == "orders" else currency
    per_week = {name: many / weeks for name, many in verified.contacts.items()}
    busiest = {name: max(weeks_) for name, weeks_ in verified.weekly_contacts.items() if any(weeks_)}
    volumes = ", ".join(f"{count(many)} {name}" for name, many in per_week.items() if many)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "require",
        "scenario": scenario_part(loaded, verified.population),
        "goal": {"measure": goal.measure, "target": target, "unit": unit},
        **({} if most_list_loss is None else {"most_list_loss": most_list_loss}),
        "plan_name": "required",
        **plan_part(best.plan),
        "budget": budget,
        "budget_name": _budget_name(loaded),
        "contacts_per_week": per_week,
        "capacity_per_week": busiest,
        "reached": estimate(reached),
        "value": estimate(verified.estimate("value")),
        "cost": spent,
        "list_lost_share": estimate(verified.share_lost("unsubscribes")),
        "current": {goal.measure: estimate(today.estimate(goal.measure)), "cost": today.estimate("cost").mean},
        "held_back_by": list(best.binding),
        "steps": [
            {
                "budget": step.budget if step.budget < 1e12 else step.found.estimate("cost").mean,
                goal.measure: _reached(step, goal),
                "cost": step.found.estimate("cost").mean,
                "list_lost_share": step.found.share_lost("unsubscribes").mean,
                "reaches": _reached(step, goal) >= target,
            }
            for step in steps
        ],
        "verdict": (
            f"{goal.measure.capitalize()} of {number(target)} {unit} over no contact needs {money(budget, currency)} "
            f"in {weeks} weeks and, a week, {volumes or 'no contacts'}; on draws no search has seen the plan brings "
            f"{number(reached.mean)} and loses {percent(verified.share_lost('unsubscribes').mean)} of the list."
        ),
    }


def _fragment(result: Part) -> str:
    """The limits that the goal needs, with a twentieth to spare. Loads with ``extends``."""
    lines = ["# What the goal needs, from contactpolicy require: extends = [..., 'required.toml'].", ""]
    name = toml_text(result["budget_name"])
    lines += ["[[optimize.limits]]", f"name = {name}", f"max_cost = {1.05 * result['budget']:.2f}"]
    for channel, most in result["capacity_per_week"].items():
        lines += ["", "[[optimize.limits]]", f"name = {toml_text(f'{channel}: required capacity')}"]
        lines += [f"channel = {toml_text(channel)}", f"max_contacts_per_week = {math.ceil(1.05 * most)}"]
    return "\n".join(lines) + "\n"


def _frame(rows: list[Part]) -> Any:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)
