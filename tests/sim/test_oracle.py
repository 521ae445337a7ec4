"""The kernel against the oracle in plain Python: the same events, customer by customer and day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.domain import Behaviour, OptOut
from sim.engine import tables as columns
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests import oracle
from tests.worlds import EMAIL, random_worlds, world_of

pytestmark = pytest.mark.usefixtures("kernels")

LOG_LINES = 40_000
RELATIVE = 1e-9
LANE_COUNTS = {
    "sent": columns.SENT,
    "delivered": columns.DELIVERED,
    "seen": columns.SEEN,
    "clicked": columns.CLICKED,
    "opt-outs": columns.UNSUBSCRIBED,
    "complaints": columns.COMPLAINTS,
    "reachable": columns.REACHABLE,
}
LANE_EXPECTATIONS = {
    "seen expected": columns.SEEN_EXPECTED,
    "clicked expected": columns.CLICKED_EXPECTED,
    "opt-outs expected": columns.UNSUBSCRIBED_EXPECTED,
    "complaints expected": columns.COMPLAINTS_EXPECTED,
}
WORLD_COUNTS = {
    "orders": columns.W_SAMPLED_ORGANIC,
    "stimulated orders": columns.W_SAMPLED_STIMULATED,
    "dropouts": columns.W_DROPOUTS,
}

worlds_and_seeds = given(random_worlds(), st.integers(0, 2**31))
unhurried = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
)


def events_of(result: SimulationResult, world: int) -> dict[int, list[oracle.Event]]:
    """Log lines of one world by customer, in the order they were written."""
    events: dict[int, list[oracle.Event]] = defaultdict(list)
    for w, row, day, kind, lane, value in result.totals.log.tolist():
        if w == world:
            events[row].append((day, kind, lane, -1 if kind == oracle.SEGMENT else value))
    return events


@worlds_and_seeds
@settings(unhurried, max_examples=60)
def test_same_events_and_expectations(case: tuple[World, list[Frequencies]], seed: int) -> None:
    assert_same(*case, seed)


@pytest.mark.slow
@given(random_worlds(most_customers=40, plans=3), st.integers(0, 2**31))
@settings(unhurried, max_examples=800)
def test_same_events_and_expectations_in_many_worlds(case: tuple[World, list[Frequencies]], seed: int) -> None:
    assert_same(*case, seed)


def assert_same(world: World, plans_and_tail: list[Frequencies], seed: int) -> None:
    *plans, tail = plans_and_tail
    started = start_world(world, seed=seed)
    result = simulate(started, plans, seed=seed, tail=tail, log_lines=LOG_LINES, threads=1)
    for w, lives in enumerate(oracle.simulate(started, plans, tail, seed=seed)):
        logged = events_of(result, w)
        for row, life in enumerate(lives):
            assert logged[row] == life.events, f"customer {row} in world {w}"
            assert_totals(result, w, row, life)
        assert_tables(result, w, lives)


def assert_totals(result: SimulationResult, w: int, row: int, life: oracle.Life) -> None:
    """Expectations of one customer: equal up to half a unit for each booking."""
    weeks = (result.world.weeks, result.world.tail_weeks)
    horizon = 7 * result.world.weeks
    for phase in (0, 1):
        mine = [e for e in life.events if (e[0] >= horizon) == phase]
        bookings = weeks[phase] + sum(e[1] == oracle.SEGMENT for e in mine)
        contacts = sum(e[1] == oracle.CONTACT for e in mine)
        values = [e[3] for e in mine if e[1] in (oracle.ORGANIC, oracle.STIMULATED)]
        booked = result.totals.customer[w, row, phase].tolist()
        assert booked[columns.SAMPLED_ORDERS] == len(values)
        assert booked[columns.SAMPLED_REVENUE] == sum(values)
        for column, expected, roundings in (
            (columns.ORDERS, life.expected_orders[phase] * 1e9, bookings),
            (columns.REVENUE, life.expected_revenue[phase], bookings),
            (columns.COST, life.cost[phase], contacts),
            (columns.OPT_OUTS, life.expected_opt_outs[phase] * 1e9, contacts),
        ):
            assert booked[column] == pytest.approx(expected, rel=RELATIVE, abs=0.51 * roundings)


def assert_tables(result: SimulationResult, w: int, lives: list[oracle.Life]) -> None:
    """Weekly tables by channel, by segment and of the world; the segments each customer went through."""
    totals = result.totals
    weekly: Counter[tuple[str, int, int]] = Counter()
    for life in lives:
        weekly.update(life.weekly)
    lane, segment, world = totals.line[w], totals.segment[w], totals.world[w]
    for k in range(lane.shape[0]):
        for c in range(lane.shape[1]):
            for what, column in LANE_COUNTS.items():
                assert lane[k, c, column] == weekly[what, k, c], (what, k, c)
            assert totals.displaced[w, k, c] == weekly["displaced", k, c], ("displaced", k, c)
            for what, column in LANE_EXPECTATIONS.items():
                roundings = weekly["delivered", k, c]
                assert lane[k, c, column] == pytest.approx(
                    weekly[what, k, c] * 1e9, rel=RELATIVE, abs=0.51 * roundings
                ), (what, k, c)
        for s in range(segment.shape[1]):
            assert segment[k, s, columns.SEG_CUSTOMERS] == weekly["customers", k, s]
            assert segment[k, s, columns.SEG_CONTACTS] == weekly["segment contacts", k, s]
            assert segment[k, s, columns.SEG_COST] == pytest.approx(
                weekly["segment cost", k, s], rel=RELATIVE, abs=0.51 * weekly["segment contacts", k, s]
            )
            assert segment[k, s, columns.SEG_ORDERS] == pytest.approx(
                weekly["expected orders", k, s] * 1e9, rel=RELATIVE, abs=0.51 * (len(lives) + weekly["changes", k, 0])
            )
            for old in range(segment.shape[1]):
                assert totals.flow[w, k, old, s] == weekly[f"from {old}", k, s]
        for what, column in WORLD_COUNTS.items():
            assert world[k, column] == weekly[what, k, 0], (what, k)
        assert world[k, columns.W_SAMPLED_REVENUE] == weekly["revenue", k, 0]
        for n in range(totals.rule.shape[2]):
            assert totals.rule[w, k, n, columns.BLOCKED] == weekly["blocked", k, n], (k, n)
            assert totals.rule[w, k, n, columns.VIOLATIONS] == weekly["violations", k, n], (k, n)
    visited = [sum(1 << s for s in life.segments_seen) for life in lives]
    assert totals.visited[w].tolist() == visited
    # the per-customer totals, the weekly totals and the totals by segment are the same money
    for of_world, of_segment, of_customer in (
        (columns.W_ORDERS, columns.SEG_ORDERS, columns.ORDERS),
        (columns.W_REVENUE, columns.SEG_REVENUE, columns.REVENUE),
        (columns.W_COST, columns.SEG_COST, columns.COST),
    ):
        assert world[:, of_world].sum() == totals.customer[w, :, :, of_customer].sum()
        assert (world[:, of_world] == segment[:, :, of_segment].sum(axis=1)).all()


@worlds_and_seeds
@settings(unhurried, max_examples=40)
def test_start_is_the_current_plans_past(case: tuple[World, list[Frequencies]], seed: int) -> None:
    world, _ = case
    started = start_world(world, seed=seed)
    contacted = world.start == "current_policy" and bool(world.current.per_week.any())
    for row in range(world.population.size):
        assert_past(started, row, seed, contacted)


def assert_past(started: Started, row: int, seed: int, contacted: bool) -> None:
    begin, me = started.begin, oracle.customer_of(started, row)
    assert me.segment == oracle.segment_of(started.world, me, 0)
    if not contacted:
        assert begin.fatigue[row] == 0
        assert begin.stimulus[row] == 0
        assert not begin.ring[row].any()
        return
    was = oracle.past(started, row, seed)
    assert begin.fatigue[row] == pytest.approx(was.fatigue, rel=RELATIVE, abs=1e-12)
    assert begin.stimulus[row] == pytest.approx(was.stimulus, rel=RELATIVE, abs=1e-12)
    remembered = {c: [day for day in days if day >= -63] for c, days in was.contacts.items()}
    assert me.contacts == remembered
    for channel in me.subscribed:  # the credit of nobody else is ever used
        if not me.holdout and started.world.current.per_week[me.segment, channel] > 0:
            assert me.credit[channel] == was.credit[channel]


def test_frailty_is_that_of_survivors() -> None:
    """Z ~ Gamma(k, k + H): the same draw as the prior's, shrunk by k / (k + H), H the hazard met in the past."""
    shape = 0.8
    channel = replace(EMAIL, unsubscribe_per_contact=0.0005)
    behaviour = Behaviour(optout=OptOut(frailty_shape=shape, fatigue_growth=0.3))
    world = world_of(20, (channel,), current=(3.0,), behaviour=behaviour)
    started = start_world(world, seed=3)
    newcomers = start_world(replace(world, start="rested"), seed=3)
    survived = [oracle.past(started, row, 3).hazard_per_day for row in range(20)] * -world.population.first_order
    expected = newcomers.people.frailty * shape / (shape + survived)
    assert np.asarray(survived).max() > 0.05
    assert started.people.frailty == pytest.approx(expected, rel=1e-4)
