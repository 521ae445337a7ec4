"""Cascades: messages one after the other, begun by a trigger, one cascade at a time per customer.

A step that is due is an ordinary due day on the step's line; what differs is what happens when its turn comes: its
condition is looked at, it waits with limited patience, and what it led to decides about the next.
"""

from __future__ import annotations

import numpy as np

from sim.engine.tables import (
    BEGUN,
    BIRTHDAY,
    C_OUTCOME,
    CHOSEN,
    CLICKED_BIT,
    CONTACTABLE,
    ENTERED,
    ENTERED_DAY,
    EVENTS,
    JOINED,
    LAST_ORDER,
    LATEST,
    NEVER,
    QUEUE,
    RUNNING,
    SEEN_BIT,
    SEGMENT,
    STEP_DUE,
    SUBSCRIBED,
    TRIGGER_DUE,
)
from sim.jit import inlined, optional_kernel

_REGISTERED, _ENTERED_SEGMENT, _DAYS_SINCE_ORDER, _BIRTHDAY = range(4)
_ALWAYS, _SEEN, _NOT_SEEN, _CLICKED, _NOT_CLICKED = range(5)
_YEAR = 365


@optional_kernel
def look_at_triggers(t, people, state, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """For those for whom something may be triggered this morning: queue it, begin what may, say when to look again."""
    for k in range(events):
        i = scratch.u[EVENTS, k]
        if state.person[w, i, TRIGGER_DUE] <= day:
            _look(t, people, state, w, i, day)


@inlined
def _look(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    me = state.cascade[w, i]
    segment = state.person[w, i, SEGMENT]
    queue = np.int64(me[QUEUE])
    again = NEVER
    for q in range(t.cascades.shape[0]):
        if t.runs[w, t.days[day].plan, q] == 0:
            continue
        fires = _fires(t, people, state, w, i, day, q)
        again = min(again, _next_time(t, people, state, w, i, day, q))
        waits = (queue >> q) & 1
        fresh = me[BEGUN + q] == -NEVER or day - me[BEGUN + q] >= t.cascades[q].repeat_after
        if fires and fresh and waits == 0 and me[RUNNING] != q and t.inside[q, segment]:
            queue |= 1 << q
    if queue != 0 and me[RUNNING] < 0:
        first = 0
        while (queue >> first) & 1 == 0:
            first += 1
        queue ^= 1 << first
        me[RUNNING] = first
        me[LATEST] = 0
        me[BEGUN + first] = day
        _schedule(t, state, w, i, t.cascades[first].first_line, day)
    me[QUEUE] = queue
    state.person[w, i, TRIGGER_DUE] = again


@inlined
def _fires(t, people, state, w, i, day, q):  # type: ignore[no-untyped-def]
    kind = t.cascades[q].trigger
    fires = False
    if people.n[CONTACTABLE, i]:
        if kind == _REGISTERED:
            fires = people.n[JOINED, i] == day
        elif kind == _ENTERED_SEGMENT:
            me = state.cascade[w, i]
            fires = me[ENTERED_DAY] == day and me[ENTERED] == t.cascades[q].trigger_segment
        elif kind == _DAYS_SINCE_ORDER:
            fires = day - state.person[w, i, LAST_ORDER] == t.cascades[q].trigger_days
        elif kind == _BIRTHDAY:
            first = people.n[BIRTHDAY, i]
            fires = first >= 0 and day >= first and (day - first) % _YEAR == 0
    return fires


@inlined
def _next_time(t, people, state, w, i, day, q):  # type: ignore[no-untyped-def]
    """The first day after today on which time alone fires the trigger."""
    later = NEVER
    if t.cascades[q].trigger == _DAYS_SINCE_ORDER:
        at = state.person[w, i, LAST_ORDER] + t.cascades[q].trigger_days
        if at > day:
            later = at
    elif t.cascades[q].trigger == _BIRTHDAY and people.n[BIRTHDAY, i] >= 0:
        first = people.n[BIRTHDAY, i]
        later = first if first > day else day + _YEAR - (day - first) % _YEAR
    return later


@inlined
def _schedule(t, state, w, i, lane, day):  # type: ignore[no-untyped-def]
    """The step of this line is due after its delay."""
    state.cascade[w, i, STEP_DUE] = day + t.lanes[lane].delay
    state.due[w, i, lane] = day + t.lanes[lane].delay


@inlined
def after_step(t, state, w, i, lane, day):  # type: ignore[no-untyped-def]
    """The step is done, sent or left out: on to the next, or the cascade is over."""
    state.due[w, i, lane] = NEVER
    if t.lanes[lane].last_step:
        end_cascade(state, w, i, day)
    else:
        _schedule(t, state, w, i, lane + 1, day)


@inlined
def end_cascade(state, w, i, day):  # type: ignore[no-untyped-def]
    """What waits in the queue may begin tomorrow."""
    state.cascade[w, i, RUNNING] = -1
    if state.cascade[w, i, QUEUE] != 0:
        state.person[w, i, TRIGGER_DUE] = day + 1


@inlined
def step_fits(t, state, w, i, lane):  # type: ignore[no-untyped-def]
    """Does the step's condition hold, and is there consent?"""
    latest = np.int64(state.cascade[w, i, LATEST])
    condition = t.lanes[lane].condition
    fits = condition == _ALWAYS
    if condition in (_SEEN, _NOT_SEEN):
        fits = ((latest & SEEN_BIT) != 0) == (condition == _SEEN)
    elif condition != _ALWAYS:
        fits = ((latest & CLICKED_BIT) != 0) == (condition == _CLICKED)
    return fits and (state.n[w, SUBSCRIBED, i] >> np.int64(t.lanes[lane].channel)) & 1 == 1


@optional_kernel
def keep_possible_steps(t, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Of those to whom the step is due, keep whom its condition and consent allow; it is left out for the others."""
    n = np.int64(0)
    for k in range(due):
        i = scratch.u[CHOSEN, k]
        if step_fits(t, state, w, i, lane):
            scratch.u[CHOSEN, n] = i
            n += 1
        else:
            after_step(t, state, w, i, lane, day)
    return n


@optional_kernel
def step_waits(t, state, w, i, lane, day, retry_day):  # type: ignore[no-untyped-def]
    """Forbidden today: wait, but no longer than the cascade's patience."""
    last = state.cascade[w, i, STEP_DUE] + t.cascades[t.lanes[lane].cascade_of].patience
    if day >= last:
        after_step(t, state, w, i, lane, day)
    else:
        state.due[w, i, lane] = min(retry_day, last)


@optional_kernel
def steps_sent(t, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Remember what the contacts led to."""
    for k in range(sent):
        i = scratch.u[CHOSEN, k]
        state.cascade[w, i, LATEST] = scratch.bytes[C_OUTCOME, k]
        after_step(t, state, w, i, lane, day)


@optional_kernel
def order_ends_cascades(t, state, w, i, day):  # type: ignore[no-untyped-def]
    """An order ends the cascade that runs and those that wait, where they end with an order."""
    me = state.cascade[w, i]
    queue = np.int64(me[QUEUE])
    for q in range(t.cascades.shape[0]):
        if t.cascades[q].ends_with_order:
            queue &= ~(1 << q)
            if me[RUNNING] == q:
                _stop_steps(t, state, w, i)
                me[RUNNING] = -1
    me[QUEUE] = queue
    state.person[w, i, TRIGGER_DUE] = day + 1  # days since the order are counted anew


@inlined
def _stop_steps(t, state, w, i):  # type: ignore[no-untyped-def]
    for lane in range(t.lanes.shape[0]):
        if t.lanes[lane].cascade_of >= 0:
            state.due[w, i, lane] = NEVER


@optional_kernel
def keep_running(t, state, w, i, day):  # type: ignore[no-untyped-def]
    """Another plan holds from today on: what it does not run, ends."""
    me = state.cascade[w, i]
    queue = np.int64(me[QUEUE])
    for q in range(t.cascades.shape[0]):
        if t.runs[w, t.days[day].plan, q] == 0:
            queue &= ~(1 << q)
            if me[RUNNING] == q:
                _stop_steps(t, state, w, i)
                me[RUNNING] = -1
    me[QUEUE] = queue
    state.person[w, i, TRIGGER_DUE] = day
