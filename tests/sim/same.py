"""Is what the kernel finds what the oracle finds? The same events, customer by customer and day by day, and the same
tables."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from sim.engine import tables as columns
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World
from tests import oracle

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


def events_of(result: SimulationResult, world: int) -> dict[int, list[oracle.Event]]:
    """Log lines of one world by customer, in the order they were written."""
    events: dict[int, list[oracle.Event]] = defaultdict(list)
    for w, row, day, kind, lane, value in result.totals.log.tolist():
        if w == world:
            events[row].append((day, kind, lane, -1 if kind == oracle.SEGMENT else value))
    return events
