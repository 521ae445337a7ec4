"""Simulations that keep every event: room for the log is doubled until it is enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from scenarios.load import LoadedScenario
from scenarios.world import Base, load_base, make_world, no_contact
from sim.engine.tables import EV_SEGMENT
from sim.errors import InputError
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World

I64 = npt.NDArray[np.int64]
Versus = Literal["no_contact", "current"]
CUSTOMERS = 30_000
"""Simulated at most: every contact, order and change of segment is kept."""
PLAN, OTHER = 0, 1
"""Worlds of ``simulate_two_policies``."""


def without_tail(world: World) -> World:
    """Nothing after the horizon is looked at."""
    return replace(world, tail_weeks=0)


def start_logged(
    loaded: LoadedScenario,
    *,
    seed: int,
    customers: int | None,
    threads: int | None,
    shape: Callable[[World], World] = without_tail,
) -> tuple[Base, Started]:
    """The customers of a scenario on day 0, few enough to keep all that happens; ``shape`` changes the world before."""
    base = load_base(loaded)
    size = min(customers or CUSTOMERS, loaded.scenario.base.simulated_customers)
    world = shape(make_world(base, base.population(size, seed)))
    return base, start_world(world, seed=seed, threads=threads or os.cpu_count() or 1)


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


@dataclass(frozen=True, eq=False)
class TwoPolicies:
    """The same logged customers with the same luck under a plan and under what it is compared with."""

    base: Base
    started: Started
    chosen: Frequencies
    """Of world ``PLAN``; all live under it after the horizon, of which nothing is looked at."""
    found: SimulationResult


def simulate_two_policies(
    loaded: LoadedScenario,
    plan: Frequencies | None,
    versus: Versus,
    *,
    seed: int,
    customers: int | None,
    threads: int | None,
    say: Callable[[float, float, str], None],
) -> TwoPolicies:
    """The plan (None: the current policy) beside ``versus``; tells the first two of three steps."""
    if plan is None and versus == "current":
        raise InputError.of("--versus", "the plan is the current policy itself", versus, "--plan FILE, or no_contact")
    say(0, 3, "customers")
    base, started = start_logged(loaded, seed=seed, customers=customers, threads=threads)
    world = started.world
    chosen = plan or replace(world.current, name="current")
    other = world.current if versus == "current" else no_contact(world)
    say(1, 3, "both worlds")
    return TwoPolicies(base, started, chosen, simulate_logged(started, [chosen, other], tail=chosen, seed=seed))


def segments_on(found: SimulationResult, start: I64, day: int) -> I64:
    """(W, N) segment of every customer on the evening of ``day``, from the log of changes; ``start``: on day 0."""
    log = found.totals.log
    changes = log[(log[:, 3] == EV_SEGMENT) & (log[:, 2] <= day)]
    ends = np.tile(np.asarray(start, dtype=np.int64), (len(found.plans), 1))
    order = np.argsort(changes[:, 2], kind="stable")  # the last one of a customer wins
    world, row, segment = changes[order][:, [0, 1, 4]].T
    ends[world, row] = segment
    return ends
