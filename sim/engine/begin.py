"""The morning of day 0: from a customer's past to the state the kernel advances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.eligibility import recall_contacts
from sim.engine.pacing import asked_for
from sim.engine.segments import remember_order
from sim.engine.stocks import gain_today
from sim.engine.tables import (
    ACTIVE,
    ANCHOR,
    BEGUN,
    CONTACTABLE,
    CREDIT,
    DEBT,
    F64,
    FADING,
    FATIGUE,
    FATIGUE_DAY,
    GRANTED,
    I32,
    I64,
    JOINED,
    LANES_PER_GROUP,
    LAST_ORDER,
    LATEST,
    LOG_COUNT,
    LOG_HEAD,
    LOG_SUM,
    LOYAL_ENDS,
    NEVER,
    OFFER,
    OFFER_ENDS,
    OFFERED,
    ORDERS_REMEMBERED,
    PACE_COLUMNS,
    PERSON_COLUMNS,
    PRESENT,
    QUEUE,
    RUNNING,
    SEGMENT,
    SEGMENT_DUE,
    STATE_FLOATS,
    STATE_NUMBERS,
    STIMULATED,
    STOPPED,
    SUBSCRIBED,
    SUM_OFFER,
    SUM_OFFER_ALL,
    SUM_ORDERS,
    TICKS,
    TRIGGER_DUE,
    U8,
    State,
    Tables,
)
from sim.jit import inlined, inner_kernel


class Begin(NamedTuple):
    """Where customers stand on the evening of day -1; the same in all worlds."""

    active: U8  # (N,)
    segment: I64  # (N,) on the morning of day 0
    last_order: I64  # (N,) day, negative
    subscribed: I64  # (N,) bit mask of lanes
    ring: I64  # (N, L) contacts of the last 63 days, by line; bit 0 = day -1
    credit: I64  # (N, L) pacing credit, by line
    fatigue: F64  # (N,)
    stimulus: F64  # (N,) stock A of stimulus, orders a day of the reference customer
    ticks: I64  # (N,) of the order clock until the next organic order
    joined: I64  # (N,) first day of contacts: 0, or later for who joins later
    order_from: I64  # (N,) first place in order_day / order_value
    order_to: I64  # (N,) behind the last place
    order_day: I32  # (orders of the base,) days, negative, ascending per customer
    order_value: I64  # (orders of the base,) MICRO

    def of(self, rows: slice | I64) -> Begin:
        """The same for some customers; the orders of the base (the last two arrays) are shared."""
        return Begin._make([*(np.ascontiguousarray(array[rows]) for array in self[:-2]), *self[-2:]])


def new_state(t: Tables, begin: Begin, worlds: int, customers: int, blocks: int | None = None) -> State:
    """An empty state for blocks of this many customers; of several blocks, with one more dimension in front."""
    lanes, cascades = begin.credit.shape[1], t.cascades.shape[0]
    filled_up = -(-lanes // LANES_PER_GROUP) * LANES_PER_GROUP
    first = (worlds,) if blocks is None else (blocks, worlds)

    def zeros(kind: type[np.generic], *more: int) -> np.ndarray:
        return np.zeros((*first, *more), dtype=kind)

    return State(
        f=zeros(np.float64, STATE_FLOATS, customers),
        n=zeros(np.int64, STATE_NUMBERS, customers),
        wake=zeros(np.int32, customers),
        person=zeros(np.int32, customers, PERSON_COLUMNS),
        due=zeros(np.int32, customers, filled_up),
        pace=zeros(np.int32, customers, lanes, PACE_COLUMNS),
        memory=zeros(np.uint64, customers, max(1, int(t.memory["words"].sum()))),
        log_day=zeros(np.int32, customers, ORDERS_REMEMBERED),
        log_value=zeros(np.int64, customers, ORDERS_REMEMBERED),
        cascade=zeros(np.int32, customers, BEGUN + cascades if cascades else 0),
        unanswered=zeros(np.int32, customers, t.stops.shape[0] if t.s["stopping"][0] else 0),
    )


@inner_kernel
def begin_block(t, people, begin, state, frozen_segments):  # type: ignore[no-untyped-def]
    """Fill ``state`` (all worlds) for the customers of a block.

    ``frozen_segments``: nobody changes segment (used to reach the stationary start).
    """
    for w in range(state.wake.shape[0]):
        for i in range(people.key.shape[0]):
            _begin_person(t, people, begin, state, w, i, frozen_segments)
            _begin_lanes(t, people, begin, state, w, i)
            _begin_program(t, state, w, i)


@inlined
def _begin_person(t, people, begin, state, w, i, frozen_segments):  # type: ignore[no-untyped-def]
    person = state.person[w]
    person[i, ACTIVE] = begin.active[i]
    person[i, LAST_ORDER] = begin.last_order[i]
    fading = t.s[0].stimulus_decay
    if begin.active[i] == 0:
        fading *= t.s[0].dormant_decay
    state.f[w, FADING, i] = fading
    state.f[w, STIMULATED, i] = gain_today(t, people, state, w, i, -1) * begin.stimulus[i] * fading
    state.f[w, SUM_ORDERS, i] = 0.0
    state.f[w, FATIGUE, i] = begin.fatigue[i]
    person[i, FATIGUE_DAY] = -1
    state.n[w, SUBSCRIBED, i] = begin.subscribed[i]
    person[i, SEGMENT] = begin.segment[i]
    person[i, SEGMENT_DUE] = NEVER if frozen_segments else 0
    person[i, LOG_HEAD] = 0
    person[i, LOG_COUNT] = 0
    state.n[w, LOG_SUM, i] = 0
    for k in range(begin.order_from[i], begin.order_to[i]):
        remember_order(state, w, i, begin.order_day[k], begin.order_value[k])
    person[i, LAST_ORDER] = begin.last_order[i]
    person[i, TRIGGER_DUE] = 0 if state.cascade.shape[2] > 0 and not frozen_segments else NEVER
    person[i, PRESENT] = 1
    person[i, OFFER] = 0
    person[i, OFFER_ENDS] = NEVER
    person[i, DEBT] = 0
    person[i, TICKS] = begin.ticks[i]
    person[i, LOYAL_ENDS] = NEVER
    state.n[w, STOPPED, i] = 0
    state.n[w, GRANTED, i] = 0
    state.wake[w, i] = 0
    if people.n[JOINED, i] > 0:  # not there yet
        person[i, PRESENT] = 0
        person[i, ACTIVE] = 0
        person[i, SEGMENT_DUE] = NEVER
        person[i, TRIGGER_DUE] = NEVER
        state.n[w, SUBSCRIBED, i] = 0
        state.wake[w, i] = people.n[JOINED, i]


@inlined
def _begin_program(t, state, w, i):  # type: ignore[no-untyped-def]
    """No cascade runs, no reaction is awaited, no offer is open."""
    if state.cascade.shape[2] > 0:
        state.cascade[w, i, :] = -NEVER
        state.cascade[w, i, RUNNING] = -1
        state.cascade[w, i, QUEUE] = 0
        state.cascade[w, i, LATEST] = 0
    if t.s[0].stopping:
        state.unanswered[w, i, :] = 0
    if t.s[0].offering:
        state.f[w, OFFERED, i] = 0.0
        state.f[w, SUM_OFFER, i] = 0.0
        state.f[w, SUM_OFFER_ALL, i] = 0.0


@inlined
def _begin_lanes(t, people, begin, state, w, i):  # type: ignore[no-untyped-def]
    recall_contacts(t, people, state, w, i, begin.ring)
    reachable = state.n[w, SUBSCRIBED, i] * people.n[CONTACTABLE, i]
    evening = begin.joined[i] - 1
    state.due[w, i, :] = NEVER
    for lane in range(begin.credit.shape[1]):
        credit = begin.credit[i, lane]
        state.pace[w, i, lane, CREDIT] = credit
        state.pace[w, i, lane, ANCHOR] = evening
        if (reachable >> np.int64(t.lanes[lane].channel)) & 1 and t.lanes[lane].cascade_of < 0:
            due = asked_for(t, state, w, lane, i, credit, evening, t.days[0].plan, begin.segment[i])
            state.due[w, i, lane] = due
