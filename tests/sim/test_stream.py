"""Customers in parts: the same bits as all at once, however they are cut and in whatever order parts come."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.capacity import Capacity
from sim.compare import compare, outcome_interval, total_value
from sim.moments import Census, moments
from sim.policy import Frequencies
from sim.population import Population, synthetic
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.stream import PART, Ask, Job, Sums, can_stream, cut_evenly, on_threads, simulate_stream
from sim.world import World
from tests.worlds import LIVELY, uniform_plan, world_of

N = 60


@dataclass(frozen=True)
class Cut:
    """A population in memory, cut at these borders."""

    whole: Population
    borders: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.borders) - 1

    @property
    def people(self) -> Census:
        return Census(self.whole.size, self.whole.base_size, self.whole.copies)

    def part(self, number: int) -> Population:
        return self.whole.cut(self.borders[number], self.borders[number + 1])


@lru_cache
def the_world() -> World:
    copied = np.repeat(np.arange(N // 3), 3)  # three copies of each
    people = replace(synthetic(LIVELY, N, seed=7, tenure_days=150), copies=3, base_customer=copied, base_size=1_000)
    return world_of(people, weeks=2, tail_weeks=1)


def question(world: World) -> Ask:
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    return Ask((uniform_plan(world, 2.0, 1.0), world.current, nothing), world.current)


@lru_cache
def in_one_piece() -> SimulationResult:
    world = the_world()
    ask = question(world)
    return simulate(world, ask.plans, seed=5, tail=ask.tail, threads=1)


@given(st.sets(st.integers(1, N // 3 - 1), max_size=6), st.randoms(use_true_random=False))
def test_parts_in_any_order_give_the_bits_of_the_whole(cuts: set[int], random: Random) -> None:
    world, whole = the_world(), in_one_piece()
    borders = (0, *(3 * c for c in sorted(cuts)), N)

    def shuffled(job: Job) -> Iterator[list[Sums]]:
        numbers = list(range(job.source.count))
        random.shuffle(numbers)
        return map(job.run, numbers)

    (found,) = simulate_stream(Job(world, Cut(world.population, borders), (question(world),), seed=5), shuffled)
    for name in ("lane", "line", "displaced", "rule", "segment", "world", "flow"):
        assert (getattr(found.totals, name) == getattr(whole.totals, name)).all(), name
    for a, b in itertools.permutations(range(3), 2):
        for phase in (0, 1):
            assert compare(found, a, b, phase=phase) == compare(whole, a, b, phase=phase)
        assert total_value(found, a, b) == total_value(whole, a, b)
        assert outcome_interval(found, a, b) == outcome_interval(whole, a, b)
    assert compare(found, "plan", 2).revenue.mean > 0


def test_threads_hear_of_every_part_and_every_customer_is_seen_once() -> None:
    world, whole = the_world(), in_one_piece()
    seen: dict[int, int] = {}
    shares: list[float] = []
    job = Job(
        world, Cut(world.population, (0, 9, 12, 45, N)), (question(world), replace(question(world), detailed=False)),
        seed=5, keep=lambda number, results: seen.update({number: results[1].world.population.size}),
    )  # fmt: skip
    found, value = simulate_stream(job, on_threads(2), progress=shares.append)
    assert seen == {0: 9, 1: 3, 2: 33, 3: 15}
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert total_value(value, 0, 1) == total_value(found, 0, 1) == total_value(whole, 0, 1)
    with pytest.raises(KeyError):
        compare(value, 0, 1)  # only its value was asked for


def test_a_part_has_its_own_past_orders_only() -> None:
    world = the_world()
    people = world.population
    part = people.cut(12, 30)
    assert part.order_day.size == (part.order_to - part.order_from).sum() < people.order_day.size
    whole = [
        people.order_value[a:b].tolist() for a, b in zip(people.order_from[12:30], people.order_to[12:30], strict=True)
    ]
    assert [part.order_value[a:b].tolist() for a, b in zip(part.order_from, part.order_to, strict=True)] == whole
    for field in fields(people):
        column = getattr(people, field.name)
        if isinstance(column, np.ndarray) and column.shape == (N,) and not field.name.startswith("order_"):
            assert (getattr(part, field.name) == column[12:30]).all()


def test_what_is_shared_is_not_simulated_in_parts() -> None:
    world = the_world()
    tight = replace(world, capacities=(Capacity("sms", channels=("sms",), per_day=3.0),))
    assert can_stream(world)
    assert not can_stream(tight)
    with pytest.raises(ValueError, match="share a capacity"):
        simulate_stream(Job(tight, Cut(world.population, (0, N)), (question(tight),), 1), on_threads(1))


@given(st.integers(1, 3_000_000), st.integers(1, 2_000), st.integers(1, 8))
def test_borders(units: int, each: int, threads: int) -> None:
    borders = cut_evenly(units, each, threads)
    assert [a for a, _ in borders] + [units] == [0] + [b for _, b in borders]
    sizes = [b - a for a, b in borders]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) * each <= PART
    assert len(borders) % threads == 0 or len(borders) == units


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=30), st.data())
def test_moments_add_up(values: list[int], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(values)))
    first, second, all_ = (moments(np.array(v, dtype=np.int64), None, 1) for v in (values[:at], values[at:], values))
    assert first.plus(second) == all_
    assert all_.squares == sum(v * v for v in values)
    assert all_.variance_of_sum(1) == pytest.approx(
        len(values) * np.var(np.array(values, dtype=float), ddof=1), rel=1e-6
    )
    assert all_.negated() == moments(-np.array(values, dtype=np.int64), None, 1)
