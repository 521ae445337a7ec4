"""May this customer get this contact today? Caps over rolling windows, gaps, quiet days after an order.

A cap "at most m in n days" forbids a contact exactly while the m-th latest contact that counts is less than n days
ago. So each cap remembers, per customer, the days of the m latest contacts in a ring of its own: the check is one
comparison whatever the window, and a cap that forbids also says until when. A minimum gap of n days on a
channel is the cap "1 in n days".
"""

from __future__ import annotations

import numpy as np

from sim.engine.tables import CAP_DAYS, CAP_HEAD, LAST_ORDER, NEVER, RING, RING_DAY, SEGMENT
from sim.jit import inlined

_RING_MASK = 2**63 - 1
LONG_AGO = 100_000
"""Days; longer ago than any window."""
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_HEAD, _DAYS = np.uint64(CAP_HEAD), np.uint64(CAP_DAYS)


@inlined
def earliest_day(t, state, w, lane, i, day):  # type: ignore[no-untyped-def]
    """``day`` if no rule forbids the contact today, else a later day before which some rule will."""
    first = day
    last_order = state.person[w, i, LAST_ORDER]
    if last_order < day <= last_order + t.quiet_days:
        first = last_order + t.quiet_days + 1
    segment = state.person[w, i, SEGMENT]
    n, end = t.cap_from[lane], t.cap_from[lane + 1]
    while n < end and first <= day:  # the early exit also keeps this short loop from being vectorized
        cap = t.cap_of_lane[n]
        if (t.cap_segments[cap] >> segment) & 1:
            place = t.cap_place[cap]
            oldest = state.memory[w, i, place + _DAYS + np.uint64(state.memory[w, i, place + _HEAD])]
            first = max(day, oldest + t.cap_window[cap])
        n += _ONE
    return first


@inlined
def remember_contact(t, state, w, lane, i, day):  # type: ignore[no-untyped-def]
    """A contact goes out today: every cap that counts it forgets the oldest day it remembers."""
    passed = day - state.lane[w, i, lane, RING_DAY]
    ring = (state.lane[w, i, lane, RING] << passed) & _RING_MASK if passed < 63 else 0
    state.lane[w, i, lane, RING] = ring | 1
    state.lane[w, i, lane, RING_DAY] = day
    for n in range(t.cap_from[lane], t.cap_from[lane + 1]):
        _count(t, state, w, t.cap_of_lane[n], i, day)


@inlined
def _count(t, state, w, cap, i, day):  # type: ignore[no-untyped-def]
    """The cap counts a contact. (A cap of 0 never allows one, so it counts only contacts of before day 0.)"""
    place = t.cap_place[cap]
    head = np.uint64(state.memory[w, i, place + _HEAD])
    if t.cap_max[cap] > 0:
        state.memory[w, i, place + _DAYS + head] = day
        state.memory[w, i, place + _HEAD] = head + _ONE if head + _ONE < np.uint64(t.cap_max[cap]) else _ZERO


@inlined
def recall_contacts(t, state, w, i, ring):  # type: ignore[no-untyped-def]
    """Fill the memory of all caps from the contacts before day 0; ``ring`` (N, L), bit 0 = day -1."""
    for cap in range(t.cap_max.shape[0]):
        place = t.cap_place[cap]
        state.memory[w, i, place + _HEAD] = 0
        for n in range(max(1, t.cap_max[cap])):
            state.memory[w, i, place + _DAYS + np.uint64(n)] = -LONG_AGO if t.cap_max[cap] > 0 else NEVER
        for age in range(t.cap_window[cap] - 1, -1, -1):
            for lane in range(ring.shape[1]):
                if (ring[i, lane] >> age) & (t.cap_lanes[cap] >> lane) & 1:
                    _count(t, state, w, cap, i, -1 - age)
