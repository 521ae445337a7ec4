"""The order of the day, written once. One block of customers, in every world, from day d0 to day d1.

 1. fatigue and stimulus decay by their half-lives
 2. the segment follows from recency, frequency and value; the plan for it says what is due
 3. what is due passes the rules (consent, caps, gaps, quiet days, holdout), in the channels' order of precedence;
    what is blocked waits
 4. each contact runs its funnel, adds stimulus and fatigue, may end in an opt-out
 5. orders: organic (then the dropout draw), stimulated (no dropout draw); both may happen on one day
 6. each order has a value, resets recency, enters F and M, relieves fatigue
 7. at the end of a week expectations are booked and everybody is counted

Most customer-days are quiet. Two dense passes a day take all customers of the block along (arrays in cache, one
addressed draw each, shared by all worlds): the morning's decays, and the evening's chances of an order. They list
those to whom something may happen; the other steps run over these short lists. Customers are independent, so doing
one step for all of them before the next step is the same as doing all steps for one customer after the other.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour import orders, response
from sim.engine.begin import Begin, begin_block
from sim.engine.booking import book_expected, book_order, book_week, book_week_end, log_event
from sim.engine.contact import contact_lane
from sim.engine.lists import list_hits
from sim.engine.pacing import change_rates
from sim.engine.segments import next_look, remember_order, scheduled, segment_today
from sim.engine.tables import (
    ACTIVE,
    EV_DROPOUT,
    EV_ORGANIC,
    EV_SEGMENT,
    EV_STIMULATED,
    LANES_PER_GROUP,
    MICRO,
    PLACE_DROPOUT,
    PLACE_ORDER,
    PLACE_SPEND,
    SEGMENT,
    SEGMENT_DUE,
    W_DROPOUTS,
    Out,
    People,
)
from sim.jit import inlined, kernel
from sim.rng import full, high, low, mix


@kernel
def advance(t, people, state, out, scratch, d0, d1):  # type: ignore[no-untyped-def]
    """Advance a block from the morning of day ``d0`` to the morning of day ``d1``, in all worlds."""
    for day in range(d0, d1):
        _draw(t, people, scratch, day)
        new_season = day == 0 or t.season[day] != t.season[day - 1]
        if new_season:
            for i in range(people.key.shape[0]):
                scratch.organic_base[i] = orders.organic_probability(people.rate[i], t.season[day])
        for w in range(state.organic.shape[0]):
            if new_season:
                for i in range(people.key.shape[0]):
                    state.organic[w, i] = scratch.organic_base[i] if state.person[w, i, ACTIVE] else 0.0
            if day > 0 and t.phase[day] != t.phase[day - 1]:
                _change_phase(t, people, state, w, day)
            events = _quiet_pass(t, state, scratch, w, day)
            _segments(t, people, state, out, scratch, w, day, events)
            for lane in range(t.unit_cost.shape[0]):
                contact_lane(t, people, state, out, scratch, w, lane, day, events)
            _orders(t, people, state, out, scratch, w, day)
            _next_wake(state, scratch, w, events)
            if (day + 1) % 7 == 0:
                _end_week(t, people, state, out, scratch, w, day)


@kernel
def live_blocks(t, people, begin, state, out, scratch, frozen_segments, days, origin):  # type: ignore[no-untyped-def]
    """Block after block from day 0 to ``days``, in as many customers a time as ``state`` has room for.

    ``origin``: row of the first customer in the whole run, for the log.
    """
    size = state.wake.shape[1]
    for a in range(0, people.key.shape[0], size):
        b = a + size
        here = People(
            people.key[a:b],
            people.rate[a:b],
            people.dropout[a:b],
            people.mean_value[a:b],
            people.effect[a:b],
            people.frailty[a:b],
            people.seen[a:b],
            people.contactable[a:b],
        )
        past = Begin(
            begin.active[a:b],
            begin.segment[a:b],
            begin.last_order[a:b],
            begin.subscribed[a:b],
            begin.ring[a:b],
            begin.credit[a:b],
            begin.fatigue[a:b],
            begin.stimulus[a:b],
            begin.joined[a:b],
            begin.order_from[a:b],
            begin.order_to[a:b],
            begin.order_day,
            begin.order_value,
        )
        results = Out(
            out.customer[:, :, :, a:b],
            out.visited[:, a:b],
            out.recent[:, :, a:b],
            out.lane,
            out.segment,
            out.world,
            out.flow,
            out.week_segment[:, a:b],
            out.log,
            out.logged,
        )
        line = out.logged[0]
        begin_block(t, here, past, state, frozen_segments)
        advance(t, here, state, results, scratch, 0, days)
        for k in range(line, min(out.logged[0], out.log.shape[0])):
            out.log[k, 1] += origin + a


@inlined
def _draw(t, people, scratch, day):  # type: ignore[no-untyped-def]
    """Today's order uniforms; out of reach when nobody behaves."""
    place = t.place[PLACE_ORDER, day]
    key = people.key
    u_organic = scratch.u_organic
    u_stimulated = scratch.u_stimulated
    for i in range(key.shape[0]):
        h = mix(key[i] ^ place)
        u_organic[i] = high(h)
        u_stimulated[i] = low(h)
    if not t.behaving:
        u_organic[:] = 2.0
        u_stimulated[:] = 2.0


@inlined
def _quiet_pass(t, state, scratch, w, day):  # type: ignore[no-untyped-def]
    """Step 1 for everybody; lists the customers with an event that is due today and returns how many."""
    stimulated, fading, gain, gain_fading = state.stimulated[w], state.fading[w], state.gain[w], state.gain_fading[w]
    stock, wake, hit = state.fatigue[w], state.wake[w], scratch.hit
    for i in range(stock.shape[0]):
        stimulated[i] *= fading[i]
        gain[i] *= gain_fading[i]
        stock[i] *= t.fatigue_decay
        hit[i] = wake[i] <= day
    if t.saturation > 0.0:
        for i in range(stock.shape[0]):
            state.ceiling[w, i] *= gain_fading[i]
    return list_hits(hit, scratch.hit_words, scratch.events)


@inlined
def _segments(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Step 2."""
    n = 0
    for k in range(events):
        i = scratch.events[k]
        scratch.chosen[n] = i
        n += state.person[w, i, SEGMENT_DUE] <= day
    for k in range(n):
        _recompute_segment(t, people, state, out, w, scratch.chosen[k], day)


@inlined
def _next_wake(state, scratch, w, events):  # type: ignore[no-untyped-def]
    """When may something be scheduled for those who had an event?"""
    for k in range(events):
        i = scratch.events[k]
        first = state.person[w, i, SEGMENT_DUE]
        for g in range(0, state.due.shape[2], LANES_PER_GROUP):
            one = min(state.due[w, i, g], state.due[w, i, g + 1])
            two = min(state.due[w, i, g + 2], state.due[w, i, g + 3])
            first = min(first, min(one, two))
        state.wake[w, i] = first


@inlined
def _recompute_segment(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    person = state.person[w]
    old = person[i, SEGMENT]
    new = segment_today(t, state, w, i, day)
    person[i, SEGMENT_DUE] = next_look(t, state, w, i, day)
    if new == old:
        return
    book_expected(t, people, state, out, w, i, day)
    person[i, SEGMENT] = new
    phase = t.phase[day]
    if phase == 0:
        out.visited[w, i] |= 1 << new
    reachable = state.subscribed[w, i] * people.contactable[i]
    change_rates(state, w, i, day, t.rate[w], (phase, old), (phase, new), reachable)
    if t.logging:
        log_event(out, w, i, day, EV_SEGMENT, new, old)


@inlined
def _orders(t, people, state, out, scratch, w, day):  # type: ignore[no-untyped-def]
    """Steps 5 and 6: expectations for everybody, then what happens."""
    stimulated, organic, ceiling = state.stimulated[w], state.organic[w], state.ceiling[w]
    sum_organic, sum_stimulated = state.sum_organic[w], state.sum_stimulated[w]
    u_organic, u_stimulated, hit = scratch.u_organic, scratch.u_stimulated, scratch.hit
    if t.saturation > 0.0:
        for i in range(organic.shape[0]):
            p = response.order_probability(stimulated[i], ceiling[i], True)
            sum_stimulated[i] += p
            sum_organic[i] += organic[i]
            hit[i] = (u_organic[i] < organic[i]) | (u_stimulated[i] < p)
    else:
        for i in range(organic.shape[0]):
            p = min(1.0, stimulated[i])
            sum_stimulated[i] += p
            sum_organic[i] += organic[i]
            hit[i] = (u_organic[i] < organic[i]) | (u_stimulated[i] < p)
    for k in range(list_hits(hit, scratch.hit_words, scratch.chosen)):
        i = scratch.chosen[k]
        happens = u_organic[i] < organic[i]
        added = u_stimulated[i] < response.order_probability(stimulated[i], ceiling[i], t.saturation > 0.0)
        h = mix(people.key[i] ^ t.place[PLACE_SPEND, day])
        if happens:
            _order(t, people, state, out, w, i, day, high(h), False)
        if added:
            _order(t, people, state, out, w, i, day, low(h), True)
        if happens and full(mix(people.key[i] ^ t.place[PLACE_DROPOUT, day])) < people.dropout[i]:
            _drop_out(t, people, state, out, w, i, day)


@inlined
def _order(t, people, state, out, w, i, day, u, stimulated):  # type: ignore[no-untyped-def]
    person = state.person[w]
    value = np.int64(np.rint(people.mean_value[i] * orders.spend_factor(u, t.spend) * MICRO))
    if person[i, ACTIVE] == 0:  # an order wakes the response: R starts again at 0
        fresh = people.effect[i] * t.dormant[0]
        grown = fresh / state.gain[w, i] if state.gain[w, i] > 0.0 else 0.0
        state.stimulated[w, i] *= grown
        state.ceiling[w, i] *= grown
        state.gain[w, i] = fresh
    remember_order(state, w, i, day, value)
    person[i, SEGMENT_DUE] = scheduled(t, day + 1)
    state.wake[w, i] = min(state.wake[w, i], person[i, SEGMENT_DUE])
    if t.relief != 1.0:
        state.fatigue[w, i] *= t.relief
    book_order(t, out, w, i, day, value, stimulated)
    if t.logging:
        log_event(out, w, i, day, EV_STIMULATED if stimulated else EV_ORGANIC, 0, value)


@inlined
def _drop_out(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    """No organic order any more; the response to contacts becomes that of a dormant customer."""
    state.person[w, i, ACTIVE] = 0
    state.organic[w, i] = 0.0
    state.fading[w, i] = t.stimulus_decay * t.dormant_decay
    state.gain_fading[w, i] = t.dormant_decay
    state.stimulated[w, i] *= t.dormant[0]
    state.ceiling[w, i] *= t.dormant[0]
    state.gain[w, i] *= t.dormant[0]
    if t.detailed:
        out.world[w, t.week[day], W_DROPOUTS] += 1
    if t.logging:
        log_event(out, w, i, day, EV_DROPOUT, 0, 0)


@inlined
def _change_phase(t, people, state, w, day):  # type: ignore[no-untyped-def]
    """Another plan holds from today on: everybody's pacing goes over to its frequencies."""
    old, new = t.phase[day - 1], t.phase[day]
    for i in range(people.key.shape[0]):
        segment = state.person[w, i, SEGMENT]
        reachable = state.subscribed[w, i] * people.contactable[i]
        change_rates(state, w, i, day, t.rate[w], (old, segment), (new, segment), reachable)
        state.wake[w, i] = day


@inlined
def _end_week(t, people, state, out, scratch, w, day):  # type: ignore[no-untyped-def]
    """Step 7."""
    book_week(t, people, state, out, scratch, w, day)
    stimulated = state.stimulated[w]
    for i in range(stimulated.shape[0]):
        stimulated[i] = stimulated[i] if stimulated[i] >= response.NEGLIGIBLE else 0.0
    if t.detailed:
        for i in range(people.key.shape[0]):
            book_week_end(t, state, out, w, i, day)
