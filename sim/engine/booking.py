"""Adding up: everything that is counted, in whole numbers, so that the order of addition cannot matter."""

from __future__ import annotations

import numpy as np

from sim.engine.tables import (
    C_MONEY,
    C_OPT_OUT,
    MEAN_VALUE,
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
    SUM_ORDERS,
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
    orders = state.f[w, SUM_ORDERS, i]
    state.f[w, SUM_ORDERS, i] = 0.0
    week, phase = t.days[day].week, t.days[day].phase
    count = np.int64(np.rint(orders * NANO))
    money = np.int64(np.rint(orders * people.f[MEAN_VALUE, i] * MICRO * t.discount[week]))
    out.customer[w, phase, ORDERS, i] += count
    out.customer[w, phase, REVENUE, i] += money
    if t.s[0].detailed:
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
    week, phase = t.days[day].week, t.days[day].phase
    factor = MICRO * t.discount[week]
    totals, revenues = out.customer[w, phase, ORDERS], out.customer[w, phase, REVENUE]
    gathered = state.f[w, SUM_ORDERS]
    for i in range(gathered.shape[0]):
        orders = gathered[i]
        gathered[i] = 0.0
        count = np.int64(np.rint(orders * NANO))
        money = np.int64(np.rint(orders * people.f[MEAN_VALUE, i] * factor))
        totals[i] += count
        revenues[i] += money
        scratch.n[C_OPT_OUT, i] = count
        scratch.n[C_MONEY, i] = money
    if t.s[0].detailed:
        for i in range(gathered.shape[0]):
            _book_segment(state, out, w, i, week, scratch.n[C_OPT_OUT, i], scratch.n[C_MONEY, i])


@inlined
def book_order(t, out, w, i, day, value, stimulated):  # type: ignore[no-untyped-def]
    """A sampled order: what a real month looks like."""
    out.customer[w, t.days[day].phase, SAMPLED_ORDERS, i] += 1
    out.customer[w, t.days[day].phase, SAMPLED_REVENUE, i] += value
    if t.s[0].detailed:
        week = t.days[day].week
        column = W_SAMPLED_STIMULATED if stimulated else W_SAMPLED_ORGANIC
        out.world[w, week, column] += 1
        out.world[w, week, W_SAMPLED_REVENUE] += value


@inlined
def book_week_end(t, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """Where everybody stands at the end of a week."""
    week = t.days[day].week
    segment = state.person[w, i, SEGMENT]
    out.segment[w, week, segment, SEG_CUSTOMERS] += 1
    out.flow[w, week, out.week_segment[w, i], segment] += 1
    out.week_segment[w, i] = segment
    subscribed = state.n[w, SUBSCRIBED, i]
    for channel in range(t.placement.shape[1]):
        out.lane[w, week, channel, REACHABLE] += (subscribed >> channel) & 1
