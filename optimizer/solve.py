"""Solving the master problem; with the formulation the only place that sees PuLP.

HiGHS in-process. The status is read before any value: after "infeasible" variables still hold numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pulp

from optimizer.formulation import Master, MasterData, build
from optimizer.space import Choice

_GAP = 1e-4
"""Relative gap at which HiGHS may stop: far below the error of the effects table, and proposals are simulated anyway.
(Measured: closing the last 1e-9 of 2,400 binaries with 28 rows takes minutes.)"""


@dataclass(frozen=True)
class Proposal:
    """A solution of the master problem."""

    choice: Choice
    gain: float
    """Value over the incumbent that the effects table promises, currency."""


def propose(data: MasterData, *, seconds: float = 20.0) -> Proposal | None:
    """The best choice by the table, or None when no choice satisfies the rows."""
    master = build(data)
    if not _solved(master.problem, seconds):
        return None
    choice = np.array(data.incumbent)
    for (s, c, k), variable in master.x.items():
        if (variable.value() or 0.0) > 0.5:
            choice[s, c] = k
    gain = float(sum(data.value[s, c, choice[s, c]] for s, c in np.ndindex(choice.shape)))
    return Proposal(choice, gain)


def _solved(problem: pulp.LpProblem, seconds: float) -> bool:
    """Whether a feasible solution was found (PuLP 3 returns a status, PuLP 4 statistics)."""
    outcome = problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=_GAP))
    has_solution = getattr(outcome, "has_solution", None)
    if has_solution is not None:
        return bool(has_solution)
    return problem.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)


def solve_master(master: Master, seconds: float = 20.0) -> bool:
    """Solve a built problem in place (tests of single constraint families)."""
    return _solved(master.problem, seconds)
