"""Caps of households: one member's contact today may take the place of another's.

The rules of a customer alone can be looked at for all customers at once (``eligibility``); here they are decided one
customer after the other: each who gets a contact is remembered before the next is looked at. What is counted of rules
is counted here too: later the household's memory knows today's contacts.
"""

from __future__ import annotations

from sim.engine.capacity import only_if_granted
from sim.engine.eligibility import book_if_blocked, book_violations_of, head_of_household, push_day, release_day
from sim.engine.tables import C_FIRST, C_SEGMENT, CHOSEN
from sim.jit import optional_kernel


@optional_kernel
def one_after_the_other(t, people, state, out, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Of those whom ``scratch.n[C_FIRST]`` lets through, keep whom the household's caps and then the capacities let
    through as well."""
    for k in range(due):
        i, segment = scratch.u[CHOSEN, k], scratch.u[C_SEGMENT, k]
        if scratch.n[C_FIRST, k] <= day:
            for n in range(t.lanes[lane].bind_from, t.lanes[lane].bind_to):
                if t.bind[n].household and t.bind[n].enforced:
                    free = release_day(t, people, state, w, n, i, segment, day)
                    scratch.n[C_FIRST, k] = max(scratch.n[C_FIRST, k], free)
        if t.lanes[lane].capacitated:
            only_if_granted(t, state, out, scratch, w, lane, day, k)
        if t.s[0].detailed and scratch.n[C_FIRST, k] > day:
            book_if_blocked(t, people, state, out, scratch, w, lane, k, day)
        if scratch.n[C_FIRST, k] <= day:
            if t.s[0].detailed and t.s[0].reported:
                book_violations_of(t, people, state, out, w, lane, i, segment, day)
            for n in range(t.lanes[lane].count_from, t.lanes[lane].count_to):
                if t.counted[n].household:
                    row = head_of_household(people, i)
                    push_day(state, w, row, t.counted[n].word, t.counted[n].words, day)
