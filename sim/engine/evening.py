"""The evening of a day: who orders, what an order does, who drops out and who is won back."""

from __future__ import annotations

import numpy as np

from sim.behaviour import consent, orders, response
from sim.engine import loyalty
from sim.engine.booking import book_order, log_event
from sim.engine.cascades import order_ends_cascades
from sim.engine.lists import list_hits
from sim.engine.offers import book_offer_of_order, expect_offers, may_pull_forward
from sim.engine.reactions import order_is_a_reaction
from sim.engine.segments import remember_order, scheduled
from sim.engine.stocks import fatigue_today, gain_today
from sim.engine.tables import (
    ACTIVE,
    CHOSEN,
    DEBT,
    DROPOUT,
    EV_DROPOUT,
    EV_ORGANIC,
    EV_STIMULATED,
    EV_WAKING,
    FADING,
    FATIGUE,
    LAST_ORDER,
    MEAN_VALUE,
    MICRO,
    ORDER_HASH,
    ORGANIC,
    PLACE_DROPOUT,
    PLACE_SPEND,
    PLACE_WAKE,
    RATE,
    SEGMENT_DUE,
    STIMULATED,
    SUM_ORDERS,
    TICKS,
    W_DROPOUTS,
)
from sim.jit import inlined, inner_kernel, optional_kernel
from sim.rng import full, high, low, mix


@inlined
def expect(t, people, state, scratch, w, day):  # type: ignore[no-untyped-def]
    """Step 5, the chances of everybody; then tomorrow's stimulus. Lists the customers who order (or would, but for a
    debt) and returns how many; ``happen`` sees to their stimulus itself, it needs today's."""
    if t.s[0].saturation > 0.0 or t.s[0].offering or t.s[0].pulling or t.s[0].order_ticks > 1:
        _expect_more(t, people, state, scratch, w, day)
    else:
        stimulated, fading, organic = state.f[w, STIMULATED], state.f[w, FADING], state.f[w, ORGANIC]
        gathered, drawn, hit = state.f[w, SUM_ORDERS], scratch.u[ORDER_HASH], scratch.hit
        behaving = t.s[0].behaving
        for i in range(organic.shape[0]):
            p = min(1.0, stimulated[i])
            gathered[i] += organic[i] + p
            hits = ((high(drawn[i]) < organic[i]) | (low(drawn[i]) < p)) & behaving
            stimulated[i] *= 1.0 if hits else fading[i]
            hit[i] = hits
    return np.int64(list_hits(scratch.hit, scratch.hit_words, scratch.u[CHOSEN]))


@optional_kernel
def _expect_more(t, people, state, scratch, w, day):  # type: ignore[no-untyped-def]
    """The same with a ceiling of the response, offers, orders that are pulled forward, or regular customers."""
    stimulated, organic, drawn = state.f[w, STIMULATED], state.f[w, ORGANIC], scratch.u[ORDER_HASH]
    for i in range(organic.shape[0]):
        p = _stimulated_chance(t, people, state, w, i, day)
        takes_place = 0.0
        if state.person[w, i, DEBT] == 0:
            takes_place = orders.ticks_probability(organic[i], state.person[w, i, TICKS])
        state.f[w, SUM_ORDERS, i] += takes_place + p
        if t.s[0].offering:
            expect_offers(state, w, i, takes_place, p)
        hits = ((high(drawn[i]) < organic[i]) | (low(drawn[i]) < p)) & t.s[0].behaving
        stimulated[i] *= 1.0 if hits else state.f[w, FADING, i]
        scratch.hit[i] = hits


@inlined
def _stimulated_chance(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """Chance of a stimulated order today."""
    ceiling = 0.0
    if t.s[0].saturation > 0.0:
        ceiling = gain_today(t, people, state, w, i, day) * t.s[0].saturation
    return response.order_probability(state.f[w, STIMULATED, i], ceiling, t.s[0].saturation > 0.0)


@inner_kernel
def happen(t, people, state, out, scratch, w, day, happening):  # type: ignore[no-untyped-def]
    """Steps 5 and 6: what happens."""
    for k in range(happening):
        i = scratch.u[CHOSEN, k]
        drawn = scratch.u[ORDER_HASH, i]
        happens = high(drawn) < state.f[w, ORGANIC, i]
        if happens and t.s[0].order_ticks > 1:
            happens = _is_an_order(t, state, w, i, high(drawn))
        added = low(drawn) < _stimulated_chance(t, people, state, w, i, day)
        leaves = people.f[DROPOUT, i]
        if t.s[0].irritation > 0.0:
            leaves = consent.pressed(-np.log1p(-leaves), fatigue_today(t, state, w, i, day), t.s[0].irritation)
        h = mix(people.key[i] ^ t.place[PLACE_SPEND, day])
        for kind in range(2):  # organic, then stimulated
            if kind == 0 and happens and state.person[w, i, DEBT] > 0:
                state.person[w, i, DEBT] -= 1
            elif (kind == 0 and happens) or (kind == 1 and added):
                _order(t, people, state, out, w, i, day, high(h) if kind == 0 else low(h), kind == 1)
        if added and t.s[0].pulling:
            may_pull_forward(t, people, state, w, i, day)
        if happens and full(mix(people.key[i] ^ t.place[PLACE_DROPOUT, day])) < leaves:
            _drop_out(t, people, state, out, w, i, day)
        elif added and state.person[w, i, ACTIVE] == 0 and _wakes(t, people, i, day):
            _wake(t, people, state, out, w, i, day)
        if added and t.s[0].loyalty > 0.0:
            loyalty.begin(t, people, state, w, i, day)
        state.f[w, STIMULATED, i] *= state.f[w, FADING, i]


@inlined
def _is_an_order(t, state, w, i, u):  # type: ignore[no-untyped-def]
    """The clock of a regular customer has ticked: only the last tick is an order, and the clock starts anew."""
    wanted = state.person[w, i, TICKS]
    ticks = orders.ticks_of(u, state.f[w, ORGANIC, i], wanted)
    state.person[w, i, TICKS] = t.s[0].order_ticks if ticks == wanted else wanted - ticks
    return ticks == wanted


@inlined
def _order(t, people, state, out, w, i, day, u, stimulated):  # type: ignore[no-untyped-def]
    person = state.person[w]
    value = int(np.rint(people.f[MEAN_VALUE, i] * orders.spend_factor(u, t.spend) * MICRO))
    before = gain_today(t, people, state, w, i, day)
    remember_order(state, w, i, day, value)
    if person[i, ACTIVE] == 0:  # an order wakes the response: R starts again at 0
        state.f[w, STIMULATED, i] *= gain_today(t, people, state, w, i, day) / before if before > 0.0 else 0.0
    person[i, SEGMENT_DUE] = scheduled(t, day + 1)
    state.wake[w, i] = min(state.wake[w, i], day + 1)
    if t.s[0].relief != 1.0:
        state.f[w, FATIGUE, i] *= t.s[0].relief
    book_order(t, out, w, i, day, value, stimulated)
    if t.s[0].offering:
        book_offer_of_order(t, state, out, w, i, day, value)
    if t.s[0].stopping:
        order_is_a_reaction(t, people, state, w, i, day)
    if state.cascade.shape[2] > 0:
        order_ends_cascades(t, state, w, i, day)
    if t.s[0].logging:
        log_event(out, w, i, day, EV_STIMULATED if stimulated else EV_ORGANIC, 0, value)


@inlined
def _drop_out(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """No organic order any more; the response to contacts becomes that of a dormant customer."""
    state.person[w, i, ACTIVE] = 0
    state.f[w, ORGANIC, i] = 0.0
    state.f[w, FADING, i] = t.s[0].stimulus_decay * t.s[0].dormant_decay
    # R is 0 after an order; not if the order had been pulled forward and did not take place
    state.f[w, STIMULATED, i] *= t.dormant[min(day - state.person[w, i, LAST_ORDER], t.dormant.shape[0] - 1)]
    if t.s[0].detailed:
        out.world[w, t.days[day].week, W_DROPOUTS] += 1
    if t.s[0].logging:
        log_event(out, w, i, day, EV_DROPOUT, 0, 0)


@inlined
def _wakes(t, people, i, day):  # type: ignore[no-untyped-def]
    return t.s[0].waking > 0.0 and full(mix(people.key[i] ^ t.place[PLACE_WAKE, day])) < t.s[0].waking


@inlined
def _wake(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """Won back: the organic orders begin again tomorrow."""
    state.person[w, i, ACTIVE] = 1
    state.f[w, ORGANIC, i] = orders.organic_probability(people.f[RATE, i], t.days[day].season)
    state.f[w, FADING, i] = t.s[0].stimulus_decay
    state.f[w, STIMULATED, i] /= t.dormant[0]
    if t.s[0].logging:
        log_event(out, w, i, day, EV_WAKING, 0, 0)
