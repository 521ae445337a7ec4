"""The effects table: what every single change of the incumbent plan does, exactly and paired.

A change of one segment's frequency can only touch customers who visit that segment; for all others the effect is
exactly 0, so only the visitors are simulated. Draws are shared, so effects are differences per customer, on
value and on every row of every limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.limits import Limit, lane_use, rows_of_use
from optimizer.objective import Objective, worth
from optimizer.space import Choice, Space
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started
from sim.units import MICRO


@dataclass(frozen=True)
class Effects:
    """Effects of single changes around an incumbent, totals over the real base. B = most levels of a channel."""

    incumbent: Choice
    value: npt.NDArray[np.float64]
    """(S, L, B) change of value, currency; 0 for the incumbent's own level, -inf for levels that do not exist or were
    not simulated."""
    value_se: npt.NDArray[np.float64]
    """(S, L, B) its standard error."""
    use: npt.NDArray[np.float64]
    """(S, L, B, rows) change of use."""
    visited: npt.NDArray[np.bool_]
    """(S,) whether anybody is ever in the segment."""
    simulated: int
    """Customer-days simulated for the table."""


def effects_table(
    started: Started,
    space: Space,
    incumbent: Choice,
    result: SimulationResult,
    limits: Sequence[Limit],
    *,
    tail: Frequencies,
    objective: Objective,
    threads: int,
    steps: int | None = None,
) -> Effects:
    """Simulate every single change; ``result`` holds the incumbent (plan 0) on ``started``'s customers.

    ``steps``: only changes by so many levels up or down (None = all); the others have value -inf.
    """
    (segments, channels), most = space.shape, max(len(levels) for levels in space.levels)
    rows = rows_of_use(lane_use(result)[:1], limits, space.channels, _costs(started), 1.0).shape[1]
    value = np.full((segments, channels, most), -np.inf)
    error = np.zeros((segments, channels, most))
    use = np.zeros((segments, channels, most, rows))
    visited = np.zeros(segments, dtype=bool)
    simulated = 0
    scale = started.world.population.scale
    for s in range(segments):
        visitors = np.flatnonzero(result.totals.visited[0] >> s & 1)
        visited[s] = len(visitors) > 0
        changes = [
            (c, k)
            for c in range(channels)
            for k in range(len(space.levels[c]))
            if 0 < abs(k - incumbent[s, c]) <= (steps or most)
        ]
        for c in range(channels):
            value[s, c, incumbent[s, c]] = 0.0
        if not visited[s]:
            for c, k in changes:
                value[s, c, k] = 0.0
        elif changes:
            plans = [
                space.plan(incumbent, "incumbent"),
                *(space.plan(_with(incumbent, s, c, k), "") for c, k in changes),
            ]
            part = simulate(
                started.take(visitors), plans, seed=started.seed, tail=tail, threads=threads, detailed=False
            )
            simulated += len(visitors) * len(plans) * started.world.days
            gain = worth(part, objective)
            gain = gain[1:] - gain[0]
            spent = rows_of_use(lane_use(part), limits, space.channels, _costs(started), scale)
            for j, (c, k) in enumerate(changes):
                value[s, c, k] = gain[j].sum() * scale / MICRO
                error[s, c, k] = np.sqrt(np.square(gain[j] / MICRO).sum()) * scale
                use[s, c, k] = spent[j + 1] - spent[0]
    return Effects(incumbent.copy(), value, error, use, visited, simulated)


def _with(choice: Choice, s: int, c: int, k: int) -> Choice:
    changed = choice.copy()
    changed[s, c] = k
    return changed


def _costs(started: Started) -> list[float]:
    return [channel.unit_cost for channel in started.world.channels]
