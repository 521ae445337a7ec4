"""Contacts of one line on one day, for all customers of a block to whom it is due.

What is due passes the rules or waits. Each contact runs its funnel: sent -> delivered -> seen -> clicked; it may
end in an opt-out or a complaint. A delivered contact adds stimulus (damped by fatigue once) and then fatigue. Seen
and clicked are damped too and are reported; they add no stimulus of their own, because the effects we know are
per send. One uniform decides the whole funnel (its stages are nested), another the opt-out, a third the complaint.

Line by line rather than customer by customer: the rates of a line are then constants, and the work falls
into loops the processor is good at: gather, arithmetic on arrays, scatter. What is rare is looked for only when the
arithmetic has seen that it happened.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour import consent, fatigue
from sim.engine.booking import log_event
from sim.engine.capacity import only_granted, take_turns
from sim.engine.cascades import keep_possible_steps, step_waits, steps_sent
from sim.engine.eligibility import book_blocked, book_violations, earliest_days, remember_contacts
from sim.engine.households import one_after_the_other
from sim.engine.offers import open_windows
from sim.engine.pacing import floor_pacing, keep_due, spend_credit, wait_until
from sim.engine.reactions import count_reactions
from sim.engine.stocks import fatigue_today, gain_today
from sim.engine.tables import (
    BLOCKED_PLACES,
    C_ARRIVED,
    C_FATIGUE,
    C_FIRST,
    C_FRAILTY,
    C_GAIN,
    C_KEY,
    C_LEAVING,
    C_OPT_OUT,
    C_OUTCOME,
    C_SEEN,
    C_SEGMENT,
    C_TIRED,
    CHOSEN,
    CLICKED,
    CLICKED_BIT,
    CLICKED_EXPECTED,
    COMPLAINTS,
    COMPLAINTS_EXPECTED,
    COST,
    DELIVERED,
    DISPLACED,
    EV_COMPLAINT,
    EV_CONTACT,
    EV_UNSUBSCRIBE,
    EVENTS,
    FATIGUE,
    FATIGUE_DAY,
    FRAILTY,
    NANO,
    NEVER,
    OPT_OUTS,
    PLACE_LANES,
    SEEN,
    SEEN_BIT,
    SEEN_EXPECTED,
    SEG_CONTACTS,
    SEG_COST,
    SENT,
    STEP_DUE,
    STIMULATED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    UNSUBSCRIBED_EXPECTED,
    W_COST,
)
from sim.jit import inlined, inner_kernel
from sim.rng import high, low, mix


@inner_kernel
def contact_all(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Steps 3 and 4 for the ``events`` customers listed in ``scratch.u[EVENTS]``, line after line; where precedence is
    not fixed, in rounds. (One function with its parts pasted in: pasting the body of the loop in as well would triple
    the time it takes to compile.)"""
    lanes, rounds = t.lanes.shape[0], 0
    if t.s[0].arbitrated and events > 0:
        rounds = take_turns(t, people, state, scratch, w, day, events)
    for place in range((rounds + 1) * lanes):
        lane = t.lanes[place % lanes].order
        turn = place // lanes if place < rounds * lanes else lanes
        if turn < lanes and (scratch.lanes_in_turn[turn] >> lane) & 1 == 0:
            continue
        due = _due(t, state, scratch, w, lane, day, events, turn)
        if due > 0:
            if t.lanes[lane].cascade_of >= 0:
                due = keep_possible_steps(t, state, scratch, w, lane, day, due)
            elif t.s[0].floored:
                due = keep_due(t, state, scratch, w, lane, day, due)
        if due == 0:
            continue
        earliest_days(t, people, state, scratch, w, lane, day, due)
        if t.s[0].households:
            one_after_the_other(t, people, state, out, scratch, w, lane, day, due)
        elif t.lanes[lane].capacitated:
            only_granted(t, state, out, scratch, w, lane, day, due)
        sent = _allowed(t, people, state, out, scratch, w, lane, day, due)
        if sent == 0:
            continue
        remember_contacts(t, state, scratch, w, lane, day, sent)
        if t.s[0].floored:
            floor_pacing(t, state, scratch, w, lane, day, sent)
        _gather(t, people, state, scratch, w, lane, day, sent)
        if t.s[0].logging:
            _log_contacts(t, out, scratch, w, lane, day, sent)
        leaving = _outcomes(t, out, scratch, w, lane, day, sent)
        _apply(t, state, out, scratch, w, lane, day, sent)
        if t.s[0].offering:
            open_windows(t, people, state, out, scratch, w, lane, day, sent)
        if t.s[0].stopping:
            count_reactions(t, state, scratch, w, lane, sent)
        if t.lanes[lane].cascade_of >= 0:
            steps_sent(t, state, scratch, w, lane, day, sent)
        if t.s[0].behaving and leaving > 0:
            _unsubscribe(t, state, out, scratch, w, lane, day, sent)
        if t.s[0].behaving and t.lanes[lane].complaint > 0.0:
            _complaints(t, out, scratch, w, lane, day, sent)


@inlined
def _due(t, state, scratch, w, lane, day, events, turn):  # type: ignore[no-untyped-def]
    """List the customers with a contact due in ``scratch.u[CHOSEN]``; returns how many."""
    n = np.int64(0)
    if t.s[0].arbitrated:
        for k in range(events):
            i = scratch.u[EVENTS, k]
            scratch.u[CHOSEN, n] = i
            n += (state.due[w, i, lane] <= day) & (scratch.turn[k, lane] == turn)
    else:
        for k in range(events):
            i = scratch.u[EVENTS, k]
            scratch.u[CHOSEN, n] = i
            n += state.due[w, i, lane] <= day
    return n


@inlined
def _allowed(t, people, state, out, scratch, w, lane, day, due):  # type: ignore[no-untyped-def]
    """Keep those whom no rule forbids (``scratch.n[C_FIRST]``), and let them pay for the contact; the others wait."""
    pace = t.pace[w, t.days[day].plan, lane]
    sent, blocked = np.int64(0), np.int64(0)
    for k in range(due):
        scratch.u[BLOCKED_PLACES, blocked] = k
        blocked += scratch.n[C_FIRST, k] > day
    if t.s[0].detailed and blocked > 0 and not t.s[0].households:
        book_blocked(t, people, state, out, scratch, w, lane, day, blocked)
    for k in range(blocked):
        b = scratch.u[BLOCKED_PLACES, k]
        i, segment = scratch.u[CHOSEN, b], scratch.u[C_SEGMENT, b]
        retry = scratch.n[C_FIRST, b] if scratch.n[C_FIRST, b] < DISPLACED else day + 1
        if t.lanes[lane].cascade_of >= 0:
            step_waits(t, state, w, i, lane, day, retry)
        else:
            wait_until(state, w, lane, i, day, pace[segment].rate, retry)
    for k in range(due):
        i, segment, may = scratch.u[CHOSEN, k], scratch.u[C_SEGMENT, k], scratch.n[C_FIRST, k] <= day
        scratch.u[CHOSEN, sent] = i
        scratch.u[C_SEGMENT, sent] = segment
        sent += may
    if t.lanes[lane].cascade_of < 0:
        for k in range(sent):
            segment = scratch.u[C_SEGMENT, k]
            spend_credit(state, w, lane, scratch.u[CHOSEN, k], day, pace[segment].rate, pace[segment].interval)
    if t.s[0].detailed and t.s[0].reported and not t.s[0].households:
        book_violations(t, people, state, out, scratch, w, lane, day, sent)
    return sent


@inlined
def _gather(t, people, state, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """What the arithmetic needs of each customer, side by side."""
    channel = t.lanes[lane].channel
    for k in range(sent):
        i = scratch.u[CHOSEN, k]
        scratch.u[C_KEY, k] = people.key[i]
        scratch.f[C_FATIGUE, k] = fatigue_today(t, state, w, i, day)
        scratch.f[C_FRAILTY, k] = people.f[FRAILTY, i]
        scratch.f[C_SEEN, k] = people.seen[i, channel]
        scratch.f[C_GAIN, k] = gain_today(t, people, state, w, i, day)
    if t.s[0].factored:
        pace = t.pace[w, t.days[day].plan, lane]
        for k in range(sent):
            scratch.f[C_GAIN, k] *= pace[scratch.u[C_SEGMENT, k]].factor


@inlined
def _outcomes(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Draws, damping and chances of all contacts; books the lane's totals, returns how many opt out."""
    me, place, kappa, growth = t.lanes[lane], t.place[PLACE_LANES + 2 * lane, day], t.s[0].kappa, t.s[0].growth
    placement = t.placement[w, me.channel]
    delivered, click, stimulus = me.delivered, me.click_of_seen, me.stimulus * placement
    hazard, weight = me.unsubscribe, me.weight
    arrivals, views, clicks, views_expected, clicks_expected, gone_expected, leaving = 0, 0, 0, 0, 0, 0, 0
    for k in range(sent):
        h = mix(scratch.u[C_KEY, k] ^ place)
        u = high(h)
        stock = scratch.f[C_FATIGUE, k]
        damping = fatigue.damping(stock, kappa)
        chance = consent.pressed(hazard * scratch.f[C_FRAILTY, k], stock, growth)
        seen = scratch.f[C_SEEN, k] * damping * placement
        arrived = int(u < delivered)
        gone = arrived * int(np.rint(chance * NANO))
        sees, clicks_on = int(u < delivered * seen), int(u < delivered * (seen * click))
        arrivals += arrived
        views += sees
        clicks += clicks_on
        views_expected += arrived * int(np.rint(seen * NANO))
        clicks_expected += arrived * int(np.rint(seen * click * NANO))
        gone_expected += gone
        leaves = arrived & int(low(h) < chance)
        leaving += leaves
        scratch.bytes[C_LEAVING, k] = leaves
        scratch.bytes[C_ARRIVED, k] = arrived
        scratch.bytes[C_OUTCOME, k] = sees * SEEN_BIT + clicks_on * CLICKED_BIT
        scratch.n[C_OPT_OUT, k] = gone
        scratch.f[C_GAIN, k] *= arrived * (stimulus * damping)
        scratch.f[C_TIRED, k] = stock + arrived * weight
    week = t.days[day].week
    out.lane[w, week, lane, SENT] += sent
    out.lane[w, week, lane, DELIVERED] += arrivals
    out.lane[w, week, lane, SEEN] += views
    out.lane[w, week, lane, CLICKED] += clicks
    out.lane[w, week, lane, SEEN_EXPECTED] += views_expected
    out.lane[w, week, lane, CLICKED_EXPECTED] += clicks_expected
    out.lane[w, week, lane, UNSUBSCRIBED_EXPECTED] += gone_expected
    return leaving


@inlined
def _apply(t, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """What the contacts leave with their customers. A contact costs, delivered or not."""
    week, phase = t.days[day].week, t.days[day].phase
    cost = int(np.rint(t.lanes[lane].unit_cost * t.discount[week]))
    costs, opt_outs = out.customer[w, phase, COST], out.customer[w, phase, OPT_OUTS]
    for k in range(sent):
        i = scratch.u[CHOSEN, k]
        state.f[w, STIMULATED, i] += scratch.f[C_GAIN, k]
        state.f[w, FATIGUE, i] = scratch.f[C_TIRED, k]
        state.person[w, i, FATIGUE_DAY] = day
        costs[i] += cost
        opt_outs[i] += scratch.n[C_OPT_OUT, k]
    if t.s[0].detailed:
        out.world[w, week, W_COST] += cost * sent
        for k in range(sent):
            out.segment[w, week, scratch.u[C_SEGMENT, k], SEG_CONTACTS] += 1
            out.segment[w, week, scratch.u[C_SEGMENT, k], SEG_COST] += cost
    if day >= t.s[0].kept_from:
        for k in range(sent):
            out.recent[w, lane, scratch.u[CHOSEN, k]] |= 1 << (t.days.shape[0] - 1 - day)


@inner_kernel
def _unsubscribe(t, state, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Those who opted out are out of reach on this channel, for good: none of its lines is due again. (A step of a
    cascade is left out when its turn comes; one that waits for a rule need not wait any longer.)"""
    channel = np.int64(t.lanes[lane].channel)
    for k in range(sent):
        if scratch.bytes[C_LEAVING, k]:
            i = scratch.u[CHOSEN, k]
            state.n[w, SUBSCRIBED, i] &= ~(1 << channel)
            for other in range(t.lanes.shape[0]):
                if np.int64(t.lanes[other].channel) == channel:
                    if t.lanes[other].cascade_of < 0:
                        state.due[w, i, other] = NEVER
                    elif state.due[w, i, other] < NEVER:
                        state.due[w, i, other] = max(np.int64(state.cascade[w, i, STEP_DUE]), day)
            out.lane[w, t.days[day].week, lane, UNSUBSCRIBED] += 1
            if t.s[0].logging:
                log_event(out, w, i, day, EV_UNSUBSCRIBE, lane, 0)


@inner_kernel
def _complaints(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    """Only what has arrived is complained about, under pressure the more."""
    place, hazard, growth = t.place[PLACE_LANES + 2 * lane + 1, day], t.lanes[lane].complaint, t.s[0].growth
    count, expected = 0, 0
    for k in range(sent):
        chance = scratch.bytes[C_ARRIVED, k] * consent.pressed(hazard, scratch.f[C_FATIGUE, k], growth)
        expected += int(np.rint(chance * NANO))
        complains = high(mix(scratch.u[C_KEY, k] ^ place)) < chance
        scratch.bytes[C_LEAVING, k] = complains
        count += complains
    out.lane[w, t.days[day].week, lane, COMPLAINTS] += count
    out.lane[w, t.days[day].week, lane, COMPLAINTS_EXPECTED] += expected
    if t.s[0].logging and count > 0:
        for k in range(sent):
            if scratch.bytes[C_LEAVING, k]:
                log_event(out, w, scratch.u[CHOSEN, k], day, EV_COMPLAINT, lane, 0)


@inner_kernel
def _log_contacts(t, out, scratch, w, lane, day, sent):  # type: ignore[no-untyped-def]
    place = t.place[PLACE_LANES + 2 * lane, day]
    for k in range(sent):
        arrived = high(mix(scratch.u[C_KEY, k] ^ place)) < t.lanes[lane].delivered
        log_event(out, w, scratch.u[CHOSEN, k], day, EV_CONTACT, lane, arrived)
