"""Blocks of customers over days and threads.

A block is small enough for its state to stay in the cache. With nothing shared between customers a block runs
the whole horizon at once; where something is shared (capacity, sender reputation), or with ``days_at_once``, all
blocks stop together every so many days (``sim.engine.barrier``). Same code, same bits. Totals are whole numbers,
so neither the size of blocks nor the number of threads can change a result.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.engine.begin import Begin, new_state
from sim.engine.day import live_blocks
from sim.engine.tables import (
    CUSTOMER_COLUMNS,
    LANE_OUT_COLUMNS,
    LOG_COLUMNS,
    RULE_COLUMNS,
    SCRATCH_BYTES,
    SCRATCH_FLOATS,
    SCRATCH_LISTS,
    SCRATCH_NUMBERS,
    SEGMENT_OUT_COLUMNS,
    WORLD_OUT_COLUMNS,
    Out,
    People,
    Scratch,
    State,
    Tables,
)

BLOCK = 1024
"""Customers of a block: its state stays in the second-level cache. (Smaller ones cost more in calls of compiled parts:
256 one fifth, 512 a twentieth; larger ones leave the cache.)"""
BLOCKS_PER_TASK = 16
"""Most blocks a thread takes at a time; also the grain of progress."""

Progress = Callable[[float], None]


class Shared(Protocol):
    """What customers share; asked between days, when all blocks have stopped."""

    rationed: bool
    """Is there a capacity? Then every day has a morning, in which contacts are asked for, and an evening."""
    use: np.ndarray
    """(resources, L) what one contact uses."""

    def left(self, day: int, sent: np.ndarray) -> np.ndarray:
        """(W, resources) what may be used on ``day``; ``sent`` (W, L) contacts of the week so far."""

    def placement(self, week: int, lane: np.ndarray) -> np.ndarray:
        """(W, channels) share that reaches the inbox after ``week``; ``lane`` (W, L, columns) is that week's."""


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
    rules: int = 0
    """Rows of the table of rules."""
    log_lines: int = 0
    frozen_segments: bool = False
    """Nobody changes segment (used to reach the stationary start)."""
    shared: Shared | None = None


@dataclass(frozen=True)
class Totals:
    """What a run adds up to; arrays as in ``Out``, but ``customer`` (W, N, phases, CUSTOMER_COLUMNS), and ``lane`` by
    channel, ``line`` by line."""

    customer: np.ndarray
    visited: np.ndarray
    recent: np.ndarray
    lane: np.ndarray
    line: np.ndarray
    displaced: np.ndarray
    rule: np.ndarray
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
    from sim.engine.barrier import run_together  # a module of its own, which needs this one

    n = run.people.key.shape[0]
    block = block or BLOCK
    everywhere = outputs(run, n)
    if run.shared is not None or days_at_once is not None:
        outs = run_together(run, everywhere, block, days_at_once, threads, progress)
        return _add_up(run, outs, everywhere)
    cuts = block_borders(run, block)
    per_task = min(BLOCKS_PER_TASK, max(1, n // (block * threads * 4)))
    tasks = [slice(cuts[a], cuts[min(a + per_task, len(cuts) - 1)]) for a in range(0, len(cuts) - 1, per_task)]

    def work(part: slice) -> Out:
        out = own_outputs(run, everywhere, part)
        if keep_state is not None or run.tables.s["households"][0]:
            _piece_by_piece(run, out, part, cuts, keep_state)
        else:
            _at_once(run, out, part, block)
        return out

    outs = []
    with ThreadPoolExecutor(threads) as pool:
        for part, out in zip(tasks, pool.map(work, tasks) if threads > 1 else map(work, tasks), strict=True):
            outs.append(out)
            if progress:
                progress(part.stop / n)
    return _add_up(run, outs, everywhere)


def _at_once(run: Run, out: Out, part: slice, block: int) -> None:
    """The whole horizon, block after block in compiled code; what does not fill a block follows."""
    for piece, customers in whole_and_rest(part, block):
        people, begin, here = cut(run, out, part, piece)
        blocks = (piece.stop - piece.start) // customers
        state, scratch = new_state(run.tables, run.begin, run.worlds, customers), new_scratch(run, customers)
        frozen, days = run.frozen_segments, run.days
        live_blocks(run.tables, people.packed(blocks), begin, state, here, scratch, frozen, days, piece.start)
        put_back(here, out, part, piece)


def _piece_by_piece(
    run: Run, out: Out, part: slice, cuts: list[int], keep_state: Callable[[slice, State], None] | None
) -> None:
    """The same where blocks differ in size, or somebody wants to see their final states."""
    for a, b in itertools.pairwise(cuts):
        if not part.start <= a < part.stop:
            continue
        piece = slice(a, b)
        people, begin, here = cut(run, out, part, piece)
        state, scratch = new_state(run.tables, run.begin, run.worlds, b - a), new_scratch(run, b - a)
        live_blocks(run.tables, people.packed(1), begin, state, here, scratch, run.frozen_segments, run.days, a)
        put_back(here, out, part, piece)
        if keep_state is not None:
            keep_state(piece, state)


def block_borders(run: Run, block: int) -> list[int]:
    """Where blocks begin, and the end of the last; households stay together."""
    n = run.people.key.shape[0]
    borders = list(range(0, n, block))
    if run.tables.s["households"][0]:
        home = run.people.household
        first = np.concatenate([[True], home[1:] != home[:-1]])
        starts = np.flatnonzero(first)
        borders = sorted({int(starts[np.searchsorted(starts, border, side="right") - 1]) for border in borders})
    return [*borders, n]


def whole_and_rest(part: slice, block: int) -> Iterator[tuple[slice, int]]:
    """Whole blocks of a part as one slice, then the customers left over, each with the size of its blocks."""
    whole = part.start + (part.stop - part.start) // block * block
    for piece, customers in ((slice(part.start, whole), block), (slice(whole, part.stop), part.stop - whole)):
        if piece.stop > piece.start:
            yield piece, customers


_BY_CUSTOMER = ("customer", "visited", "recent", "week_segment")


def cut(run: Run, out: Out, part: slice, piece: slice) -> tuple[People, Begin, Out]:
    """The rows of some customers; arrays of results without gaps, copied where need be (``put_back``), because a kernel
    is compiled anew for arrays with gaps."""
    here = slice(piece.start - part.start, piece.stop - part.start)
    return (
        People._make(array[piece] for array in run.people),
        run.begin.of(piece),
        out._replace(**{name: np.ascontiguousarray(getattr(out, name)[..., here]) for name in _BY_CUSTOMER}),
    )


def put_back(found: Out, out: Out, part: slice, piece: slice) -> None:
    """What was found for the customers of ``piece`` goes to their places in the results of ``part``."""
    for name in _BY_CUSTOMER:
        place, result = (
            getattr(out, name)[..., piece.start - part.start : piece.stop - part.start],
            getattr(found, name),
        )
        if not np.may_share_memory(place, result):
            place[...] = result


def outputs(run: Run, n: int) -> Out:
    """Arrays with a place per customer, for everybody; the others are made per task."""
    w, lanes = run.worlds, run.tables.lanes.shape[0]
    week_segment = np.tile(run.begin.segment, (w, 1))
    there = run.people.joined <= 0
    empty = np.zeros(0, dtype=np.int64)
    others = dict.fromkeys(Out._fields, empty)
    return Out(**{
        **others,
        "customer": np.zeros((w, 2, CUSTOMER_COLUMNS, n), dtype=np.int64),
        "visited": np.where(there, np.int64(1) << week_segment, 0),
        "recent": np.zeros((w, lanes, n if run.tables.s["kept_from"][0] < run.days else 0), dtype=np.int64),
        "week_segment": week_segment,
    })  # fmt: skip


def own_outputs(run: Run, everywhere: Out, part: slice) -> Out:
    """What a task adds up for itself, and its places in what is everybody's."""
    w, lanes = run.worlds, run.tables.lanes.shape[0]
    detail, weeks = (run.segments, run.weeks) if run.tables.s["detailed"][0] else (1, 1)
    asking = part.stop - part.start if run.shared is not None and run.shared.rationed else 0
    most = asking * int(run.tables.lanes["capacitated"].sum())

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype=np.int64)

    return Out(
        customer=everywhere.customer[..., part],
        visited=everywhere.visited[:, part],
        recent=everywhere.recent[..., part],
        lane=zeros(w, run.weeks, lanes, LANE_OUT_COLUMNS),
        displaced=zeros(w, run.weeks, lanes),
        requests=zeros(w),
        asked=zeros(w, most, 2),
        score=np.zeros((w, most)),
        tie=np.zeros((w, most), dtype=np.uint64),
        rule=zeros(w, weeks, run.rules if run.tables.s["detailed"][0] else 1, RULE_COLUMNS),
        segment=zeros(w, weeks, detail, SEGMENT_OUT_COLUMNS),
        world=zeros(w, weeks, WORLD_OUT_COLUMNS),
        flow=zeros(w, weeks, detail, detail),
        week_segment=everywhere.week_segment[:, part],
        log=zeros(run.log_lines, LOG_COLUMNS),
        logged=zeros(1),
    )


def new_scratch(run: Run, n: int) -> Scratch:
    """Work space for blocks of ``n`` customers."""
    hit = np.zeros((n + 7) // 8 * 8, dtype=np.uint8)
    lanes = run.tables.lanes.shape[0] if run.tables.s["arbitrated"][0] else 1
    return Scratch(
        f=np.zeros((SCRATCH_FLOATS, n)),
        n=np.zeros((SCRATCH_NUMBERS, n), dtype=np.int64),
        u=np.zeros((SCRATCH_LISTS, n + 8), dtype=np.uint64),
        bytes=np.zeros((SCRATCH_BYTES, n), dtype=np.uint8),
        hit=hit,
        hit_words=hit.view(np.uint64),
        before=np.zeros(run.worlds, dtype=np.int64),
        turn=np.zeros((n, lanes), dtype=np.uint8),
        lane_score=np.zeros(lanes),
        lanes_in_turn=np.zeros(lanes, dtype=np.int64),
    )


def _add_up(run: Run, outs: list[Out], everywhere: Out) -> Totals:
    for out in outs:
        if out.logged[0] > out.log.shape[0] > 0:
            raise OverflowError(f"the event log holds {out.log.shape[0]} lines, {out.logged[0]} were needed")
    line = np.sum([out.lane for out in outs], axis=0)
    channels = run.tables.placement.shape[1]
    lane = np.zeros((*line.shape[:2], channels, line.shape[3]), dtype=np.int64)
    for number, channel in enumerate(run.tables.lanes["channel"]):
        lane[:, :, channel] += line[:, :, number]
    return Totals(
        customer=everywhere.customer.transpose(0, 3, 1, 2),
        visited=everywhere.visited,
        recent=everywhere.recent,
        lane=lane,
        line=line,
        displaced=np.sum([out.displaced for out in outs], axis=0),
        rule=np.sum([out.rule for out in outs], axis=0),
        segment=np.sum([out.segment for out in outs], axis=0),
        world=np.sum([out.world for out in outs], axis=0),
        flow=np.sum([out.flow for out in outs], axis=0),
        log=np.concatenate([out.log[: out.logged[0]] for out in outs]),
    )
