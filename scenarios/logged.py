"""Simulations that keep every event: room for the log is doubled until it is enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.engine.tables import EV_SEGMENT
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started

I64 = npt.NDArray[np.int64]


def simulate_logged(
    started: Started, plans: Sequence[Frequencies], *, tail: Frequencies, seed: int
) -> SimulationResult:
    """``simulate`` with ``totals.log``, its columns as in ``sim.engine.tables``: world, customer, day, kind ..."""
    world = started.world
    lines = max(10_000, world.population.size * (world.weeks + world.tail_weeks) * 8)
    while True:
        try:
            return simulate(
                started, plans, seed=seed, tail=tail, threads=1, log_lines=lines, days_at_once=world.days
            )  # fmt: skip
        except OverflowError:
            lines *= 2


def segments_on(found: SimulationResult, start: I64, day: int) -> I64:
    """(W, N) segment of every customer on the evening of ``day``, from the log of changes; ``start``: on day 0."""
    log = found.totals.log
    changes = log[(log[:, 3] == EV_SEGMENT) & (log[:, 2] <= day)]
    ends = np.tile(np.asarray(start, dtype=np.int64), (len(found.plans), 1))
    order = np.argsort(changes[:, 2], kind="stable")  # the last one of a customer wins
    world, row, segment = changes[order][:, [0, 1, 4]].T
    ends[world, row] = segment
    return ends
