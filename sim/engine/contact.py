"""Contacts of one channel on one day, for all customers of a block to whom it is due.

What is due passes the rules or waits. Each contact runs its funnel: sent -> delivered -> seen -> clicked; it may
end in an opt-out or a complaint. A delivered contact adds stimulus (damped by fatigue once) and then fatigue. Seen
and clicked are damped too and are reported; they add no stimulus of their own, because the effects we know are
per send. One uniform decides the whole funnel (its stages are nested), another the opt-out, a third the complaint.

Channel by channel rather than customer by customer: the rates of a channel are then constants, and the work falls
into loops the processor is good at: gather, arithmetic on arrays, scatter. What is rare is looked for only when the
arithmetic has seen that it happened.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour import consent, fatigue
from sim.engine.booking import log_event
from sim.engine.eligibility import earliest_days, remember_contacts
from sim.engine.pacing import spend_credit, wait_until
from sim.engine.tables import (
    CLICKED,
    CLICKED_EXPECTED,
    COMPLAINTS,
    COMPLAINTS_EXPECTED,
    COST,
    DELIVERED,
    EV_COMPLAINT,
    EV_CONTACT,
    EV_UNSUBSCRIBE,
    NANO,
    NEVER,
    OPT_OUTS,
    PLACE_LANES,
    SEEN,
    SEEN_EXPECTED,
    SEG_CONTACTS,
    SEG_COST,
    SENT,
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
            _gather(people, state, scratch, w, lane, sent)
            if t.logging:
                _log_contacts(t, out, scratch, w, lane, day, sent)
            leaving = _outcomes(t, out, scratch, w, lane, day, sent)
            _apply(t, state, out, scratch, w, lane, day, sent)
            if t.behaving:
                if leaving > 0:
                    _unsubscribe(t, state, out, scratch, w, lane, day, sent)
                if t.complaint[lane] > 0.0:
                    _complaints(t, out, scratch, w, lane, day, sent)


@inlined
def _due(state, scratch, w, lane, day, events):  # type: ignore[no-untyped-def]
    """List the customers with a contact due in ``scratch.chosen``; returns how many."""
    n = 0
    for k in range(events):
        i = scratch.events[k]
        scratch.chosen[n] = i
        n += state.due[w, i, lane] <= day
    return n


@inlined
def _allowed(t, state, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Keep those whom no rule forbids, and let them pay for the contact; the others wait."""
    earliest_days(t, state, scratch, w, lane, day, due)
    rates, intervals = t.rate[w, t.phase[day], lane], t.interval[w, t.phase[day], lane]
    sent, blocked = 0, 0
    for k in range(due):
        scratch.blocked[blocked] = k
        blocked += scratch.first[k] > day
    for k in range(blocked):
        b = scratch.blocked[k]
        wait_until(state, w, lane, scratch.chosen[b], day, rates[scratch.segment[b]], scratch.first[b])
    for k in range(due):
        i, segment, may = scratch.chosen[k], scratch.segment[k], scratch.first[k] <= day
        scratch.chosen[sent] = i
        scratch.segment[sent] = segment
        sent += may
    for k in range(sent):
        segment = scratch.segment[k]
        spend_credit(state, w, lane, scratch.chosen[k], day, rates[segment], intervals[segment])
    remember_contacts(t, state, scratch, w, lane, day, sent)
    return sent


@inlined
def _gather(people, state, scratch, w, lane, sent):  # type: ignore[no-untyped-def]
    """What the arithmetic needs of each customer, side by side."""
    for k in range(sent):
        i = scratch.chosen[k]
        scratch.key[k] = people.key[i]
        scratch.fatigue[k] = state.fatigue[w, i]
        scratch.frailty[k] = people.frailty[i]
        scratch.seen[k] = people.seen[i, lane]
        scratch.gain[k] = state.gain[w, i]


@inlined
def _outcomes(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Draws, damping and chances of all contacts; books the lane's totals, returns how many opt out."""
    place = t.place[PLACE_LANES + 2 * lane, day]
    delivered, click, stimulus = t.delivered[lane], t.click_of_seen[lane], t.stimulus[lane]
    hazard, weight = t.unsubscribe[lane], t.weight[lane]
    arrivals, views, clicks, views_expected, clicks_expected, gone_expected, leaving = 0, 0, 0, 0, 0, 0, 0
    for k in range(sent):
        h = mix(scratch.key[k] ^ place)
        u = high(h)
        stock = scratch.fatigue[k]
        damping = fatigue.damping(stock, t.kappa)
        chance = consent.opt_out_probability(hazard * scratch.frailty[k], stock, t.growth)
        seen = scratch.seen[k] * damping
        arrived = int(u < delivered)
        gone = arrived * int(np.rint(chance * NANO))
        arrivals += arrived
        views += u < delivered * seen
        clicks += u < delivered * (seen * click)
        views_expected += arrived * int(np.rint(seen * NANO))
        clicks_expected += arrived * int(np.rint(seen * click * NANO))
        gone_expected += gone
        leaves = arrived & int(low(h) < chance)
        leaving += leaves
        scratch.leaving[k] = leaves
        scratch.opt_out[k] = gone
        scratch.gain[k] *= arrived * (stimulus * damping)
        scratch.weight[k] = arrived * weight
    week = t.week[day]
    out.lane[w, week, lane, SENT] += sent
    out.lane[w, week, lane, DELIVERED] += arrivals
    out.lane[w, week, lane, SEEN] += views
    out.lane[w, week, lane, CLICKED] += clicks
    out.lane[w, week, lane, SEEN_EXPECTED] += views_expected
    out.lane[w, week, lane, CLICKED_EXPECTED] += clicks_expected
    out.lane[w, week, lane, UNSUBSCRIBED_EXPECTED] += gone_expected
    out.lane[w, week, lane, COMPLAINTS_EXPECTED] += arrivals * np.int64(np.rint(t.complaint[lane] * NANO))
    return leaving


@inlined
def _apply(t, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """What the contacts leave with their customers. A contact costs, delivered or not."""
    week, phase = t.week[day], t.phase[day]
    cost = np.int64(np.rint(t.unit_cost[lane] * t.discount[week]))
    costs, opt_outs = out.customer[w, phase, COST], out.customer[w, phase, OPT_OUTS]
    for k in range(sent):
        i = scratch.chosen[k]
        state.stimulated[w, i] += scratch.gain[k]
        state.fatigue[w, i] += scratch.weight[k]
        costs[i] += cost
        opt_outs[i] += scratch.opt_out[k]
    if t.detailed:
        out.world[w, week, W_COST] += cost * sent
        for k in range(sent):
            out.segment[w, week, scratch.segment[k], SEG_CONTACTS] += 1
            out.segment[w, week, scratch.segment[k], SEG_COST] += cost
    if day >= t.kept_from:
        for k in range(sent):
            out.recent[w, lane, scratch.chosen[k]] |= 1 << (t.week.shape[0] - 1 - day)


@inlined
def _unsubscribe(t, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Those who opted out are out of reach on this channel, for good."""
    for k in range(sent):
        if scratch.leaving[k]:
            i = scratch.chosen[k]
            state.subscribed[w, i] &= ~(1 << lane)
            state.due[w, i, lane] = NEVER
            out.lane[w, t.week[day], lane, UNSUBSCRIBED] += 1
            if t.logging:
                log_event(out, w, i, day, EV_UNSUBSCRIBE, lane, 0)


@inlined
def _complaints(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Only what has arrived is complained about; ``scratch.weight`` no longer tells, so the draw is asked again."""
    arrival, place = t.place[PLACE_LANES + 2 * lane, day], t.place[PLACE_LANES + 2 * lane + 1, day]
    count = 0
    for k in range(sent):
        key = scratch.key[k]
        complains = (high(mix(key ^ place)) < t.complaint[lane]) & (high(mix(key ^ arrival)) < t.delivered[lane])
        scratch.leaving[k] = complains
        count += complains
    out.lane[w, t.week[day], lane, COMPLAINTS] += count
    if t.logging and count > 0:
        for k in range(sent):
            if scratch.leaving[k]:
                log_event(out, w, scratch.chosen[k], day, EV_COMPLAINT, lane, 0)


@inlined
def _log_contacts(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    place = t.place[PLACE_LANES + 2 * lane, day]
    for k in range(sent):
        arrived = high(mix(scratch.key[k] ^ place)) < t.delivered[lane]
        log_event(out, w, scratch.chosen[k], day, EV_CONTACT, lane, arrived)
