"""The plan as a mixed-integer program over the effects table.

    x[s, c, k] in {0, 1}    segment s gets level k of channel c

    max  sum_{s,c,k} v[s, c, k] x[s, c, k]                              value gained over the incumbent
    s.t. sum_k x[s, c, k] = 1                      for every s, c       one level
         u0[j] + sum u[s, c, k, j] x[s, c, k] <= b[j]  for every row j  limits
         sum_{s,c} (1 - x[s, c, incumbent]) <= tau                      trust region
         sum_{(s,c,k) in P} x[s, c, k] <= |P| - 1   for every tried P   cuts

Internally the negative value is minimized: signs of duals then agree between solvers and versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pulp

from optimizer.space import Choice

Cell = tuple[int, int, int]


@dataclass(frozen=True)
class MasterData:
    """Numbers of one master problem; shapes as in ``optimizer.effects``."""

    value: npt.NDArray[np.float64]
    """(S, L, B); -inf = no such level."""
    use: npt.NDArray[np.float64]
    """(S, L, B, rows)."""
    incumbent: Choice
    use_now: npt.NDArray[np.float64]
    """(rows,) use of the incumbent."""
    most: npt.NDArray[np.float64]
    """(rows,) what may be used."""
    trust: int
    """Most cells that may change."""
    tried: Sequence[Choice] = field(default=())
    """Choices that must not be proposed again."""


@dataclass(frozen=True)
class Master:
    """The problem and its variables."""

    problem: pulp.LpProblem
    x: dict[Cell, pulp.LpVariable]


def build(data: MasterData) -> Master:
    """The whole master problem."""
    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    cells = [(int(s), int(c), int(k)) for s, c, k in np.argwhere(np.isfinite(data.value))]
    x = {(s, c, k): problem.add_variable(f"x_{s}_{c}_{k}", cat="Binary") for s, c, k in cells}
    problem.setObjective(pulp.lpSum(-float(data.value[cell]) * x[cell] for cell in cells))
    add_one_level(problem, x)
    add_limits(problem, x, data)
    add_trust_region(problem, x, data)
    add_cuts(problem, x, data)
    return Master(problem, x)


def add_one_level(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable]) -> None:
    """sum_k x[s, c, k] = 1 for every segment s and channel c."""
    for s, c in sorted({(s, c) for s, c, _ in x}):
        row = pulp.lpSum(x[cell] for cell in x if cell[:2] == (s, c)) == 1
        problem.addConstraint(row, f"one_level_{s}_{c}")


def add_limits(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], data: MasterData) -> None:
    """u0[j] + sum u[s, c, k, j] x[s, c, k] <= b[j] for every row j that any choice could exceed."""
    rows = len(data.most)
    finite = np.isfinite(data.value)
    worst = np.where(finite[..., None], data.use, -np.inf).max(axis=2).sum(axis=(0, 1)) if rows else np.zeros(0)
    for j in range(rows):
        room = float(data.most[j] - data.use_now[j])
        if worst[j] <= room:
            continue
        terms = [float(data.use[(*cell, j)]) * x[cell] for cell in x if data.use[(*cell, j)] != 0.0]
        problem.addConstraint(pulp.lpSum(terms) <= room, f"limit_{j}")


def add_trust_region(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], data: MasterData) -> None:
    """sum_{s,c} x[s, c, incumbent] >= number of cells - tau."""
    segments, channels = data.incumbent.shape
    stay = [x[(s, c, int(data.incumbent[s, c]))] for s in range(segments) for c in range(channels)]
    if data.trust < len(stay):
        problem.addConstraint(pulp.lpSum(stay) >= len(stay) - data.trust, "trust_region")


def add_cuts(problem: pulp.LpProblem, x: dict[Cell, pulp.LpVariable], data: MasterData) -> None:
    """sum of the tried choice's variables <= number of cells - 1, for every tried choice."""
    for n, choice in enumerate(data.tried):
        chosen = [x[(int(s), int(c), int(choice[s, c]))] for s, c in np.ndindex(choice.shape)]
        problem.addConstraint(pulp.lpSum(chosen) <= len(chosen) - 1, f"cut_{n}")
