"""The dry run: day 0 as the engine would send it, and rules checked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.campaigns import Campaign, Cascade, Offer, Program, Step, Trigger
from sim.capacity import Capacity
from sim.dry_run import HOLDOUT, NOT_DUE, SENT, SUPPRESSED, DryRun, dry_run
from sim.dry_state import entered_segments
from sim.engine.tables import EV_CONTACT
from sim.policy import (
    ContactPolicy,
    Cooldown,
    Floor,
    Frequencies,
    FrequencyCap,
    PersonalCap,
    Prerequisite,
    Selection,
)
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests.worlds import EMAIL, PLAIN, SMS, random_worlds, uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")


@given(random_worlds(plans=1), st.integers(0, 2**31))
@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_day_0_is_what_the_engine_sends(case: tuple[World, list[Frequencies]], seed: int) -> None:
    world, (plan, tail) = case
    started = start_world(world, seed=seed)
    log = simulate(started, [plan], seed=seed, tail=tail, threads=1, log_lines=40_000).totals.log
    today = log[(log[:, 3] == EV_CONTACT) & (log[:, 2] == 0)]
    found = dry_run(started, plan, entered=np.full(world.population.size, -1))
    rows, lines = np.nonzero(found.outcome == SENT)
    assert sorted(zip(rows.tolist(), lines.tolist(), strict=True)) == sorted(map(tuple, today[:, [1, 4]].tolist()))


# --- by hand: everybody is due on every channel; what is in the past is set bit by bit --------------------------

CERTAIN = tuple(
    replace(PLAIN, name=name, unit_cost=cost) for name, cost in (("email", 0.01), ("push", 0.02), ("sms", 0.5))
)


def certain(policy: ContactPolicy, past: dict[tuple[int, int], list[int]] | None = None, **others: object) -> Started:
    """Six customers, three channels, everybody due; ``past``: (customer, channel) -> days of contact, negative."""
    plan = {"current": (7.0, 7.0, 7.0), "start": "rested", **others}
    world = world_of(6, CERTAIN, policy=policy, **plan)  # type: ignore[arg-type]
    started = start_world(world, seed=1)
    ring = np.array(started.begin.ring)
    for (row, channel), days in (past or {}).items():
        for day in days:
            ring[row, channel] |= 1 << (-1 - day)
    credit = np.full_like(started.begin.credit, 7 * 2**20)
    return replace(started, begin=started.begin._replace(ring=ring, credit=credit, last_order=np.full(6, -100)))


def run(started: Started, plan: Frequencies | None = None) -> DryRun:
    return dry_run(started, plan or started.world.current, entered=np.full(6, -1))


def words(found: DryRun) -> list[list[str]]:
    """Per customer and line: sent, -, or who removed it."""
    return [
        ["sent" if x == SENT else "-" if x == NOT_DUE else found.reasons[x] for x in row]
        for row in found.outcome.tolist()
    ]


def test_a_cap_leaves_room_in_the_order_of_the_channels_and_counts_the_past() -> None:
    cap = FrequencyCap("3 in 5", 3, 5)
    found = run(certain(ContactPolicy(caps=(cap,)), {(1, 0): [-1, -4], (2, 2): [-1, -2, -4], (3, 1): [-5, -6, -7]}))
    assert words(found) == [
        ["sent", "sent", "sent"],
        ["sent", "3 in 5", "3 in 5"],
        ["3 in 5", "3 in 5", "3 in 5"],
        ["sent", "sent", "sent"],  # five days ago is outside
        ["sent", "sent", "sent"],
        ["sent", "sent", "sent"],
    ]
    assert found.forbids[found.reasons.index("3 in 5")].tolist() == [1, 2, 2]


def test_pressure_points_and_calendar_windows() -> None:
    points = FrequencyCap("points", 4, 7, points=(("sms", 3), ("push", 0)))
    assert words(run(certain(ContactPolicy(caps=(points,)), {(0, 0): [-1]})))[:2] == [
        ["sent", "sent", "points"],  # 1 + 1, 0, 3 more would be 5
        ["sent", "sent", "sent"],
    ]
    week = FrequencyCap("a week", 2, calendar="week", channels=("email",))
    past = {(0, 0): [-1, -2], (1, 0): [-3, -4], (2, 0): [-1, -4]}
    found = words(run(certain(ContactPolicy(caps=(week,)), past, first_weekday=3)))  # a Thursday
    assert [row[0] for row in found[:3]] == ["a week", "sent", "sent"]
    month = replace(week, calendar="month")
    found = words(run(certain(ContactPolicy(caps=(month,)), past, first_day_of_month=5)))
    assert [row[0] for row in found[:3]] == ["a week", "a week", "a week"]
    found = words(run(certain(ContactPolicy(caps=(month,)), past, first_day_of_month=1)))
    assert [row[0] for row in found[:3]] == ["sent", "sent", "sent"]


def test_cooldowns_prerequisites_and_what_was_sent_earlier_today() -> None:
    email, sms = Selection(("email",)), Selection(("sms",))
    cool = Cooldown("sms rests", 3, email, sms)
    found = words(run(certain(ContactPolicy(cooldowns=(cool,)))))
    assert found[0] == ["sent", "sent", "sms rests"]  # the e-mail of this morning
    capped = FrequencyCap("no e-mail", 0, channels=("email",))
    past = {(0, 0): [-2], (1, 0): [-3]}
    found = words(run(certain(ContactPolicy(caps=(capped,), cooldowns=(cool,)), past)))
    assert [row[2] for row in found[:2]] == ["sms rests", "sent"]
    needs = Prerequisite("warm first", 4, email, sms)
    past = {(0, 0): [-3], (1, 0): [-4]}
    found = words(run(certain(ContactPolicy(caps=(capped,), prerequisites=(needs,)), past)))
    assert [row[2] for row in found[:2]] == ["sent", "warm first"]


def test_the_rule_that_releases_last_is_named_and_rules_that_only_watch_forbid_nothing() -> None:
    short, long = FrequencyCap("short", 1, 2, channels=("email",)), FrequencyCap("long", 1, 9, channels=("email",))
    watched = FrequencyCap("watched", 0, channels=("push",), enforced=False)
    started = certain(ContactPolicy(caps=(short, long, watched)), {(0, 0): [-1], (1, 0): [-5]})
    found = run(started)
    assert [row[0] for row in words(found)[:3]] == ["long", "long", "sent"]
    at = {name: n for n, name in enumerate(found.reasons)}
    assert found.forbids[at["short"], 0] == 1
    assert found.alone[at["long"], 0] == 1
    assert found.violations[at["watched"]].tolist() == [0, 6, 0]
    assert (found.outcome[:, 1] == SENT).all()


def test_gap_and_quiet_days_spare_exempt_classes() -> None:
    policy = ContactPolicy(min_gap_days=3, quiet_days_after_order=2)
    started = certain(policy, {(0, 0): [-2], (1, 0): [-3]})
    orders = np.array([-100, -100, -2, -3, -100, -100])
    started = replace(started, begin=started.begin._replace(last_order=orders))
    found = words(run(started))
    assert [row[0] for row in found[:4]] == ["gap between contacts", "sent", "quiet days after an order", "sent"]
    served = tuple(replace(channel, message_class="transactional") for channel in CERTAIN)
    exempt = replace(started, world=replace(started.world, channels=served))
    assert (run(exempt).outcome == SENT).all()


def test_personal_limits_are_drawn_in_their_shares() -> None:
    rule = PersonalCap("own", 7, ((1, 0.5), (3, 0.5)))
    world = world_of(
        4000, CERTAIN, policy=ContactPolicy(personal_caps=(rule,)), current=(7.0, 7.0, 7.0), start="rested"
    )
    started = start_world(world, seed=1)
    started = replace(
        started,
        begin=started.begin._replace(
            credit=np.full_like(started.begin.credit, 7 * 2**20), last_order=np.full(4000, -100)
        ),
    )
    sent = (dry_run(started, world.current).outcome == SENT).sum(axis=1)
    assert set(sent.tolist()) == {1, 3}
    assert abs((sent == 1).mean() - 0.5) < 4 * np.sqrt(0.25 / 4000)


def test_a_household_shares_its_cap_in_the_order_of_rows() -> None:
    cap = FrequencyCap("two a week", 2, 7, channels=("email",), household=True)
    started = certain(ContactPolicy(caps=(cap,)), {(4, 0): [-1], (5, 0): [-2]})
    people = replace(started.world.population, household=np.array([7, 7, 7, 1, 2, 2]))
    started = replace(started, world=replace(started.world, population=people))
    assert [row[0] for row in words(run(started))] == ["sent", "sent", "two a week", "sent", "two a week", "two a week"]


def test_holdout_and_suppression_come_before_rules() -> None:
    started = certain(ContactPolicy(holdout_share=0.5))
    mask = np.array([0b100, 0, 0, 0, 0, 0b111])
    started = replace(started, world=replace(started.world, suppressed=mask))
    found = run(started)
    held = [row == [HOLDOUT] * 3 for row in words(found)]
    assert 0 < sum(held) < 6
    for row, out in enumerate(words(found)):
        if not held[row]:
            assert out == [SUPPRESSED if mask[row] >> c & 1 else "sent" for c in range(3)]


def test_a_floor_calls_for_a_contact_that_the_frequency_would_not_send() -> None:
    floor = Floor("once in 10 days", "email", 1, 10)
    started = certain(ContactPolicy(floors=(floor,)), {(0, 0): [-9], (1, 0): [-10]})
    started = replace(started, begin=started.begin._replace(credit=np.zeros((6, 3), dtype=np.int64)))
    rare = uniform_plan(started.world, 0.1, 0.0, 0.0)
    assert [row[0] for row in words(run(started, rare))[:2]] == ["-", "sent"]
    never = uniform_plan(started.world, 0.0, 0.0, 0.0)
    assert (run(started, never).outcome == NOT_DUE).all()


def test_value_arbitration_sends_the_worthier_contact_first() -> None:
    policy = ContactPolicy(caps=(FrequencyCap("one", 1, 1),))
    dear = tuple(replace(c, orders_per_contact=o) for c, o in zip(CERTAIN, (0.001, 0.05, 0.002), strict=True))
    started = certain(policy)
    world = replace(started.world, channels=dear, policy=replace(policy, arbitration="value"))
    assert (run(replace(started, world=world)).outcome[:, 1] == SENT).all()
    assert (run(replace(started, world=replace(world, policy=policy))).outcome[:, 0] == SENT).all()


def test_capacity_is_used_up_and_never_exceeded() -> None:
    seats = Capacity("seats", ("sms",), per_day=2.0, weeks={0: 9.0})
    found = run(certain(ContactPolicy(), capacities=(seats,)))
    assert sum(row[2] == "sent" for row in words(found)) == 2
    assert sum(row[2] == "capacity: seats" for row in words(found)) == 4
    week = replace(seats, per_day=None, weeks={0: 1.0}, use_per_contact=0.4)
    assert sum(row[2] == "sent" for row in words(run(certain(ContactPolicy(), capacities=(week,))))) == 2


def test_campaigns_and_triggers_of_the_day_go_before_regular_contacts() -> None:
    program = Program(
        campaigns=(Campaign("news", "push", 7.0, segments=("cold",)),),
        cascades=(
            Cascade("back", Trigger("days_since_order", days=60), (Step("email"), Step("sms", 3))),
            Cascade("party", Trigger("birthday"), (Step("sms"),)),
        ),
    )
    started = certain(ContactPolicy(caps=(FrequencyCap("one a channel", 1, 1, channels=("sms",)),)), program=program)
    people = replace(started.world.population, birthday=np.array([0, 0, 5, 5, 5, 5]))
    started = replace(started, world=replace(started.world, population=people))
    orders = np.array([-60, -59, -60, -61, -100, -100])
    started = replace(started, begin=started.begin._replace(last_order=orders, segment=np.array([0, 0, 0, 2, 2, 2])))
    found = words(run(started, replace(started.world.current, campaigns=("news", "back", "party"))))
    names = ["email", "push", "sms", "news", "back.1", "back.2", "party.1"]
    by_name = [dict(zip(names, row, strict=True)) for row in found]
    assert [row["back.1"] for row in by_name] == ["sent", "-", "sent", "-", "-", "-"]
    assert [row["back.2"] for row in by_name] == ["-"] * 6
    assert [row["party.1"] for row in by_name] == [
        "-",
        "sent",
        "-",
        "-",
        "-",
        "-",
    ]  # one cascade at a time, by priority
    assert by_name[1]["sms"] == "one a channel"
    assert [row["news"] != "-" for row in by_name][:3] == [False] * 3
    assert (run(started).outcome[:, 3:] == NOT_DUE).all()  # what a plan does not name does not run


def test_the_value_of_a_contact_by_hand() -> None:
    offers = (Offer("ten", 0.1, response_factor=2.0, valid_days=5),)
    started = certain(ContactPolicy(), program=Program(offers=offers))
    begin = started.begin._replace(fatigue=np.full(6, 2.0), active=np.array([1, 1, 1, 0, 0, 0], dtype=np.uint8))
    timing = np.full((3, 3), 1.5)
    started = replace(started, begin=begin, world=replace(started.world, timing=timing))
    segment = started.world.rfm.segments[int(begin.segment[0])]
    plan = replace(started.world.current, offers=((segment, "push", "ten"),))
    people, effect = started.world.population, started.people.effect
    found = run(started, plan).value
    orders = effect[0] * 0.01 * np.exp(-0.2 * 2.0) * 1.5
    assert found[0, 0] == pytest.approx(0.4 * orders * people.mean_value[0] - 0.01)
    given_away = 0.1 * people.rate[0] * 5
    assert found[0, 1] == pytest.approx(((0.4 - 0.1) * orders * 2 - given_away) * people.mean_value[0] - 0.02)
    asleep = effect[4] * 0.01 * np.exp(-0.4) * 1.5 * 0.5 * 0.5 ** (100 / 180)
    assert found[4, 0] == pytest.approx(0.4 * asleep * people.mean_value[4] - 0.01)


def test_who_has_changed_segment_since_yesterday() -> None:
    world = world_of(400, (EMAIL, SMS))
    people = world.population
    found = entered_segments(people, world.rfm)
    now = world.rfm.classify(*people.recency_frequency_value(world.rfm.window_days))
    changed = found >= 0
    assert 0 < changed.sum() < 200
    np.testing.assert_array_equal(found[changed], now[changed])
    # 20 days is the border: those who ordered 21 days ago have just left "fresh", whatever else
    just = (people.last_order == -21) & (now == world.rfm.segments.index("cooling"))
    assert just.any()
    assert changed[just].all()
    still = (people.last_order < -25) & (people.last_order > -55) & (people.first_order > -119)
    assert still.any()
    assert not changed[still].any()
