"""The effects table: what every single change of the incumbent plan does, exactly and paired.

A change of one segment's frequency on one channel (in one period, where there are some) can only touch customers who
visit that segment and may be contacted through that channel; for all others the effect is exactly 0, so only these
are simulated. Draws are shared, so effects are differences per customer, on value and on every row of every limit.
Capacity and reputation are off (``optimizer.shared``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.limits import Limit, details_needed, parts_of
from optimizer.objective import Objective, worth
from optimizer.shared import nothing_shared
from optimizer.space import Choice, Space
from optimizer.tariffs import Tariff, volumes
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started
from sim.units import MICRO

_SIDE_BY_SIDE = 7
"""Vectors of levels simulated in one pass, beside the incumbent."""


@dataclass(frozen=True)
class Effects:
    """Effects of single changes around an incumbent, totals over the real base. R = rows of a choice, B = most levels
    of a channel."""

    incumbent: Choice
    value: npt.NDArray[np.float64]
    """(R, L, B) change of value, currency; 0 for the incumbent's own level, -inf for levels that do not exist or were
    not simulated."""
    value_se: npt.NDArray[np.float64]
    """(R, L, B) its standard error."""
    parts: npt.NDArray[np.float64]
    """(R, L, B, parts) change of what the limits measure, at unit costs."""
    volume: npt.NDArray[np.float64]
    """(R, L, B, tariffs) change of the contacts of the horizon."""
    visited: npt.NDArray[np.bool_]
    """(R,) whether anybody is ever in the row's segment."""


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
    tariffs: Sequence[Tariff] = (),
    steps: int | None = None,
    spend: Callable[[int], None] = lambda customer_days: None,
) -> Effects:
    """Simulate every single change; ``result`` holds the incumbent (plan 0) on ``started``'s customers.

    ``steps``: only changes by so many levels up or down (None = all); the others have value -inf.
    ``spend``: told the customer-days of every cell; may raise to stop.
    """
    started = nothing_shared(started)
    (rows, channels), most = space.shape, max(len(levels) for levels in space.levels)
    width = parts_of(result, limits).shape[1]
    value = np.full((rows, channels, most), -np.inf)
    error = np.zeros((rows, channels, most))
    parts = np.zeros((rows, channels, most, width))
    volume = np.zeros((rows, channels, most, len(tariffs)))
    visited = np.zeros(rows, dtype=bool)
    detailed = details_needed(limits)
    reachable = started.begin.subscribed * started.people.contactable
    for s, c in np.ndindex(rows, channels):
        visits = (result.totals.visited[0] >> space.segment_of(s) & 1).astype(bool)
        visited[s] = visits.any()
        levels = [k for k in range(len(space.levels[c])) if 0 < abs(k - incumbent[s, c]) <= (steps or most)]
        value[s, c, [int(incumbent[s, c]), *levels]] = 0.0
        touched = np.flatnonzero(visits & (reachable >> c & 1).astype(bool))
        if not len(touched) or not levels:
            continue
        plans = [space.plan(incumbent, "incumbent"), *(space.plan(_with(incumbent, s, c, k), "") for k in levels)]
        part = simulate(started.take(touched), plans, seed=started.seed, tail=tail, threads=threads, detailed=detailed)
        spend(len(touched) * len(plans) * started.world.days)
        value[s, c, levels], error[s, c, levels] = _gains(part, objective)
        parts[s, c, levels], volume[s, c, levels] = _over_first(part, limits, tariffs)
    return Effects(incumbent.copy(), value, error, parts, volume, visited)


def bundle_table(
    started: Started,
    space: Space,
    incumbent: Choice,
    result: SimulationResult,
    limits: Sequence[Limit],
    *,
    tail: Frequencies,
    objective: Objective,
    threads: int,
    tariffs: Sequence[Tariff] = (),
    spend: Callable[[int], None] = lambda customer_days: None,
) -> Effects:
    """Simulate all levels that one segment may have on all channels at once, for each segment.

    Channels tire the same people, so their effects within a segment do not add up; those of segments nearly do. The
    table is that of ``effects_table`` for a single channel whose levels are the vectors of ``space.vectors``.
    """
    started = nothing_shared(started)
    vectors = space.vectors()
    own = [vectors.index(tuple(int(k) for k in row)) for row in incumbent]
    shape, width = (len(own), 1, len(vectors)), parts_of(result, limits).shape[1]
    value, error = np.zeros(shape), np.zeros(shape)
    parts, volume = np.zeros((*shape, width)), np.zeros((*shape, len(tariffs)))
    visited = np.zeros(len(own), dtype=bool)
    for s, mine in enumerate(own):
        touched = np.flatnonzero(result.totals.visited[0] >> s & 1)
        visited[s] = len(touched) > 0
        others = [n for n in range(len(vectors)) if n != mine]
        for first in range(0, len(others) if visited[s] else 0, _SIDE_BY_SIDE):
            some = others[first : first + _SIDE_BY_SIDE]
            changed = [space.plan(_with(incumbent, s, slice(None), vectors[n]), "") for n in some]
            part = simulate(
                started.take(touched), [space.plan(incumbent, "incumbent"), *changed], seed=started.seed, tail=tail,
                threads=threads, detailed=details_needed(limits),
            )  # fmt: skip
            spend(len(touched) * (1 + len(some)) * started.world.days)
            value[s, 0, some], error[s, 0, some] = _gains(part, objective)
            parts[s, 0, some], volume[s, 0, some] = _over_first(part, limits, tariffs)
    return Effects(np.array(own)[:, None], value, error, parts, volume, visited)


def _gains(part: SimulationResult, objective: Objective) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(plans,) what each is worth more than the first, and the standard error of that."""
    every, scale = worth(part, objective), part.world.population.scale
    gain = every[1:] - every[0]
    return gain.sum(axis=1) * scale / MICRO, np.sqrt(np.square(gain / MICRO).sum(axis=1)) * scale


def _over_first(
    part: SimulationResult, limits: Sequence[Limit], tariffs: Sequence[Tariff]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(plans, parts) and (plans, tariffs) that each uses and sends more than the first."""
    spent, sent = parts_of(part, limits), volumes(part, tariffs)
    return spent[1:] - spent[0], sent[1:] - sent[0]


def _with(choice: Choice, s: int, c: int | slice, k: int | tuple[int, ...]) -> Choice:
    changed = choice.copy()
    changed[s, c] = k
    return changed
