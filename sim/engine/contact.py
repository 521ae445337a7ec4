"""One contact runs its funnel: sent -> delivered -> seen -> clicked; it may end in an opt-out or a complaint.

A delivered contact adds stimulus (damped by fatigue once) and then fatigue. Seen and clicked are damped too and
are reported; they add no stimulus of their own, because the effects we know are per send.
One uniform decides the whole funnel (its stages are nested), another the opt-out, a third the complaint.
"""

from __future__ import annotations

from sim.behaviour import consent, fatigue
from sim.engine.booking import book_contact, log_event
from sim.engine.tables import (
    ACTIVE,
    CLICKED,
    CLICKED_EXPECTED,
    COMPLAINTS,
    COMPLAINTS_EXPECTED,
    DUE,
    EV_COMPLAINT,
    EV_UNSUBSCRIBE,
    LAST_ORDER,
    NANO,
    NEVER,
    OPT_OUTS,
    PLACE_LANES,
    SEEN,
    SEEN_EXPECTED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    UNSUBSCRIBED_EXPECTED,
)
from sim.jit import inlined
from sim.rng import high, low, mix


@inlined
def send(t, people, state, out, w, i, lane, day):  # type: ignore[no-untyped-def]
    """Send one contact now; everything it changes is in ``state``, everything it counts in ``out``."""
    h = mix(people.key[i] ^ t.place[PLACE_LANES + 2 * lane, day])
    u = high(h)
    arrived = u < t.delivered[lane]
    book_contact(t, state, out, w, i, lane, day, arrived)
    if not arrived:
        return
    week = t.week[day]
    stock = state.fatigue[w, i]
    damp = fatigue.damping(stock, t.kappa)
    seen = people.seen[i, lane] * damp
    clicked = seen * t.click_of_seen[lane]
    counts = out.lane[w, week, lane]
    counts[SEEN_EXPECTED] += round(seen * NANO)
    counts[CLICKED_EXPECTED] += round(clicked * NANO)
    counts[SEEN] += u < t.delivered[lane] * seen
    counts[CLICKED] += u < t.delivered[lane] * clicked
    _stimulate(t, people, state, w, i, lane, day, damp)
    _may_opt_out(t, people, state, out, w, i, lane, day, stock, low(h))
    if t.complaint[lane] > 0.0:
        _may_complain(t, people, state, out, w, i, lane, day)
    state.fatigue[w, i] = stock + t.weight[lane]


@inlined
def _stimulate(t, people, state, w, i, lane, day, damp):  # type: ignore[no-untyped-def]
    effect = people.effect[i]
    if state.person[w, i, ACTIVE] == 0:
        since = min(day - state.person[w, i, LAST_ORDER], t.dormant.shape[0] - 1)
        effect *= t.dormant[since]
    state.stimulated[w, i] += effect * t.stimulus[lane] * damp


@inlined
def _may_opt_out(t, people, state, out, w, i, lane, day, stock, u):  # type: ignore[no-untyped-def]
    p = consent.probability(consent.hazard(t.unsubscribe[lane], people.frailty[i], stock, t.growth))
    counts = out.lane[w, t.week[day], lane]
    expected = round(p * NANO)
    counts[UNSUBSCRIBED_EXPECTED] += expected
    out.customer[w, i, t.phase[day], OPT_OUTS] += expected
    if t.behaving and u < p:
        person = state.person[w]
        person[i, SUBSCRIBED] &= ~(1 << lane)
        state.lane[w, i, DUE, lane] = NEVER
        counts[UNSUBSCRIBED] += 1
        if t.logging:
            log_event(out, w, i, day, EV_UNSUBSCRIBE, lane, 0)


@inlined
def _may_complain(t, people, state, out, w, i, lane, day):  # type: ignore[no-untyped-def]
    counts = out.lane[w, t.week[day], lane]
    counts[COMPLAINTS_EXPECTED] += round(t.complaint[lane] * NANO)
    if t.behaving and high(mix(people.key[i] ^ t.place[PLACE_LANES + 2 * lane + 1, day])) < t.complaint[lane]:
        counts[COMPLAINTS] += 1
        if t.logging:
            log_event(out, w, i, day, EV_COMPLAINT, lane, 0)
