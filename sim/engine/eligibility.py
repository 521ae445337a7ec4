"""May these customers get this contact today? Every rule that can forbid a contact.

A cap "at most m in n days" forbids a contact exactly while the m-th latest contact that counts is less than n days
ago. So each rule remembers, per customer, the days of its latest contacts, newest first, four to a 64-bit word: a
contact pushes its day in (once per pressure point), the check is one comparison whatever the window, and a rule that
forbids also says until when. A minimum gap of n days on a channel is the cap "1 in n days"; a cooldown counts some
contacts and binds others; a calendar window compares with the first day of the period; a prerequisite is the
comparison the other way round.

Rule by rule for all customers to whom a line is due, rather than customer by customer: what belongs to the rule
stays in registers, and the customers' memories are fetched side by side.
"""

from __future__ import annotations

import numpy as np

from sim.engine.tables import (
    ANCHOR,
    BLOCKED,
    BLOCKED_PLACES,
    C_FIRST,
    C_SEGMENT,
    CALENDAR,
    CHOSEN,
    CREDIT,
    DAY_ZERO,
    DISPLACED,
    HOUSEHOLD,
    LAST_ORDER,
    NEVER,
    PACE,
    ROLLING,
    SEGMENT,
    STEP_DUE,
    VIOLATIONS,
)
from sim.jit import inlined, inner_kernel, optional_kernel

_ONE, _SIXTEEN, _FORTY_EIGHT = np.uint64(1), np.uint64(16), np.uint64(48)
_TWO, _THREE = np.uint64(2), np.uint64(3)
_ENTRY = np.uint64(0xFFFF)


@inlined
def earliest_days(t, people, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """For the first ``due`` customers of ``scratch.u[CHOSEN]``: their segments, and in ``scratch.n[C_FIRST]`` a day of
    up to ``day`` if no rule forbids the contact today, else a later day before which some rule will."""
    quiet = t.lanes[lane].quiet
    for k in range(due):
        i = scratch.u[CHOSEN, k]
        last_order = np.int64(state.person[w, i, LAST_ORDER])
        scratch.u[C_SEGMENT, k] = state.person[w, i, SEGMENT]
        scratch.n[C_FIRST, k] = last_order + quiet + 1 if last_order < day else day
    for n in range(t.lanes[lane].bind_from, t.lanes[lane].bind_to):
        if t.bind[n].plain:
            word, shift = t.bind[n].word, t.bind[n].shift
            for k in range(due):
                entry = (state.memory[w, scratch.u[CHOSEN, k], word] >> shift) & _ENTRY
                free = np.int64(entry) - DAY_ZERO + t.bind_window[n, scratch.u[C_SEGMENT, k]]
                scratch.n[C_FIRST, k] = max(scratch.n[C_FIRST, k], free)
    if t.lanes[lane].bind_others:
        _other_rules(t, people, state, scratch, w, lane, day, due)


@inner_kernel
def _other_rules(t, people, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Rules that are not a plain comparison with one entry of the customer's own."""
    for n in range(t.lanes[lane].bind_from, t.lanes[lane].bind_to):
        if t.bind[n].enforced and not t.bind[n].plain:
            for k in range(due):
                free = release_day(t, people, state, w, n, scratch.u[CHOSEN, k], scratch.u[C_SEGMENT, k], day)
                scratch.n[C_FIRST, k] = max(scratch.n[C_FIRST, k], free)


@inlined
def release_day(t, people, state, w, n, i, segment, day):  # type: ignore[no-untyped-def]
    """Until which day the ``n``-th binding forbids this customer the contact; up to ``day`` if it does not."""
    window = t.bind_window[n, segment]
    row = i
    if t.bind[n].household:
        row = head_of_household(people, i)
    word, shift = t.bind[n].word, t.bind[n].shift
    if t.bind[n].personal >= 0:
        place = np.uint64(people.tolerance[i, t.bind[n].personal] - 1)
        word, shift = word + (place >> _TWO), (place & _THREE) * _SIXTEEN
    latest = np.int64((state.memory[w, row, word] >> shift) & _ENTRY) - DAY_ZERO
    free = day
    if window > 0:
        if window == NEVER:  # a cap of 0
            free = NEVER
        elif t.bind[n].kind == ROLLING:
            free = latest + window
        elif t.bind[n].kind == CALENDAR:
            if latest >= t.period[t.bind[n].calendar, day, 0]:
                free = t.period[t.bind[n].calendar, day, 1]
        elif latest <= day - window:
            free = day + 1
    return free


@inlined
def head_of_household(people, i):  # type: ignore[no-untyped-def]
    """The first member's row: it keeps what the household's caps remember."""
    row = i
    while row > 0 and people.n[HOUSEHOLD, row - _ONE] == people.n[HOUSEHOLD, i]:
        row -= _ONE
    return row


@inlined
def remember_contacts(t, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """The first ``sent`` customers of ``scratch.u[CHOSEN]`` get a contact: every memory that counts it takes it in."""
    entry = np.uint64(day + DAY_ZERO)
    for n in range(t.lanes[lane].count_from, t.lanes[lane].count_to):
        word = t.counted[n].word
        if t.counted[n].household:
            continue
        if t.counted[n].words == 1:
            for k in range(sent):
                i = scratch.u[CHOSEN, k]
                state.memory[w, i, word] = (state.memory[w, i, word] << _SIXTEEN) | entry
        else:
            for k in range(sent):
                push_day(state, w, scratch.u[CHOSEN, k], word, t.counted[n].words, day)


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


@inner_kernel
def book_blocked(t, people, state, out, scratch, w, lane, day, blocked):  # type: ignore[no-untyped-def]
    """Contacts that are due for the first time and must wait: one count for the rule that forbids longest."""
    for k in range(blocked):
        book_if_blocked(t, people, state, out, scratch, w, lane, scratch.u[BLOCKED_PLACES, k], day)


@inlined
def book_if_blocked(t, people, state, out, scratch, w, lane, b, day):  # type: ignore[no-untyped-def]
    """The contact at place ``b`` must wait: count it unless it waits for capacity or has waited before."""
    i, segment = scratch.u[CHOSEN, b], scratch.u[C_SEGMENT, b]
    rate = t.pace[w, t.days[day].plan, lane, segment].rate
    if scratch.n[C_FIRST, b] < DISPLACED and _due_first_today(t, state, w, lane, i, day, rate):
        _book_longest(t, people, state, out, w, lane, i, segment, day)


@inlined
def _due_first_today(t, state, w, lane, i, day, rate):  # type: ignore[no-untyped-def]
    """Has the contact become due today? (One that only a floor asks for does not count.)"""
    if t.lanes[lane].cascade_of >= 0:
        return state.cascade[w, i, STEP_DUE] == day
    credit = np.int64(state.pace[w, i, lane, CREDIT])
    return credit < PACE and credit + (day - state.pace[w, i, lane, ANCHOR]) * rate >= PACE


@inlined
def _book_longest(t, people, state, out, w, lane, i, segment, day):  # type: ignore[no-untyped-def]
    longest, rule = day, out.rule.shape[2] - 1
    for n in range(t.lanes[lane].bind_from, t.lanes[lane].bind_to):
        if t.bind[n].enforced:
            free = release_day(t, people, state, w, n, i, segment, day)
            if free > longest:
                longest, rule = free, t.bind[n].rule
    last_order = np.int64(state.person[w, i, LAST_ORDER])
    if last_order < day and last_order + t.lanes[lane].quiet + 1 > longest:
        rule = out.rule.shape[2] - 1
    out.rule[w, t.days[day].week, rule, BLOCKED] += 1


@optional_kernel
def book_violations(t, people, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Rules that are only reported: contacts that go out although they would have been forbidden."""
    for k in range(sent):
        book_violations_of(t, people, state, out, w, lane, scratch.u[CHOSEN, k], scratch.u[C_SEGMENT, k], day)


@inlined
def book_violations_of(t, people, state, out, w, lane, i, segment, day):  # type: ignore[no-untyped-def]
    for n in range(t.lanes[lane].bind_from, t.lanes[lane].bind_to):
        if t.bind[n].enforced == 0:
            free = release_day(t, people, state, w, n, i, segment, day)
            out.rule[w, t.days[day].week, t.bind[n].rule, VIOLATIONS] += free > day


@inlined
def floor_day(state, w, i, pace, segment):  # type: ignore[no-untyped-def]
    """From which day on the floor that holds in ``segment`` asks for a contact; ``pace`` is the line's, by segment."""
    word, place = pace[segment].floor_word, pace[segment].floor_place
    entry = (state.memory[w, i, word + (place >> _TWO)] >> ((place & _THREE) * _SIXTEEN)) & _ENTRY
    return np.int64(entry) - DAY_ZERO + pace[segment].floor_window


@inlined
def recall_contacts(t, people, state, w, i, ring):  # type: ignore[no-untyped-def]
    """Fill the memories from the contacts before day 0; ``ring`` (N, L), bit 0 = day -1. A household's memory lies
    with its first member and takes in the contacts of all, day by day."""
    state.memory[w, i, :] = 0
    for r in range(t.memory_counts.shape[0]):
        rows = 1
        if t.memory[r].household:
            rows = 0
            if i == 0 or people.n[HOUSEHOLD, i - 1] != people.n[HOUSEHOLD, i]:
                while i + rows < people.n.shape[1] and people.n[HOUSEHOLD, i + rows] == people.n[HOUSEHOLD, i]:
                    rows += 1
        together = 0
        for row in range(i, i + rows):
            for lane in range(ring.shape[1]):
                if t.memory_counts[r, lane] > 0:
                    together |= ring[row, lane]
        together &= (1 << t.memory[r].days) - 1
        age = t.memory[r].days
        while together != 0:
            age -= 1
            if (together >> age) & 1:
                together ^= 1 << age
                for row in range(i, i + rows):
                    for lane in range(ring.shape[1]):
                        if (ring[row, lane] >> age) & 1:
                            for _ in range(t.memory_counts[r, lane]):
                                push_day(state, w, i, t.memory[r].word, t.memory[r].words, -1 - age)
