"""The oracle's lives, replayed by someone who never saw it: no rule is ever broken; and the replay sees what is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.campaigns import Campaign, Cascade, Program, Step, Trigger
from sim.capacity import Capacity
from sim.policy import (
    ContactPolicy,
    Cooldown,
    Frequencies,
    FrequencyCap,
    PersonalCap,
    Prerequisite,
    Selection,
    SwitchOff,
)
from sim.start import Started, start_world
from sim.world import World
from tests import oracle
from tests.families import full_worlds, joining
from tests.replay import Found, replay
from tests.worlds import EMAIL, LIVELY, SMS, synthetic, uniform_plan, world_of

unhurried = settings(suppress_health_check=list(HealthCheck))


def log_of(lives: list[oracle.Life]) -> np.ndarray:
    """The lives as a log of world 0."""
    rows = [(0, row, *event) for row, life in enumerate(lives) for event in life.events]
    return np.array(rows, dtype=np.int64).reshape(-1, 6)


def check(case: tuple[World, list[Frequencies]], seed: int) -> None:
    world, (*plans, tail) = case
    started = start_world(world, seed=seed)
    for plan, lives in zip(plans, oracle.simulate(started, plans, tail, seed=seed), strict=True):
        found = replay(started, plan, tail, log_of(lives))
        assert found.violations == []
        counted: Counter[tuple[int, int]] = Counter()
        for life in lives:
            counted.update({(week, n): int(k) for (what, week, n), k in life.weekly.items() if what == "violations"})
        homes = [n for n, rule in enumerate(world.policy.caps) if rule.household]
        if world.policy.arbitration == "priority" or not homes:
            assert found.reported == counted


@given(full_worlds(plans=1), st.integers(0, 2**31))
@settings(unhurried, max_examples=40)
def test_no_rule_is_ever_broken(case: tuple[World, list[Frequencies]], seed: int) -> None:
    check(case, seed)


@pytest.mark.slow
@given(full_worlds(plans=2), st.integers(0, 2**31))
@settings(unhurried, max_examples=120)
def test_no_rule_is_ever_broken_in_many_worlds(case: tuple[World, list[Frequencies]], seed: int) -> None:
    check(case, seed)


# --- the replay sees what is broken ---------------------------------------------------------------------------

MAIL_ONLY, SMS_ONLY = Selection(("email",)), Selection(("sms",))
SMS_INFO = replace(SMS, message_class="info")
TIGHT = ContactPolicy(
    caps=(
        FrequencyCap("3 in 7 days", 3, 7),
        FrequencyCap("e-mail 4 a month", 4, calendar="month", channels=("email",)),
        FrequencyCap("info 2 a week", 2, calendar="week", classes=("info",)),
        FrequencyCap("5 points in 9 days", 5, 9, points=(("sms", 2),)),
        FrequencyCap("household 4 in 6 days", 4, 6, household=True),
    ),
    cooldowns=(Cooldown("no e-mail after sms", 2, SMS_ONLY, MAIL_ONLY),),
    prerequisites=(Prerequisite("sms needs e-mail", 12, MAIL_ONLY, SMS_ONLY, segments=("fresh",)),),
    personal_caps=(PersonalCap("tolerance", 20, ((4, 0.5), (6, 0.5))),),
    switch_offs=(SwitchOff("silent", 3),),
    min_gap_days=2,
    quiet_days_after_order=2,
    holdout_share=0.1,
)
CHAIN = Cascade(
    "chain",
    Trigger("days_since_order", days=4),
    (Step("email"), Step("sms", 3), Step("email", 1)),
    patience_days=5,
    repeat_after_days=9,
)
OTHER = Cascade("other", Trigger("entered_segment", segment="cooling"), (Step("sms"), Step("email", 6)))
PROGRAM = Program(campaigns=(Campaign("news", "email", 3.0),), cascades=(CHAIN, OTHER))
DESK = Capacity("desk", ("sms",), per_day=3, per_week=6)


def pressed(policy: ContactPolicy, *, capacities: tuple[Capacity, ...] = (), **plan: Any) -> tuple[Started, Any, Any]:
    """Daily pressure for 8 weeks on 40 people in households of two, some of whom come later."""
    channels = (replace(EMAIL, delivered=0.5, clicked=0.0), SMS_INFO)
    people = joining(synthetic(LIVELY, 40, seed=11, tenure_days=200), np.where(np.arange(40) % 8 == 0, 10, -1))
    people = replace(people, household=np.arange(40) // 2)
    world = world_of(
        people, channels, current=(1.0, 0.5), policy=policy, weeks=8, program=PROGRAM, start="rested",
        first_weekday=2, first_day_of_month=11, suppressed=np.arange(40) % 10 == 3, capacities=capacities,
    )  # fmt: skip
    started = start_world(world, seed=5)
    rates = uniform_plan(world, *plan.pop("per_week", (7.0, 7.0)))
    chosen = replace(rates, **plan)
    return started, chosen, log_of(oracle.simulate(started, [chosen], chosen, seed=5)[0])


@cache
def tight() -> tuple[Started, Any, Any]:
    return pressed(TIGHT, capacities=(DESK,), campaigns=("news", "chain", "other"))


@cache
def chained() -> tuple[Started, Any, Any]:
    return pressed(ContactPolicy(), per_week=(0.0, 0.0), campaigns=("chain", "other"))


def found_in(case: tuple[Started, Any, Any], plan: Any = None, log: Any = None, **changes: Any) -> Found:
    started, chosen, events = case
    plan = plan or chosen
    other = replace(started, world=replace(started.world, **changes))
    return replay(other, plan, plan, events if log is None else log)


def test_under_pressure_nothing_is_broken() -> None:
    for case, contacts in ((tight(), 100), (chained(), 50)):
        assert (case[2][:, 3] == oracle.CONTACT).sum() > contacts
        assert found_in(case).violations == []


def stricter() -> list[Any]:
    """Every rule of TIGHT alone, a little tighter."""
    caps = [replace(cap, max_contacts=cap.max_contacts - 1) for cap in TIGHT.caps]
    caps += [replace(cap, rolling_days=cap.rolling_days + 3) for cap in TIGHT.caps if cap.calendar is None]
    policies = [ContactPolicy(caps=(cap,)) for cap in caps]
    policies += [ContactPolicy(cooldowns=(replace(TIGHT.cooldowns[0], days=3),))]
    policies += [ContactPolicy(prerequisites=(replace(TIGHT.prerequisites[0], days=2),))]
    policies += [ContactPolicy(personal_caps=(replace(TIGHT.personal_caps[0], shares=((3, 1.0),)),))]
    policies += [ContactPolicy(personal_caps=(replace(TIGHT.personal_caps[0], name="other salt"),))]
    policies += [ContactPolicy(switch_offs=(replace(TIGHT.switch_offs[0], after_contacts=2),))]
    policies += [ContactPolicy(min_gap_days=3), ContactPolicy(quiet_days_after_order=3)]
    return [pytest.param(policy, id=str(n)) for n, policy in enumerate([*policies, ContactPolicy(holdout_share=0.2)])]


@pytest.mark.parametrize("policy", stricter())
def test_the_replay_sees_a_rule_that_is_a_little_tighter(policy: ContactPolicy) -> None:
    assert found_in(tight(), policy=policy).violations


def test_the_replay_counts_rules_that_are_only_reported() -> None:
    cap = FrequencyCap("2 in 7 days", 2, 7, enforced=False)
    found = found_in(tight(), policy=ContactPolicy(caps=(cap,)))
    assert found.violations == []
    assert sum(found.reported.values()) > 20


@pytest.mark.parametrize(
    "changes",
    [
        {"suppressed": np.arange(40) % 5},
        {"capacities": (replace(DESK, per_day=2.0),)},
        {"capacities": (replace(DESK, per_week=5.0),)},
        {"capacities": (replace(DESK, weeks={1: 2.0}),)},
        {"capacities": (replace(DESK, use_per_click=1.0),)},
    ],
)
def test_the_replay_sees_suppression_and_capacity(changes: dict[str, Any]) -> None:
    assert found_in(tight(), **changes).violations


def changed(**cascade: Any) -> Program:
    return replace(PROGRAM, cascades=(replace(CHAIN, **cascade), OTHER))


@pytest.mark.parametrize(
    "program",
    [
        changed(trigger=Trigger("days_since_order", days=5)),
        changed(trigger=Trigger("birthday")),
        changed(trigger=Trigger("registered")),
        changed(trigger=Trigger("entered_segment", segment="fresh")),
        changed(segments=("cold",)),
        changed(repeat_after_days=40),
        changed(steps=(CHAIN.steps[0], replace(CHAIN.steps[1], delay_days=4), CHAIN.steps[2])),
        changed(steps=(CHAIN.steps[0], replace(CHAIN.steps[1], delay_days=2), CHAIN.steps[2]), patience_days=0),
        changed(steps=(CHAIN.steps[0], replace(CHAIN.steps[1], only_if="seen"), CHAIN.steps[2])),
    ],
)
def test_the_replay_sees_steps_that_nothing_started(program: Program) -> None:
    assert found_in(chained(), program=program).violations


def test_the_replay_sees_cascades_outside_the_plan_and_after_orders() -> None:
    _, plan, log = chained()
    assert found_in(chained(), plan=replace(plan, campaigns=("other",))).violations
    first = log[(log[:, 3] == oracle.CONTACT) & (log[:, 4] == 3)][0]  # an order between trigger and first step
    order = np.array([[0, first[1], first[2] - 1, oracle.ORGANIC, 0, 1]])
    assert found_in(chained(), log=np.concatenate([log, order])).violations


def test_the_replay_sees_contacts_that_were_not_due() -> None:
    _, plan, log = tight()
    rarer = replace(plan, per_week=plan.per_week * 0.05)
    assert any("before it was due" in what for what in found_in(tight(), plan=rarer).violations)
    none = replace(plan, per_week=plan.per_week * 0)
    assert any("not in the plan" in what for what in found_in(tight(), plan=none).violations)
    early = log.copy()
    early[:, 1] = 8  # joins on day 10
    assert any("not there" in what for what in found_in(tight(), log=early).violations)


def test_the_replay_sees_contacts_after_an_opt_out_and_out_of_order() -> None:
    log = tight()[2]
    gone = np.array([[0, row, 0, oracle.UNSUBSCRIBE, 0, 0] for row in range(40)])
    assert any("without consent" in what for what in found_in(tight(), log=np.concatenate([gone, log])).violations)
    free = pressed(ContactPolicy(), campaigns=("news",))
    assert found_in(free).violations == []
    regular_first = free[2][np.lexsort((free[2][:, 4], free[2][:, 2]))]
    assert any("precedence" in what for what in found_in(free, log=regular_first).violations)
