"""Which limits contradict each other, and the least that must be given up: in the user's words.

The conflict is found in the program over the effects table: limits are left out one after the other, and those
without which everything would still be impossible are no part of it. The ways out are plans of that program with
one limit of the conflict set free, simulated: what they use is what the limit would have to allow.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.around import effects_of, master_data
from optimizer.effects import Effects
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.formulation import MasterData
from optimizer.limits import Limit, broken, used_of
from optimizer.settings import SearchSettings
from optimizer.solve import nearest_to_feasible, propose

_ANY = 10_000
"""A trust region as wide as any plan."""


def infeasible_words(evaluator: Evaluator, nearest: Evaluated, settings: SearchSettings, currency: str = "") -> str:
    """Lines that name the conflicting limits and the cheapest relaxations."""
    table = effects_of(evaluator, nearest)
    data = feasibility_only(evaluator, table, nearest, settings)
    names = conflict(evaluator, data) or _exceeded(evaluator, nearest)
    hard = {limit.name: limit for limit in evaluator.limits}
    rules = " and ".join(f"'{name}' ({words_of(hard[name], currency)})" for name in names)
    said = "cannot be kept by any plan" if len(names) == 1 else "cannot be kept together by any plan"
    lines = [f"no plan fits the limits: {rules} {said} of these levels"]
    ways = [way for name in names if (way := _way_out(evaluator, data, hard[name], settings, currency))]
    return "\n".join([*lines, *(["what would help, each alone:"] if ways else []), *ways])


def words_of(limit: Limit, currency: str) -> str:
    """``at most 2,400 USD``."""
    return f"at {'most' if limit.at_most else 'least'} {_number(limit.bound)} {limit.unit(currency)}".strip()


def conflict(evaluator: Evaluator, data: MasterData) -> list[str]:
    """Names of limits that together cannot be kept, none of them superfluous; [] if the program can keep all."""
    owners = [limit.name for limit, _ in evaluator.rows().owner]
    hard = [limit.name for limit in evaluator.limits if limit.enforce == "hard"]
    needed = list(hard)
    if propose(_only(data, owners, needed)) is not None:
        return []
    for name in hard:
        rest = [other for other in needed if other != name]
        if propose(_only(data, owners, rest)) is None:
            needed = rest
    return needed


def feasibility_only(evaluator: Evaluator, table: Effects, nearest: Evaluated, settings: SearchSettings) -> MasterData:
    """The program over a table in which every plan is worth the same."""
    data = master_data(evaluator, table, nearest, evaluator.rows(settings.buffer), _ANY)
    return replace(data, value=np.where(np.isfinite(data.value), 0.0, -np.inf))


def _only(data: MasterData, owners: list[str], names: list[str]) -> MasterData:
    """Without the rows of other limits."""
    free = np.array([owner not in names for owner in owners], dtype=bool)
    return replace(data, most=np.where(free, np.inf, data.most))


def _exceeded(evaluator: Evaluator, nearest: Evaluated) -> list[str]:
    return broken(evaluator.limits, nearest.parts, evaluator.weeks)


def _way_out(
    evaluator: Evaluator, data: MasterData, limit: Limit, settings: SearchSettings, currency: str
) -> str | None:
    """The nearest bound of one limit with which the others can be kept, of a plan that was simulated."""
    mine = evaluator.rows().of(limit)
    freed = nearest_to_feasible(data, soft=mine)
    if freed is None:
        return None
    (plan,) = evaluator.evaluate([freed.choice])
    others = [name for name in broken(evaluator.limits, plan.parts, evaluator.weeks) if name != limit.name]
    if others:
        return None
    used = used_of(limit, evaluator.limits, plan.parts, evaluator.weeks)
    needed = used * (1.0 + settings.buffer) if limit.at_most else used * (1.0 - settings.buffer)
    verb = "raise" if limit.at_most else "lower"
    return f"{verb} '{limit.name}' from {_number(limit.bound)} to {_number(needed)} {limit.unit(currency)}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
