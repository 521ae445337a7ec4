"""Adding up: everything that is counted, in whole numbers, so that the order of addition cannot matter."""

from __future__ import annotations

from sim.engine.tables import (
    MICRO,
    NANO,
    ORDERS,
    REACHABLE,
    REVENUE,
    SAMPLED_ORDERS,
    SAMPLED_REVENUE,
    SEG_CUSTOMERS,
    SEG_ORDERS,
    SEG_REVENUE,
    SEGMENT,
    SUBSCRIBED,
    W_ORDERS,
    W_REVENUE,
    W_SAMPLED_ORGANIC,
    W_SAMPLED_REVENUE,
    W_SAMPLED_STIMULATED,
)
from sim.jit import inlined


@inlined
def log_event(out, w, i, day, kind, lane, value):  # type: ignore[no-untyped-def]
    """Write one line of the event log; past its end only the count goes on, and the caller makes it longer."""
    line = out.logged[0]
    out.logged[0] += 1
    if line < out.log.shape[0]:
        out.log[line, 0] = w
        out.log[line, 1] = i
        out.log[line, 2] = day
        out.log[line, 3] = kind
        out.log[line, 4] = lane
        out.log[line, 5] = value


@inlined
def book_expected(t, people, state, out, w, i, day, organic, stimulated):  # type: ignore[no-untyped-def]
    """Book the expected orders gathered since the last booking, under the present segment.

    ``organic`` and ``stimulated`` are today's: they stay, where the segment changes this morning.
    """
    orders = state.sum_organic[w, i] - organic + state.sum_stimulated[w, i] - stimulated
    state.sum_organic[w, i] = organic
    state.sum_stimulated[w, i] = stimulated
    week = t.week[day]
    count = round(orders * NANO)
    money = round(orders * people.mean_value[i] * MICRO * t.discount[week])
    totals = out.customer[w, i, t.phase[day]]
    totals[ORDERS] += count
    totals[REVENUE] += money
    if t.detailed:
        out.world[w, week, W_ORDERS] += count
        out.world[w, week, W_REVENUE] += money
        by_segment = out.segment[w, week, state.person[w, i, SEGMENT]]
        by_segment[SEG_ORDERS] += count
        by_segment[SEG_REVENUE] += money


@inlined
def book_order(t, out, w, i, day, value, stimulated):  # type: ignore[no-untyped-def]
    """A sampled order: what a real month looks like."""
    totals = out.customer[w, i, t.phase[day]]
    totals[SAMPLED_ORDERS] += 1
    totals[SAMPLED_REVENUE] += value
    if t.detailed:
        week = t.week[day]
        column = W_SAMPLED_STIMULATED if stimulated else W_SAMPLED_ORGANIC
        out.world[w, week, column] += 1
        out.world[w, week, W_SAMPLED_REVENUE] += value


@inlined
def book_week_end(t, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """Where everybody stands at the end of a week."""
    week = t.week[day]
    segment = state.person[w, i, SEGMENT]
    out.segment[w, week, segment, SEG_CUSTOMERS] += 1
    out.flow[w, week, out.week_segment[w, i], segment] += 1
    out.week_segment[w, i] = segment
    subscribed = state.person[w, i, SUBSCRIBED]
    for lane in range(out.lane.shape[2]):
        out.lane[w, week, lane, REACHABLE] += (subscribed >> lane) & 1
