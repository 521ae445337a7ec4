"""Contacts day by day under a plan, by channel and by the segment of the first day; scaled to the real base."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scenarios.world import Base, make_world
from sim.engine.tables import EV_CONTACT
from sim.lines import lines_of
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.start import Started, start_world


@dataclass(frozen=True, eq=False)
class Daily:
    """What leaves on which day."""

    started: Started
    contacts: npt.NDArray[np.float64]
    """(D, C, S) contacts of the real base, by channel: regular ones, campaigns and cascades together."""
    log: npt.NDArray[np.int64]
    """(E, 4) day, simulated customer, channel and line (`sim.lines`) of every contact."""


def daily_contacts(
    base: Base, plan: Frequencies, weeks: int, *, customers: int, seed: int, threads: int | None = None
) -> Daily:
    """Simulate the first ``weeks`` weeks and keep every single contact."""
    population = base.population(customers, seed)
    world = replace(make_world(base, population), weeks=weeks, tail_weeks=0)
    started = start_world(world, seed=seed, threads=threads or os.cpu_count() or 1)
    lines = max(1_000, population.size * weeks * 8)
    while True:
        try:
            found = simulate(
                started,
                [plan],
                seed=seed,
                tail=plan,
                threads=1,
                detailed=False,
                log_lines=lines,
                days_at_once=7 * weeks,
            )
            break
        except OverflowError:
            lines *= 2
    log = found.totals.log
    log = log[log[:, 3] == EV_CONTACT]
    channel = np.array([line.channel for line in lines_of(world)])[log[:, 4]]
    segment = started.begin.segment[log[:, 1]]
    table = np.zeros((7 * weeks, len(world.channels), len(world.rfm.segments)))
    np.add.at(table, (log[:, 2], channel, segment), population.scale)
    return Daily(started, table, np.column_stack([log[:, [2, 1]], channel, log[:, 4]]))
