"""The best plan of a twin world, proved: an integer program over how many customers are where on which day.

    y[t, x, b] >= 0       customers in state x on day t who get bundle b (one level of every channel)
    z[s, b] in {0, 1}     segment s gets bundle b

    max  sum_{t,x,b} v[b, x] y[t, x, b]
    s.t. sum_b y[0, x, b] = start[x]                                  for every x          the start
         sum_b y[t, x, b] = sum_{x',b} P_b[x', x] y[t-1, x', b]       for every t > 0, x   the flow of customers
         sum_b z[s, b] = 1                                            for every s          one bundle
         y[t, x, b] <= most[t, x] z[segment of x, b]                  for every t, x, b    all of a segment get it
         sum_{t in days of j, x, b} u[j, b, x] y[t, x, b] <= m[j]     for every row j      limits

most[t, x]: as many customers as any policy could bring there. Without the integers this is the linear program of a
constrained Markov decision process (Altman 1999), which bounds every policy; with them, the optimum of the plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pulp

from optimizer.limits import Limit, rows_of
from optimizer.space import Choice
from optimizer.twin import Twin

Visit = tuple[int, int, int]
"""Day, state, bundle."""
_NOBODY = 1e-9
"""States that so small a share of the base can reach on a day are left out there."""


@dataclass(frozen=True)
class Occupancy:
    """The problem and its variables."""

    problem: pulp.LpProblem
    y: dict[Visit, pulp.LpVariable]
    z: dict[tuple[int, int], pulp.LpVariable]


def build_occupancy(twin: Twin, limits: Sequence[Limit]) -> Occupancy:
    """The whole program; PuLP minimizes, so values are negated."""
    problem = pulp.LpProblem("occupancy", pulp.LpMinimize)
    most = most_customers(twin)
    scale = float(twin.start.sum())
    bundles = range(len(twin.bundles))
    reached = [(int(t), int(x)) for t, x in np.argwhere(most > _NOBODY * scale)]
    y = {(t, x, b): problem.add_variable(f"y_{t}_{x}_{b}", lowBound=0) for t, x in reached for b in bundles}
    segments = sorted(set(twin.segment.tolist()))
    z = {(s, b): problem.add_variable(f"z_{s}_{b}", cat="Binary") for s in segments for b in bundles}
    problem.setObjective(pulp.lpSum(-float(twin.value[b, x]) * visit for (_, x, b), visit in y.items()))
    occupancy = Occupancy(problem, y, z)
    add_flow(occupancy, twin)
    add_one_bundle(occupancy)
    add_segments(occupancy, twin, most)
    add_rows(occupancy, twin, limits)
    return occupancy


def most_customers(twin: Twin) -> npt.NDArray[np.float64]:
    """(D, X) customers of the real base that the policy which wants to bring most there brings to a state on a day."""
    days, states = twin.days, len(twin.start)
    best = np.empty((days, states))
    chance = np.eye(states)  # of being in the column's state, from the row's, with so many days to go
    for day in range(days):
        best[day] = twin.start @ chance
        chance = np.max(twin.step @ chance, axis=0)
    return best


def add_flow(occupancy: Occupancy, twin: Twin) -> None:
    """Who is in a state was there at the start or has come from yesterday's states."""
    bundles = range(len(twin.bundles))
    for t, x in dict.fromkeys((t, x) for t, x, _ in occupancy.y):
        here = pulp.lpSum(occupancy.y[t, x, b] for b in bundles)
        if t == 0:
            occupancy.problem.addConstraint(here == float(twin.start[x]), f"start_{x}")
            continue
        came = [
            -float(twin.step[b, before, x]) * occupancy.y[t - 1, before, b]
            for b in bundles
            for before in np.flatnonzero(twin.step[b, :, x]).tolist()
            if (t - 1, before, b) in occupancy.y
        ]
        occupancy.problem.addConstraint(pulp.lpSum([here, *came]) == 0, f"flow_{t}_{x}")


def add_one_bundle(occupancy: Occupancy) -> None:
    """sum_b z[s, b] = 1."""
    for s in sorted({s for s, _ in occupancy.z}):
        chosen = [z for (segment, _), z in occupancy.z.items() if segment == s]
        occupancy.problem.addConstraint(pulp.lpSum(chosen) == 1, f"one_bundle_{s}")


def add_segments(occupancy: Occupancy, twin: Twin, most: npt.NDArray[np.float64]) -> None:
    """Customers of a segment get its bundle and no other."""
    for (t, x, b), visit in occupancy.y.items():
        allowed = float(most[t, x]) * occupancy.z[int(twin.segment[x]), b]
        occupancy.problem.addConstraint(visit - allowed <= 0, f"segment_{t}_{x}_{b}")


def add_rows(occupancy: Occupancy, twin: Twin, limits: Sequence[Limit]) -> None:
    """The limits, on expected use. (A limit without ratio has one part to a row: only the sign differs.)"""
    rows, measured = rows_of(limits, twin.weeks, enforced=True), twin.measured(limits)
    for j, (much, days) in enumerate(measured):
        sign = float(rows.matrix[j, j])
        terms = [
            sign * float(much[b, x]) * visit
            for (t, x, b), visit in occupancy.y.items()
            if days.start <= t < days.stop and much[b, x] != 0.0
        ]
        occupancy.problem.addConstraint(pulp.lpSum(terms) <= float(rows.bound[j]), f"limit_{j}")


def chosen_plan(occupancy: Occupancy, twin: Twin) -> Choice:
    """The plan of a solved program; a segment that nobody can visit gets no contact."""
    bundle = [0] * len(twin.space.segments)
    for (s, b), z in occupancy.z.items():
        if (z.value() or 0.0) > 0.5:
            bundle[s] = b
    return twin.choice(bundle)
