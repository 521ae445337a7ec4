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
from sim.engine.tables import (
    ACTIVE,
    CEILING,
    CHOSEN,
    DEBT,
    DROPOUT,
    EFFECT,
    EV_DROPOUT,
    EV_ORGANIC,
    EV_STIMULATED,
    EV_WAKING,
    FADING,
    FATIGUE,
    GAIN,
    GAIN_FADING,
    LAST_ORDER,
    MEAN_VALUE,
    MICRO,
    ORGANIC,
    PLACE_DROPOUT,
    PLACE_SPEND,
    PLACE_WAKE,
    RATE,
    SEGMENT_DUE,
    STIMULATED,
    SUM_ORGANIC,
    SUM_STIMULATED,
    U_ORGANIC,
    U_STIMULATED,
    W_DROPOUTS,
)
from sim.jit import inlined, inner_kernel
from sim.rng import full, high, low, mix


@inlined
def expect(t, state, scratch, w):  # type: ignore[no-untyped-def]
    """Step 5, the chances of everybody; lists the customers who order (or would, but for a debt), returns how many."""
    stimulated, organic, ceiling = state.f[w, STIMULATED], state.f[w, ORGANIC], state.f[w, CEILING]
    sum_organic, sum_stimulated = state.f[w, SUM_ORGANIC], state.f[w, SUM_STIMULATED]
    u_organic, u_stimulated, hit = scratch.f[U_ORGANIC], scratch.f[U_STIMULATED], scratch.hit
    if t.s[0].saturation > 0.0 or t.s[0].offering or t.s[0].pulling:
        for i in range(organic.shape[0]):
            p = response.order_probability(stimulated[i], ceiling[i], t.s[0].saturation > 0.0)
            takes_place = organic[i] if state.person[w, i, DEBT] == 0 else 0.0
            sum_stimulated[i] += p
            sum_organic[i] += takes_place
            hit[i] = (u_organic[i] < organic[i]) | (u_stimulated[i] < p)
            if t.s[0].offering:
                expect_offers(state, w, i, takes_place, p)
    else:
        for i in range(organic.shape[0]):
            p = min(1.0, stimulated[i])
            sum_stimulated[i] += p
            sum_organic[i] += organic[i]
            hit[i] = (u_organic[i] < organic[i]) | (u_stimulated[i] < p)
    return np.int64(list_hits(hit, scratch.hit_words, scratch.u[CHOSEN]))


@inner_kernel
def happen(t, people, state, out, scratch, w, day, happening):  # type: ignore[no-untyped-def]
    """Steps 5 and 6: what happens."""
    stimulated, organic, ceiling = state.f[w, STIMULATED], state.f[w, ORGANIC], state.f[w, CEILING]
    u_organic, u_stimulated = scratch.f[U_ORGANIC], scratch.f[U_STIMULATED]
    for k in range(happening):
        i = scratch.u[CHOSEN, k]
        happens = u_organic[i] < organic[i]
        added = u_stimulated[i] < response.order_probability(stimulated[i], ceiling[i], t.s[0].saturation > 0.0)
        tired = state.f[w, FATIGUE, i]
        h = mix(people.key[i] ^ t.place[PLACE_SPEND, day])
        for kind in range(2):  # organic, then stimulated
            if kind == 0 and happens and state.person[w, i, DEBT] > 0:
                state.person[w, i, DEBT] -= 1
            elif (kind == 0 and happens) or (kind == 1 and added):
                _order(t, people, state, out, w, i, day, high(h) if kind == 0 else low(h), kind == 1)
        if added and t.s[0].pulling:
            may_pull_forward(t, people, state, w, i, day)
        leaves = people.f[DROPOUT, i]
        if t.s[0].irritation > 0.0:
            leaves = consent.pressed(-np.log1p(-leaves), tired, t.s[0].irritation)
        if happens and full(mix(people.key[i] ^ t.place[PLACE_DROPOUT, day])) < leaves:
            _drop_out(t, people, state, out, w, i, day)
        elif added and state.person[w, i, ACTIVE] == 0 and _wakes(t, people, i, day):
            _wake(t, people, state, out, w, i, day)
        if added and t.s[0].loyalty > 0.0:
            loyalty.begin(t, people, state, w, i, day)


@inlined
def _order(t, people, state, out, w, i, day, u, stimulated):  # type: ignore[no-untyped-def]
    person = state.person[w]
    value = int(np.rint(people.f[MEAN_VALUE, i] * orders.spend_factor(u, t.spend) * MICRO))
    if person[i, ACTIVE] == 0:  # an order wakes the response: R starts again at 0
        fresh = people.f[EFFECT, i] * t.dormant[0]
        grown = fresh / state.f[w, GAIN, i] if state.f[w, GAIN, i] > 0.0 else 0.0
        state.f[w, STIMULATED, i] *= grown
        state.f[w, CEILING, i] *= grown
        state.f[w, GAIN, i] = fresh
    remember_order(state, w, i, day, value)
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
    state.f[w, GAIN_FADING, i] = t.s[0].dormant_decay
    # R is 0 after an order; not if the order had been pulled forward and did not take place
    response_left = t.dormant[min(day - state.person[w, i, LAST_ORDER], t.dormant.shape[0] - 1)]
    state.f[w, STIMULATED, i] *= response_left
    state.f[w, CEILING, i] *= response_left
    state.f[w, GAIN, i] *= response_left
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
    state.f[w, GAIN_FADING, i] = 1.0
    state.f[w, STIMULATED, i] /= t.dormant[0]
    state.f[w, CEILING, i] /= t.dormant[0]
    state.f[w, GAIN, i] = people.f[EFFECT, i]
    if t.s[0].logging:
        log_event(out, w, i, day, EV_WAKING, 0, 0)
