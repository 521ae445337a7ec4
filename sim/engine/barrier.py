"""All blocks together, day by day or week by week: where customers share something.

With a capacity each day has a morning, in which every block writes down the contacts it asks for, then the
capacity is given out, then the evening; a block goes from there to its next morning at once, which needs nothing
of other blocks. Reputation changes at the end of a week. All states stay in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sim.engine.begin import new_state
from sim.engine.blocks import (
    Progress,
    Run,
    Shared,
    block_borders,
    cut,
    new_scratch,
    own_outputs,
    put_back,
)
from sim.engine.capacity import grant
from sim.engine.day import EVENING, MORNING, OVERNIGHT, WHOLE_DAYS, advance_blocks, begin_blocks
from sim.engine.tables import GRANTED, SENT, Out, Packed, Scratch, State

_DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class _Task:
    """Blocks of equal size, side by side."""

    part: slice
    people: Packed
    states: State
    """With one more dimension in front: the block."""
    out: Out
    here: Out
    scratch: Scratch


def run_together(
    run: Run, everywhere: Out, block: int, days_at_once: int | None, threads: int, progress: Progress | None
) -> list[Out]:
    """Advance all blocks from barrier to barrier; returns what the tasks have added up."""
    tasks = [_begin(run, everywhere, part, size) for part, size in _parts(run, block, threads)]
    rationed = run.shared is not None and run.shared.rationed
    step = 1 if rationed else days_at_once or _DAYS_PER_WEEK
    with ThreadPoolExecutor(threads) as pool:

        def each(do: Callable[[_Task], None]) -> None:
            list(pool.map(do, tasks) if threads > 1 else map(do, tasks))

        day = 0
        if rationed:
            each(_go(run, MORNING, 0, 1))
        while day < run.days:
            until = min(day + step, run.days)
            if run.shared is not None:  # never past the end of a week: reputation changes there
                until = min(until, day // _DAYS_PER_WEEK * _DAYS_PER_WEEK + _DAYS_PER_WEEK)
            part = WHOLE_DAYS
            if run.shared is not None and rationed:
                _ration(run.shared, tasks, day)
                part = OVERNIGHT if until < run.days else EVENING
            each(_go(run, part, day, until))
            if run.shared is not None and until % _DAYS_PER_WEEK == 0:
                week = until // _DAYS_PER_WEEK - 1
                run.tables.placement[:] = run.shared.placement(week, _sum(task.out.lane[:, week] for task in tasks))
            day = until
            if progress:
                progress(day / run.days)
    for task in tasks:
        put_back(task.here, task.out, task.part, task.part)
    return [task.out for task in tasks]


def _go(run: Run, part: int, d0: int, d1: int) -> Callable[[_Task], None]:
    def advance_task(task: _Task) -> None:
        advance_blocks(run.tables, task.people, task.states, task.here, task.scratch, d0, d1, part, task.part.start)

    return advance_task


def _ration(shared: Shared, tasks: list[_Task], day: int) -> None:
    """Give out the day's capacity, world by world, to those who asked for it."""
    week = day // _DAYS_PER_WEEK
    left = shared.left(day, _sum(task.out.lane[:, week, :, SENT] for task in tasks))
    for w in range(left.shape[0]):
        counts = [int(task.out.requests[w]) for task in tasks]
        asked = np.concatenate([task.out.asked[w, :n] for task, n in zip(tasks, counts, strict=True)])
        score = np.concatenate([task.out.score[w, :n] for task, n in zip(tasks, counts, strict=True)])
        tie = np.concatenate([task.out.tie[w, :n] for task, n in zip(tasks, counts, strict=True)])
        granted = np.zeros(len(asked), dtype=np.int64)
        grant(_best_first(score, tie), asked, shared.use, left[w], granted)
        edges = np.cumsum([0, *counts])
        for task, a, b in zip(tasks, edges[:-1], edges[1:], strict=True):
            _hand_out(task, w, asked[a:b][granted[a:b] > 0])
    for task in tasks:
        task.out.requests[:] = 0


def _best_first(score: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """The order in which requests are granted; no two have the same ``tie``."""
    order = np.argsort(tie)
    falling = -score[order]
    if np.abs(falling).max(initial=0.0) < 2**15:  # scores are whole numbers; numpy sorts short ones by counting
        falling = falling.astype(np.int16)
    return np.asarray(order[np.argsort(falling, kind="stable")])


def _hand_out(task: _Task, w: int, granted: np.ndarray) -> None:
    size = task.states.wake.shape[2]
    row = granted[:, 0] - task.part.start
    bits = np.int64(1) << granted[:, 1]
    np.bitwise_or.at(task.states.n, (row // size, w, GRANTED, row % size), bits)


def _begin(run: Run, everywhere: Out, part: slice, size: int) -> _Task:
    out = own_outputs(run, everywhere, part)
    people, begin, here = cut(run, out, part, part)
    blocks = (part.stop - part.start) // size
    packed = people.packed(blocks)
    states = new_state(run.tables, run.begin, run.worlds, size, blocks)
    begin_blocks(run.tables, packed, begin, states, run.frozen_segments)
    return _Task(part, packed, states, out, here, new_scratch(run, size))


def _parts(run: Run, block: int, threads: int) -> list[tuple[slice, int]]:
    """Slices of customers with the size of their blocks; several a thread, so that threads wait little."""
    borders = block_borders(run, block)
    sizes = np.diff(borders)
    most = max(1, len(sizes) // (threads * 2))
    parts: list[tuple[slice, int]] = []
    for start, size in zip(borders[:-1], sizes.tolist(), strict=True):
        if parts and parts[-1][1] == size and start - parts[-1][0].start < most * size:
            parts[-1] = (slice(parts[-1][0].start, start + size), size)
        else:
            parts.append((slice(start, start + size), size))
    return parts


def _sum(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.asarray(np.sum(list(arrays), axis=0))
