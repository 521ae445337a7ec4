"""May these customers get this contact today? Caps over rolling windows, gaps, quiet days after an order.

A cap "at most m in n days" forbids a contact exactly while the m-th latest contact that counts is less than n days
ago. So each cap remembers, per customer, the days of its m latest contacts, newest first, four to a 64-bit word: a
contact pushes its day in, the check is one comparison whatever the window, and a cap that forbids also says until
when. A minimum gap of n days on a channel is the cap "1 in n days".

Rule by rule for all customers to whom a channel is due, rather than customer by customer: what belongs to the rule
stays in registers, and the customers' memories are fetched side by side.
"""

from __future__ import annotations

import numpy as np

from sim.engine.tables import DAY_ZERO, LAST_ORDER, SEGMENT
from sim.jit import inlined

_ONE, _SIXTEEN, _FORTY_EIGHT = np.uint64(1), np.uint64(16), np.uint64(48)
_ENTRY = np.uint64(0xFFFF)


@inlined
def earliest_days(t, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """For the first ``due`` customers of ``scratch.chosen``: their segments, and in ``scratch.first`` a day of up to
    ``day`` if no rule forbids the contact today, else a later day before which some rule will."""
    for k in range(due):
        i = scratch.chosen[k]
        last_order = np.int64(state.person[w, i, LAST_ORDER])
        scratch.segment[k] = state.person[w, i, SEGMENT]
        scratch.first[k] = last_order + t.quiet_days + 1 if last_order < day else day
    for n in range(t.bind_from[lane], t.bind_from[lane + 1]):
        word, shift = t.bind_word[n], t.bind_shift[n]
        for k in range(due):
            entry = (state.memory[w, scratch.chosen[k], word] >> shift) & _ENTRY
            free = np.int64(entry) - DAY_ZERO + t.bind_window[n, scratch.segment[k]]
            scratch.first[k] = max(scratch.first[k], free)


@inlined
def remember_contacts(t, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """The first ``sent`` customers of ``scratch.chosen`` get a contact: every memory that counts it takes it in."""
    entry = np.uint64(day + DAY_ZERO)
    for n in range(t.count_from[lane], t.count_from[lane + 1]):
        word = t.count_word[n]
        if t.count_words[n] == 1:
            for k in range(sent):
                i = scratch.chosen[k]
                state.memory[w, i, word] = (state.memory[w, i, word] << _SIXTEEN) | entry
        else:
            for k in range(sent):
                push_day(state, w, scratch.chosen[k], word, t.count_words[n], day)


@inlined
def push_day(state, w, i, word, words, day):  # type: ignore[no-untyped-def]
    """The newest day comes first; the oldest falls off the end."""
    carry = np.uint64(day + DAY_ZERO)
    last = word + words
    while word < last:
        old = state.memory[w, i, word]
        state.memory[w, i, word] = (old << _SIXTEEN) | carry
        carry = old >> _FORTY_EIGHT
        word += _ONE


@inlined
def recall_contacts(t, state, w, i, ring):  # type: ignore[no-untyped-def]
    """Fill the memories from the contacts before day 0; ``ring`` (N, L), bit 0 = day -1."""
    state.memory[w, i, :] = 0
    for r in range(t.memory_lanes.shape[0]):
        together = 0
        for lane in range(ring.shape[1]):
            together |= ring[i, lane] * ((t.memory_lanes[r] >> lane) & 1)
        together &= (1 << t.memory_days[r]) - 1
        age = t.memory_days[r]
        while together != 0:
            age -= 1
            if (together >> age) & 1:
                together ^= 1 << age
                for lane in range(ring.shape[1]):
                    if (ring[i, lane] >> age) & (t.memory_lanes[r] >> lane) & 1:
                        push_day(state, w, i, t.memory_word[r], t.memory_words[r], -1 - age)
