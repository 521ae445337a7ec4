"""What customers share, in the oracle: reputation, arbitration, capacity; each on one example worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.campaigns import Campaign, Offer, Program
from sim.capacity import Capacity
from sim.domain import Reputation
from sim.policy import ContactPolicy, FrequencyCap
from sim.start import start_world
from tests import oracle
from tests.oracle.company import Company, end_week, placement
from tests.oracle.setting import Setting
from tests.sim.by_hand import CALM, MAIL, TEXT, days, lives_in, people, under, weekly, world

ONE_A_DAY = ContactPolicy(caps=(FrequencyCap("1 a day", 1, 1),))

# --- reputation -----------------------------------------------------------------------------------------------


def test_placement_falls_and_recovers() -> None:
    """Nothing arrives in two weeks (dead addresses count 1), then everything, then nothing is sent; the half-life is two
    weeks. Damage is 1, then 1 f + 1 with f = 2^(-1/2), then it fades; 1 is tolerated: placement 1 / (1 + damage^2)."""
    reputation = Reputation(("mail",), tolerated_damage=1.0, dead_weight=1.0, half_life_weeks=2.0)
    place = world(replace(MAIL, delivered=0.0), behaviour=replace(CALM, reputation=reputation), weeks=4)
    company, setting = Company(), Setting.of(place)
    placements, damage = [], []
    for sent, dead in ((7, 7), (7, 7), (7, 0), (0, 0)):
        placements.append(placement(setting, company, 0))
        company.sent[0], company.undelivered[0] = sent, dead
        end_week(setting, company)
        damage.append(company.damage[0])
    fade = 2**-0.5
    assert damage == pytest.approx([1, fade + 1, fade**2 + fade, fade**3 + fade**2])
    assert placements == pytest.approx([1, 1 / 2, 1 / (1 + (fade + 1) ** 2), 1 / (1 + (fade**2 + fade) ** 2)])


def test_placement_multiplies_what_is_seen_and_the_stimulus_of_everybody() -> None:
    """Every contact is complained about: damage 1, placement 1/2 for the whole of week 1, on this channel only."""
    mail, text = (
        replace(channel, complaint_per_contact=1.0, orders_per_contact=0.01, clicked=0.4) for channel in (MAIL, TEXT)
    )
    reputation = Reputation(("mail",), tolerated_damage=1.0)
    place = world(mail, text, who=20, behaviour=replace(CALM, reputation=reputation), weeks=2)
    lives = lives_in(place)
    assert weekly(lives, "seen expected", 0) == [140, 70]
    assert weekly(lives, "clicked expected", 0) == pytest.approx([56, 28])
    assert weekly(lives, "seen expected", 1) == [140, 140]
    assert 40 < weekly(lives, "seen", 0)[1] < 100
    f, effect = 2**-0.5, oracle.customer_of(start_world(place, seed=1), 0).effect
    stock, expected = 0.0, 0.0
    for day in range(14):
        stock = stock * f + (1 - f) * 0.01 * (2 if day < 7 else 1.5)
        expected += float(effect) * stock
    assert lives[0].expected_orders[0] == pytest.approx(expected)
    assert weekly(lives, "complaints", 0) == [140, 140]


# --- arbitration ----------------------------------------------------------------------------------------------


def test_priority_gives_every_day_to_the_first_channel() -> None:
    life = lives_in(under(ONE_A_DAY, MAIL, TEXT, weeks=1))[0]
    assert (days(life, 0), days(life, 1)) == ([0, 1, 2, 3, 4, 5, 6], [])


def test_arrival_takes_turns() -> None:
    """Both are due daily: on day 0 the first channel goes, and the other has then been due for longer."""
    life = lives_in(under(replace(ONE_A_DAY, arbitration="arrival"), MAIL, TEXT, weeks=1))[0]
    assert (days(life, 0), days(life, 1)) == ([0, 2, 4, 6], [1, 3, 5])


def test_value_goes_to_the_larger_contribution() -> None:
    """margin .4 x mean order 50 = 20 an order: a mail is worth 20 x .01 - 0 = .2, a text 20 x .03 - cost. At a cost of
    .3 the text is worth .3 and goes first, at .5 it is worth .1 and goes last."""
    mail = replace(MAIL, orders_per_contact=0.01)
    for cost, texts in ((0.3, 7), (0.5, 0)):
        text = replace(TEXT, orders_per_contact=0.03, unit_cost=cost)
        place = under(replace(ONE_A_DAY, arbitration="value"), mail, text, weeks=1)
        life = lives_in(place)[0]
        assert (len(days(life, 0)), len(days(life, 1))) == (7 - texts, texts)


def test_arrival_lets_everybody_choose_before_the_second_turn() -> None:
    """1 contact in 1 day for a household of two, both channels: in the first round each member's longest due; mail of
    row 0 on day 0. From then on what waits longest stands first: mail of row 1 and texts since day 0."""
    who = replace(people(2), household=np.array([0, 0]))
    policy = ContactPolicy(caps=(FrequencyCap("1 a day", 1, 1, household=True),), arbitration="arrival")
    lives = lives_in(under(policy, MAIL, TEXT, who=who, weeks=1))
    # day 0: the first turns are the mails, row 0 first. Day 1: row 0's first turn is its text (since 0), row 1's its
    # mail (since 0); within a turn the line counts first, so row 1's mail goes. Day 2: row 0's first turn is its text,
    # row 1's too. Day 3: row 0 has its mail (since 1) before its text (since 3), row 1 its text (since 0) ...
    assert [days(lives[0], 0)[:2], days(lives[1], 0)[0], days(lives[0], 1)[0]] == [[0, 3], 1, 2]


def test_value_counts_factors_and_the_customers_own_response() -> None:
    """A campaign by text worth 20 x .01 x 3 (message) x .5 (offer) x 1 = .3 against the mail's .2; at a time of day that
    halves it, .15. Ties go by precedence: at 2/3 both are worth .2, and campaigns come first."""
    mail, text = (replace(channel, orders_per_contact=0.01) for channel in (MAIL, TEXT))
    news = Campaign("news", "text", 7.0, response_factor=3.0, offer="deal")
    program = Program(offers=(Offer("deal", 0.1, response_factor=0.5),), campaigns=(news,))
    policy = replace(ONE_A_DAY, arbitration="value")
    for timing, campaigns in ((1.0, 7), (0.5, 0), (2 / 3, 7)):
        place = under(policy, mail, text, weeks=1, program=program, timing=np.array([[1.0, timing]]))
        life = lives_in(place, 7.0, 0.0, campaigns=("news",))[0]
        assert (len(days(life, 0)), len(days(life, 2))) == (7 - campaigns, campaigns)


# --- capacity -------------------------------------------------------------------------------------------------


def limited(*capacities: Capacity, who: int = 5, weeks: int = 2, **others: object) -> list[oracle.Life]:
    return lives_in(world(MAIL, TEXT, who=who, weeks=weeks, capacities=capacities, **others))


def by_day(lives: list[oracle.Life], line: int) -> list[int]:
    return np.bincount([day for life in lives for day in days(life, line)], minlength=14).tolist()


def test_daily_capacity() -> None:
    """5 ask daily, 2 are granted, 3 wait (21 a week); the other channel is free."""
    lives = limited(Capacity("mailings", ("mail",), per_day=2))
    assert by_day(lives, 0) == [2] * 14
    assert by_day(lives, 1) == [5] * 14
    assert weekly(lives, "displaced", 0) == [21, 21]


def test_the_longest_due_goes_first() -> None:
    """All have been due since day 0, so nobody gets a second contact before everybody has had one."""
    lives = limited(Capacity("mailings", ("mail",), per_day=2), who=6)
    for first in range(0, 12, 3):
        assert sorted(sum(first <= day < first + 3 for day in days(life)) for life in lives) == [1] * 6


def test_ties_go_by_hash() -> None:
    place = world(who=5, weeks=1, capacities=(Capacity("mailings", ("mail",), per_day=2),))
    lives = lives_in(place)
    words = [oracle.word(int(key), 1, "capacity:mailings", 0) for key in place.population.key]
    assert {row for row, life in enumerate(lives) if 0 in days(life)} == set(np.argsort(words)[:2].tolist())


def test_weekly_capacity_and_its_exceptions() -> None:
    """8 a week: 5 on the first day, 3 on the second, then nothing. In week 1 there are 11, and 4 on any day."""
    lives = limited(Capacity("mailings", ("mail",), per_week=8, weeks={1: 11}))
    assert by_day(lives, 0) == [5, 3, 0, 0, 0, 0, 0, 5, 5, 1, 0, 0, 0, 0]
    lives = limited(Capacity("mailings", ("mail",), per_week=8, per_day=4))
    assert by_day(lives, 0) == [4, 4, 0, 0, 0, 0, 0] * 2


def test_capacity_is_that_of_the_real_base() -> None:
    """5 simulated customers stand for 10: 6 a day of the real base are 3 of theirs."""
    lives = limited(Capacity("mailings", ("mail",), per_day=6), who=5)
    assert by_day(lives, 0) == [5] * 14
    lives = lives_in(world(who=people(5).standing_for(10), weeks=2, capacities=(Capacity("m", ("mail",), per_day=6),)))
    assert by_day(lives, 0) == [3] * 14


def test_use_by_contact_and_by_click() -> None:
    """A mail uses 1 and, as .9 x .5 click, .45 x 2 = .9 more: 1.9. In 5.7 there is room for 3."""
    capacity = Capacity("calls", ("mail",), per_day=5.7, use_per_contact=1.0, use_per_click=2.0)
    lives = lives_in(world(replace(MAIL, delivered=0.9, clicked=0.5), who=5, weeks=2, capacities=(capacity,)))
    assert by_day(lives, 0) == [3] * 14


def test_two_channels_share_one_capacity() -> None:
    """1 a day for a customer with both due: whichever has waited longer, mail first."""
    lives = limited(Capacity("desk", ("mail", "text"), per_day=1), who=1)
    assert (by_day(lives, 0), by_day(lives, 1)) == ([1, 0] * 7, [0, 1] * 7)


def test_a_grant_that_rules_forbid_in_the_end_is_not_used_this_week() -> None:
    """A mail and a text are asked for each day, but 1 contact a day is allowed: mails go out. Only texts that were sent
    would use the 3 a week, and none is displaced: it is the rule that forbids them."""
    lives = limited(Capacity("texts", ("text",), per_week=3), who=1, policy=ONE_A_DAY)
    assert (by_day(lives, 0), by_day(lives, 1)) == ([1] * 14, [0] * 14)
    assert weekly(lives, "displaced", 1) == [0, 0]


def test_what_the_household_forbids_is_not_displaced() -> None:
    """1 mail a day for the household and 1 in all, which the first member's larger orders win: the second member waits
    for the household, not for capacity."""
    who = replace(people(2), household=np.array([0, 0]), mean_value=np.array([50.0, 10.0]))
    cap = FrequencyCap("1 a day", 1, 1, household=True)
    lives = lives_in(
        under(
            ContactPolicy(caps=(cap,), arbitration="value"), replace(MAIL, orders_per_contact=0.01), who=who, weeks=2,
            capacities=(Capacity("mailings", ("mail",), per_day=1),),
        )
    )  # fmt: skip
    assert [len(days(life)) for life in lives] == [14, 0]
    assert weekly(lives, "displaced") == [0, 0]
    assert weekly(lives, "blocked") == [1, 0]


def test_a_contact_needs_room_in_every_capacity_it_uses() -> None:
    """Texts use both: 2 a day of the desk, 3 of the house. 5 mails ask for the house as well; who goes first is told by
    the hash, but never are there more than 2 texts or 3 contacts, and no room of the house is lost on a text that
    the desk refuses."""
    lives = limited(Capacity("desk", ("text",), per_day=2), Capacity("house", ("mail", "text"), per_day=3))
    assert max(by_day(lives, 1)) <= 2
    assert [a + b for a, b in zip(by_day(lives, 0), by_day(lives, 1), strict=True)] == [3] * 14


def test_value_gives_the_capacity_to_the_better_customers() -> None:
    """Mean order values 10, 20, 30, 40, 50: two places a day go to the last two, who are due again each day."""
    who = replace(people(5), mean_value=np.array([10.0, 20.0, 30.0, 40.0, 50.0]))
    place = under(
        ContactPolicy(arbitration="value"), replace(MAIL, orders_per_contact=0.01), who=who, weeks=2,
        capacities=(Capacity("mailings", ("mail",), per_day=2),),
    )  # fmt: skip
    assert [len(days(life)) for life in lives_in(place)] == [0, 0, 0, 14, 14]


def test_alone_or_together_is_the_same_when_nothing_is_shared() -> None:
    place = world(replace(MAIL, orders_per_contact=0.1, delivered=0.8), TEXT, who=people(8, rate=0.05, dropout=0.1))
    started = start_world(place, seed=4)
    plan = replace(place.current, per_week=np.array([[3.0, 1.0]]))
    together = oracle.simulate(started, [plan], plan, seed=4)[0]
    assert together == [oracle.live(started, row, plan, plan, 4) for row in range(8)]
