"""The oracle's campaigns, cascades, offers and newcomers, each on one example that can be worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.campaigns import Campaign, Cascade, Offer, Program, Step, Trigger
from sim.domain import Fatigue, Response, Seasonality
from sim.policy import ContactPolicy, FrequencyCap
from sim.start import start_world
from tests import oracle
from tests.families import joining
from tests.sim.by_hand import CALM, MAIL, TEXT, days, lives_in, people, under, weekly, world
from tests.worlds import ONE_SEGMENT, flat

NOTHING = (0.0, 0.0)
AFTER_2_DAYS = Trigger("days_since_order", days=2)
"""True on day 1 only while nobody orders: everybody ordered on day -1."""


def cascade(*steps: Step, name: str = "chain", trigger: Trigger = AFTER_2_DAYS, **others: object) -> Cascade:
    return Cascade(name, trigger, steps, **others)  # type: ignore[arg-type]


def steps_sent(life: oracle.Life, lines: int, first: int = 2) -> list[list[int]]:
    return [days(life, line) for line in range(first, first + lines)]


def run(*cascades: Cascade, policy: ContactPolicy | None = None, **others: object) -> oracle.Life:
    """One customer under cascades alone; lines 0 and 1 are the channels, the steps follow."""
    place = under(policy or ContactPolicy(), MAIL, TEXT, program=Program(cascades=cascades), **others)
    return lives_in(place, *NOTHING, campaigns=tuple(c.name for c in cascades))[0]


# --- campaigns ------------------------------------------------------------------------------------------------


def test_a_campaign_runs_where_the_plan_names_it() -> None:
    news = Campaign("news", "text", 7.0)
    place = world(MAIL, TEXT, program=Program(campaigns=(news,)), weeks=1)
    assert days(lives_in(place, *NOTHING, campaigns=("news",))[0], 2) == list(range(7))
    assert lives_in(place, *NOTHING)[0].events == []


def test_a_campaign_ends_with_the_horizon_if_the_tail_does_not_name_it() -> None:
    place = world(program=Program(campaigns=(Campaign("news", "mail", 7.0),)), weeks=1, tail_weeks=1)
    tail = flat(place.rfm, place.channels, 0.0)
    assert days(lives_in(place, 0.0, campaigns=("news",), tail=tail)[0], 1) == list(range(7))


def test_campaigns_go_before_regular_contacts() -> None:
    """One contact a day for both: the campaign gets every day."""
    policy = ContactPolicy(caps=(FrequencyCap("1 a day", 1, 1),))
    place = under(policy, MAIL, TEXT, program=Program(campaigns=(Campaign("news", "text", 7.0),)), weeks=1)
    life = lives_in(place, 7.0, 0.0, campaigns=("news",))[0]
    assert (days(life, 0), days(life, 2)) == ([], list(range(7)))


def test_a_campaign_has_draws_of_its_own() -> None:
    place = world(replace(MAIL, delivered=0.5), program=Program(campaigns=(Campaign("news", "mail", 7.0),)), weeks=8)
    life = lives_in(place, 0.0, campaigns=("news",))[0]
    arrived = [value for _, kind, _, value in life.events if kind == oracle.CONTACT]
    key = int(place.population.key[0])
    assert arrived == [int(oracle.high(oracle.word(key, 1, "contact:mail:news", day)) < 0.5) for day in range(56)]


def test_factors_multiply_the_stimulus() -> None:
    """A contact a day from day 0 on at .01 orders each: with a half-life of h = 2 days the stock after day d is
    .01 (1 - f^(d + 1)), f = 2^(-1/h). Factors 2 (message), 3 (offer) and 1/2 (time of day) make it three times that."""
    program = Program(
        offers=(Offer("deal", 0.1, response_factor=3.0),),
        campaigns=(Campaign("news", "mail", 7.0, response_factor=2.0, offer="deal"),),
    )
    place = world(replace(MAIL, orders_per_contact=0.01), program=program, timing=np.array([[0.5]]), weeks=1)
    life = lives_in(place, 0.0, campaigns=("news",))[0]
    f = 2**-0.5
    effect = float(oracle.customer_of(start_world(place, seed=1), 0).effect)
    assert life.expected_orders[0] == pytest.approx(effect * 3 * 0.01 * sum(1 - f ** (d + 1) for d in range(7)))


# --- cascades -------------------------------------------------------------------------------------------------


def test_steps_follow_their_delays() -> None:
    """Triggered on day 1: the first step 2 days later, the second 3 days after it, the third on the same day."""
    life = run(cascade(Step("mail", 2), Step("text", 3), Step("mail", 0)))
    assert steps_sent(life, 3) == [[3], [6], [6]]


def test_conditions_look_at_the_latest_contact_of_the_run() -> None:
    """Everything is seen, nothing clicked: "not_seen" is left out on day 1, the next step counts 2 days from there."""
    life = run(cascade(Step("mail"), Step("text", 0, "not_seen"), Step("text", 2, "seen"), Step("mail", 1, "clicked")))
    assert steps_sent(life, 4) == [[1], [], [3], []]


def test_before_the_first_contact_nothing_was_seen() -> None:
    assert steps_sent(run(cascade(Step("mail", 0, "seen"), Step("text", 1, "not_seen"))), 2) == [[], [2]]


def test_a_step_waits_for_the_rules_and_is_left_out_when_patience_ends() -> None:
    """Quiet until day 5. Due on day 1: with patience 4 it goes out on day 5; with 3 it is left out on day 4, and the
    next is due on day 6."""
    policy = ContactPolicy(quiet_days_after_order=5)
    for patience, sent in ((4, [[5], [7]]), (3, [[], [6]])):
        life = run(cascade(Step("mail"), Step("text", 2), patience_days=patience), policy=policy)
        assert steps_sent(life, 2) == sent


def test_a_step_that_waits_is_free_where_the_rule_does_not_hold() -> None:
    """Due on day 1, no contact while fresh. The customer is "late" from day 4 on (R = 5): the step goes out then, not
    when its patience ends."""
    rfm = replace(ONE_SEGMENT, recency_borders_days=(4,), segments=("fresh", "late"), cells=(1,) * 4 + (0,) * 4)
    policy = ContactPolicy(caps=(FrequencyCap("not while fresh", 0, 7, segments=("fresh",)),))
    life = run(cascade(Step("mail"), Step("text", 2), patience_days=10), policy=policy, rfm=rfm)
    assert steps_sent(life, 2) == [[4], [6]]


def test_a_step_without_consent_is_left_out_at_once() -> None:
    life = run(cascade(Step("mail"), Step("text", 2)), suppressed=np.array([1]))
    assert steps_sent(life, 2) == [[], [3]]


def test_a_step_that_waits_is_left_out_as_soon_as_consent_is_gone() -> None:
    """Due on day 1, forbidden to its class. The first regular mail, on day 3, is answered by an opt-out: the step is left
    out on day 4, not when its patience ends."""
    mail = replace(MAIL, unsubscribe_per_contact=0.999999)
    policy = ContactPolicy(caps=(FrequencyCap("no promotion", 0, 7, classes=("offers",)),), quiet_days_after_order=3)
    chain = cascade(Step("mail", message_class="offers"), Step("text", 2), patience_days=10)
    place = under(policy, mail, TEXT, program=Program(cascades=(chain,)))
    (life,) = lives_in(place, 7.0, 0.0, campaigns=("chain",))
    assert [day for day, kind, *_ in life.events if kind == oracle.UNSUBSCRIBE] == [3]
    assert steps_sent(life, 2) == [[], [6]]


def test_one_cascade_at_a_time_by_priority() -> None:
    """Both are triggered on day 1. The first sends on 1 and 4 and ends; the second begins on day 5."""
    first = cascade(Step("mail"), Step("mail", 3), name="first")
    second = cascade(Step("text"), name="second")
    assert steps_sent(run(first, second), 3) == [[1], [4], [5]]
    assert steps_sent(run(second, first), 3) == [[1], [2], [5]]


def test_an_order_ends_a_cascade() -> None:
    """An order on every evening: R = 1 each morning. The chain begins anew each day and its second step never goes,
    unless the cascade does not end with orders; then it may not begin again while it runs."""
    every_day = Trigger("days_since_order", days=1)
    who = people(rate=60.0)
    for ends, sent in ((True, [list(range(7)), []]), (False, [[0, 3, 6], [2, 5]])):
        chain = cascade(Step("mail"), Step("text", 2), trigger=every_day, ends_with_order=ends, repeat_after_days=1)
        assert steps_sent(run(chain, who=who, weeks=1), 2) == sent


def test_an_order_empties_the_queue() -> None:
    """Both are triggered on day 0, and there is an order every evening. The first goes on until day 9; the second waits
    for it, unless the order of day 0 takes it out of the queue."""
    who = replace(people(rate=60.0), birthday=np.array([0]))
    birthday = Trigger("birthday")
    first = cascade(Step("mail"), Step("mail", 9), name="first", trigger=birthday, ends_with_order=False)
    for ends, sent in ((True, []), (False, [10])):
        second = cascade(Step("text"), name="second", trigger=birthday, ends_with_order=ends)
        assert steps_sent(run(first, second, who=who, weeks=2), 3) == [[0], [9], sent]


def test_a_cascade_is_not_repeated_too_soon() -> None:
    """R = 1 every morning, one step: every day, or every fourth."""
    chain = cascade(Step("mail"), trigger=Trigger("days_since_order", days=1), repeat_after_days=4)
    assert steps_sent(run(chain, who=people(rate=60.0), weeks=2), 1) == [[0, 4, 8, 12]]


def test_birthdays_return_every_365_days() -> None:
    who = replace(people(2), birthday=np.array([3, 200]))
    place = world(who=who, program=Program(cascades=(cascade(Step("mail", 1), trigger=Trigger("birthday")),)), weeks=60)
    assert [days(life, 1) for life in lives_in(place, 0.0, campaigns=("chain",))] == [[4, 369], [201]]


def test_entering_a_segment() -> None:
    """From "all" to "late" on the morning of day 2 (R = 3)."""
    rfm = replace(ONE_SEGMENT, recency_borders_days=(2,), segments=("all", "late"), cells=(1,) * 4 + (0,) * 4)
    entered = Trigger("entered_segment", segment="late")
    assert steps_sent(run(cascade(Step("mail"), trigger=entered), rfm=rfm), 1) == [[2]]
    assert steps_sent(run(cascade(Step("mail"), trigger=entered, segments=("all",)), rfm=rfm), 1) == [[]]


def test_nobody_in_the_holdout_is_triggered() -> None:
    policy = ContactPolicy(holdout_share=1.0)
    assert run(cascade(Step("mail")), policy=policy).events == []


def test_a_cascade_ends_with_the_horizon_unless_the_tail_names_it() -> None:
    chain = cascade(Step("mail"), Step("mail", 9))
    place = world(program=Program(cascades=(chain,)), weeks=1, tail_weeks=1)
    tail = flat(place.rfm, place.channels, 0.0)
    for names, sent in (((), []), (("chain",), [10])):
        life = lives_in(place, 0.0, campaigns=("chain",), tail=replace(tail, campaigns=names))[0]
        assert steps_sent(life, 2, first=1) == [[1], sent]


# --- offers, pull-forward, waking -----------------------------------------------------------------------------

DEAL = Offer("deal", 0.2, valid_days=3)


def test_discounts_cost_on_every_order_in_the_window() -> None:
    """One contact on day 1 opens days 1 to 3. An order every day, all of it organic: 3 of 7 days at 20%."""
    program = Program(offers=(DEAL,), cascades=(cascade(Step("mail", 1, offer="deal"), trigger=Trigger("birthday")),))
    who = replace(people(rate=60.0, mean_value=50.0), birthday=np.array([0]))
    program = replace(program, cascades=(replace(program.cascades[0], ends_with_order=False),))
    place = world(who=who, program=program, weeks=1)
    life = lives_in(place, 0.0, campaigns=("chain",))[0]
    assert days(life, 1) == [1]
    assert life.discount_cost[0] == pytest.approx(3 * 0.2 * 50e6)
    assert life.discount_organic[0] == life.discount_cost[0]
    values = {day: value for day, kind, _, value in life.events if kind == oracle.ORGANIC}
    assert life.weekly["discount cost", 0, 0] == sum(round(0.2 * values[day]) for day in (1, 2, 3))


def test_regular_contacts_carry_the_plans_offer() -> None:
    place = world(who=people(rate=60.0), program=Program(offers=(DEAL,)), weeks=1)
    life = lives_in(place, offers=(("all", "mail", "deal"),))[0]
    assert life.discount_cost[0] == pytest.approx(7 * 0.2 * 50e6)
    assert lives_in(place)[0].discount_cost[0] == 0


def test_only_a_delivered_contact_opens_the_window() -> None:
    place = world(replace(MAIL, delivered=0.0), who=people(rate=60.0), program=Program(offers=(DEAL,)), weeks=1)
    assert lives_in(place, offers=(("all", "mail", "deal"),))[0].discount_cost[0] == 0


STRONG = replace(MAIL, orders_per_contact=1.0)
"""At one contact a day, fading at once, the chance of a stimulated order is certainty (capped at 1) every day."""


def pulled(share: float, **latents: float) -> oracle.Life:
    response = Response(half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0, pull_forward_share=share)
    place = world(STRONG, who=people(**latents), behaviour=replace(CALM, response=response), weeks=1)
    return lives_in(place)[0]


def test_pull_forward() -> None:
    """An organic and a stimulated order every day. All borrowed: day 0 has both, and each later organic order pays back
    the one borrowed on the evening before; what is left is one order a day, and no organic order is expected."""
    free, borrowed = pulled(0.0, rate=60.0), pulled(1.0, rate=60.0)
    assert (weekly([free], "orders"), weekly([free], "stimulated orders")) == ([7], [7])
    assert (weekly([borrowed], "orders"), weekly([borrowed], "stimulated orders")) == ([1], [7])
    assert (weekly([borrowed], "pulled"), weekly([borrowed], "repaid")) == ([7], [6])
    assert free.expected_orders[0] == pytest.approx(14)
    assert borrowed.expected_orders[0] == pytest.approx(8)


def test_a_debt_is_paid_once() -> None:
    """One contact, on day 0, with a window of that day: its order takes the place of day 1's, and of no other."""
    program = Program(offers=(Offer("deal", 0.0, valid_days=1, pull_forward_share=1.0),))
    response = Response(half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0)
    once = ContactPolicy(caps=(FrequencyCap("once", 1, 63),))
    place = under(
        once, STRONG, who=people(rate=60.0), behaviour=replace(CALM, response=response), program=program, weeks=1
    )
    (life,) = lives_in(place, offers=(("all", "mail", "deal"),))
    assert [day for day, kind, _, _ in life.events if kind == oracle.ORGANIC] == [0, 2, 3, 4, 5, 6]
    assert (weekly([life], "pulled"), weekly([life], "repaid")) == ([1], [1])


def test_a_borrowed_order_may_still_be_the_last() -> None:
    """Dropout is certain after an organic order, borrowed or not."""
    life = pulled(1.0, rate=60.0, dropout=1.0)
    assert weekly([life], "dropouts") == [1]
    assert weekly([life], "repaid") == [0]


def test_the_larger_share_holds_in_an_offers_window() -> None:
    program = Program(offers=(replace(DEAL, pull_forward_share=1.0),))
    response = Response(half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0)
    place = world(STRONG, who=people(), behaviour=replace(CALM, response=response), program=program, weeks=1)
    assert weekly(lives_in(place, offers=(("all", "mail", "deal"),)), "pulled") == [7]
    assert weekly(lives_in(place), "pulled") == [0]


def test_waking() -> None:
    """Dropped out, stimulated every day: with waking, organic orders come back on day 1."""
    who = replace(people(rate=60.0), active=np.array([False]))
    for share, organic in ((0.0, 0), (1.0, 6)):
        response = Response(
            half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0, dormant_share=1.0, waking_share=share
        )
        place = world(STRONG, who=who, behaviour=replace(CALM, response=response), weeks=1)
        life = lives_in(place)[0]
        assert weekly([life], "stimulated orders") == [7]
        assert weekly([life], "orders") == [organic]
        assert weekly([life], "woken") == [int(share)]  # once: on the other days there is nobody to wake


def test_loyalty() -> None:
    """A stimulated order a day for a week, then no contact. The own rate is doubled from the day after the first to four
    days after the last."""
    response = Response(
        half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0, loyalty_gain=1.0, loyalty_days=4
    )
    place = world(STRONG, who=people(rate=0.01), behaviour=replace(CALM, response=response), weeks=1, tail_weeks=1)
    (life,) = lives_in(place, tail=flat(place.rfm, place.channels, 0.0))
    assert weekly([life], "stimulated orders") == [7, 0]
    once, twice = 1 - math.exp(-0.01), 1 - math.exp(-0.02)
    assert life.expected_orders[0] == pytest.approx(7 + once + 6 * twice)
    assert life.expected_orders[1] == pytest.approx(4 * twice + 3 * once)


def test_loyalty_needs_a_stimulated_order_and_a_customer_who_orders() -> None:
    """The dormant have no rate to raise, nor does an order of one's own raise it."""
    loyal = Response(
        half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0, dormant_share=1.0, loyalty_gain=1.0
    )
    behaviour = replace(CALM, response=loyal)
    dormant = replace(people(rate=60.0), active=np.array([False]))
    assert weekly(lives_in(world(STRONG, who=dormant, behaviour=behaviour, weeks=1)), "orders") == [0]
    (life,) = lives_in(world(MAIL, who=people(rate=1.0), behaviour=behaviour, weeks=2), 0.0)
    assert weekly([life], "orders")[0] > 0
    assert life.expected_orders[0] == pytest.approx(14 * (1 - math.exp(-1)))


def test_regular_customers_order_at_the_last_tick_of_their_clock() -> None:
    """A rate of 1 a day, two ticks to an order of which one is still to come, or both: with one the chance of the first
    day is 1 - 1/e, with two 1 - 2/e."""
    for left, chance in ((1, 1 - math.exp(-1)), (2, 1 - 2 * math.exp(-1))):
        who = replace(people(2_000, rate=1.0), order_ticks=2, ticks=np.full(2_000, left))
        lives = lives_in(world(MAIL, who=who, behaviour=CALM, weeks=1), 0.0)
        first = sum(day == 0 for life in lives for day, *_ in life.events)
        assert abs(first - 2_000 * chance) < 4 * math.sqrt(2_000 * chance * (1 - chance))
        # whoever ordered on day 0 waits for two ticks again: the day after, 1 - 2/e of them
        again = [life for life in lives if any(day == 0 for day, *_ in life.events)]
        second, soon = sum(day == 1 for life in again for day, *_ in life.events), 1 - 2 * math.exp(-1)
        assert abs(second - len(again) * soon) < 4 * math.sqrt(len(again) * soon * (1 - soon))


def test_a_clock_that_always_ticks_through_is_an_order_a_day() -> None:
    """60 ticks a day are more than four; a stimulated order leaves the clock alone, a debt is paid by a whole round."""
    who = replace(people(rate=60.0), order_ticks=4, ticks=np.array([4]))
    (life,) = lives_in(world(MAIL, who=who, behaviour=CALM, weeks=1), 0.0)
    assert weekly([life], "orders") == [7]
    assert life.expected_orders[0] == pytest.approx(7)
    response = Response(half_life_days=1e-3, responsiveness_cv=0.0, rate_elasticity=0.0, pull_forward_share=1.0)
    place = world(STRONG, who=who, behaviour=replace(CALM, response=response), weeks=1)
    (life,) = lives_in(place)
    assert (weekly([life], "stimulated orders"), weekly([life], "pulled"), weekly([life], "repaid")) == ([7], [7], [6])
    assert weekly([life], "orders") == [1]  # of day 0: the mail comes first, its debt is for the next one


def test_irritation() -> None:
    """Everybody orders every day and drops out with chance .1 after an order: 54 of 200 in three days, give or take 6. A
    mail a day leaves one unit of fatigue that lasts: at growth 3 the chance is 1 - .9^exp(3) = .88 after the first and
    1 - .9^exp(6), certainty, after the second."""
    for growth, gone in ((0.0, range(34, 75)), (3.0, range(200, 201))):
        fatigue = Fatigue(half_life_days=1e6, damping=0.0, dropout_growth=growth)
        place = world(who=people(200, rate=60.0, dropout=0.1), behaviour=replace(CALM, fatigue=fatigue), weeks=1)
        early = sum(day <= 2 for life in lives_in(place) for day, kind, _, _ in life.events if kind == oracle.DROPOUT)
        assert early in gone


def test_irritation_is_nothing_to_the_rested() -> None:
    who = people(200, rate=60.0, dropout=0.1)
    tired = replace(CALM, fatigue=Fatigue(damping=0.0, dropout_growth=3.0))
    calm, irritable = (lives_in(world(who=who, behaviour=b, weeks=1), 0.0) for b in (CALM, tired))
    assert [life.events for life in calm] == [life.events for life in irritable]


# --- newcomers, weekdays --------------------------------------------------------------------------------------


def test_newcomers() -> None:
    """One has always been there, one comes on day 3, one on day 10: first contact then, counted from then on."""
    who = joining(people(3), np.array([-1, 3, 10]))
    lives = lives_in(world(who=who, weeks=2))
    assert [days(life) for life in lives] == [list(range(first, 14)) for first in (0, 3, 10)]
    assert weekly(lives, "customers") == [2, 3]
    assert weekly(lives, "reachable") == [2, 3]
    assert weekly(lives, "from 0") == [2, 3]


def test_newcomers_register() -> None:
    chain = cascade(Step("mail"), Step("mail", 2), trigger=Trigger("registered"))
    place = world(who=joining(people(3), np.array([-1, 0, 5])), program=Program(cascades=(chain,)))
    lives = lives_in(place, 0.0, campaigns=("chain",))
    assert [steps_sent(life, 2, first=1) for life in lives] == [[[], []], [[0], [2]], [[5], [7]]]


def test_newcomers_have_ordered_on_the_evening_before() -> None:
    """R = 1 on the day of joining: "two days after the order" is the day after."""
    place = world(who=joining(people(1), np.array([5])), program=Program(cascades=(cascade(Step("mail")),)))
    assert steps_sent(lives_in(place, 0.0, campaigns=("chain",))[0], 1, first=1) == [[6]]


def test_newcomers_enter_the_flows_from_their_own_first_segment() -> None:
    """Joined on day 3 as "all", "late" from R = 3 on, that is on day 5: from "all" to "late" in week 0."""
    rfm = replace(ONE_SEGMENT, recency_borders_days=(2,), segments=("all", "late"), cells=(1,) * 4 + (0,) * 4)
    (life,) = lives_in(world(who=joining(people(1), np.array([3])), rfm=rfm, weeks=1), 0.0)
    assert life.events == [(5, oracle.SEGMENT, 1, -1)]
    assert life.weekly["from 0", 0, 1] == 1
    assert life.segments_seen == {0, 1}


def test_weekday_season() -> None:
    """Day 0 is a Saturday; Saturdays count twice, Sundays half: in the first two days 1 - e^(-2 lambda) and
    1 - e^(-lambda / 2), then five days of 1 - e^(-lambda)."""
    factors = Seasonality(by_weekday=(1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.5))
    place = world(who=people(rate=0.1), behaviour=replace(CALM, seasonality=factors), first_weekday=5, weeks=1)
    expected = -np.expm1(-0.1 * np.array([2, 0.5, 1, 1, 1, 1, 1])).sum()
    assert lives_in(place, 0.0)[0].expected_orders[0] == pytest.approx(expected)


def test_fatigue_builds_up_over_channels_and_halves_every_night() -> None:
    """Half-life of a day, a factor of 1/2 per unit: a mail of weight 1 and then a text of weight 2, at F = 0 and 1 on
    day 0, at 1.5 and 2.5 on day 1, at 2.25 and 3.25 on day 2. Everybody rested sees everything."""
    channels = (replace(MAIL, seen=1.0, fatigue_weight=1.0), replace(TEXT, seen=1.0, fatigue_weight=2.0))
    tiring = replace(CALM, fatigue=Fatigue(damping=math.log(2), half_life_days=1.0))
    (life,) = lives_in(world(*channels, behaviour=tiring, weeks=1))
    before = 3 * (1 - 0.5 ** np.arange(7))
    assert weekly([life], "seen expected", 0) == pytest.approx([(0.5**before).sum()])
    assert weekly([life], "seen expected", 1) == pytest.approx([(0.5 ** (before + 1)).sum()])


def test_fatigue_recovers_where_nothing_is_sent() -> None:
    """A mail on days 0 and 3 of a cascade, none between: F = 1 halves three times before the second."""
    tiring = replace(CALM, fatigue=Fatigue(damping=math.log(2), half_life_days=1.0))
    chain = cascade(Step("mail"), Step("mail", 3), trigger=Trigger("registered"))
    place = world(
        replace(MAIL, seen=1.0, fatigue_weight=1.0),
        who=joining(people(1), np.array([1])), behaviour=tiring, program=Program(cascades=(chain,)), weeks=1,
    )  # fmt: skip
    (life,) = lives_in(place, 0.0, campaigns=("chain",))
    assert steps_sent(life, 2, first=1) == [[1], [4]]
    assert [weekly([life], "seen expected", line) for line in (1, 2)] == [[1.0], pytest.approx([0.5 ** (1 / 8)])]
