"""The morning of day 0: from a customer's past to the state the kernel advances."""

from __future__ import annotations

from typing import NamedTuple

from sim.engine.eligibility import recall_contacts
from sim.engine.pacing import due_day
from sim.engine.segments import remember_order
from sim.engine.tables import (
    ACTIVE,
    ANCHOR,
    CREDIT,
    DUE,
    F64,
    I32,
    I64,
    LAST_ORDER,
    LOG_COUNT,
    LOG_HEAD,
    LOG_SUM,
    NEVER,
    RING,
    RING_DAY,
    SEGMENT,
    SEGMENT_DUE,
    SUBSCRIBED,
    U8,
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
    effect = people.effect[i]
    fading = t.stimulus_decay
    if begin.active[i] == 0:
        effect *= t.dormant[min(-1 - begin.last_order[i], t.dormant.shape[0] - 1)]
        fading *= t.dormant_decay
    state.stimulated[w, i] = effect * begin.stimulus[i]
    state.fading[w, i] = fading
    state.ceiling[w, i] = effect * t.saturation
    state.sum_organic[w, i] = 0.0
    state.sum_stimulated[w, i] = 0.0
    state.fatigue[w, i] = begin.fatigue[i]
    person[i, ACTIVE] = begin.active[i]
    person[i, SEGMENT] = begin.segment[i]
    person[i, SEGMENT_DUE] = NEVER if frozen_segments else 0
    person[i, SUBSCRIBED] = begin.subscribed[i]
    person[i, LOG_HEAD] = 0
    person[i, LOG_COUNT] = 0
    person[i, LOG_SUM] = 0
    for k in range(begin.order_from[i], begin.order_to[i]):
        remember_order(state, w, i, begin.order_day[k], begin.order_value[k])
    person[i, LAST_ORDER] = begin.last_order[i]


@inlined
def _begin_lanes(t, people, begin, state, w, i):  # type: ignore[no-untyped-def]
    recall_contacts(t, state, w, i, begin.ring)
    reachable = begin.subscribed[i] * people.contactable[i]
    evening = begin.joined[i] - 1
    for lane in range(begin.credit.shape[1]):
        rate = t.rate[w, t.phase[0], begin.segment[i], lane]
        credit = begin.credit[i, lane]
        state.lane[w, i, lane, RING] = begin.ring[i, lane]
        state.lane[w, i, lane, RING_DAY] = -1
        state.lane[w, i, lane, CREDIT] = credit
        state.lane[w, i, lane, ANCHOR] = evening
        state.lane[w, i, lane, DUE] = due_day(credit, evening, rate) if (reachable >> lane) & 1 else NEVER
