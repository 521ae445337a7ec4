"""The oracle's rules, each on one example that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.policy import (
    ContactPolicy,
    Cooldown,
    Floor,
    FrequencyCap,
    PersonalCap,
    Prerequisite,
    Selection,
    SwitchOff,
)
from sim.rfm import RfmScheme
from sim.start import start_world
from tests import oracle
from tests.oracle.setting import period
from tests.sim.by_hand import DAILY, MAIL, TEXT, days, lives_in, people, under, weekly, world
from tests.worlds import ONE_SEGMENT

ONLY_MAIL, ONLY_TEXT = Selection(("mail",)), Selection(("text",))


def test_without_rules_daily_is_daily() -> None:
    (life,) = lives_in(world(weeks=1))
    assert days(life) == [0, 1, 2, 3, 4, 5, 6]


def test_rolling_cap() -> None:
    """2 in 5 days: days 0 and 1, then the window is full until day 5, when day 0 has left it."""
    (life,) = lives_in(under(ContactPolicy(caps=(FrequencyCap("2 in 5", 2, 5),))))
    assert days(life, until=12) == [0, 1, 5, 6, 10, 11]


def test_calendar_week() -> None:
    """Day 0 is a Thursday, so weeks begin on days 4, 11, 18."""
    policy = ContactPolicy(caps=(FrequencyCap("2 a week", 2, calendar="week"),))
    (life,) = lives_in(under(policy, first_weekday=3))
    assert days(life, until=18) == [0, 1, 4, 5, 11, 12]


def test_calendar_month() -> None:
    """Day 0 is the 30th of a month of 31 days: the next months begin on day 2, 28 days later on day 30, and (unknown
    months have 30 days) on day 60."""
    policy = ContactPolicy(caps=(FrequencyCap("1 a month", 1, calendar="month"),))
    (life,) = lives_in(under(policy, first_day_of_month=30, month_lengths=(31, 28), weeks=10))
    assert days(life) == [0, 2, 30, 60]


def test_months_before_day_0_have_30_days() -> None:
    """Day 0 is the 5th: its month began on day -4, the one before on day -34."""
    place = world(first_day_of_month=5, month_lengths=(31,))
    assert [period(place, "month", day) for day in (0, -4, -5, 26, 27)] == [
        (-4, 27), (-4, 27), (-34, -4), (-4, 27), (27, 57),
    ]  # fmt: skip


def test_pressure_points() -> None:
    """3 points in 3 days, a mail 1 and a text 2: both fill it on day 0, and again when day 0 has left on day 3."""
    cap = FrequencyCap("3 points", 3, 3, points=(("text", 2),))
    (life,) = lives_in(under(ContactPolicy(caps=(cap,)), MAIL, TEXT))
    assert days(life, 0, until=9) == [0, 3, 6]
    assert days(life, 1, until=9) == [0, 3, 6]


def test_points_do_not_add_up_to_more_than_the_cap() -> None:
    """2 points in 3 days, a text 2: two mails fit, and after the first one of them there is never room for a text."""
    cap = FrequencyCap("2 points", 2, 3, points=(("text", 2),))
    (life,) = lives_in(under(ContactPolicy(caps=(cap,)), MAIL, TEXT))
    assert days(life, 0, until=8) == [0, 1, 3, 4, 6, 7]
    assert days(life, 1) == []


def test_a_contact_without_points_is_free() -> None:
    cap = FrequencyCap("1 in 7", 1, 7, points=(("text", 0),))
    (life,) = lives_in(under(ContactPolicy(caps=(cap,)), MAIL, TEXT))
    assert days(life, 0, until=14) == [0, 7]
    assert days(life, 1, until=14) == list(range(14))


def test_cooldown() -> None:
    """Mails on days 0, 5, 10; no text on a mail's day and the two after it."""
    policy = ContactPolicy(
        caps=(FrequencyCap("mail 1 in 5", 1, 5, channels=("mail",)),),
        cooldowns=(Cooldown("text after mail", 3, ONLY_MAIL, ONLY_TEXT),),
    )
    (life,) = lives_in(under(policy, MAIL, TEXT))
    assert days(life, 0, until=14) == [0, 5, 10]
    assert days(life, 1, until=14) == [3, 4, 8, 9, 13]


def test_prerequisite() -> None:
    """Mails on days 0, 5, 10; a text only on these days and the one after."""
    policy = ContactPolicy(
        caps=(FrequencyCap("mail 1 in 5", 1, 5, channels=("mail",)),),
        prerequisites=(Prerequisite("text needs mail", 2, ONLY_MAIL, ONLY_TEXT),),
    )
    (life,) = lives_in(under(policy, MAIL, TEXT))
    assert days(life, 1, until=14) == [0, 1, 5, 6, 10, 11]


def test_personal_cap() -> None:
    """Half of the customers tolerate 1 in 7 days, half 3: u < .5 and u >= .5."""
    rule = PersonalCap("tolerance", 7, ((1, 0.5), (3, 0.5)))
    place = under(ContactPolicy(personal_caps=(rule,)), who=40, weeks=1)
    lives = lives_in(place)
    u = [oracle.uniform(int(key), 0, "personal:tolerance") for key in place.population.base_key]
    assert [days(life) for life in lives] == [[0] if own < 0.5 else [0, 1, 2] for own in u]
    assert 10 < sum(own < 0.5 for own in u) < 30


def test_segments_of_a_rule() -> None:
    """One order on day -1 and a border at 2 days: "all" becomes "late" on the morning of day 2 (R = 3), and the cap of
    "late" finds the contacts of days 0 and 1."""
    rfm = replace(ONE_SEGMENT, recency_borders_days=(2,), segments=("all", "late"), cells=(1,) * 4 + (0,) * 4)
    policy = ContactPolicy(caps=(FrequencyCap("late 1 in 3", 1, 3, segments=("late",)),))
    (life,) = lives_in(under(policy, rfm=rfm))
    assert days(life, until=9) == [0, 1, 4, 7]


def test_exempt_classes() -> None:
    """Texts are transactional: no cap, gap or quiet day holds for them, and they do not count ..."""
    service = replace(TEXT, message_class="transactional")
    policy = ContactPolicy(caps=(FrequencyCap("1 in 5", 1, 5),), min_gap_days=3, quiet_days_after_order=5)
    (life,) = lives_in(under(policy, MAIL, service))
    assert days(life, 1) == list(range(21))
    assert days(life, 0, until=17) == [5, 10, 15]  # the order of day -1 keeps days 0 to 4 quiet


def test_a_rule_that_names_an_exempt_class_binds_it() -> None:
    service = replace(TEXT, message_class="transactional")
    policy = ContactPolicy(caps=(FrequencyCap("service 1 in 5", 1, 5, classes=("transactional",)),))
    (life,) = lives_in(under(policy, MAIL, service))
    assert days(life, 0) == list(range(21))
    assert days(life, 1, until=14) == [0, 5, 10]


def test_household_cap() -> None:
    """1 in 2 days for the two of household 7: the first row takes each place; household 8 has its own."""
    who = replace(people(3), household=np.array([7, 7, 8]))
    lives = lives_in(under(ContactPolicy(caps=(FrequencyCap("one each", 1, 2, household=True),)), who=who))
    assert [days(life, until=6) for life in lives] == [[0, 2, 4], [], [0, 2, 4]]


def test_a_household_cap_and_who_comes_first_by_arrival() -> None:
    """A mail a week for the first member, a text a day for both together. On day 0 the first member's mail has the first
    turn and the text the second, on day 1 the text is due for longer. From then on a mail that waits keeps its turn,
    and the second member's text comes first."""
    who = replace(people(2), household=np.array([0, 0]))
    caps = (
        FrequencyCap("mail", 1, 7, channels=("mail",)),
        FrequencyCap("text", 1, 1, channels=("text",), household=True),
    )
    policy = ContactPolicy(caps=caps, arbitration="arrival")
    lives = lives_in(under(policy, MAIL, TEXT, who=who, suppressed=np.array([0, 1]), weeks=1))
    assert days(lives[0], 0) == [0]
    assert [days(life, 1) for life in lives] == [[1], [0, 2, 3, 4, 5, 6]]


def test_a_cap_of_0_holds_before_the_first_contact() -> None:
    """No contact at all, in whatever window; and it is this rule that forbids it, not the one that holds for 9 days."""
    for calendar in (None, "week"):
        caps = (FrequencyCap("1 in 9", 1, 9), FrequencyCap("none", 0, 7, calendar=calendar))
        lives = lives_in(under(ContactPolicy(caps=caps), weeks=1))
        assert days(lives[0]) == []
        assert [weekly(lives, "blocked", rule) for rule in (0, 1)] == [[0], [1]]


def test_report_only() -> None:
    """2 in 5 days, reported: contacts go out daily; from day 2 on each one breaks the rule (5 in the first week)."""
    cap = FrequencyCap("2 in 5", 2, 5, enforced=False)
    lives = lives_in(under(ContactPolicy(caps=(cap,)), weeks=2))
    assert days(lives[0]) == list(range(14))
    assert weekly(lives, "violations", 0) == [5, 7]
    assert weekly(lives, "blocked", 0) == [0, 0]


def test_blocked_contacts_count_once() -> None:
    """1 in 3 days: sent on 0, 3, 6 ...; the next one is due on 1, 4 | 7, 10, 13: its first day counts, not the waiting."""
    lives = lives_in(under(ContactPolicy(caps=(FrequencyCap("1 in 3", 1, 3),)), weeks=2))
    assert days(lives[0]) == [0, 3, 6, 9, 12]
    assert weekly(lives, "blocked", 0) == [2, 3]


def test_blocked_counts_for_the_rule_that_forbids_longest() -> None:
    caps = (FrequencyCap("1 in 3", 1, 3), FrequencyCap("1 in 4", 1, 4))
    lives = lives_in(under(ContactPolicy(caps=caps), weeks=1))
    assert days(lives[0]) == [0, 4]
    assert [weekly(lives, "blocked", rule) for rule in (0, 1)] == [[0], [2]]


def test_blocked_by_a_calendar_cap_is_released_in_the_next_period() -> None:
    """Due again on Tuesday: the rolling cap releases it on Thursday, the week's cap on Monday."""
    caps = (FrequencyCap("1 in 3", 1, 3), FrequencyCap("1 a week", 1, calendar="week"))
    lives = lives_in(under(ContactPolicy(caps=caps), weeks=1))
    assert days(lives[0]) == [0]
    assert [weekly(lives, "blocked", rule) for rule in (0, 1)] == [[0], [1]]


def test_blocked_ties_go_to_the_first_rule() -> None:
    lives = lives_in(under(ContactPolicy(caps=(FrequencyCap("1 in 3", 1, 3),), min_gap_days=3), weeks=1))
    assert [weekly(lives, "blocked", rule) for rule in (0, 1)] == [[2], [0]]


def test_blocked_by_gap_and_by_quiet_days() -> None:
    """Behind the rules stand the gap and the quiet days: here 0 and 1. The order of day -1 keeps days 0 and 1 quiet."""
    lives = lives_in(under(ContactPolicy(min_gap_days=3, quiet_days_after_order=2), weeks=1))
    assert days(lives[0]) == [2, 5]
    assert [weekly(lives, "blocked", rule) for rule in (0, 1)] == [[2], [1]]


def test_gap_holds_for_all_lines_of_a_channel_and_quiet_days_after_each_order() -> None:
    """An order every evening: never again a day without quiet."""
    (life,) = lives_in(under(ContactPolicy(quiet_days_after_order=1), who=people(rate=60.0)))
    assert days(life) == []


def test_floor() -> None:
    """1 in 3 days: days 0 and 3. At 1 a week with a phase between 2/7 and 3/7 credit is full on day 4: an ordinary
    contact, counted by the floor, so the next are due on 7 and 10; seven days earn the next ordinary one on day 11."""
    place = under(ContactPolicy(floors=(Floor("present", "mail", 1, 3),)), who=60, weeks=3)
    lives = lives_in(place, 1.0)
    phase = [oracle.uniform(int(key), place.population.seed, "latent:phase:mail") for key in place.population.key]
    chosen = [life for life, share in zip(lives, phase, strict=True) if 2 / 7 <= share < 3 / 7]
    assert chosen
    for life in chosen:
        assert days(life) == [0, 3, 4, 7, 10, 11, 14, 17, 18]


def test_floor_under_a_cap_and_without_contacts_in_the_plan() -> None:
    policy = ContactPolicy(caps=(FrequencyCap("1 in 5", 1, 5),), floors=(Floor("present", "mail", 1, 3),))
    (life,) = lives_in(under(policy), 0.001)
    assert days(life, until=14) == [0, 5, 10]
    (life,) = lives_in(under(policy), 0.0)
    assert days(life) == []


def test_each_segment_has_a_floor_of_its_own() -> None:
    """1 in 3 days as long as the last order, on day -1, is at most 9 days ago; then 2 in 8, and on day 9 those of days 3
    and 6 will do. Day 11 misses one: the latest but one is 8 days ago, as on days 14 and 19."""
    fresh_or_old = RfmScheme((9,), (2,), (20.0,), ("fresh", "old"), (1,) * 4 + (0,) * 4)
    floors = (Floor("often", "mail", 1, 3, ("fresh",)), Floor("sometimes", "mail", 2, 8, ("old",)))
    (life,) = lives_in(under(ContactPolicy(floors=floors), rfm=fresh_or_old), 0.001)
    assert days(life) == [0, 3, 6, 11, 14, 19]


def test_switch_off() -> None:
    """Nobody clicks: after three contacts the channel rests for good ..."""
    policy = ContactPolicy(switch_offs=(SwitchOff("silent", 3, channels=("mail",)),))
    (life,) = lives_in(under(policy, MAIL, TEXT))
    assert days(life, 0) == [0, 1, 2]
    assert days(life, 1) == list(range(21))


def test_switch_off_ends_with_an_order_or_a_reaction() -> None:
    """... unless the customer orders on every evening, or clicks every time."""
    policy = ContactPolicy(switch_offs=(SwitchOff("silent", 3),))
    for place in (under(policy, who=people(rate=60.0)), under(policy, replace(MAIL, clicked=1.0))):
        assert days(lives_in(place)[0]) == list(range(21))


def test_switch_off_starts_again_after_an_order() -> None:
    """Contacts on the three days after each order, the day of the order not among them."""
    policy = ContactPolicy(switch_offs=(SwitchOff("silent", 3),))
    (life,) = lives_in(under(policy, who=people(rate=0.1), weeks=26), seed=5)
    ordered = sorted({day for day, kind, _, _ in life.events if kind == oracle.ORGANIC})
    expected = {day for order in [-1, *ordered] for day in (order + 1, order + 2, order + 3) if day < 182}
    assert len(ordered) > 5
    assert set(days(life)) == expected


def test_suppressed() -> None:
    lives = lives_in(world(MAIL, TEXT, who=2, suppressed=np.array([2, 0]), weeks=1))
    assert [[len(days(life, line)) for line in (0, 1)] for life in lives] == [[7, 0], [7, 7]]
    assert weekly(lives, "reachable", 1) == [1]


def test_a_contact_without_points_is_free_even_above_the_cap() -> None:
    """Two mails before day 0, where 1 in 7 days is allowed from now on: the mail waits, the text costs no points."""
    cap = FrequencyCap("1 in 7", 1, 7, points=(("text", 0),))
    begun = start_world(under(ContactPolicy(caps=(cap,)), MAIL, TEXT, weeks=1), seed=1)
    ring = np.array(begun.begin.ring)
    ring[0, 0] = 3
    begun = replace(begun, begin=begun.begin._replace(ring=ring))
    plan = replace(begun.world.current, per_week=np.array([[DAILY, DAILY]]))
    life = oracle.live(begun, 0, plan, plan, 1)
    assert (days(life, 0), days(life, 1)) == ([6], list(range(7)))


@pytest.mark.parametrize("days_before", [1, 6, 7])
def test_contacts_before_day_0_count(days_before: int) -> None:
    """1 in 7 days, the latest contact so many days before day 0: the next on day 7 - so many."""
    place = under(ContactPolicy(caps=(FrequencyCap("1 in 7", 1, 7),)))
    begun = start_world(place, seed=1)
    ring = np.array(begun.begin.ring)
    ring[0, 0] = 1 << (days_before - 1)
    begun = replace(begun, begin=begun.begin._replace(ring=ring))
    plan = replace(place.current, per_week=np.array([[DAILY]]))
    life = oracle.live(begun, 0, plan, plan, 1)
    assert days(life)[0] == 7 - days_before
