"""Blocks of customers over days and threads.

A block is small enough for its state to stay in the cache. With nothing shared between customers a block runs
the whole horizon at once; with ``days_at_once`` all blocks stop together every so many days, which is where a
shared signal (capacity, sender reputation) is exchanged. Same code, same bits. Totals are whole numbers,
so neither the size of blocks nor the number of threads can change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sim.engine.day import advance
from sim.engine.tables import (
    CUSTOMER_COLUMNS,
    LANE_OUT_COLUMNS,
    LOG_COLUMNS,
    SEGMENT,
    SEGMENT_OUT_COLUMNS,
    WORLD_OUT_COLUMNS,
    Out,
    People,
    Scratch,
    State,
    Tables,
)

BLOCK = 256
"""Customers of a block: the dense arrays of two worlds stay in the first-level cache. (Sizes from 64 to 512 and up
to 32 worlds measured: no difference beyond noise.)"""
BLOCKS_PER_TASK = 16
"""Most blocks a thread takes at a time; also the grain of progress."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Run:
    """One call of the engine: who, from which state, under which tables."""

    tables: Tables
    people: People
    start: Callable[[slice, State | None], State]
    """State of a slice of customers, in all worlds, on the morning of day 0; a state of the same shape that is no
    longer needed may be given to be written over (fresh memory for every block costs 2 ns per customer-day)."""
    worlds: int
    days: int
    weeks: int
    segments: int
    log_lines: int = 0


@dataclass(frozen=True)
class Totals:
    """What a run adds up to; arrays as in ``Out``."""

    customer: np.ndarray
    visited: np.ndarray
    lane: np.ndarray
    segment: np.ndarray
    world: np.ndarray
    flow: np.ndarray
    log: np.ndarray


def execute(
    run: Run,
    *,
    threads: int,
    block: int | None = None,
    days_at_once: int | None = None,
    progress: Progress | None = None,
    keep_state: Callable[[slice, State], None] | None = None,
) -> Totals:
    """Advance everybody from day 0 to the end; ``keep_state`` sees the final state of each slice."""
    n = run.people.key.shape[0]
    block = block or BLOCK
    per_task = min(BLOCKS_PER_TASK, max(1, n // (block * threads * 4)))
    lanes = run.tables.unit_cost.shape[0]
    customer = np.zeros((run.worlds, n, 2, CUSTOMER_COLUMNS), dtype=np.int64)
    visited = np.zeros((run.worlds, n), dtype=np.int64)
    slices = list(_slices(n, block * (per_task if days_at_once is None else n)))
    done = 0

    def work(part: slice) -> Out:
        out = _outputs(run, part, customer, visited, lanes)
        stretches = [(0, run.days)] if days_at_once is None else _stretches(run.days, days_at_once)
        states = [run.start(piece, None) for piece in _slices_of(part, block)] if days_at_once else []
        state: State | None = None
        for d0, d1 in stretches:
            for k, piece in enumerate(_slices_of(part, block)):
                state = states[k] if days_at_once else run.start(piece, state)
                here = slice(piece.start - part.start, piece.stop - part.start)
                if d0 == 0:
                    _first_segments(state, out, here)
                _advance(run, piece, here, state, out, d0, d1)
                if keep_state is not None and d1 == run.days:
                    keep_state(piece, state)
        return out

    outs: list[Out] = []
    if threads == 1:
        for part in slices:
            outs.append(work(part))
            done += part.stop - part.start
            if progress:
                progress(done / n)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for part, out in zip(slices, pool.map(work, slices), strict=True):
                outs.append(out)
                done += part.stop - part.start
                if progress:
                    progress(done / n)
    return _add_up(outs, customer, visited)


def _advance(run: Run, piece: slice, here: slice, state: State, out: Out, d0: int, d1: int) -> None:
    people = People._make(array[piece] for array in run.people)
    part_of_out = out._replace(
        customer=out.customer[:, here], visited=out.visited[:, here], week_segment=out.week_segment[:, here]
    )
    first_line = int(out.logged[0])
    advance(run.tables, people, state, part_of_out, _scratch(piece.stop - piece.start), d0, d1)
    if run.log_lines:  # rows of the log are customers of the whole run
        out.log[first_line : int(out.logged[0]), 1] += piece.start


def _first_segments(state: State, out: Out, here: slice) -> None:
    segments = state.person[:, :, SEGMENT]
    out.week_segment[:, here] = segments
    out.visited[:, here] |= np.int64(1) << segments


def _outputs(run: Run, part: slice, customer: np.ndarray, visited: np.ndarray, lanes: int) -> Out:
    detail = run.segments if run.tables.detailed else 1
    weeks = run.weeks if run.tables.detailed else 1
    w = run.worlds
    return Out(
        customer=customer[:, part],
        visited=visited[:, part],
        lane=np.zeros((w, run.weeks, lanes, LANE_OUT_COLUMNS), dtype=np.int64),
        segment=np.zeros((w, weeks, detail, SEGMENT_OUT_COLUMNS), dtype=np.int64),
        world=np.zeros((w, weeks, WORLD_OUT_COLUMNS), dtype=np.int64),
        flow=np.zeros((w, weeks, detail, detail), dtype=np.int64),
        week_segment=np.zeros((w, part.stop - part.start), dtype=np.int64),
        log=np.zeros((run.log_lines, LOG_COLUMNS), dtype=np.int64),
        logged=np.zeros(1, dtype=np.int64),
    )


def _scratch(n: int) -> Scratch:
    floats = [np.empty(n) for _ in range(7)]
    lists = [np.empty(n + 1, dtype=np.uint64) for _ in range(2)]
    return Scratch._make([*floats[:3], np.empty(n, dtype=np.int64), *lists, *floats[3:]])


def _add_up(outs: list[Out], customer: np.ndarray, visited: np.ndarray) -> Totals:
    for out in outs:
        if out.logged[0] > out.log.shape[0] > 0:
            raise OverflowError(f"the event log holds {out.log.shape[0]} lines, {out.logged[0]} were needed")
    return Totals(
        customer=customer,
        visited=visited,
        lane=np.sum([out.lane for out in outs], axis=0),
        segment=np.sum([out.segment for out in outs], axis=0),
        world=np.sum([out.world for out in outs], axis=0),
        flow=np.sum([out.flow for out in outs], axis=0),
        log=np.concatenate([out.log[: out.logged[0]] for out in outs]),
    )


def _slices(n: int, size: int) -> Iterator[slice]:
    return (slice(a, min(a + size, n)) for a in range(0, n, max(1, size)))


def _slices_of(part: slice, size: int) -> Iterator[slice]:
    return (slice(a, min(a + size, part.stop)) for a in range(part.start, part.stop, size))


def _stretches(days: int, at_once: int) -> list[tuple[int, int]]:
    return [(d, min(d + at_once, days)) for d in range(0, days, at_once)]
