"""May this customer get this contact today? Caps over rolling windows, gaps, quiet days after an order.

Past contacts are bits, one a day, in a 63-day ring per lane: bit k stands for k days ago. A rule answers with
the earliest day on which it may allow the contact (today = allowed), so that a blocked contact is not looked at
again before that. A minimum gap of n days on a channel is the cap "1 in n days".
"""

from __future__ import annotations

import numpy as np

from sim.engine.tables import LAST_ORDER, RING, RING_DAY, SEGMENT
from sim.jit import inlined

_RING_MASK = 2**63 - 1
_M1, _M2, _M4 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_ONES = np.uint64(0x0101010101010101)
_S1, _S2, _S4, _S56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


@inlined
def roll_rings(person, lanes, i, day):  # type: ignore[no-untyped-def]
    """Move all rings of a customer on to ``day``."""
    passed = day - person[i, RING_DAY]
    if passed > 0:
        shift = min(passed, 63)
        for lane in range(lanes.shape[1]):
            lanes[RING, lane] = ((lanes[RING, lane] << (shift - 1)) << 1) & _RING_MASK
        person[i, RING_DAY] = day


@inlined
def count_bits(bits):  # type: ignore[no-untyped-def]
    """Number of set bits; written so that the compiler recognizes its own instruction for it."""
    x = np.uint64(bits)
    x = x - ((x >> _S1) & _M1)
    x = (x & _M2) + ((x >> _S2) & _M2)
    x = (x + (x >> _S4)) & _M4
    return np.int64((x * _ONES) >> _S56)


@inlined
def earliest_day(t, person, lanes, i, lane, day):  # type: ignore[no-untyped-def]
    """``day`` if no rule forbids the contact today, else a later day before which the forbidding rule will.

    The rings must have been rolled to today.
    """
    last_order = person[i, LAST_ORDER]
    if last_order < day <= last_order + t.quiet_days:
        return last_order + t.quiet_days + 1
    first = day
    r = t.cap_from[lane]
    while r < t.cap_from[lane + 1] and first == day:
        if (t.cap_segments[r] >> person[i, SEGMENT]) & 1:
            first = _cap_allows(t.cap_lanes[r], t.cap_window[r], t.cap_max[r], lanes, day)
        r += 1
    return first


@inlined
def _cap_allows(members, window, most, lanes, day):  # type: ignore[no-untyped-def]
    """First day on which a cap leaves room for one more contact."""
    mask = ((1 << (window - 1)) << 1) - 1
    count = 0
    lane = 0
    while lane < lanes.shape[1] and count < most:
        if (members >> lane) & 1:
            count += count_bits(lanes[RING, lane] & mask)
        lane += 1
    if count < most:
        return day
    # the contact that must leave the window is the `most`-th latest
    count = 0
    age = -1
    while count < most and age < window:
        age += 1
        lane = 0
        while lane < lanes.shape[1] and count < most:
            count += (lanes[RING, lane] >> age) & (members >> lane) & 1
            lane += 1
    return day + window - age


@inlined
def remember_contact(lanes, lane):  # type: ignore[no-untyped-def]
    """Set today's bit."""
    lanes[RING, lane] |= 1
