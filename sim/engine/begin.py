"""The morning of day 0: from a customer's past to the state the kernel advances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.eligibility import recall_contacts
from sim.engine.pacing import due_day
from sim.engine.segments import remember_order
from sim.engine.tables import (
    ACTIVE,
    ANCHOR,
    CREDIT,
    F64,
    I32,
    I64,
    LANES_PER_GROUP,
    LAST_ORDER,
    LOG_COUNT,
    LOG_HEAD,
    NEVER,
    ORDERS_REMEMBERED,
    PACE_COLUMNS,
    PERSON_COLUMNS,
    SEGMENT,
    SEGMENT_DUE,
    U8,
    State,
    Tables,
)
from sim.jit import inlined, kernel


class Begin(NamedTuple):
    """Where customers stand on the evening of day -1; the same in all worlds."""

    active: U8  # (N,)
    segment: I64  # (N,) on the morning of day 0
    last_order: I64  # (N,) day, negative
    subscribed: I64  # (N,) bit mask of lanes
    ring: I64  # (N, L) contacts of the last 63 days; bit 0 = day -1
    credit: I64  # (N, L)
    fatigue: F64  # (N,)
    stimulus: F64  # (N,) stock A of stimulus, orders a day of the reference customer
    joined: I64  # (N,) first day of contacts: 0, or later for who joins later
    order_from: I64  # (N,) first place in order_day / order_value
    order_to: I64  # (N,) behind the last place
    order_day: I32  # (orders of the base,) days, negative, ascending per customer
    order_value: I64  # (orders of the base,) MICRO

    def of(self, rows: slice | I64) -> Begin:
        """The same for some customers; the orders of the base (the last two arrays) are shared."""
        return Begin._make([*(np.ascontiguousarray(array[rows]) for array in self[:-2]), *self[-2:]])


def new_state(t: Tables, begin: Begin, worlds: int, customers: int) -> State:
    """An empty state for blocks of this many customers."""
    lanes = begin.credit.shape[1]
    filled_up = -(-lanes // LANES_PER_GROUP) * LANES_PER_GROUP
    memory = max(1, int(t.memory_words.sum()))
    shape = (worlds, customers)

    def zeros(kind: type[np.generic], *more: int) -> np.ndarray:
        return np.zeros((*shape, *more), dtype=kind)

    floats = ("stimulated", "fading", "gain", "gain_fading", "ceiling", "organic", "sum_organic", "sum_stimulated")
    return State(
        **{name: zeros(np.float64) for name in (*floats, "fatigue")},
        wake=zeros(np.int32),
        subscribed=zeros(np.int64),
        person=zeros(np.int32, PERSON_COLUMNS),
        due=zeros(np.int32, filled_up),
        pace=zeros(np.int32, lanes, PACE_COLUMNS),
        memory=zeros(np.uint64, memory),
        log_day=zeros(np.int32, ORDERS_REMEMBERED),
        log_value=zeros(np.int64, ORDERS_REMEMBERED),
        log_sum=zeros(np.int64),
    )


@kernel
def begin_block(t, people, begin, state, frozen_segments):  # type: ignore[no-untyped-def]
    """Fill ``state`` (all worlds) for the customers of a block.

    ``frozen_segments``: nobody changes segment (used to reach the stationary start).
    """
    for w in range(state.organic.shape[0]):
        for i in range(people.key.shape[0]):
            _begin_person(t, people, begin, state, w, i, frozen_segments)
            _begin_lanes(t, people, begin, state, w, i)
            state.wake[w, i] = 0


@inlined
def _begin_person(t, people, begin, state, w, i, frozen_segments):  # type: ignore[no-untyped-def]
    person = state.person[w]
    gain, fading = people.effect[i], 1.0
    if begin.active[i] == 0:
        gain *= t.dormant[min(-1 - begin.last_order[i], t.dormant.shape[0] - 1)]
        fading = t.dormant_decay
    state.gain[w, i] = gain
    state.gain_fading[w, i] = fading
    state.stimulated[w, i] = gain * begin.stimulus[i]
    state.fading[w, i] = t.stimulus_decay * fading
    state.ceiling[w, i] = gain * t.saturation
    state.sum_organic[w, i] = 0.0
    state.sum_stimulated[w, i] = 0.0
    state.fatigue[w, i] = begin.fatigue[i]
    state.subscribed[w, i] = begin.subscribed[i]
    person[i, ACTIVE] = begin.active[i]
    person[i, SEGMENT] = begin.segment[i]
    person[i, SEGMENT_DUE] = NEVER if frozen_segments else 0
    person[i, LOG_HEAD] = 0
    person[i, LOG_COUNT] = 0
    state.log_sum[w, i] = 0
    for k in range(begin.order_from[i], begin.order_to[i]):
        remember_order(state, w, i, begin.order_day[k], begin.order_value[k])
    person[i, LAST_ORDER] = begin.last_order[i]


@inlined
def _begin_lanes(t, people, begin, state, w, i):  # type: ignore[no-untyped-def]
    recall_contacts(t, state, w, i, begin.ring)
    reachable = begin.subscribed[i] * people.contactable[i]
    evening = begin.joined[i] - 1
    state.due[w, i, :] = NEVER
    for lane in range(begin.credit.shape[1]):
        rate = t.rate[w, t.phase[0], lane, begin.segment[i]]
        credit = begin.credit[i, lane]
        state.pace[w, i, lane, CREDIT] = credit
        state.pace[w, i, lane, ANCHOR] = evening
        if (reachable >> lane) & 1:
            state.due[w, i, lane] = due_day(credit, evening, rate)
