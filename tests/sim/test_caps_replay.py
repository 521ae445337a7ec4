"""Every contact of a run, replayed against the rules by someone who never saw the kernel: no violation at all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_SEGMENT, EV_STIMULATED, EV_UNSUBSCRIBE
from sim.lower import holdout
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests.worlds import SMS, THREE_SEGMENTS, flat, plain_world, random_worlds, uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")


def violations(started: Started, log: np.ndarray) -> list[str]:
    """What the event log of one world breaks; from what is known on the evening of day -1."""
    found = []
    for row in range(len(started.people.key)):
        mine = log[log[:, 1] == row]
        found += [f"customer {row}: {what}" for what in _violations_of(started, row, mine)]
    return found


def _violations_of(started: Started, row: int, events: np.ndarray) -> list[str]:
    world, begin, policy = started.world, started.begin, started.world.policy
    names, segments = world.channel_names, world.rfm.segments
    past = {c: {-1 - k for k in range(63) if int(begin.ring[row, c]) >> k & 1} for c in range(len(names))}
    sent: dict[int, set[int]] = defaultdict(set, past)
    may = {c for c in range(len(names)) if int(begin.subscribed[row]) >> c & 1}
    orders = [int(begin.last_order[row])]
    segment = int(begin.segment[row])
    never = bool(holdout(world)[row])
    found = []
    for _, _, day, kind, lane, _ in events.tolist():
        if kind == EV_SEGMENT:
            segment = lane
        elif kind in (EV_ORGANIC, EV_STIMULATED):
            orders.append(day)
        elif kind == EV_UNSUBSCRIBE:
            may.discard(lane)
        elif kind == EV_CONTACT:
            if never:
                found.append(f"day {day}: contact of the holdout")
            if lane not in may:
                found.append(f"day {day}: {names[lane]} without consent")
            if day in sent[lane]:
                found.append(f"day {day}: {names[lane]} twice")
            if any(earlier in sent[lane] for earlier in range(day - policy.min_gap_days + 1, day)):
                found.append(f"day {day}: {names[lane]} within the gap")
            if any(order + 1 <= day <= order + policy.quiet_days_after_order for order in orders):
                found.append(f"day {day}: quiet after an order")
            sent[lane].add(day)
            for cap in policy.caps:
                if cap.segments and segments[segment] not in cap.segments:
                    continue
                counted = [c for c in range(len(names)) if not cap.channels or names[c] in cap.channels]
                days = range(day - cap.rolling_days + 1, day + 1)
                if lane in counted and sum(len(sent[c].intersection(days)) for c in counted) > cap.max_contacts:
                    found.append(f"day {day}: {cap.name}")
    return found


@given(random_worlds(plans=1), st.integers(0, 2**31))
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_no_rule_is_ever_broken(case: tuple[World, list[Frequencies]], seed: int) -> None:
    world, (plan, tail) = case
    started = start_world(world, seed=seed)
    log = simulate(started, [plan], seed=seed, tail=tail, threads=1, log_lines=40_000).totals.log
    assert violations(started, log) == []


TIGHT = ContactPolicy(
    caps=(
        FrequencyCap("3 in 7 days", 3, 7),
        FrequencyCap("1 a day", 1, 1),
        FrequencyCap("e-mail 5 in 28 days when cold", 5, 28, channels=("email",), segments=("cold",)),
    ),
    min_gap_days=2,
    quiet_days_after_order=3,
    holdout_share=0.1,
)


@pytest.fixture(scope="module")
def pressed() -> tuple[Started, np.ndarray]:
    """A month of daily pressure on all rules at once."""
    world = world_of(150, current=(4.0, 3.0), policy=TIGHT, weeks=8)
    started = start_world(world, seed=5)
    plan = uniform_plan(world, 7.0, 7.0)
    return started, simulate(started, [plan], seed=5, threads=1, log_lines=200_000).totals.log


def test_no_rule_is_broken_under_pressure(pressed: tuple[Started, np.ndarray]) -> None:
    started, log = pressed
    assert (log[:, 3] == EV_CONTACT).sum() > 2000
    assert violations(started, log) == []


@pytest.mark.parametrize(
    "stricter",
    [
        replace(TIGHT, min_gap_days=3),
        replace(TIGHT, quiet_days_after_order=4),
        replace(TIGHT, holdout_share=0.2),
        *(
            replace(TIGHT, caps=(*TIGHT.caps[:k], cap, *TIGHT.caps[k + 1 :]))
            for k, tight in enumerate(TIGHT.caps)
            for cap in (
                replace(tight, max_contacts=tight.max_contacts - 1),
                replace(tight, rolling_days=tight.rolling_days + 1),
            )
        ),
    ],
)
def test_the_replay_sees_a_rule_that_is_one_stricter(
    pressed: tuple[Started, np.ndarray], stricter: ContactPolicy
) -> None:
    """Each rule is used to its limit: one day or one contact less, and the same log breaks it."""
    started, log = pressed
    assert violations(replace(started, world=replace(started.world, policy=stricter)), log)


def test_the_memory_of_day_0_counts() -> None:
    """A cap used up by the past allows nothing until its window has moved on."""
    cap = FrequencyCap("2 in 28 days", 2, 28)
    world = world_of(200, current=(7.0, 7.0), policy=ContactPolicy(caps=(cap,)), weeks=4)
    started = start_world(world, seed=2)
    log = simulate(started, [world.current], seed=2, threads=1, log_lines=20_000).totals.log
    first = {int(row): int(day) for _, row, day, kind, *_ in log[::-1] if kind == EV_CONTACT}
    for row, day in first.items():
        ages = [k for c in range(2) for k in range(63) if int(started.begin.ring[row, c]) >> k & 1]
        assert len(ages) >= 2
        assert day >= 28 - 1 - sorted(ages)[1]
    assert len(first) > 100
    assert violations(started, log) == []


def test_blocked_contacts_wait_for_their_first_eligible_day() -> None:
    """At 7 a week the cap alone decides: 3 in 7 days are 3 a week, never fewer."""
    world = plain_world(20, weeks=20, policy=ContactPolicy(caps=(FrequencyCap("3 in 7", 3, 7),)))
    log = simulate(world, [uniform_plan(world, 7.0)], seed=1, threads=1, log_lines=20_000).totals.log
    for row in range(20):
        days = log[(log[:, 1] == row) & (log[:, 3] == EV_CONTACT), 2]
        assert (days[3:] - days[:-3] == 7).all()
        assert len(days) == 60


def test_precedence_follows_the_order_of_the_channels() -> None:
    """With room for one contact a day, the first channel of the world gets it."""
    world = world_of(
        50, (replace(SMS, unsubscribe_per_contact=0.0), replace(SMS, name="other", unsubscribe_per_contact=0.0)),
        start="rested", policy=ContactPolicy(caps=(FrequencyCap("one", 1, 1),)),
    )  # fmt: skip
    started = start_world(world, seed=1)
    log = simulate(started, [uniform_plan(world, 7.0, 7.0)], seed=1, threads=1, log_lines=20_000).totals.log
    contacts = log[log[:, 3] == EV_CONTACT]
    both = started.begin.subscribed[contacts[:, 1]] == 3
    assert both.sum() > 100
    # credit starts anywhere: on day 0 perhaps the second is due alone; from then on the first takes every day
    assert (contacts[both & (contacts[:, 2] > 0), 4] == 0).all()


@pytest.mark.parametrize("policy", [ContactPolicy(), ContactPolicy(min_gap_days=3), ContactPolicy(caps=TIGHT.caps[:2])])
def test_a_higher_level_never_sends_less(policy: ContactPolicy) -> None:
    """While no segment, order or opt-out answers the contacts."""
    levels = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    world = plain_world(300, rfm=THREE_SEGMENTS, weeks=13, policy=policy)
    plans = [flat(world.rfm, world.channels, level, name=f"{level}") for level in levels]
    result = simulate(world, plans, seed=4, threads=1, log_lines=400_000)
    sent = np.zeros((len(levels), 300), dtype=np.int64)
    contacts = result.totals.log[result.totals.log[:, 3] == EV_CONTACT]
    np.add.at(sent, (contacts[:, 0], contacts[:, 1]), 1)
    assert (np.diff(sent.sum(axis=1)) >= 0).all()
    assert (np.diff(sent, axis=0) >= -1).all()  # one more or less by the phase of the pacing
