"""Capacity shared by all customers: in the morning contacts are asked for, in between they are granted.

A request is a contact that is due and that the rules allow, looked at before anything is sent that day. Requests of a
world are granted in the order of their scores (ties by a hash) until the resource is used up. Only a granted
contact goes out; what is not granted waits and is asked for again the next morning.
"""

from __future__ import annotations

import numpy as np

from sim.engine.cascades import step_fits
from sim.engine.eligibility import earliest_days
from sim.engine.pacing import asks, keep_due
from sim.engine.stocks import gain_today
from sim.engine.tables import (
    ANCHOR,
    C_FIRST,
    C_SEGMENT,
    CHOSEN,
    CONTACTABLE,
    CREDIT,
    DISPLACED,
    EVENTS,
    GRANTED,
    MEAN_VALUE,
    MICRO,
    NEVER,
    PACE,
    PLACE_LANES,
    SEGMENT,
    STEP_DUE,
    STOPPED,
    SUBSCRIBED,
)
from sim.jit import inlined, inner_kernel, kernel, optional_kernel
from sim.rng import mix

_BUT_SIX_BITS = np.uint64(2**64 - 64)
"""The rest has room for a lane: of two contacts of a customer the first line's goes first."""


@inner_kernel
def ask(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Write down the requests of this block and world in ``out.asked``, their scores in ``out.score``."""
    for lane in range(t.lanes.shape[0]):
        if t.lanes[lane].capacitated == 0:
            continue
        due = np.int64(0)
        for k in range(events):
            i = scratch.u[EVENTS, k]
            scratch.u[CHOSEN, due] = i
            state.n[w, GRANTED, i] &= ~(1 << lane)
            fits = t.lanes[lane].cascade_of < 0 or (state.due[w, i, lane] <= day and step_fits(t, state, w, i, lane))
            due += (state.due[w, i, lane] <= day) & fits
        if t.s[0].floored and t.lanes[lane].cascade_of < 0:
            due = keep_due(t, state, scratch, w, lane, day, due)
        earliest_days(t, people, state, scratch, w, lane, day, due)
        for k in range(due):
            if scratch.n[C_FIRST, k] <= day:
                i = scratch.u[CHOSEN, k]
                n = out.requests[w]
                out.requests[w] += 1
                out.asked[w, n, 0] = i
                out.asked[w, n, 1] = lane
                place = t.place[PLACE_LANES + 2 * t.lanes.shape[0] + t.lanes[lane].capacity_tie, day]
                out.tie[w, n] = (mix(people.key[i] ^ place) & _BUT_SIX_BITS) | np.uint64(lane)
                if t.s[0].by_value:
                    out.score[w, n] = contact_value(t, people, state, scratch.u[C_SEGMENT, k], w, i, lane, day)
                else:
                    out.score[w, n] = days_waiting(t, state, w, i, lane, day)


@inlined
def days_waiting(t, state, w, i, lane, day):  # type: ignore[no-untyped-def]
    """Days since the contact that is due was due first."""
    if t.lanes[lane].cascade_of >= 0:
        return float(day - state.cascade[w, i, STEP_DUE])
    rate = t.pace[w, t.days[day].plan, lane, np.uint64(state.person[w, i, SEGMENT])].rate
    if state.pace[w, i, lane, CREDIT] < PACE or rate == 0:  # due today, or only the floor asks
        return 0.0
    return float(day - state.pace[w, i, lane, ANCHOR])


@inlined
def contact_value(t, people, state, segment, w, i, lane, day):  # type: ignore[no-untyped-def]
    """Expected contribution of one contact to this customer, rested; whole MICRO, so that ties are ties."""
    factor = t.pace[w, t.days[day].plan, lane, segment].factor
    orders = t.lanes[lane].worth * gain_today(t, people, state, w, i, day) * factor
    return np.rint(t.s[0].margin * people.f[MEAN_VALUE, i] * orders * MICRO - t.lanes[lane].unit_cost)


@kernel
def grant(order, asked, use, left, granted):  # type: ignore[no-untyped-def]
    """Grant requests in ``order`` while there is enough ``left`` of every resource they use; returns nothing.

    ``asked`` (requests, 2) row and lane; ``use`` (resources, lanes); ``left`` (resources,) is used up; ``granted``
    (requests,) becomes 1 for those granted.
    """
    for k in range(order.shape[0]):
        lane = asked[order[k], 1]
        fits = True
        for r in range(left.shape[0]):
            fits = fits and use[r, lane] <= left[r]
        if fits:
            granted[order[k]] = 1
            for r in range(left.shape[0]):
                left[r] -= use[r, lane]


@optional_kernel
def only_granted(t, state, out, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """What the rules allow and nobody granted is displaced."""
    for k in range(due):
        only_if_granted(t, state, out, scratch, w, lane, day, k)


@inlined
def only_if_granted(t, state, out, scratch, w, lane, day, k):  # type: ignore[no-untyped-def]
    """The same for the customer at place ``k``. Rules come first: what they forbid is not displaced."""
    if scratch.n[C_FIRST, k] <= day and (state.n[w, GRANTED, scratch.u[CHOSEN, k]] >> lane) & 1 == 0:
        scratch.n[C_FIRST, k] = DISPLACED
        out.displaced[w, t.days[day].week, lane] += 1


@optional_kernel
def take_turns(t, people, state, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Where precedence is not fixed: who is due on several lines gets them in the order of their scores.

    Writes ``scratch.turn`` for all lines of all events; returns the number of rounds. Lines that are not due in
    the morning come in the last round, by precedence. Lines that are due and must wait for a rule are left alone, but
    in a household they keep their place (which member comes first would else depend on when a rule was looked at last).
    """
    lanes, rounds = t.lanes.shape[0], 0
    scratch.lanes_in_turn[:] = 0
    for k in range(events):
        i = scratch.u[EVENTS, k]
        due, latest = 0, 0
        for lane in range(lanes):
            scratch.turn[k, lane] = lanes
            if (t.s[0].households | (state.due[w, i, lane] <= day)) and _is_due(t, people, state, w, i, lane, day):
                scratch.turn[k, lane] = 0
                due += 1
                latest = lane
        rounds = max(rounds, due)
        if due == 1:
            scratch.lanes_in_turn[0] |= 1 << latest
        elif due > 1:
            _order_by_score(t, people, state, scratch, w, k, day)
    return rounds


@inlined
def _order_by_score(t, people, state, scratch, w, k, day):  # type: ignore[no-untyped-def]
    """Places of the lines that are due to the ``k``-th customer with an event."""
    i, lanes = scratch.u[EVENTS, k], t.lanes.shape[0]
    segment = np.uint64(state.person[w, i, SEGMENT])
    for lane in range(lanes):
        if scratch.turn[k, lane] < lanes:
            scratch.lane_score[lane] = _score(t, people, state, segment, w, i, lane, day)
    for n in range(lanes):
        lane = t.lanes[n].order
        if scratch.turn[k, lane] < lanes:
            turn = _better(t, scratch, k, n)
            scratch.turn[k, lane] = turn
            scratch.lanes_in_turn[turn] |= 1 << lane


@inlined
def _better(t, scratch, k, n):  # type: ignore[no-untyped-def]
    """How many of the lines that are due go before the one that is ``n``-th in precedence."""
    lanes, turn = t.lanes.shape[0], 0
    mine = scratch.lane_score[t.lanes[n].order]
    for m in range(lanes):
        other = t.lanes[m].order
        if m != n and scratch.turn[k, other] < lanes:
            theirs = scratch.lane_score[other]
            turn += (theirs > mine) | ((theirs == mine) & (m < n))
    return turn


@inlined
def _is_due(t, people, state, w, i, lane, day):  # type: ignore[no-untyped-def]
    """Due this morning, whether a rule makes it wait or not."""
    channel = np.int64(t.lanes[lane].channel)
    if t.lanes[lane].cascade_of >= 0:
        return state.due[w, i, lane] < NEVER and state.cascade[w, i, STEP_DUE] <= day
    if (state.n[w, SUBSCRIBED, i] * people.n[CONTACTABLE, i] >> channel) & 1 == 0:
        return False
    if lane == channel and (state.n[w, STOPPED, i] >> channel) & 1:
        return False
    return asks(t, state, w, lane, i, day)


@inlined
def _score(t, people, state, segment, w, i, lane, day):  # type: ignore[no-untyped-def]
    if t.s[0].by_value:
        return contact_value(t, people, state, segment, w, i, lane, day)
    return days_waiting(t, state, w, i, lane, day)
