"""Where customers stand who got known messages: by hand, and against the oracle in random worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.domain import Behaviour, Fatigue, OptOut, Response
from sim.engine.tables import NANO, ORDERS, PACE
from sim.past_messages import PastMessages
from sim.policy import ContactPolicy, Cooldown, Frequencies, FrequencyCap, Selection
from sim.population import Population
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World
from tests import oracle
from tests.sim.by_hand import MAIL, TEXT, days, lives_in, people, under, world
from tests.sim.same import RELATIVE
from tests.worlds import flat, random_worlds

pytestmark = pytest.mark.usefixtures("kernels")

NAMES = ("mail", "text")


def told(*messages: tuple[int, int, int], customers: int = 1, since: int = -70, left=(), arrived=None) -> PastMessages:  # type: ignore[no-untyped-def]
    """Messages (customer, day, channel) in that order; ``left``: (customer, channel)."""
    rows = np.array(sorted(messages, key=lambda m: (m[0], m[1], m[2])), dtype=np.int64).reshape(-1, 3)
    gone = np.zeros((customers, 2), dtype=np.bool_)
    for customer, channel in left:
        gone[customer, channel] = True
    return PastMessages(
        channels=NAMES,
        first_day=since,
        first=np.concatenate([[0], np.cumsum(np.bincount(rows[:, 0], minlength=customers))]),
        day=rows[:, 1].astype(np.int32),
        channel=rows[:, 2].astype(np.int8),
        arrived=arrived,
        left=gone,
    )


def after(past: PastMessages, *, rate: float = 0.0) -> Population:
    return replace(people(len(past.first) - 1, rate=rate), past=past)


TIRED = Behaviour(
    fatigue=Fatigue(half_life_days=7.0, damping=0.5),
    response=Response(half_life_days=1.0, rate_elasticity=0.0, responsiveness_cv=0.0),
    optout=OptOut(fatigue_growth=0.0, frailty_shape=2.0),
)


def test_fatigue_and_stimulus_are_those_of_the_messages():
    """Mail of weight 1 on day -15, text of weight 2 on day -8, both on day -1, an eighth of fatigue gone by half."""
    mail, text = replace(MAIL, orders_per_contact=0.2), replace(TEXT, orders_per_contact=0.4, fatigue_weight=2.0)
    past = told((0, -15, 0), (0, -8, 1), (0, -1, 0), (0, -1, 1))
    begin = start_world(world(mail, text, who=after(past), behaviour=TIRED, start="current_policy"), seed=1).begin
    before = (1 / 2 + 2) / 2  # on day -1, when the mail comes first
    assert begin.fatigue[0] == pytest.approx(before + 1 + 2)
    earlier = 0.1 * 2**-14 + 0.2 * np.exp(-0.5 * 0.5) * 2**-7
    latest = 0.1 * np.exp(-0.5 * before) + 0.2 * np.exp(-0.5 * (before + 1))
    assert begin.stimulus[0] == pytest.approx(earlier + latest)
    assert begin.ring[0].tolist() == [1 | 1 << 14, 1 | 1 << 7]


def test_what_was_not_delivered_leaves_nothing_but_is_remembered():
    mail = replace(MAIL, orders_per_contact=0.2, unsubscribe_per_contact=0.1)
    past = told((0, -3, 0), (0, -1, 0), arrived=np.array([False, True]))
    started = start_world(world(mail, who=after(past), behaviour=TIRED, start="current_policy"), seed=1)
    assert started.begin.fatigue[0] == 1.0
    assert started.begin.ring[0, 0] == 1 | 1 << 2
    half = start_world(
        world(replace(mail, delivered=0.5), who=after(told((0, -1, 0))), behaviour=TIRED, start="current_policy"),
        seed=1,
    ).begin
    assert half.fatigue[0] == 0.5, "where nobody knows, it counts by its chance"


def test_orders_relieve_fatigue_on_their_evening():
    """Each customer made one order on day -1, after that day's mail."""
    tired = replace(TIRED, fatigue=replace(TIRED.fatigue, relief_at_order=0.25))
    place = world(MAIL, who=after(told((0, -8, 0), (0, -1, 0))), behaviour=tired, start="current_policy")
    assert start_world(place, seed=1).begin.fatigue[0] == pytest.approx((0.5 + 1) * 0.25)


def test_rules_count_past_messages_within_their_windows():
    cap = ContactPolicy(caps=(FrequencyCap("2 in 7", max_contacts=2, rolling_days=7),))
    place = under(cap, who=after(told((0, -3, 0), (0, -1, 0))), start="current_policy")
    assert days(lives_in(place)[0], until=8) == [4, 6], "day -3 leaves on day 4, day -1 on day 6"
    nobody = under(cap, who=after(told()), start="current_policy")
    assert days(lives_in(nobody)[0], until=8) == [0, 1, 7]
    gap = under(ContactPolicy(min_gap_days=3), who=after(told((0, -1, 0))), start="current_policy")
    assert days(lives_in(gap)[0], until=6) == [2, 5]
    rest = Cooldown("rest", days=5, after=Selection(("text",)), forbids=Selection(("mail",)))
    place = under(ContactPolicy(cooldowns=(rest,)), MAIL, TEXT, who=after(told((0, -2, 1))), start="current_policy")
    assert days(lives_in(place, 7.0, 0.0)[0], until=5) == [3, 4]


def test_pacing_goes_on_from_the_latest_message():
    """At one a week: the message of day -3 makes the next one due on day 4; who got none keeps a phase."""
    place = world(MAIL, who=after(told((0, -10, 0), (0, -3, 0), customers=2)), start="current_policy")
    place = replace(place, current=flat(place.rfm, place.channels, 1.0))
    begin = start_world(place, seed=1).begin
    assert begin.credit[0, 0] == PACE * 2 // 7
    assert days(lives_in(place, 1.0)[0], until=20) == [4, 11, 18]


def test_all_plans_start_with_it_that_of_no_contact_too():
    """A contact is worth .2 orders in all, half of what is left each day; what is left on day 0 is .1."""
    place = world(replace(MAIL, orders_per_contact=0.2), who=after(told((0, -1, 0))), behaviour=TIRED,
                  start="current_policy", weeks=6)  # fmt: skip
    nothing = Frequencies.nothing(place.rfm.segments, place.channel_names)
    twice = simulate(place, [nothing, replace(nothing, name="again")], seed=1)
    orders = [twice.per_customer(plan, 0, ORDERS)[0] / NANO for plan in (0, 1)]
    assert orders == [pytest.approx(0.1, rel=1e-6)] * 2
    rested = simulate(replace(place, start="rested"), [nothing], seed=1)
    assert rested.per_customer(0, 0, ORDERS)[0] == 0, "and a rested start has no past"


def test_who_stayed_is_tolerant_and_who_left_is_not():
    """Frailty Gamma(k + channels left, k + hazard met), k = 2."""
    mail = replace(MAIL, unsubscribe_per_contact=0.2)
    messages = [(customer, -day, 0) for customer in range(2_000) for day in (2, 4, 6)]
    left = [(customer, 0) for customer in range(1_000)]
    place = world(mail, who=after(told(*messages, customers=2_000, left=left)), behaviour=TIRED, start="current_policy")
    frailty = start_world(place, seed=1).people.frailty
    met = -3 * np.log(0.8)
    for rows, shape in ((slice(1_000), 3), (slice(1_000, None), 2)):
        error = np.sqrt(shape / 1_000) / (2 + met)
        assert frailty[rows].mean() == pytest.approx(shape / (2 + met), abs=3.5 * error)
    prior = start_world(replace(place, population=people(2_000)), seed=1).people.frailty
    assert frailty[1_000:] == pytest.approx(prior[1_000:] * 2 / (2 + met))


def test_before_the_log_the_current_policy_was_in_force():
    """Daily mail until the evening before the log, nothing in it: a week later half of the fatigue is left, and the
    rules still know the days before."""
    crowd = replace(after(told(customers=3, since=-7)), first_order=np.array([-400, -400, -5]))
    place = world(MAIL, who=crowd, behaviour=TIRED, start="current_policy")
    place = replace(place, current=flat(place.rfm, place.channels, 7.0))
    begin = start_world(place, seed=1).begin
    steady = start_world(replace(place, population=replace(crowd, past=None)), seed=1).begin
    assert begin.fatigue[:2] == pytest.approx(steady.fatigue[:2] / 2)
    every_day = (1 << 56) - 1  # eight weeks are lived through before
    assert steady.ring[0, 0] == every_day
    assert begin.ring[0, 0] == every_day << 7
    assert (begin.fatigue[2], begin.ring[2, 0]) == (0, 0), "was not there yet"


def test_newcomers_have_no_past_and_copies_have_the_same():
    crowd = after(told((0, -1, 0), (1, -2, 0), customers=2))
    crowd = replace(crowd, base_customer=np.array([0, 0]), joined=np.array([-1, 3]))
    begin = start_world(world(MAIL, who=crowd, start="current_policy"), seed=1).begin
    assert begin.ring[:, 0].tolist() == [1, 0]
    assert begin.fatigue.tolist() == [1.0, 0.0]


@st.composite
def worlds_with_messages(draw: st.DrawFn) -> tuple[World, list[Frequencies]]:
    place, plans = draw(random_worlds(most_customers=12))
    size, channels = place.population.size, (*place.channel_names, "fax")
    one = st.tuples(st.integers(0, size - 1), st.integers(-90, -1), st.integers(0, len(channels) - 1))
    rows = sorted(draw(st.lists(one, max_size=40)))
    first = min([day for _, day, _ in rows], default=0) - draw(st.integers(0, 20))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    arrived = draw(st.none() | st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    past = PastMessages(
        channels=channels,
        first_day=first,
        first=np.concatenate([[0], np.cumsum(np.bincount(table[:, 0], minlength=size))]),
        day=table[:, 1].astype(np.int32),
        channel=table[:, 2].astype(np.int8),
        arrived=None if arrived is None else np.array(arrived, dtype=np.bool_),
        left=np.zeros((size, len(channels)), dtype=np.bool_),
    )
    population = replace(place.population, past=past)
    return replace(place, population=population, start="current_policy"), plans


@given(worlds_with_messages(), st.integers(0, 2**31))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_start_is_that_of_the_oracle(case: tuple[World, list[Frequencies]], seed: int) -> None:
    place, _ = case
    started = start_world(place, seed=seed)
    prior = start_world(replace(place, start="rested"), seed=seed).people.frailty
    shape, since = place.behaviour.optout.frailty_shape, place.population.past.first_day - place.population.first_order
    for row in range(place.population.size):
        begin, me, was = started.begin, oracle.customer_of(started, row), oracle.past(started, row, seed)
        assert begin.fatigue[row] == pytest.approx(was.fatigue, rel=RELATIVE, abs=1e-12)
        assert begin.stimulus[row] == pytest.approx(was.stimulus, rel=RELATIVE, abs=1e-12)
        contacts = {line: sorted(day for day in found if day >= -63) for line, found in was.contacts.items()}
        assert me.contacts == contacts
        for channel in me.subscribed:  # the credit of nobody else is ever used
            if not me.holdout and place.current.per_week[me.segment, channel] > 0:
                assert me.credit[channel] == was.credit[channel]
        survived = was.hazard_per_day * max(0, since[row]) + was.hazard_of_messages
        assert started.people.frailty[row] == pytest.approx(prior[row] * shape / (shape + survived), rel=2e-3)
