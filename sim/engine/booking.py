"""Adding up: everything that is counted, in whole numbers, so that the order of addition cannot matter."""

from __future__ import annotations

import numpy as np

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
def book_expected(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """Book the expected orders gathered since the last booking, under the present segment."""
    orders = state.sum_organic[w, i] + state.sum_stimulated[w, i]
    state.sum_organic[w, i] = 0.0
    state.sum_stimulated[w, i] = 0.0
    week, phase = t.week[day], t.phase[day]
    count = np.int64(np.rint(orders * NANO))
    money = np.int64(np.rint(orders * people.mean_value[i] * MICRO * t.discount[week]))
    out.customer[w, phase, ORDERS, i] += count
    out.customer[w, phase, REVENUE, i] += money
    if t.detailed:
        _book_segment(state, out, w, i, week, count, money)


@inlined
def _book_segment(state, out, w, i, week, count, money):  # type: ignore[no-untyped-def]
    out.world[w, week, W_ORDERS] += count
    out.world[w, week, W_REVENUE] += money
    segment = np.uint64(state.person[w, i, SEGMENT])
    out.segment[w, week, segment, SEG_ORDERS] += count
    out.segment[w, week, segment, SEG_REVENUE] += money


@inlined
def book_week(t, people, state, out, scratch, w, day):  # type: ignore[no-untyped-def]
    """``book_expected`` for everybody, side by side."""
    week, phase = t.week[day], t.phase[day]
    factor = MICRO * t.discount[week]
    totals, revenues = out.customer[w, phase, ORDERS], out.customer[w, phase, REVENUE]
    sum_organic, sum_stimulated = state.sum_organic[w], state.sum_stimulated[w]
    for i in range(sum_organic.shape[0]):
        orders = sum_organic[i] + sum_stimulated[i]
        sum_organic[i] = 0.0
        sum_stimulated[i] = 0.0
        count = np.int64(np.rint(orders * NANO))
        money = np.int64(np.rint(orders * people.mean_value[i] * factor))
        totals[i] += count
        revenues[i] += money
        scratch.opt_out[i] = count
        scratch.money[i] = money
    if t.detailed:
        for i in range(sum_organic.shape[0]):
            _book_segment(state, out, w, i, week, scratch.opt_out[i], scratch.money[i])


@inlined
def book_order(t, out, w, i, day, value, stimulated):  # type: ignore[no-untyped-def]
    """A sampled order: what a real month looks like."""
    out.customer[w, t.phase[day], SAMPLED_ORDERS, i] += 1
    out.customer[w, t.phase[day], SAMPLED_REVENUE, i] += value
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
    subscribed = state.subscribed[w, i]
    for lane in range(out.lane.shape[2]):
        out.lane[w, week, lane, REACHABLE] += (subscribed >> lane) & 1
