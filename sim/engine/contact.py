"""Contacts of one channel on one day, for all customers of a block to whom it is due.

What is due passes the rules or waits. Each contact runs its funnel: sent -> delivered -> seen -> clicked; it may
end in an opt-out or a complaint. A delivered contact adds stimulus (damped by fatigue once) and then fatigue. Seen
and clicked are damped too and are reported; they add no stimulus of their own, because the effects we know are
per send. One uniform decides the whole funnel (its stages are nested), another the opt-out, a third the complaint.

Channel by channel rather than customer by customer: the rates of a channel are then constants, lists are made
without unpredictable branches, and the arithmetic runs on arrays.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour import consent, fatigue
from sim.behaviour.response import order_probability
from sim.engine.booking import log_event
from sim.engine.eligibility import earliest_day, remember_contact
from sim.engine.pacing import spend_credit, wait_until
from sim.engine.tables import (
    ACTIVE,
    CLICKED,
    CLICKED_EXPECTED,
    COMPLAINTS,
    COMPLAINTS_EXPECTED,
    COST,
    DELIVERED,
    DUE,
    EV_COMPLAINT,
    EV_CONTACT,
    EV_UNSUBSCRIBE,
    LAST_ORDER,
    NANO,
    NEVER,
    OPT_OUTS,
    PLACE_LANES,
    SEEN,
    SEEN_EXPECTED,
    SEG_CONTACTS,
    SEG_COST,
    SEGMENT,
    SENT,
    SUBSCRIBED,
    UNSUBSCRIBED,
    UNSUBSCRIBED_EXPECTED,
    W_COST,
)
from sim.jit import inlined
from sim.rng import high, low, mix


@inlined
def contact_lane(t, people, state, out, scratch, w, lane, day, events):  # type: ignore[no-untyped-def]
    """Steps 3 and 4 for one lane; ``events`` customers are listed in ``scratch.events``."""
    due = _due(state, scratch, w, lane, day, events)
    if due > 0:
        sent = _allowed(t, state, scratch, w, lane, day, due)
        if sent > 0:
            _book_sent(t, state, out, scratch, w, lane, day, sent)
            _draw(t, people, state, scratch, w, lane, day, sent)
            _deliver(t, people, state, out, scratch, w, lane, day, sent)


@inlined
def _due(state, scratch, w, lane, day, events):  # type: ignore[no-untyped-def]
    """List the customers with a contact due in ``scratch.chosen``; returns how many."""
    n = 0
    for k in range(events):
        i = scratch.events[k]
        scratch.chosen[n] = i
        n += state.lane[w, i, lane, DUE] <= day
    return n


@inlined
def _allowed(t, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Keep those whom no rule forbids; the others wait."""
    n = 0
    phase = t.phase[day]
    for k in range(due):
        i = scratch.chosen[k]
        segment = np.uint64(state.person[w, i, SEGMENT])
        rate = t.rate[w, phase, segment, lane]
        eligible = earliest_day(t, state, w, lane, i, day)
        if eligible > day:
            wait_until(state, w, lane, i, day, rate, eligible)
        else:
            spend_credit(state, w, lane, i, day, rate, t.interval[w, phase, segment, lane])
            remember_contact(t, state, w, lane, i, day)
            scratch.chosen[n] = i
            n += 1
    return n


@inlined
def _book_sent(t, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """A contact costs, delivered or not."""
    week, phase = t.week[day], t.phase[day]
    cost = round(t.unit_cost[lane] * t.discount[week])
    out.lane[w, week, lane, SENT] += sent
    for k in range(sent):
        out.customer[w, scratch.chosen[k], phase, COST] += cost
    if t.detailed:
        out.world[w, week, W_COST] += cost * sent
        for k in range(sent):
            segment = np.uint64(state.person[w, scratch.chosen[k], SEGMENT])
            out.segment[w, week, segment, SEG_CONTACTS] += 1
            out.segment[w, week, segment, SEG_COST] += cost


@inlined
def _draw(t, people, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Uniforms, damping by fatigue and chance of an opt-out of each contact."""
    place = t.place[PLACE_LANES + 2 * lane, day]
    hazard = t.unsubscribe[lane]
    for k in range(sent):
        i = scratch.chosen[k]
        h = mix(people.key[i] ^ place)
        scratch.u_funnel[k] = high(h)
        scratch.u_opt_out[k] = low(h)
        scratch.damping[k] = state.fatigue[w, i]
        scratch.opt_out[k] = hazard * people.frailty[i]
    for k in range(sent):
        stock = scratch.damping[k]
        scratch.damping[k] = fatigue.damping(stock, t.kappa)
        scratch.opt_out[k] = consent.opt_out_probability(scratch.opt_out[k], stock, t.growth)


@inlined
def _deliver(t, people, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """What a delivered contact does to the customer; totals of the lane are added once at the end."""
    delivered = t.delivered[lane]
    click = t.click_of_seen[lane]
    week, phase = t.week[day], t.phase[day]
    arrivals, views, clicks, views_expected, clicks_expected, gone_expected = 0, 0, 0, 0, 0, 0
    for k in range(sent):
        u = scratch.u_funnel[k]
        if t.logging:
            log_event(out, w, scratch.chosen[k], day, EV_CONTACT, lane, u < delivered)
        if u >= delivered:
            continue
        i = scratch.chosen[k]
        seen = people.seen[i, lane] * scratch.damping[k]
        gone = round(scratch.opt_out[k] * NANO)
        arrivals += 1
        views_expected += round(seen * NANO)
        clicks_expected += round(seen * click * NANO)
        views += u < delivered * seen
        clicks += u < delivered * (seen * click)
        gone_expected += gone
        out.customer[w, i, phase, OPT_OUTS] += gone
        _stimulate(t, people, state, w, i, lane, day, scratch.damping[k])
        state.fatigue[w, i] += t.weight[lane]
        if t.behaving and scratch.u_opt_out[k] < scratch.opt_out[k]:
            _unsubscribe(t, state, out, w, i, lane, day)
        if t.behaving and t.complaint[lane] > 0.0:
            _may_complain(t, people, out, w, i, lane, day)
    out.lane[w, week, lane, DELIVERED] += arrivals
    out.lane[w, week, lane, SEEN] += views
    out.lane[w, week, lane, CLICKED] += clicks
    out.lane[w, week, lane, SEEN_EXPECTED] += views_expected
    out.lane[w, week, lane, CLICKED_EXPECTED] += clicks_expected
    out.lane[w, week, lane, UNSUBSCRIBED_EXPECTED] += gone_expected
    out.lane[w, week, lane, COMPLAINTS_EXPECTED] += arrivals * round(t.complaint[lane] * NANO)


@inlined
def _stimulate(t, people, state, w, i, lane, day, damping):  # type: ignore[no-untyped-def]
    since = min(day - state.person[w, i, LAST_ORDER], t.absence.shape[0] - 2)
    effect = people.effect[i] * t.absence[np.uint64((1 - state.person[w, i, ACTIVE]) * (since + 1))]
    saturating = t.saturation > 0.0
    before = order_probability(state.stimulated[w, i], state.ceiling[w, i], saturating)
    state.stimulated[w, i] += effect * t.stimulus[lane] * damping
    after = order_probability(state.stimulated[w, i], state.ceiling[w, i], saturating)
    state.sum_stimulated[w, i] += after - before


@inlined
def _unsubscribe(t, state, out, w, i, lane, day):  # type: ignore[no-untyped-def]
    state.person[w, i, SUBSCRIBED] &= ~(1 << lane)
    state.lane[w, i, lane, DUE] = NEVER
    out.lane[w, t.week[day], lane, UNSUBSCRIBED] += 1
    if t.logging:
        log_event(out, w, i, day, EV_UNSUBSCRIBE, lane, 0)


@inlined
def _may_complain(t, people, out, w, i, lane, day):  # type: ignore[no-untyped-def]
    if high(mix(people.key[i] ^ t.place[PLACE_LANES + 2 * lane + 1, day])) < t.complaint[lane]:
        out.lane[w, t.week[day], lane, COMPLAINTS] += 1
        if t.logging:
            log_event(out, w, i, day, EV_COMPLAINT, lane, 0)
