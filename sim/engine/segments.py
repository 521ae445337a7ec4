"""Which RFM segment is a customer in, and when could that change next?

R is today minus the last order; F and M look at the orders of the last ``window_days`` days (today not counted:
segments are computed in the morning). Nothing changes between events, so the next look is due when R crosses a
border, when the oldest remembered order leaves the window, or the day after an order; with a schedule of
k days, on the next multiple of k.
"""

from __future__ import annotations

from sim.engine.tables import LAST_ORDER, LOG_COUNT, LOG_HEAD, LOG_SUM, NEVER
from sim.jit import inlined


@inlined
def remember_order(state, w, i, day, value):  # type: ignore[no-untyped-def]
    """Append to the ring of latest orders; the oldest gives way when the ring is full."""
    person = state.person[w]
    size = state.log_day.shape[2]
    if person[i, LOG_COUNT] == size:
        _forget_oldest(state, w, i)
    place = (person[i, LOG_HEAD] + person[i, LOG_COUNT]) % size
    state.log_day[w, i, place] = day
    state.log_value[w, i, place] = value
    person[i, LOG_COUNT] += 1
    state.n[w, LOG_SUM, i] += value
    person[i, LAST_ORDER] = day


@inlined
def _forget_oldest(state, w, i):  # type: ignore[no-untyped-def]
    person = state.person[w]
    head = person[i, LOG_HEAD]
    state.n[w, LOG_SUM, i] -= state.log_value[w, i, head]
    person[i, LOG_HEAD] = (head + 1) % state.log_day.shape[2]
    person[i, LOG_COUNT] -= 1


@inlined
def _forget_expired(t, state, w, i, day):  # type: ignore[no-untyped-def]
    person = state.person[w]
    while person[i, LOG_COUNT] > 0 and state.log_day[w, i, person[i, LOG_HEAD]] < day - t.s[0].window_days:
        _forget_oldest(state, w, i)


@inlined
def segment_today(t, state, w, i, day):  # type: ignore[no-untyped-def]
    """Segment on the morning of ``day``."""
    _forget_expired(t, state, w, i, day)
    person = state.person[w]
    recency = day - person[i, LAST_ORDER]
    r = t.recency_borders.shape[0]
    for border in t.recency_borders:
        r -= recency > border
    frequency = person[i, LOG_COUNT]
    f = 0
    for border in t.frequency_borders:
        f += frequency >= border
    value = state.n[w, LOG_SUM, i]
    if not t.s[0].monetary_total and frequency > 0:
        value = value // frequency
    m = 0
    for border in t.monetary_borders:
        m += value >= border
    nf = t.frequency_borders.shape[0] + 1
    nm = t.monetary_borders.shape[0] + 1
    return t.cells[(r * nf + f) * nm + m]


@inlined
def scheduled(t, day):  # type: ignore[no-untyped-def]
    """The first day of the schedule that is not before ``day``."""
    k = t.s[0].recompute_days
    return (day + k - 1) // k * k


@inlined
def next_look(t, state, w, i, day):  # type: ignore[no-untyped-def]
    """First day after ``day`` on which the segment could differ without another order."""
    person = state.person[w]
    first = NEVER
    for border in t.recency_borders:
        crossing = person[i, LAST_ORDER] + border + 1
        if crossing > day:
            first = crossing
            break
    if person[i, LOG_COUNT] > 0:
        oldest = state.log_day[w, i, person[i, LOG_HEAD]]
        first = min(first, oldest + t.s[0].window_days + 1)
    return scheduled(t, max(first, day + 1)) if first < NEVER else NEVER
