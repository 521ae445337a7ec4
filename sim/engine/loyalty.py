"""State dependence: after a stimulated order a customer orders by themselves at a higher rate for a while."""

from __future__ import annotations

from sim.behaviour import orders
from sim.engine.tables import ACTIVE, EVENTS, LOYAL_ENDS, NEVER, ORGANIC, RATE
from sim.jit import inlined, optional_kernel


@inlined
def organic_chance(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """Chance of an organic order of an active customer, on a day of the season of ``day``."""
    rate = people.f[RATE, i]
    if t.s[0].loyalty > 0.0 and day < state.person[w, i, LOYAL_ENDS] < NEVER:
        rate *= 1.0 + t.s[0].loyalty
    return orders.organic_probability(rate, t.days[day].season)


@optional_kernel
def begin(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """In the evening, after a stimulated order: from tomorrow on."""
    state.person[w, i, LOYAL_ENDS] = day + 1 + t.s[0].loyal_days
    if state.person[w, i, ACTIVE]:
        state.f[w, ORGANIC, i] = organic_chance(t, people, state, w, i, day)


@optional_kernel
def end(t, people, state, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """In the morning: for whom it is over."""
    for k in range(events):
        i = scratch.u[EVENTS, k]
        if state.person[w, i, LOYAL_ENDS] <= day:
            state.person[w, i, LOYAL_ENDS] = NEVER
            if state.person[w, i, ACTIVE]:
                state.f[w, ORGANIC, i] = organic_chance(t, people, state, w, i, day)


@optional_kernel
def new_season(t, people, state, w, day):  # type: ignore[no-untyped-def]
    """In the morning of a day of another season, for those who order more often."""
    for i in range(people.key.shape[0]):
        if state.person[w, i, ACTIVE] and state.person[w, i, LOYAL_ENDS] < NEVER:
            state.f[w, ORGANIC, i] = organic_chance(t, people, state, w, i, day)
