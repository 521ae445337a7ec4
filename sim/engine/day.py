"""The order of the day, written once. One block of customers, in every world, from day d0 to day d1.

 1. fatigue and stimulus decay by their half-lives
 2. the segment follows from recency, frequency and value; the plan for it says what is due
 3. what is due passes the rules (consent, caps, gaps, quiet days, holdout), in the channels' order of precedence;
    what is blocked waits
 4. each contact runs its funnel, adds stimulus and fatigue, may end in an opt-out
 5. orders: organic (then the dropout draw), stimulated (no dropout draw); both may happen on one day
 6. each order has a value, resets recency, enters F and M, relieves fatigue
 7. at the end of a week expectations are booked and everybody is counted

Most customer-days are quiet. One dense pass a day advances all customers of the block (arrays in cache, one
addressed draw each, shared by all worlds) and lists those to whom something may happen; the steps then run over
ever shorter lists. Customers are independent, so doing one step for all of them before the next step is the same
as doing all steps for one customer after the other.
"""

from __future__ import annotations

from sim.behaviour import orders, response
from sim.engine.booking import book_expected, book_order, book_week_end, log_event
from sim.engine.contact import contact_lane
from sim.engine.pacing import change_rates
from sim.engine.segments import next_look, remember_order, scheduled, segment_today
from sim.engine.tables import (
    ACTIVE,
    DUE,
    EV_DROPOUT,
    EV_ORGANIC,
    EV_SEGMENT,
    EV_STIMULATED,
    LAST_ORDER,
    MICRO,
    PLACE_DROPOUT,
    PLACE_ORDER,
    PLACE_SPEND,
    SEGMENT,
    SEGMENT_DUE,
    SUBSCRIBED,
    W_DROPOUTS,
)
from sim.jit import inlined, kernel
from sim.rng import full, high, low, mix


@kernel
def advance(t, people, state, out, scratch, d0, d1):  # type: ignore[no-untyped-def]
    """Advance a block from the morning of day ``d0`` to the morning of day ``d1``, in all worlds."""
    n = people.key.shape[0]
    worlds = state.organic.shape[0]
    for day in range(d0, d1):
        _draw(t, people, scratch, day)
        new_season = day == d0 or t.season[day] != t.season[day - 1]
        if new_season:
            for i in range(n):
                scratch.organic_base[i] = orders.organic_probability(people.rate[i], t.season[day])
        for w in range(worlds):
            if new_season:
                for i in range(n):
                    state.organic[w, i] = scratch.organic_base[i] if state.person[w, i, ACTIVE] else 0.0
            if day > 0 and t.phase[day] != t.phase[day - 1]:
                _change_phase(t, people, state, w, day)
            events = _quiet_pass(t, state, scratch, w, day)
            _segments(t, people, state, out, scratch, w, day, events)
            for lane in range(state.lane.shape[2]):
                contact_lane(t, people, state, out, scratch, w, lane, day, events)
            _orders(t, people, state, out, scratch, w, day, events)
            _next_wake(state, scratch, w, events)
            if (day + 1) % 7 == 0:
                _end_week(t, people, state, out, w, day)


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
    """Step 1 and the expectations of step 5 for everybody; returns how many customers have an event today."""
    stimulated, fading, organic, stock = state.stimulated[w], state.fading[w], state.organic[w], state.fatigue[w]
    sum_organic, sum_stimulated, wake = state.sum_organic[w], state.sum_stimulated[w], state.wake[w]
    u_organic, u_stimulated, hit = scratch.u_organic, scratch.u_stimulated, scratch.hit
    n = organic.shape[0]
    if t.saturation > 0.0:
        _quiet_saturating(t, state, scratch, w, day)
    else:
        for i in range(n):
            x = stimulated[i] * fading[i]
            p = min(1.0, x)
            stimulated[i] = x
            sum_stimulated[i] += p
            sum_organic[i] += organic[i]
            stock[i] *= t.fatigue_decay
            hit[i] = (u_organic[i] < organic[i]) | (u_stimulated[i] < p) | (wake[i] <= day)
    count = 0
    for i in range(n):
        scratch.events[count] = i
        count += hit[i]
    return count


@inlined
def _quiet_saturating(t, state, scratch, w, day):  # type: ignore[no-untyped-def]
    """The same with a ceiling on the stimulated rate."""
    for i in range(state.organic.shape[1]):
        x = state.stimulated[w, i] * state.fading[w, i]
        state.stimulated[w, i] = x
        if state.person[w, i, ACTIVE] == 0:
            state.ceiling[w, i] *= t.dormant_decay
        p = response.order_probability(x, state.ceiling[w, i], True)
        state.sum_stimulated[w, i] += p
        state.sum_organic[w, i] += state.organic[w, i]
        state.fatigue[w, i] *= t.fatigue_decay
        scratch.hit[i] = (
            (scratch.u_organic[i] < state.organic[w, i]) | (scratch.u_stimulated[i] < p) | (state.wake[w, i] <= day)
        )


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
        state.wake[w, i] = state.person[w, i, SEGMENT_DUE]
    for lane in range(state.lane.shape[2]):
        for k in range(events):
            i = scratch.events[k]
            state.wake[w, i] = min(state.wake[w, i], state.lane[w, i, lane, DUE])


@inlined
def _recompute_segment(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    person = state.person[w]
    old = person[i, SEGMENT]
    new = segment_today(t, state, w, i, day)
    person[i, SEGMENT_DUE] = next_look(t, state, w, i, day)
    if new == old:
        return
    today = response.order_probability(state.stimulated[w, i], state.ceiling[w, i], t.saturation > 0.0)
    book_expected(t, people, state, out, w, i, day, state.organic[w, i], today)
    person[i, SEGMENT] = new
    phase = t.phase[day]
    if phase == 0:
        out.visited[w, i] |= 1 << new
    reachable = person[i, SUBSCRIBED] * people.contactable[i]
    change_rates(state, w, i, day, t.rate[w, phase, old], t.rate[w, phase, new], reachable)
    if t.logging:
        log_event(out, w, i, day, EV_SEGMENT, new, old)


@inlined
def _orders(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Steps 5 and 6."""
    n = 0
    for k in range(events):
        i = scratch.events[k]
        p = response.order_probability(state.stimulated[w, i], state.ceiling[w, i], t.saturation > 0.0)
        scratch.chosen[n] = i
        n += (scratch.u_organic[i] < state.organic[w, i]) | (scratch.u_stimulated[i] < p)
    for k in range(n):
        i = scratch.chosen[k]
        p = response.order_probability(state.stimulated[w, i], state.ceiling[w, i], t.saturation > 0.0)
        organic = scratch.u_organic[i] < state.organic[w, i]
        stimulated = scratch.u_stimulated[i] < p
        h = mix(people.key[i] ^ t.place[PLACE_SPEND, day])
        if organic:
            _order(t, people, state, out, w, i, day, high(h), False)
        if stimulated:
            _order(t, people, state, out, w, i, day, low(h), True)
        if organic and full(mix(people.key[i] ^ t.place[PLACE_DROPOUT, day])) < people.dropout[i]:
            _drop_out(t, people, state, out, w, i, day)


@inlined
def _order(t, people, state, out, w, i, day, u, stimulated):  # type: ignore[no-untyped-def]
    person = state.person[w]
    value = round(people.mean_value[i] * orders.spend_factor(u, t.spend) * MICRO)
    if person[i, ACTIVE] == 0:  # an order wakes the response: R starts again at 0
        since = min(day - person[i, LAST_ORDER], t.dormant.shape[0] - 1)
        gain = t.dormant[0] / t.dormant[since] if t.dormant[since] > 0.0 else 0.0
        state.stimulated[w, i] *= gain
        state.ceiling[w, i] *= gain
    remember_order(state, w, i, day, value)
    person[i, SEGMENT_DUE] = scheduled(t, day + 1)
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
    state.stimulated[w, i] *= t.dormant[0]
    state.ceiling[w, i] *= t.dormant[0]
    if t.detailed:
        out.world[w, t.week[day], W_DROPOUTS] += 1
    if t.logging:
        log_event(out, w, i, day, EV_DROPOUT, 0, 0)


@inlined
def _change_phase(t, people, state, w, day):  # type: ignore[no-untyped-def]
    """Another plan holds from today on: everybody's pacing goes over to its frequencies."""
    person = state.person[w]
    for i in range(people.key.shape[0]):
        segment = person[i, SEGMENT]
        old, new = t.rate[w, t.phase[day - 1], segment], t.rate[w, t.phase[day], segment]
        change_rates(state, w, i, day, old, new, person[i, SUBSCRIBED] * people.contactable[i])
        state.wake[w, i] = day


@inlined
def _end_week(t, people, state, out, w, day):  # type: ignore[no-untyped-def]
    """Step 7."""
    for i in range(people.key.shape[0]):
        book_expected(t, people, state, out, w, i, day, 0.0, 0.0)
        if state.stimulated[w, i] < response.NEGLIGIBLE:
            state.stimulated[w, i] = 0.0
        if t.detailed:
            book_week_end(t, state, out, w, i, day)
