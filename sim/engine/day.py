"""The order of the day, written once. One block of customers, in every world, from day d0 to day d1.

 1. fatigue and stimulus have decayed by their half-lives
 2. newcomers arrive; the segment follows from recency, frequency and value; triggers begin cascades; the plan for
    the segment says what is due
 3. what is due passes the rules (consent, holdout, caps, cooldowns, quiet days ...) and the capacity, line by line in
    the order of precedence; what is blocked waits
 4. each contact runs its funnel, adds stimulus and fatigue, may end in an opt-out
 5. orders: organic (then the dropout draw), stimulated (no dropout draw); both may happen on one day
 6. each order has a value, resets recency, enters F and M, relieves fatigue
 7. at the end of a week expectations are booked and everybody is counted

Most customer-days are quiet. Two dense passes a day take all customers of the block along, over arrays in cache: who is
to be woken in the morning, and the evening's chances of an order (one addressed draw each, shared by all worlds), after
which the stimulus decays. They list those to whom something may happen; the other steps run over these short lists.
Customers are independent, so doing one step for all of them before the next step is the same as doing all steps for
one customer after the other.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour import orders, response
from sim.engine import loyalty
from sim.engine.begin import Begin, begin_block
from sim.engine.booking import book_expected, book_week, book_week_end, log_event
from sim.engine.capacity import ask
from sim.engine.cascades import keep_running, look_at_triggers
from sim.engine.contact import contact_all
from sim.engine.evening import expect, happen
from sim.engine.lists import list_hits
from sim.engine.offers import book_offers, close_windows
from sim.engine.pacing import change_rates
from sim.engine.segments import next_look, segment_today
from sim.engine.tables import (
    ACTIVE,
    ANCHOR,
    CHOSEN,
    CONSENTED,
    ENTERED,
    ENTERED_DAY,
    EV_SEGMENT,
    EVENTS,
    FATIGUE,
    JOINED,
    LANES_PER_GROUP,
    LOYAL_ENDS,
    NOWHERE,
    OFFER,
    OFFER_ENDS,
    ORDER_HASH,
    ORGANIC,
    ORGANIC_BASE,
    PLACE_ORDER,
    PRESENT,
    RATE,
    SEGMENT,
    SEGMENT_DUE,
    STIMULATED,
    SUBSCRIBED,
    TRIGGER_DUE,
    Out,
    Packed,
    State,
)
from sim.jit import inlined, inner_kernel, kernel
from sim.rng import mix

WHOLE_DAYS, MORNING, EVENING, OVERNIGHT = range(4)
"""Parts of a day: the morning up to the requests for capacity; what follows once they are granted; that and the morning
of the next day, while the block is in the cache."""


@inlined
def whole_days(t, people, state, out, scratch, days):  # type: ignore[no-untyped-def]
    """Advance a block from the morning of day 0 to the morning of day ``days``, in all worlds."""
    for day in range(days):
        _draw(t, people, scratch, day)
        new_season = _new_season(t, people, scratch, day)
        for w in range(state.wake.shape[0]):
            events = _morning(t, people, state, out, scratch, w, day, new_season)
            _evening(t, people, state, out, scratch, w, day, events)


@inner_kernel
def advance(t, people, state, out, scratch, d0, d1, part):  # type: ignore[no-untyped-def]
    """The same from the morning of day ``d0`` to that of ``d1``; or the given ``part`` of these days."""
    for day in range(d0, d1):
        if part != MORNING:
            _draw(t, people, scratch, day)
        new_season = part != EVENING and _new_season(t, people, scratch, day)
        for w in range(state.wake.shape[0]):
            if part == EVENING:
                events = _wake_up(state, scratch, w, day)
            else:
                events = _morning(t, people, state, out, scratch, w, day, new_season)
            if part == MORNING and events > 0:
                ask(t, people, state, out, scratch, w, day, events)
            if part != MORNING:
                _evening(t, people, state, out, scratch, w, day, events)


@inlined
def _new_season(t, people, scratch, day):  # type: ignore[no-untyped-def]
    """Whether organic orders are as likely as yesterday; if not, how likely they are."""
    if day > 0 and t.days[day].season == t.days[day - 1].season:
        return False
    for i in range(people.key.shape[0]):
        scratch.f[ORGANIC_BASE, i] = orders.organic_probability(people.f[RATE, i], t.days[day].season)
    return True


@inlined
def _morning(t, people, state, out, scratch, w, day, new_season):  # type: ignore[no-untyped-def]
    """Seasons, another plan, segments. Lists the customers to whom something may happen; returns how many."""
    if new_season:
        for i in range(people.key.shape[0]):
            state.f[w, ORGANIC, i] = scratch.f[ORGANIC_BASE, i] if state.person[w, i, ACTIVE] else 0.0
        if t.s[0].loyalty > 0.0:
            loyalty.new_season(t, people, state, w, day)
    if day > 0 and t.days[day].plan != t.days[day - 1].plan:
        _change_plan(t, people, state, w, day)
    events = _wake_up(state, scratch, w, day)
    if events > 0:
        _segments(t, people, state, out, scratch, w, day, events)
    return events


@inlined
def _evening(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Contacts and what they do, orders, the end of the week."""
    if events > 0:
        contact_all(t, people, state, out, scratch, w, day, events)
    happening = expect(t, people, state, scratch, w, day)
    if happening > 0:
        happen(t, people, state, out, scratch, w, day, happening)
    _next_wake(t, state, scratch, w, events)
    if (day + 1) % 7 == 0:
        _end_week(t, people, state, out, scratch, w, day)


@kernel
def live_blocks(t, people, begin, state, out, scratch, frozen_segments, days, origin):  # type: ignore[no-untyped-def]
    """Block after block from day 0 to ``days``, in as many customers a time as ``state`` has room for.

    ``origin``: row of the first customer in the whole run, for the log.
    """
    size = state.wake.shape[1]
    for block in range(people.key.shape[0]):
        a = block * size
        b = a + size
        here = _people_of(people, block)
        line = out.logged[0]
        begin_block(t, here, _begin_of(begin, a, b), state, frozen_segments)
        whole_days(t, here, state, _out_of(out, a, b), scratch, days)
        for k in range(line, min(out.logged[0], out.log.shape[0])):
            out.log[k, 1] += origin + a


@kernel
def begin_blocks(t, people, begin, states, frozen_segments):  # type: ignore[no-untyped-def]
    """The morning of day 0 for blocks that stop together; ``states`` has one more dimension in front, the block."""
    size = states.wake.shape[2]
    for block in range(states.wake.shape[0]):
        past = _begin_of(begin, block * size, (block + 1) * size)
        begin_block(t, _people_of(people, block), past, _state_of(states, block), frozen_segments)


@kernel
def advance_blocks(t, people, states, out, scratch, d0, d1, part, origin):  # type: ignore[no-untyped-def]
    """``advance`` for blocks that stop together."""
    size = states.wake.shape[2]
    for block in range(states.wake.shape[0]):
        a = block * size
        b = a + size
        state = _state_of(states, block)
        line = out.logged[0]
        for w in range(out.requests.shape[0]):
            scratch.before[w] = out.requests[w]
        here = _people_of(people, block)
        advance(t, here, state, _out_of(out, a, b), scratch, d0, d1, EVENING if part == OVERNIGHT else part)
        if part == OVERNIGHT:
            advance(t, here, state, _out_of(out, a, b), scratch, d1, d1 + 1, MORNING)
        for k in range(line, min(out.logged[0], out.log.shape[0])):
            out.log[k, 1] += origin + a
        for w in range(out.requests.shape[0]):
            for k in range(scratch.before[w], out.requests[w]):
                out.asked[w, k, 0] += origin + a


@inlined
def _people_of(people, block):  # type: ignore[no-untyped-def]
    return Packed(people.key[block], people.f[block], people.n[block], people.seen[block], people.tolerance[block])


@inlined
def _begin_of(begin, a, b):  # type: ignore[no-untyped-def]
    """Customers ``a`` to ``b``."""
    return Begin(
        begin.active[a:b],
        begin.segment[a:b],
        begin.last_order[a:b],
        begin.subscribed[a:b],
        begin.ring[a:b],
        begin.credit[a:b],
        begin.fatigue[a:b],
        begin.stimulus[a:b],
        begin.ticks[a:b],
        begin.joined[a:b],
        begin.order_from[a:b],
        begin.order_to[a:b],
        begin.order_day,
        begin.order_value,
    )


@inlined
def _state_of(states, block):  # type: ignore[no-untyped-def]
    return State(
        states.f[block],
        states.n[block],
        states.wake[block],
        states.person[block],
        states.due[block],
        states.pace[block],
        states.memory[block],
        states.log_day[block],
        states.log_value[block],
        states.cascade[block],
        states.unanswered[block],
    )


@inlined
def _out_of(out, a, b):  # type: ignore[no-untyped-def]
    """The places of customers ``a`` to ``b``."""
    return Out(
        out.customer[:, :, :, a:b],
        out.visited[:, a:b],
        out.recent[:, :, a:b],
        out.lane,
        out.displaced,
        out.requests,
        out.asked,
        out.score,
        out.tie,
        out.rule,
        out.segment,
        out.world,
        out.flow,
        out.week_segment[:, a:b],
        out.log,
        out.logged,
    )


@inlined
def _draw(t, people, scratch, day):  # type: ignore[no-untyped-def]
    """Today's draws of orders, shared by all worlds."""
    place = t.place[PLACE_ORDER, day]
    key, drawn = people.key, scratch.u[ORDER_HASH]
    for i in range(key.shape[0]):
        drawn[i] = mix(key[i] ^ place)


@inlined
def _wake_up(state, scratch, w, day):  # type: ignore[no-untyped-def]
    """List the customers for whom something is scheduled today; returns how many."""
    wake, hit = state.wake[w], scratch.hit
    for i in range(wake.shape[0]):
        hit[i] = wake[i] <= day
    return np.int64(list_hits(hit, scratch.hit_words, scratch.u[EVENTS]))


@inner_kernel
def _segments(t, people, state, out, scratch, w, day, events):  # type: ignore[no-untyped-def]
    """Step 2."""
    if t.s[0].newcomers:
        for k in range(events):
            i = scratch.u[EVENTS, k]
            if people.n[JOINED, i] == day and state.person[w, i, PRESENT] == 0:
                _arrive(t, people, state, w, i, day)
    if t.s[0].offering:
        close_windows(state, scratch, w, day, events)
    if t.s[0].loyalty > 0.0:
        loyalty.end(t, people, state, scratch, w, day, events)
    n = 0
    for k in range(events):
        i = scratch.u[EVENTS, k]
        scratch.u[CHOSEN, n] = i
        n += state.person[w, i, SEGMENT_DUE] <= day
    for k in range(n):
        _recompute_segment(t, people, state, out, w, scratch.u[CHOSEN, k], day)
    if state.cascade.shape[2] > 0 and events > 0:
        look_at_triggers(t, people, state, scratch, w, day, events)


@inlined
def _arrive(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """A newcomer's first morning, with one order on the evening before; the segment is looked up next."""
    person = state.person[w]
    person[i, PRESENT] = 1
    person[i, ACTIVE] = 1
    state.f[w, ORGANIC, i] = orders.organic_probability(people.f[RATE, i], t.days[day].season)
    state.n[w, SUBSCRIBED, i] = people.n[CONSENTED, i]
    state.f[w, FATIGUE, i] = 0.0
    person[i, SEGMENT] = NOWHERE
    person[i, SEGMENT_DUE] = day
    person[i, TRIGGER_DUE] = day
    for lane in range(t.lanes.shape[0]):
        state.pace[w, i, lane, ANCHOR] = day - 1


@inlined
def _next_wake(t, state, scratch, w, events):  # type: ignore[no-untyped-def]
    """When may something be scheduled for those who had an event?"""
    for k in range(events):
        i = scratch.u[EVENTS, k]
        first = state.person[w, i, SEGMENT_DUE]
        for g in range(0, state.due.shape[2], LANES_PER_GROUP):
            one = min(state.due[w, i, g], state.due[w, i, g + 1])
            two = min(state.due[w, i, g + 2], state.due[w, i, g + 3])
            first = min(first, min(one, two))
        state.wake[w, i] = first
    if t.s[0].offering or state.cascade.shape[2] > 0:
        for k in range(events):
            i = scratch.u[EVENTS, k]
            person = state.person[w, i]
            ends = person[OFFER_ENDS] if person[OFFER] > 0 else person[TRIGGER_DUE]
            state.wake[w, i] = min(state.wake[w, i], min(ends, person[TRIGGER_DUE]))
    if t.s[0].loyalty > 0.0:
        for k in range(events):
            i = scratch.u[EVENTS, k]
            state.wake[w, i] = min(state.wake[w, i], state.person[w, i, LOYAL_ENDS])


@inlined
def _recompute_segment(t, people, state, out, w, i, day):  # type: ignore[no-untyped-def]
    person = state.person[w]
    old = person[i, SEGMENT]
    new = segment_today(t, state, w, i, day)
    person[i, SEGMENT_DUE] = next_look(t, state, w, i, day)
    if new == old:
        return
    if old == NOWHERE:
        out.week_segment[w, i] = new
        old = new
    else:
        book_expected(t, people, state, out, w, i, day)
        if state.cascade.shape[2] > 0:
            state.cascade[w, i, ENTERED] = new
            state.cascade[w, i, ENTERED_DAY] = day
            person[i, TRIGGER_DUE] = day
    person[i, SEGMENT] = new
    if t.days[day].phase == 0:
        out.visited[w, i] |= 1 << new
    plan = t.days[day].plan
    change_rates(t, people, state, w, i, day, (plan, old), (plan, new))
    if t.s[0].logging and old != new:
        log_event(out, w, i, day, EV_SEGMENT, new, old)


@inner_kernel
def _change_plan(t, people, state, w, day):  # type: ignore[no-untyped-def]
    """Another plan holds from today on: everybody's pacing goes over to its frequencies."""
    old, new = t.days[day - 1].plan, t.days[day].plan
    for i in range(people.key.shape[0]):
        if state.person[w, i, PRESENT] == 0:
            continue
        segment = state.person[w, i, SEGMENT]
        change_rates(t, people, state, w, i, day, (old, segment), (new, segment))
        if state.cascade.shape[2] > 0:
            keep_running(t, state, w, i, day)
        state.wake[w, i] = day


@inner_kernel
def _end_week(t, people, state, out, scratch, w, day):  # type: ignore[no-untyped-def]
    """Step 7."""
    book_week(t, people, state, out, scratch, w, day)
    if t.s[0].offering:
        for i in range(people.key.shape[0]):
            book_offers(t, people, state, out, w, i, day)
    stimulated = state.f[w, STIMULATED]
    for i in range(stimulated.shape[0]):
        stimulated[i] = stimulated[i] if stimulated[i] >= response.NEGLIGIBLE else 0.0
    if t.s[0].detailed:
        for i in range(people.key.shape[0]):
            if state.person[w, i, PRESENT]:
                book_week_end(t, state, out, w, i, day)
