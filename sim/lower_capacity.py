"""Capacities as the numbers the kernel and the barrier between days read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.lines import lines_of
from sim.units import DAYS_PER_WEEK, MICRO
from sim.world import World


def lower_capacities(world: World) -> dict[str, Any]:
    """The capacity fields of ``Tables``."""
    use = resource_use(world)
    first = (use > 0).argmax(axis=0) if len(use) else np.zeros(use.shape[1])
    return {"capacitated": (use > 0).any(axis=0).astype(np.int64), "capacity_tie": first.astype(np.int64)}


def resource_use(world: World) -> npt.NDArray[np.float64]:
    """(capacities, lines) what one contact uses, its expected response included; in millionths, whole numbers: they add
    up exactly."""
    lines = lines_of(world)
    use = np.zeros((len(world.capacities), len(lines)))
    for r, capacity in enumerate(world.capacities):
        for lane, line in enumerate(lines):
            channel = world.channels[line.channel]
            if channel.name in capacity.channels:
                clicks = channel.delivered * channel.clicked
                use[r, lane] = np.rint(MICRO * (capacity.use_per_contact + capacity.use_per_click * clicks))
    return use


def limits_of_day(world: World, day: int, used: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(worlds, capacities) what may be used on ``day``, in millionths; ``used`` (worlds, capacities) is what
    this week has used so far."""
    scale = world.population.size / world.population.base_size
    left = np.full(used.shape, np.inf)
    for r, capacity in enumerate(world.capacities):
        if capacity.per_day is not None:
            left[:, r] = np.rint(MICRO * capacity.per_day * scale)
        week = capacity.weeks.get(day // DAYS_PER_WEEK, capacity.per_week)
        if week is not None:
            left[:, r] = np.minimum(left[:, r], np.rint(MICRO * week * scale) - used[:, r])
    return left
