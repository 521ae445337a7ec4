"""Segments while a simulation runs: recomputed on schedule, from orders of both kinds, and counted completely."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine import tables as columns
from sim.policy import Frequencies
from sim.population import Population, synthetic
from sim.rfm import RfmScheme
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World
from tests.worlds import LIVELY, PLAIN, THREE_SEGMENTS, plain_world, uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")


def silent_population(past: dict[int, list[tuple[int, float]]]) -> Population:
    """Customers with given past orders (day, value), ascending, who never order again."""
    n = len(past)
    population = synthetic(LIVELY, n, seed=1)
    count = np.array([len(orders) for orders in past.values()])
    return replace(
        population,
        active=np.zeros(n, dtype=bool),
        first_order=np.array([orders[0][0] for orders in past.values()]),
        last_order=np.array([orders[-1][0] for orders in past.values()]),
        order_from=np.cumsum(count) - count,
        order_to=np.cumsum(count),
        order_day=np.array([day for orders in past.values() for day, _ in orders], dtype=np.int32),
        order_value=np.array([round(value * 1e6) for orders in past.values() for _, value in orders], dtype=np.int64),
    )


def changes(world: World, plan: Frequencies | None = None) -> dict[int, list[tuple[int, str]]]:
    """(day, new segment) of each customer, the start as day -1."""
    started = start_world(world, seed=1)
    plan = plan or Frequencies.nothing(world.rfm.segments, world.channel_names)
    log = simulate(started, [plan], seed=1, tail=plan, threads=1, log_lines=100_000).totals.log
    found = {row: [(-1, world.rfm.segments[int(s)])] for row, s in enumerate(started.begin.segment)}
    for _, row, day, kind, segment, _ in log.tolist():
        if kind == columns.EV_SEGMENT:
            found[row].append((day, world.rfm.segments[segment]))
    return found


def scheme(cell_map: dict[str, list[str]], **changes_: Any) -> RfmScheme:
    return RfmScheme.from_map(
        **{
            "recency_borders_days": (20, 60), "frequency_borders": (2, 4), "monetary_borders": (15.0, 30.0),
            "window_days": 100, "cell_map": cell_map, **changes_,
        }
    )  # fmt: skip


def test_recency_moves_customers_the_day_after_the_border() -> None:
    """R is days since the last order, seen in the morning: 21 days after an order R passes a border of 20."""
    world = plain_world(
        silent_population({0: [(-1, 10.0)], 1: [(-18, 10.0)], 2: [(-70, 1.0)]}), rfm=THREE_SEGMENTS, weeks=10
    )
    assert changes(world) == {
        0: [(-1, "fresh"), (20, "cooling"), (60, "cold")],
        1: [(-1, "fresh"), (3, "cooling"), (43, "cold")],
        2: [(-1, "cold")],
    }


@pytest.mark.parametrize(("every", "days"), [(1, (20, 60)), (7, (21, 63)), (20, (20, 60)), (28, (28, 84))])
def test_segments_are_recomputed_on_schedule(every: int, days: tuple[int, int]) -> None:
    rfm = replace(THREE_SEGMENTS, recompute_days=every)
    world = plain_world(silent_population({0: [(-1, 10.0)]}), rfm=rfm, weeks=14)
    assert changes(world) == {0: [(-1, "fresh"), (days[0], "cooling"), (days[1], "cold")]}


def test_orders_leave_the_window() -> None:
    """F over 100 days: an order of day d counts until the morning of day d + 100."""
    rfm = scheme({"many": ["*3*"], "some": ["*2*"], "few": ["*1*"]})
    orders = [(-90, 5.0), (-80, 5.0), (-50, 5.0), (-10, 5.0)]
    world = plain_world(silent_population({0: orders}), rfm=rfm, weeks=20)
    assert changes(world) == {0: [(-1, "many"), (11, "some"), (51, "few")]}


@pytest.mark.parametrize(("monetary", "expected"), [
    ("mean", [(-1, "middle"), (51, "rich"), (91, "poor")]),  # 17, 25, 30, nothing
    ("total", [(-1, "rich"), (91, "poor")]),  # 51, 50, 30, nothing
])  # fmt: skip
def test_money_is_a_mean_or_a_total_over_the_window(monetary: str, expected: list[tuple[int, str]]) -> None:
    rfm = scheme({"rich": ["**3"], "middle": ["**2"], "poor": ["**1"]}, monetary=monetary)
    orders = [(-90, 1.0), (-50, 20.0), (-10, 30.0)]
    world = plain_world(silent_population({0: orders}), rfm=rfm, weeks=20)
    assert changes(world) == {0: expected}


def test_stimulated_orders_count_as_orders() -> None:
    """A dormant customer whom a contact moves to order is fresh again, as in a real company's data."""
    channel = replace(PLAIN, orders_per_contact=1.0)
    past = {row: [(-100, 10.0)] for row in range(30)}
    world = plain_world(silent_population(past), channel, rfm=THREE_SEGMENTS, weeks=6)
    started = start_world(world, seed=1)
    log = simulate(started, [uniform_plan(world, 7.0)], seed=1, threads=1, log_lines=50_000).totals.log
    first_order = {int(row): int(day) for _, row, day, kind, *_ in log[::-1] if kind == columns.EV_STIMULATED}
    assert not (log[:, 3] == columns.EV_ORGANIC).any()
    assert len(first_order) > 20
    for row, day in first_order.items():
        mine = log[(log[:, 1] == row) & (log[:, 3] == columns.EV_SEGMENT)]
        if day < 41:
            assert (mine[0, 2], world.rfm.segments[int(mine[0, 4])]) == (day + 1, "fresh")


def test_everybody_is_counted_every_week() -> None:
    world = world_of(500, weeks=12, tail_weeks=4)
    totals = simulate(world, [uniform_plan(world, 2.0, 0.5)], seed=1, threads=1).totals
    assert (totals.segment[0, :, :, columns.SEG_CUSTOMERS].sum(axis=1) == 500).all()
    assert (totals.flow[0].sum(axis=(1, 2)) == 500).all()
    # the flows lead from one week's counts to the next one's
    counts = totals.segment[0, :, :, columns.SEG_CUSTOMERS]
    assert np.array_equal(totals.flow[0].sum(axis=1), counts)
    assert np.array_equal(totals.flow[0, 1:].sum(axis=2), counts[:-1])
    begin = np.bincount(start_world(world, seed=1).begin.segment, minlength=3)
    assert np.array_equal(totals.flow[0, 0].sum(axis=1), begin)


def test_tables_by_segment_add_up_to_the_world() -> None:
    world = world_of(500, weeks=12, tail_weeks=4)
    totals = simulate(world, [uniform_plan(world, 2.0, 0.5)], seed=1, threads=1).totals
    for of_segment, of_world in (
        (columns.SEG_ORDERS, columns.W_ORDERS),
        (columns.SEG_REVENUE, columns.W_REVENUE),
        (columns.SEG_COST, columns.W_COST),
    ):
        assert np.array_equal(totals.segment[0, :, :, of_segment].sum(axis=1), totals.world[0, :, of_world])
    contacts = totals.segment[0, :, :, columns.SEG_CONTACTS].sum(axis=1)
    assert np.array_equal(contacts, totals.lane[0, :, :, columns.SENT].sum(axis=1))


def test_expected_orders_of_a_day_belong_to_the_segment_of_that_day() -> None:
    """Deterministic moves: 20 days fresh, 40 cooling, 10 cold, at a constant rate."""
    n = 50
    population = replace(
        silent_population({row: [(-1, 10.0)] for row in range(n)}),
        active=np.ones(n, dtype=bool), rate=np.full(n, 1e-7), dropout=np.zeros(n),
    )  # fmt: skip
    world = plain_world(population, rfm=THREE_SEGMENTS, weeks=10)
    plan = Frequencies.nothing(world.rfm.segments, world.channel_names)
    totals = simulate(world, [plan], seed=1, tail=plan, threads=1).totals
    assert not totals.customer[..., columns.SAMPLED_ORDERS].any()
    by_segment = totals.segment[0, :, :, columns.SEG_ORDERS].sum(axis=0) / totals.world[0, :, columns.W_ORDERS].sum()
    assert by_segment == pytest.approx(np.array([20, 40, 10]) / 70, abs=1e-3)


def test_the_start_and_the_first_morning_agree_on_busy_customers() -> None:
    """With more orders than are remembered, both look at the remembered ones: nobody moves on day 0."""
    population = synthetic(replace(LIVELY, alpha_weeks=0.3), 200, seed=1, tenure_days=300)
    recent = [(population.order_day[:end] >= -100).sum() for end in population.order_to]
    assert np.diff(recent, prepend=0).max() > 40
    rfm = scheme({"rich": ["**3"], "middle": ["**2"], "poor": ["**1"]})
    assert not [
        row
        for row, moves in changes(plain_world(population, rfm=rfm, weeks=1)).items()
        if moves[1:2] and moves[1][0] == 0
    ]
