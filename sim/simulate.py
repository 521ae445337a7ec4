"""The recipe: what happens to the same customers under several plans."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from sim.engine.blocks import Run, execute
from sim.lower import lower_tables
from sim.lower_rules import RULES_BESIDE
from sim.periods import average_week
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.shared import shared_signals
from sim.start import Started, start_world
from sim.world import World


def simulate(
    world: World | Started,
    plans: Sequence[Frequencies],
    *,
    seed: int,
    tail: Frequencies | None = None,
    threads: int | None = None,
    detailed: bool = True,
    log_lines: int = 0,
    block: int | None = None,
    days_at_once: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> SimulationResult:
    """Simulate ``plans`` side by side on the same customers with the same draws.

    ``world``: a world, or one already started (``start_world``), which saves the way to day 0.
    ``tail``: the plan all live under after the horizon; default the world's current plan. A plan by period goes on with
    its average week there.
    ``detailed``: also book weekly tables by segment and the flows between segments.
    ``log_lines``: keep an event log of at most this many lines per task (small runs; for replays and tests).
    ``block``, ``days_at_once``, ``threads``: how the work is cut; they never change a bit of the result.
    """
    threads = threads or os.cpu_count() or 1
    started = world if isinstance(world, Started) else start_world(world, seed=seed, threads=threads)
    world = started.world
    tail = average_week(tail or world.current)
    for plan in (*plans, tail):
        world.check_plan(plan)
    tables = lower_tables(world, plans, tail, seed=seed, detailed=detailed, logging=log_lines > 0)
    run = Run(
        tables=tables,
        people=started.people,
        begin=started.begin,
        worlds=len(plans),
        days=world.days,
        weeks=world.weeks + world.tail_weeks,
        segments=len(world.rfm.segments),
        rules=len(world.policy.rules) + len(RULES_BESIDE),
        log_lines=log_lines,
        shared=shared_signals(world, len(plans)),
    )
    totals = execute(run, threads=threads, block=block, days_at_once=days_at_once, progress=progress)
    return SimulationResult(world=world, plans=tuple(plans), tail=tail, seed=seed, totals=totals)
