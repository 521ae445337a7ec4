"""Many customers in bounded memory: drawn, started, simulated and added up part by part.

Each part goes its whole way on one thread (or in one process): its customers are drawn, brought to day 0, simulated
and reduced to sums; only sums stay. Sums are whole numbers without rounding (``sim.moments``), so the result has the
same bits however customers are cut into parts and wherever parts are computed. What customers share (a capacity, the
sender's reputation) makes every part depend on all others on every day: such a world is simulated in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Protocol

import numpy as np

from sim.engine.blocks import Totals
from sim.moments import Census, Moments
from sim.policy import Frequencies
from sim.population import Population
from sim.quantities import BOTH, HORIZON, TAIL, Quantity
from sim.result import SimulationResult, index_of
from sim.shared import shared_signals
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World

PART = 65_536
"""Customers of a part at most: some 100 MB a thread, and the work of about a second."""

Table = dict[tuple[Quantity, int, int | None], Moments]
"""(quantity, plan, baseline or None) -> moments; a pair once, the earlier plan first."""

_GAINS = tuple(Quantity(n, phase) for n in ("orders", "revenue", "contribution") for phase in (HORIZON, TAIL))
_VALUE = Quantity("contribution", BOTH)
_BY_ITSELF = tuple(Quantity(name, HORIZON) for name in ("orders", "revenue", "cost", "sampled contribution"))
_OFFERS = tuple(Quantity(name, HORIZON) for name in ("offer cost", "offer cost on organic orders"))


class Source(Protocol):
    """Customers by parts; must be picklable to be used on other machines."""

    @property
    def count(self) -> int:
        """Number of parts."""

    @property
    def people(self) -> Census:
        """How many there are in all parts, and whom they stand for."""

    def part(self, number: int) -> Population:
        """The customers of a part, always the same ones; all copies of a real customer are in one part."""


@dataclass(frozen=True)
class Ask:
    """One simulation: these plans side by side, and ``tail`` after the horizon."""

    plans: tuple[Frequencies, ...]
    tail: Frequencies
    detailed: bool = True
    """Also weekly tables by segment, and all that is said about a plan; else the value of horizon and tail only."""

    def quantities(self, world: World) -> list[tuple[Quantity, int, int | None]]:
        """What is added up over customers."""
        pairs = list(combinations(range(len(self.plans)), 2))
        if not self.detailed:
            return [(_VALUE, a, b) for a, b in pairs]
        alone = _BY_ITSELF + (_OFFERS if world.program.offers else ())
        return [(q, a, b) for q in (*_GAINS, _VALUE) for a, b in pairs] + [
            (q, a, None) for q in alone for a in range(len(self.plans))
        ]


@dataclass(frozen=True)
class Sums:
    """What one simulation of some customers adds up to."""

    totals: Totals
    """Without what has a place per customer."""
    table: Table

    def plus(self, other: Sums) -> Sums:
        """Of both groups of customers."""
        both = {name: getattr(self.totals, name) + getattr(other.totals, name) for name in _SUMMED}
        table = {key: found.plus(other.table[key]) for key, found in self.table.items()}
        return Sums(replace(self.totals, **both), table)


_SUMMED = ("lane", "line", "displaced", "rule", "segment", "world", "flow")

Keep = Callable[[int, list[SimulationResult]], None]
"""keep(number of the part, its results in the order of the questions): the last look at single customers."""


@dataclass(frozen=True)
class Job:
    """What to simulate, for all parts; what a part needs besides its number."""

    world: World
    """Its population is any one: each part has its own."""
    source: Source
    asks: tuple[Ask, ...]
    seed: int
    keep: Keep | None = None

    def run(self, number: int) -> list[Sums]:
        """One part from its draws to its sums, on one thread."""
        world = replace(self.world, population=self.source.part(number))
        started = start_world(world, seed=self.seed, threads=1)
        results = [
            simulate(started, ask.plans, seed=self.seed, tail=ask.tail, threads=1, detailed=ask.detailed)
            for ask in self.asks
        ]
        if self.keep is not None:
            self.keep(number, results)
        return [_reduce(ask, result) for ask, result in zip(self.asks, results, strict=True)]


Engine = Callable[[Job], Iterator[list[Sums]]]
"""engine(job) -> the sums of all parts, in any order."""


def on_threads(threads: int) -> Engine:
    """The engine of one machine: a part to each thread."""

    def engine(job: Job) -> Iterator[list[Sums]]:
        numbers = range(job.source.count)
        if threads == 1:
            yield from map(job.run, numbers)
            return
        pool = ThreadPoolExecutor(threads)
        try:
            yield from pool.map(job.run, numbers)
        finally:
            pool.shutdown(cancel_futures=True)

    return engine


@dataclass(frozen=True)
class StreamedResult:
    """What all parts together add up to; single customers are gone."""

    world: World
    people: Census
    plans: tuple[Frequencies, ...]
    tail: Frequencies
    seed: int
    totals: Totals
    table: Table

    def index(self, plan: str | int) -> int:
        """Place of a plan, by name or place."""
        return index_of(self.plans, plan)

    def moments(self, quantity: Quantity, plan: str | int, baseline: str | int | None = None) -> Moments:
        """Of a quantity per customer under ``plan``, less that of the same customer under ``baseline``."""
        a, b = self.index(plan), None if baseline is None else self.index(baseline)
        if b is not None and b < a:
            return self.table[quantity, b, a].negated()
        return self.table[quantity, a, b]


def can_stream(world: World) -> bool:
    """Whether parts do not depend on each other."""
    return shared_signals(world, 1) is None


def simulate_stream(
    job: Job, engine: Engine, *, progress: Callable[[float], None] | None = None
) -> list[StreamedResult]:
    """One result for each question, of all parts."""
    if not can_stream(job.world):
        raise ValueError("customers share a capacity or the sender's reputation: simulate them in one piece")
    done = _add_up(engine(job), job.source.count, progress)
    return [
        StreamedResult(job.world, job.source.people, ask.plans, ask.tail, job.seed, sums.totals, sums.table)
        for ask, sums in zip(job.asks, done, strict=True)
    ]


def cut_evenly(units: int, customers_each: int, threads: int) -> list[tuple[int, int]]:
    """Borders of parts of at most ``PART`` customers, as many to each thread; units (of so many customers) stay
    whole."""
    most = max(1, PART // customers_each)
    parts = -(-units // most)
    parts = min(units, -(-parts // threads) * threads)
    return [(units * k // parts, units * (k + 1) // parts) for k in range(parts)]


def _add_up(found: Iterable[list[Sums]], count: int, progress: Callable[[float], None] | None) -> Sequence[Sums]:
    total: list[Sums] = []
    for done, sums in enumerate(found, start=1):
        total = [a.plus(b) for a, b in zip(total, sums, strict=True)] if total else sums
        if progress:
            progress(done / count)
    return total


def _reduce(ask: Ask, result: SimulationResult) -> Sums:
    empty = np.zeros(0, dtype=np.int64)
    totals = replace(result.totals, customer=empty, visited=empty, recent=empty, log=empty)
    return Sums(totals, {(q, a, b): result.moments(q, a, b) for q, a, b in ask.quantities(result.world)})
