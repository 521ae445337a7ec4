"""Offers: a window in which every order costs its discount, and orders that are pulled forward."""

from __future__ import annotations

import numpy as np

from sim.engine.tables import (
    C_ARRIVED,
    C_SEGMENT,
    CHOSEN,
    DEBT,
    EVENTS,
    MEAN_VALUE,
    MICRO,
    OFFER,
    OFFER_COST,
    OFFER_COST_ORGANIC,
    OFFER_ENDS,
    OFFERED,
    PLACE_PULL,
    SAMPLED_OFFER_COST,
    SUM_OFFER,
    SUM_OFFER_ALL,
)
from sim.jit import inlined, optional_kernel
from sim.rng import full, mix


@optional_kernel
def open_windows(t, people, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Delivered contacts with an offer open their customers' windows, today included."""
    pace = t.pace[w, t.days[day].plan, lane]
    for k in range(sent):
        offer = pace[scratch.u[C_SEGMENT, k]].offer
        if offer > 0 and scratch.bytes[C_ARRIVED, k]:
            i = scratch.u[CHOSEN, k]
            state.person[w, i, OFFER] = offer
            state.person[w, i, OFFER_ENDS] = day + t.offers[offer].days
            state.f[w, OFFERED, i] = t.offers[offer].discount


@inlined
def close_windows(state, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """In the morning: windows that ended yesterday."""
    for k in range(events):
        i = scratch.u[EVENTS, k]
        if state.person[w, i, OFFER_ENDS] <= day and state.person[w, i, OFFER] > 0:
            state.person[w, i, OFFER] = 0
            state.f[w, OFFERED, i] = 0.0


@inlined
def expect_offers(state, w, i, organic, stimulated):  # type: ignore[no-untyped-def]
    """What the window at hand is expected to cost today, in orders."""
    discount = state.f[w, OFFERED, i]
    state.f[w, SUM_OFFER, i] += discount * organic
    state.f[w, SUM_OFFER_ALL, i] += discount * (organic + stimulated)


@optional_kernel
def book_offers(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """Book what was expected since the last booking; it belongs to the phase and week of ``day``."""
    week, phase = t.days[day].week, t.days[day].phase
    value = people.f[MEAN_VALUE, i] * MICRO * t.discount[week]
    out.customer[w, phase, OFFER_COST, i] += int(np.rint(state.f[w, SUM_OFFER_ALL, i] * value))
    out.customer[w, phase, OFFER_COST_ORGANIC, i] += int(np.rint(state.f[w, SUM_OFFER, i] * value))
    state.f[w, SUM_OFFER, i] = 0.0
    state.f[w, SUM_OFFER_ALL, i] = 0.0


@optional_kernel
def book_offer_of_order(t, state, out, w, i, day, value):  # type: ignore[no-untyped-def]
    """A sampled order in a window costs its discount."""
    cost = int(np.rint(value * state.f[w, OFFERED, i]))
    out.customer[w, t.days[day].phase, SAMPLED_OFFER_COST, i] += cost


@optional_kernel
def may_pull_forward(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """A stimulated order may take the place of the next organic one."""
    share = t.offers[state.person[w, i, OFFER]].pull
    if full(mix(people.key[i] ^ t.place[PLACE_PULL, day])) < share:
        state.person[w, i, DEBT] += 1
