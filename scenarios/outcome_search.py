"""From a finished search to the numbers of result.json: promised and delivered, rivals, limits, what was proved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.limits import Limit, broken, used_of
from optimizer.objective import UNITS, Objective, worth
from optimizer.optimize import Optimization
from optimizer.prices import Price
from scenarios.outcome import Part, cost, estimate
from scenarios.planfile import plan_part
from scenarios.under_worlds import WORDS, worlds_part
from sim.compare import base_total, compare
from sim.periods import PeriodPlan
from sim.result import SimulationResult
from sim.units import MICRO

LABELS = {
    "no_contact": "No contact",
    "current": "Current policy",
    "uniform_best": "Best plan that is the same for all segments",
    "all_year": "Plan without periods",
}


def search_outcome(done: Optimization, objective: Objective, currency: str) -> Part:
    """Everything that ``optimize`` reports beyond what it is worth as a simulated plan."""
    names = [plan.name for plan in done.fresh.plans]
    return {
        "objective": objective,
        "promised": measured(done.seen, done.seen_charges, 1, 0, objective),
        "delivered": measured(done.fresh, done.fresh_charges, "plan", "no_contact", objective),
        "promised_minus_delivered": estimate(done.promised_minus_delivered),
        "baselines": {name: rival(done, name, objective) for name in LABELS if name in names},
        "limits": limit_rows(done, currency),
        "certificate": certificate(done),
        "search": search_part(done),
        **(
            {}
            if done.over_worlds is None
            else {"over_worlds": worlds_part(done.over_worlds, UNITS.get(objective, currency))}
        ),
    }


def measured(
    found: SimulationResult, paid: np.ndarray, plan: str | int, nothing: str | int, objective: Objective
) -> Part:
    """A simulated plan over no contact; ``value`` is the objective, horizon and tail together, after what is ``paid``
    beyond unit costs."""
    money = compare(found, plan, nothing)
    return {
        "value": _gain(found, paid, plan, nothing, objective),
        "contribution": estimate(money.contribution),
        "revenue": estimate(money.revenue),
        "orders": estimate(money.orders),
        "cost": cost(found, found.index(plan)),
    }


def rival(done: Optimization, name: str, objective: Objective) -> Part:
    """Another plan on the same fresh customers, and how much more the found one is worth, paired."""
    world = done.fresh.index(name)
    return {
        "label": LABELS[name],
        **measured(done.fresh, done.fresh_charges, name, "no_contact", objective),
        "feasible": not broken(done.limits, done.fresh_parts[world], done.fresh.world.weeks),
        **plan_part(done.fresh.plans[world]),
        "plan_minus_this": _gain(done.fresh, done.fresh_charges, "plan", name, objective),
    }


def limit_rows(done: Optimization, currency: str) -> list[Part]:
    """Each limit and its use by the found plan on fresh customers; of a weekly limit, in its fullest week."""
    parts, weeks = done.fresh_parts[done.fresh.index("plan")], done.fresh.world.weeks
    priced = {price.limit: price_part(price) for price in done.prices}
    return [
        _limit_row(limit, used_of(limit, done.limits, parts, weeks), currency)
        | {"binding": binding}
        | priced.get(limit.name, {})
        for limit, binding in zip(done.limits, done.binding, strict=True)
    ]


def certificate(done: Optimization) -> Part:
    """What was tried in vain, on whom, and which plan that is true of."""
    customers = done.customers
    same = bool(np.array_equal(done.choice, done.found.best.choice))
    return {
        "statement": _statement(done, customers, same),
        "one_opt": done.found.one_opt,
        "exchanges_tried": done.found.exchanges_tried,
        "customers": customers,
        "candidates": done.candidates,
        "selection_customers": done.selection_customers,
        "undecided": done.rivals,
        "holds_for_the_reported_plan": same,
        "tail": "found plan" if done.fresh.tail.name == "plan" else "current policy",
    } | ({"stopped": done.found.stopped} if done.found.stopped else {})


def search_part(done: Optimization) -> Part:
    """Effort and course of the search; rounds are numbered through both of its passes."""
    return {
        "rounds": len(done.found.steps),
        "evaluations": float(done.evaluations),
        "customer_days": int(done.customer_days),
        "seconds": round(done.seconds, 3),
        "history": [
            {
                "round": number,
                "value": float(step.value),
                "changed": int(step.changed),
                "accepted": bool(step.accepted),
                "how": step.how,
            }
            for number, step in enumerate(done.found.steps, start=1)
        ],
    }


def _gain(found: SimulationResult, paid: np.ndarray, plan: str | int, other: str | int, objective: Objective) -> Part:
    value, a, b = worth(found, objective), found.index(plan), found.index(other)
    simulated = base_total(value[a] - value[b], found.world.population, MICRO)
    return estimate(replace(simulated, mean=simulated.mean - float(paid[a] - paid[b])))


def price_part(price: Price) -> Part:
    """What a unit more brings and a unit less costs; in reachable customers, what it gains."""
    return {
        "shadow_price_money": price.money,
        "shadow_price_money_se": price.buy.value_se / abs(price.buy.units),
        "shadow_price_reach": price.reach,
        "sell_price_money": price.sell_money,
        "sell_price_money_se": price.sell.value_se / abs(price.sell.units),
        "sell_price_reach": price.sell_reach,
        "price_step": abs(price.buy.units),
    }


def _limit_row(limit: Limit, used: float, currency: str) -> Part:
    row: dict[str, Any] = {"name": limit.name, "measure": limit.measure, "unit": limit.unit(currency)}
    if limit.channel is not None:
        row["channel"] = limit.channel
    row |= {"limit": limit.bound, "used": used}
    if not limit.at_most:
        row["at_least"] = True
    if limit.enforce != "hard":
        row["enforce"] = limit.enforce
    if limit.bound > 0:
        row["share_used"] = used / limit.bound
    return row


def _statement(done: Optimization, customers: int, same: bool) -> str:
    found, who = done.found, f"the {customers:,} simulated customers of the search"
    plan = "it" if same else "the plan the search ended with"
    if done.over_worlds is not None:
        plan = "the plan the search ended with"
    if found.stopped:
        return (
            f"The search ended early because {found.stopped}: this is the best plan so far, and further changes may "
            f"still improve it. It is the best of {_compared(done)}."
        )
    if found.exhaustive:
        return (
            f"On {who}, every plan of the space was looked at; none within the limits is worth more than {plan}. "
            f"The reported plan is the best of {_compared(done)}."
        )
    if found.one_opt:
        cell = "period, segment" if isinstance(done.plan, PeriodPlan) else "segment"
        more = f" and none of {found.exchanges_tried:,} promising exchanges" * bool(found.exchanges_tried)
        tried = (
            f"On {who}, no single change of one {cell} and channel{more} improves {plan} within the limits by more "
            "than the standard error of the difference"
        )
    else:
        tried = f"The search stopped at its most rounds: on {who}, further changes may still improve {plan}"
    choice = f"The reported plan is the best of {_compared(done)}"
    if done.over_worlds is not None:
        worlds, plans = done.over_worlds.value.shape
        by = WORDS[done.over_worlds.criterion]
        choice = f"The reported plan has the best {by} over {worlds} worlds of {plans} plans that keep the limits"
    after = "found one" if done.fresh.tail.name == "plan" else "current policy"
    if isinstance(done.plan, PeriodPlan) and done.fresh.tail.name == "plan":
        after = "average week of the found one"
    rest = f"After the horizon all plans go on as the {after}. Nothing is proved about larger changes"
    return f"{tried}. {choice}. {rest}."


def _compared(done: Optimization) -> str:
    compared = f"{done.candidates} plans compared on up to {done.selection_customers:,} fresh customers"
    if not done.rivals:
        return compared
    close = "another one" if done.rivals == 1 else f"{done.rivals} others"
    return f"{compared}; these do not tell whether {close} would be a little better, or keep the limits"
