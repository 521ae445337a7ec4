"""Pacing: when is the next regular contact of a channel due?

Credit grows by frequency / 7 of a contact a day and stops growing once a contact is due; a due contact that is
blocked stays due and goes at the first eligible day (dropping it would alias: with a gap of 4 days, 1.75 a week
would deliver 1.75 and 2 a week only 1). A send costs one contact's credit, the remainder stays. While a
segment's frequency is 0 a contact that was due is not; its credit waits for a segment with contacts. Whole numbers:
a contact is PACE = 7 x 2^20, a day earns round(frequency x 2^20), so the due day is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.engine.eligibility import floor_day
from sim.engine.tables import (
    ANCHOR,
    C_SEGMENT,
    CHOSEN,
    CONTACTABLE,
    CREDIT,
    NEVER,
    PACE,
    SEGMENT,
    STEP_DUE,
    STOPPED,
    SUBSCRIBED,
)
from sim.jit import inlined, optional_kernel


def credit_per_day(contacts_per_week: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """What a day earns, for frequencies of 0 to 7 a week."""
    return np.rint(np.asarray(contacts_per_week) * (PACE // 7)).astype(np.int64)


@inlined
def due_day(credit, day, rate):  # type: ignore[no-untyped-def]
    """First day after ``day`` on which ``credit`` has grown to a contact; NEVER at rate 0."""
    if rate <= 0:
        return NEVER
    if credit >= PACE:
        return day + 1
    return day + (PACE - credit + rate - 1) // rate


@inlined
def asked_for(t, state, w, lane, i, credit, evening, plan, segment):  # type: ignore[no-untyped-def]
    """First day after ``evening`` on which the pace or the lane's floor asks for a contact."""
    pace = t.pace[w, plan, lane]
    due = due_day(credit, evening, pace[segment].rate)
    if t.s[0].floored and pace[segment].floor_window > 0:
        due = min(due, max(evening + 1, floor_day(state, w, i, pace, segment)))
    return due


@inlined
def spend_credit(state, w, lane, i, day, rate, interval):  # type: ignore[no-untyped-def]
    """A contact goes out: pay for it and set the next due day; ``interval`` = PACE // rate spares a division."""
    credit = np.int64(state.pace[w, i, lane, CREDIT])
    if credit < PACE:
        credit += (day - state.pace[w, i, lane, ANCHOR]) * rate
    if rate > 0 or credit < PACE:  # else only a floor has asked, and what is due already is due since it was
        state.pace[w, i, lane, ANCHOR] = day
    if rate > 0 and credit >= PACE:  # what a floor has asked for costs no credit
        credit -= PACE
    state.pace[w, i, lane, CREDIT] = credit
    if credit < rate:
        state.due[w, i, lane] = day + interval + (interval * rate + credit < PACE)
    else:
        state.due[w, i, lane] = due_day(credit, day, rate)


@inlined
def wait_until(state, w, lane, i, day, rate, retry_day):  # type: ignore[no-untyped-def]
    """Due but blocked: the credit stops growing, look again on ``retry_day``."""
    if state.pace[w, i, lane, CREDIT] < PACE:
        state.pace[w, i, lane, CREDIT] += (day - state.pace[w, i, lane, ANCHOR]) * rate
        state.pace[w, i, lane, ANCHOR] = day
    credit = np.int64(state.pace[w, i, lane, CREDIT])
    if credit < PACE:  # only a floor asks: the credit goes on growing, and the pace may ask before the rules allow it
        retry_day = min(np.int64(retry_day), due_day(credit, day, rate))
    state.due[w, i, lane] = retry_day


@inlined
def change_rates(t, people, state, w, i, day, old, new):  # type: ignore[no-untyped-def]
    """From ``day`` on other frequencies hold: carry the credit over.

    ``old`` and ``new`` are (plan, segment) until yesterday and from today on. The steps of cascades have no pace, but
    one that waits may be free today: rules hold in segments.
    """
    reachable = state.n[w, SUBSCRIBED, i] * people.n[CONTACTABLE, i]
    for lane in range(t.lanes.shape[0]):
        if t.lanes[lane].cascade_of >= 0:
            if state.due[w, i, lane] < NEVER:
                state.due[w, i, lane] = max(np.int64(state.cascade[w, i, STEP_DUE]), day)
            continue
        if state.pace[w, i, lane, ANCHOR] >= day:  # not there yet
            continue
        channel = np.int64(t.lanes[lane].channel)
        stands_still = lane == channel and (state.n[w, STOPPED, i] >> channel) & 1
        credit = np.int64(state.pace[w, i, lane, CREDIT])
        if credit < PACE:
            if not stands_still:
                credit += (day - 1 - state.pace[w, i, lane, ANCHOR]) * t.pace[w, old[0], lane, old[1]].rate
            state.pace[w, i, lane, CREDIT] = credit
            state.pace[w, i, lane, ANCHOR] = day - 1
        if (reachable >> channel) & 1 and not stands_still:
            state.due[w, i, lane] = asked_for(t, state, w, lane, i, credit, day - 1, new[0], new[1])
        else:
            state.due[w, i, lane] = NEVER


@optional_kernel
def keep_due(t, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Of those on whom the lane is to be looked at today, keep to whom a contact is due by its pace or by its floor;
    for the others a contact of another line has met the floor in the meantime."""
    n = np.int64(0)
    for k in range(due):
        i = scratch.u[CHOSEN, k]
        asked = _day_asked(t, state, w, lane, i, day)
        if asked <= day:
            scratch.u[CHOSEN, n] = i
            n += 1
        else:
            state.due[w, i, lane] = asked
    return n


@inlined
def asks(t, state, w, lane, i, day):  # type: ignore[no-untyped-def]
    """Does the pace or the lane's floor ask for a contact today?"""
    return _day_asked(t, state, w, lane, i, day) <= day


@inlined
def _day_asked(t, state, w, lane, i, day):  # type: ignore[no-untyped-def]
    """The day the pace or the floor asks for; up to ``day`` if it does now."""
    segment = np.uint64(state.person[w, i, SEGMENT])
    pace = t.pace[w, t.days[day].plan, lane]
    rate, credit = pace[segment].rate, np.int64(state.pace[w, i, lane, CREDIT])
    if credit < PACE:
        credit += (day - state.pace[w, i, lane, ANCHOR]) * rate
    asked = day if credit >= PACE and rate > 0 else due_day(credit, day, rate)
    if t.s[0].floored and pace[segment].floor_window > 0:
        asked = min(asked, floor_day(state, w, i, pace, segment))
    return asked


@optional_kernel
def floor_pacing(t, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """After a contact: the floor may ask for the next one earlier than the pace does."""
    pace = t.pace[w, t.days[day].plan, lane]
    for k in range(sent):
        segment = scratch.u[C_SEGMENT, k]
        if pace[segment].floor_window > 0:
            i = scratch.u[CHOSEN, k]
            floor = max(day + 1, floor_day(state, w, i, pace, segment))
            state.due[w, i, lane] = min(np.int64(state.due[w, i, lane]), floor)
