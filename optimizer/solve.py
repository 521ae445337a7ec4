"""Solving the programs; with their formulations the only place that sees PuLP.

HiGHS in-process. The status is read before any value: after "infeasible" variables still hold numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pulp

from optimizer.formulation import Master, MasterData, add_cuts, build
from optimizer.limits import Limit
from optimizer.occupancy import build_occupancy, chosen_plan
from optimizer.space import Choice
from optimizer.twin import Twin

_GAP = 1e-4
"""Relative gap at which HiGHS may stop: far below the error of the effects table, and proposals are simulated anyway.
(Measured: closing the last 1e-9 of 2,400 binaries with 28 rows takes minutes.)"""


@dataclass(frozen=True)
class Proposal:
    """A solution of the master problem."""

    choice: Choice
    gain: float
    """Value over the incumbent that the effects table promises, currency; prices and bills are not in it."""


def propose(data: MasterData, *, seconds: float = 20.0) -> Proposal | None:
    """The best choice by the table, or None when no choice satisfies the rows."""
    master = build(data)
    return _read(master, data) if solve_master(master, seconds) else None


def propose_several(data: MasterData, count: int, *, seconds: float = 20.0) -> list[Proposal]:
    """The ``count`` best choices by the table, best first: each one is cut off before the next is sought."""
    found: list[Proposal] = []
    master = build(data)
    while len(found) < count and solve_master(master, seconds):
        found.append(_read(master, data))
        add_cuts(master.problem, master.x, [found[-1].choice], first=len(data.tried) + len(found) - 1)
    return found


def _read(master: Master, data: MasterData) -> Proposal:
    choice = np.array(data.incumbent)
    for (s, c, k), variable in master.x.items():
        if (variable.value() or 0.0) > 0.5:
            choice[s, c] = k
    return Proposal(choice, float(sum(data.value[s, c, choice[s, c]] for s, c in np.ndindex(choice.shape))))


def nearest_to_feasible(
    data: MasterData, *, soft: npt.NDArray[np.bool_] | None = None, seconds: float = 20.0
) -> Proposal | None:
    """The choice whose rows exceed their bounds least, each measured in shares of its bound; ``soft`` (rows,): only
    these may be exceeded."""
    price = 1.0 / np.maximum(np.abs(data.most), 1e-9)
    if soft is not None:
        price = np.where(soft, price, np.inf)
    least = replace(
        data,
        value=np.where(np.isfinite(data.value), 0.0, -np.inf),
        prices=price,
        tariffs=tuple(replace(tariff, in_value=False) for tariff in data.tariffs),
    )
    return propose(least, seconds=seconds)


@dataclass(frozen=True)
class Proof:
    """The best plan of a twin world."""

    choice: Choice
    value: float
    """Of the program's solution, currency."""
    bound: float
    """No plan of the space is worth more."""


def prove(twin: Twin, limits: Sequence[Limit], *, gap: float = 1e-9, seconds: float = 600.0) -> Proof | None:
    """The best plan within limits by the occupancy program, or None when no plan keeps them."""
    occupancy = build_occupancy(twin, limits)
    if not _solve(occupancy.problem, seconds, gap):
        return None
    worth = -float(occupancy.problem.objective.value() or 0.0)
    return Proof(chosen_plan(occupancy, twin), worth, -_lower_bound(occupancy.problem))


def solve_master(master: Master, seconds: float = 20.0) -> bool:
    """Solve a built problem in place: whether a feasible solution was found."""
    return _solve(master.problem, seconds, _GAP)


def _solve(problem: pulp.LpProblem, seconds: float, gap: float) -> bool:
    """PuLP 3 returns a status, PuLP 4 statistics."""
    outcome = problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=gap))
    has_solution = getattr(outcome, "has_solution", None)
    if has_solution is not None:
        return bool(has_solution)
    return problem.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)


def _lower_bound(problem: pulp.LpProblem) -> float:
    """HiGHS' own: PuLP hides it."""
    return float(problem.solverModel.getInfo().mip_dual_bound)
