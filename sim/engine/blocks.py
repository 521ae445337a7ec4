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

from sim.engine.begin import Begin, begin_block, new_state
from sim.engine.day import advance, live_blocks
from sim.engine.tables import (
    CUSTOMER_COLUMNS,
    LANE_OUT_COLUMNS,
    LOG_COLUMNS,
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
    begin: Begin
    worlds: int
    days: int
    weeks: int
    segments: int
    log_lines: int = 0
    frozen_segments: bool = False
    """Nobody changes segment (used to reach the stationary start)."""


@dataclass(frozen=True)
class Totals:
    """What a run adds up to; arrays as in ``Out``, but ``customer`` (W, N, phases, CUSTOMER_COLUMNS)."""

    customer: np.ndarray
    visited: np.ndarray
    recent: np.ndarray
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
    everywhere = _outputs(run, n)
    in_stretches = days_at_once is not None or keep_state is not None
    slices = list(_slices(slice(0, n), block * per_task if days_at_once is None else max(1, n)))

    def work(part: slice) -> Out:
        out = _own_outputs(run, everywhere, part)
        if in_stretches:
            _by_stretches(run, out, part, block, days_at_once or run.days, keep_state)
        else:
            _at_once(run, out, part, block)
        return out

    outs: list[Out] = []
    done = 0

    def add(part: slice, out: Out) -> None:
        nonlocal done
        outs.append(out)
        done += part.stop - part.start
        if progress:
            progress(done / n)

    if threads == 1:
        for part in slices:
            add(part, work(part))
    else:
        with ThreadPoolExecutor(threads) as pool:
            for part, out in zip(slices, pool.map(work, slices), strict=True):
                add(part, out)
    return _add_up(outs, everywhere)


def _at_once(run: Run, out: Out, part: slice, block: int) -> None:
    """The whole horizon, block after block in compiled code; what does not fill a block follows."""
    size = part.stop - part.start
    whole = part.start + size // block * block
    for piece, customers in ((slice(part.start, whole), block), (slice(whole, part.stop), part.stop - whole)):
        if piece.stop == piece.start:
            continue
        people, begin, here = _cut(run, out, part, piece)
        state, scratch = new_state(run.tables, run.begin, run.worlds, customers), _scratch(customers)
        live_blocks(run.tables, people, begin, state, here, scratch, run.frozen_segments, run.days, piece.start)


def _by_stretches(
    run: Run,
    out: Out,
    part: slice,
    block: int,
    days_at_once: int,
    keep_state: Callable[[slice, State], None] | None,
) -> None:
    """All blocks up to a common day, then on from there."""
    pieces = list(_slices(part, block))
    states: list[State] = []
    for piece in pieces:
        people, begin, _ = _cut(run, out, part, piece)
        states.append(new_state(run.tables, run.begin, run.worlds, piece.stop - piece.start))
        begin_block(run.tables, people, begin, states[-1], run.frozen_segments)
    for day in range(0, run.days, days_at_once):
        until = min(day + days_at_once, run.days)
        for piece, state in zip(pieces, states, strict=True):
            people, _, here = _cut(run, out, part, piece)
            line = int(out.logged[0])
            advance(run.tables, people, state, here, _scratch(piece.stop - piece.start), day, until)
            here.log[line : int(out.logged[0]), 1] += piece.start  # rows of the log are customers of the whole run
            if keep_state is not None and until == run.days:
                keep_state(piece, state)


def _cut(run: Run, out: Out, part: slice, piece: slice) -> tuple[People, Begin, Out]:
    """The rows of some customers."""
    here = slice(piece.start - part.start, piece.stop - part.start)
    return (
        People._make(array[piece] for array in run.people),
        run.begin.of(piece),
        out._replace(
            customer=out.customer[..., here],
            visited=out.visited[:, here],
            recent=out.recent[..., here],
            week_segment=out.week_segment[:, here],
        ),
    )


def _outputs(run: Run, n: int) -> Out:
    """Arrays with a place per customer, for everybody; the others are made per task."""
    w, lanes = run.worlds, run.tables.unit_cost.shape[0]
    week_segment = np.tile(run.begin.segment, (w, 1))
    nothing = np.zeros((0, 0, 0, 0), dtype=np.int64)
    return Out(
        customer=np.zeros((w, 2, CUSTOMER_COLUMNS, n), dtype=np.int64),
        visited=np.int64(1) << week_segment,
        recent=np.zeros((w, lanes, n if run.tables.kept_from < run.days else 0), dtype=np.int64),
        lane=nothing,
        segment=nothing,
        world=nothing[0:0],
        flow=nothing,
        week_segment=week_segment,
        log=nothing[0:0],
        logged=nothing[0:0],
    )


def _own_outputs(run: Run, everywhere: Out, part: slice) -> Out:
    w, lanes = run.worlds, run.tables.unit_cost.shape[0]
    detail, weeks = (run.segments, run.weeks) if run.tables.detailed else (1, 1)

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype=np.int64)

    return Out(
        customer=everywhere.customer[..., part],
        visited=everywhere.visited[:, part],
        recent=everywhere.recent[..., part],
        lane=zeros(w, run.weeks, lanes, LANE_OUT_COLUMNS),
        segment=zeros(w, weeks, detail, SEGMENT_OUT_COLUMNS),
        world=zeros(w, weeks, WORLD_OUT_COLUMNS),
        flow=zeros(w, weeks, detail, detail),
        week_segment=everywhere.week_segment[:, part],
        log=zeros(run.log_lines, LOG_COLUMNS),
        logged=zeros(1),
    )


def _scratch(n: int) -> Scratch:
    def array(kind: type[np.generic], size: int = n) -> np.ndarray:
        return np.zeros(size, dtype=kind)

    floats = ("u_organic", "u_stimulated", "organic_base", "fatigue", "frailty", "seen", "gain", "weight")
    numbers = ("first", "opt_out", "money")
    hit = array(np.uint8, (n + 7) // 8 * 8)
    return Scratch(
        **{name: array(np.float64) for name in floats},
        **{name: array(np.int64) for name in numbers},
        **{name: array(np.uint64) for name in ("segment", "key")},
        **{name: array(np.uint64, n + 8) for name in ("events", "chosen", "blocked")},
        hit=hit,
        hit_words=hit.view(np.uint64),
        leaving=array(np.uint8),
    )


def _add_up(outs: list[Out], everywhere: Out) -> Totals:
    for out in outs:
        if out.logged[0] > out.log.shape[0] > 0:
            raise OverflowError(f"the event log holds {out.log.shape[0]} lines, {out.logged[0]} were needed")
    return Totals(
        customer=everywhere.customer.transpose(0, 3, 1, 2),
        visited=everywhere.visited,
        recent=everywhere.recent,
        lane=np.sum([out.lane for out in outs], axis=0),
        segment=np.sum([out.segment for out in outs], axis=0),
        world=np.sum([out.world for out in outs], axis=0),
        flow=np.sum([out.flow for out in outs], axis=0),
        log=np.concatenate([out.log[: out.logged[0]] for out in outs]),
    )


def _slices(part: slice, size: int) -> Iterator[slice]:
    return (slice(a, min(a + size, part.stop)) for a in range(part.start, part.stop, size))
