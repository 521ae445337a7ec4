"""Simulating plans by period: the same engine, stopped where a period begins.

The kernel knows two plans of a world, one until a day and one from it on, and carries the pacing of everybody over when
they change. Here a run goes from border to border, each piece with tables of its own: until its first day the plan of
the piece before, from then on its own. Same kernel, same draws: a plan whose periods are all alike gives the same bits
as the plan without periods.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim import simulate as one_plan
from sim.engine import barrier
from sim.engine.blocks import BLOCK, Run, Totals, _add_up, outputs, put_back
from sim.engine.day import EVENING, MORNING, WHOLE_DAYS, advance_blocks
from sim.engine.tables import Out, Tables, with_fields
from sim.lower import lower_tables
from sim.lower_rules import RULES_BESIDE
from sim.periods import PeriodPlan, average_week, in_week
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.shared import shared_signals
from sim.start import Started, start_world
from sim.units import DAYS_PER_WEEK
from sim.world import World

Progress = Callable[[float], None]


@dataclass(frozen=True)
class _Piece:
    """Days ``first`` to ``end`` - 1 and the tables that hold."""

    first: int
    end: int
    tables: Tables


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
    progress: Progress | None = None,
) -> SimulationResult:
    """``sim.simulate.simulate`` for plans with or without periods; after the horizon a plan by period goes on with its
    average week. ``days_at_once`` is for plans without periods: the others stop where a period begins."""
    tail = None if tail is None else average_week(tail)
    if not any(isinstance(plan, PeriodPlan) for plan in plans):
        return one_plan.simulate(
            world, plans, seed=seed, tail=tail, threads=threads, detailed=detailed, log_lines=log_lines, block=block,
            days_at_once=days_at_once, progress=progress,
        )  # fmt: skip
    threads = threads or os.cpu_count() or 1
    started = world if isinstance(world, Started) else start_world(world, seed=seed, threads=threads)
    world = started.world
    tail = tail or world.current
    for plan in (*plans, tail):
        world.check_plan(plan)
    pieces = _pieces(world, plans, tail, seed=seed, detailed=detailed, logging=log_lines > 0)
    run = Run(
        tables=pieces[0].tables,
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
    totals = _execute(run, pieces, block or BLOCK, threads, progress)
    return SimulationResult(world=world, plans=tuple(plans), tail=tail, seed=seed, totals=totals)


def _pieces(world: World, plans: Sequence[Frequencies], tail: Frequencies, **options: Any) -> list[_Piece]:
    """The horizon cut where a period of any plan begins, then the tail."""
    begins = {period.first_week for plan in plans if isinstance(plan, PeriodPlan) for period in plan.periods}
    firsts = sorted(week for week in begins | {1} if week <= world.weeks)
    lowered = [lower_tables(world, [in_week(plan, week) for plan in plans], tail, **options) for week in firsts]
    on = {name: np.max([each.s[name] for each in lowered], axis=0) for name in lowered[0].s.dtype.names or ()}
    plain = lowered[0]._replace(s=with_fields(lowered[0].s, **on))  # what any of the plans needs is on
    days, horizon = [DAYS_PER_WEEK * (week - 1) for week in firsts], DAYS_PER_WEEK * world.weeks
    pieces = [
        _Piece(first, end, _switching(plain, lowered[max(0, n - 1)], lowered[n], first))
        for n, (first, end) in enumerate(zip(days, [*days[1:], horizon], strict=True))
    ]
    after = plain._replace(pace=lowered[-1].pace, runs=lowered[-1].runs)
    return [*pieces, _Piece(horizon, world.days, after)]


def _switching(plain: Tables, before: Tables, now: Tables, first: int) -> Tables:
    """Tables in which the plan of ``before`` holds until day ``first``, and that of ``now`` from then on. What is
    booked from then on is booked as of the horizon, phase 0; so the earlier plan stands at the place of phase 1."""
    pace, runs = now.pace.copy(), now.runs.copy()
    pace[:, 1], runs[:, 1] = before.pace[:, 0], before.runs[:, 0]
    phase = (np.arange(len(plain.days)) < first).astype(np.uint64)
    return plain._replace(pace=pace, runs=runs, days=with_fields(plain.days, phase=phase))


def _execute(run: Run, pieces: Sequence[_Piece], block: int, threads: int, progress: Progress | None) -> Totals:
    """As ``sim.engine.blocks.execute``, from piece to piece."""
    everywhere = outputs(run, run.people.key.shape[0])
    parts = barrier._parts(run, block, threads)
    with ThreadPoolExecutor(threads) as pool:
        if run.shared is not None:
            return _add_up(run, _together(run, pieces, everywhere, parts, pool, progress), everywhere)

        def work(part: tuple[slice, int]) -> Out:
            task = barrier._begin(run, everywhere, *part)
            for piece in pieces:
                _advance_task(task, piece)
            put_back(task.here, task.out, task.part, task.part)
            return task.out

        outs = []
        for n, out in enumerate(pool.map(work, parts), start=1):
            outs.append(out)
            if progress:
                progress(n / len(parts))
    return _add_up(run, outs, everywhere)


def _advance_task(task: barrier._Task, piece: _Piece) -> None:
    if piece.end > piece.first:
        start = task.part.start
        advance_blocks(
            piece.tables, task.people, task.states, task.here, task.scratch, piece.first, piece.end, WHOLE_DAYS, start
        )


def _together(
    run: Run,
    pieces: Sequence[_Piece],
    everywhere: Out,
    parts: Sequence[tuple[slice, int]],
    pool: ThreadPoolExecutor,
    progress: Progress | None,
) -> list[Out]:
    """As ``sim.engine.barrier.run_together``: all stop every day where capacity is rationed, else every week."""
    shared = run.shared
    assert shared is not None
    tasks = [barrier._begin(run, everywhere, *part) for part in parts]

    def each(do: Callable[[barrier._Task], None]) -> None:
        list(pool.map(do, tasks))

    step = 1 if shared.rationed else DAYS_PER_WEEK
    for piece in pieces:
        here = replace(run, tables=piece.tables)
        for day in range(piece.first, piece.end, step):
            until = day + step
            if shared.rationed:
                each(barrier._go(here, MORNING, day, until))
                barrier._ration(shared, tasks, day)
                each(barrier._go(here, EVENING, day, until))
            else:
                each(barrier._go(here, WHOLE_DAYS, day, until))
            if until % DAYS_PER_WEEK == 0:
                week = until // DAYS_PER_WEEK - 1
                sums = barrier._sum(task.out.lane[:, week] for task in tasks)
                run.tables.placement[:] = shared.placement(week, sums)  # one array, in the tables of all pieces
            if progress:
                progress(until / run.days)
    for task in tasks:
        put_back(task.here, task.out, task.part, task.part)
    return [task.out for task in tasks]
