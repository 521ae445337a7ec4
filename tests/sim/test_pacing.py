"""Pacing: frequencies are kept in the long run, blocked contacts wait, and credit survives changes of plan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.pacing import credit_per_day
from sim.engine.tables import EV_CONTACT, PACE
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests.worlds import LIVELY, THREE_SEGMENTS, flat, plain_world, synthetic

pytestmark = pytest.mark.usefixtures("kernels")

N = 40


def contact_days(started: Started, plan: Frequencies, *, tail: Frequencies | None = None) -> list[list[int]]:
    """Days of contact of each customer."""
    log = simulate(started, [plan], seed=1, tail=tail, threads=1, log_lines=200_000).totals.log
    contacts = log[log[:, 3] == EV_CONTACT]
    return [contacts[contacts[:, 1] == row, 2].tolist() for row in range(len(started.people.key))]


@pytest.fixture(scope="module")
def year() -> World:
    return plain_world(N, weeks=52)


@given(st.floats(0, 7))
@settings(max_examples=40)
def test_a_frequency_is_realized_to_the_contact(year: World, per_week: float) -> None:
    """After D days a customer with initial credit c has had floor(c + D f / 7) contacts: no drift, no bunching."""
    started = start_world(year, seed=1)
    rate = int(credit_per_day(np.array(per_week)))
    assert rate == round(per_week * PACE / 7)
    found = contact_days(started, flat(year.rfm, year.channels, per_week))
    for row, days in enumerate(found):
        credit = int(started.begin.credit[row, 0])
        assert len(days) == (credit + 364 * rate) // PACE
        assert days == [math.ceil((k * PACE - credit) / rate) - 1 for k in range(1, len(days) + 1)]


@pytest.mark.parametrize(
    ("per_week", "gap", "realized"),
    [(1.0, 4, 1.0), (1.75, 4, 1.75), (2.0, 4, 1.75), (7.0, 4, 1.75), (3.0, 2, 3.0), (7.0, 2, 3.5), (2.0, 7, 1.0)],
)
def test_a_gap_delivers_what_fits(per_week: float, gap: int, realized: float) -> None:
    """Blocked contacts wait: with four days between, 2 a week delivers 1.75 (dropping them would deliver 1)."""
    world = plain_world(N, weeks=104, policy=ContactPolicy(min_gap_days=gap))
    found = contact_days(start_world(world, seed=1), flat(world.rfm, world.channels, per_week))
    for days in found:
        assert len(days) == pytest.approx(104 * realized, abs=1)
        assert (np.diff(days) >= gap).all()


@pytest.mark.parametrize(("per_week", "realized"), [(2.0, 2.0), (3.0, 3.0), (5.0, 3.0)])
def test_a_cap_delivers_the_smaller_of_plan_and_cap(per_week: float, realized: float) -> None:
    world = plain_world(N, weeks=52, policy=ContactPolicy(caps=(FrequencyCap("3 in 7 days", 3, 7),)))
    found = contact_days(start_world(world, seed=1), flat(world.rfm, world.channels, per_week))
    for days in found:
        assert len(days) == pytest.approx(52 * realized, abs=1)


def test_first_contacts_are_spread_over_the_week() -> None:
    world = plain_world(7000, weeks=2)
    found = contact_days(start_world(world, seed=1), flat(world.rfm, world.channels, 1.0))
    first = np.bincount([days[0] for days in found], minlength=7)
    assert len(first) == 7
    assert abs(first - 1000).max() < 4 * math.sqrt(1000)


def test_segments_with_the_same_frequency_are_one_segment() -> None:
    """Moving between segments costs no contact and gives none, as long as the plan is the same."""
    population = synthetic(LIVELY, N, seed=3, tenure_days=100)
    one = plain_world(population, weeks=26)
    three = plain_world(population, weeks=26, rfm=THREE_SEGMENTS)
    found = [contact_days(start_world(w, seed=1), flat(w.rfm, w.channels, 1.3)) for w in (one, three)]
    assert found[0] == found[1]


def test_credit_is_carried_into_the_tail() -> None:
    """The same plan in horizon and tail is one plan; another one starts with the credit that was left."""
    world = plain_world(N, weeks=5, tail_weeks=5)
    plan = flat(world.rfm, world.channels, 0.6)
    started = start_world(world, seed=1)
    rate = int(credit_per_day(np.array(0.6)))
    same = contact_days(started, plan, tail=plan)
    none = contact_days(started, plan, tail=flat(world.rfm, world.channels, 0.0))
    more = contact_days(started, plan, tail=flat(world.rfm, world.channels, 3.0))
    for row in range(N):
        credit = int(started.begin.credit[row, 0])
        assert len(same[row]) == (credit + 70 * rate) // PACE
        assert none[row] == [day for day in same[row] if day < 35]
        assert len(more[row]) == (credit + 35 * rate + 35 * 3 * PACE // 7) // PACE


def test_a_contact_that_waits_goes_as_soon_as_the_rules_allow() -> None:
    """Quiet days after an order move the contact, they do not cancel it."""
    population = synthetic(LIVELY, N, seed=3, tenure_days=0)  # everybody ordered on day -1
    world = plain_world(population, weeks=2, policy=ContactPolicy(quiet_days_after_order=6))
    found = contact_days(start_world(world, seed=1), flat(world.rfm, world.channels, 7.0))
    first = [days[0] for days in found if days]
    assert min(first) == 6
    assert np.median(first) == 6


def test_the_stationary_start_keeps_the_rhythm() -> None:
    """Contacts of the past and of the run under one plan are evenly spaced: day 0 is no special day."""
    world = plain_world(N, weeks=20, start="current_policy", current=(1.0,))
    started = start_world(world, seed=1)
    for row, days in enumerate(contact_days(started, world.current)):
        past = [-1 - k for k in range(62, -1, -1) if int(started.begin.ring[row, 0]) >> k & 1]
        assert len(past) >= min(8, -int(world.population.first_order[row]) // 7 - 1)
        assert (np.diff([*past, *days]) == 7).all()
