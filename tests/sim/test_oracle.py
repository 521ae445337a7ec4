"""The kernel against the oracle in plain Python: the same events, customer by customer and day by day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.domain import Behaviour, OptOut
from sim.policy import Frequencies
from sim.population import synthetic
from sim.start import Started, start_world
from sim.world import World
from tests import oracle
from tests.sim.same import RELATIVE, assert_same
from tests.worlds import EMAIL, LIVELY, random_worlds, world_of

pytestmark = pytest.mark.usefixtures("kernels")

worlds_and_seeds = given(random_worlds(), st.integers(0, 2**31))
unhurried = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
)


@worlds_and_seeds
@settings(unhurried, max_examples=60)
def test_same_events_and_expectations(case: tuple[World, list[Frequencies]], seed: int) -> None:
    assert_same(*case, seed)


@pytest.mark.slow
@given(random_worlds(most_customers=40, plans=3), st.integers(0, 2**31))
@settings(unhurried, max_examples=400)
def test_same_events_and_expectations_in_many_worlds(case: tuple[World, list[Frequencies]], seed: int) -> None:
    assert_same(*case, seed)


@worlds_and_seeds
@settings(unhurried, max_examples=40)
def test_start_is_the_current_plans_past(case: tuple[World, list[Frequencies]], seed: int) -> None:
    world, _ = case
    started = start_world(world, seed=seed)
    contacted = world.start == "current_policy" and bool(world.current.per_week.any())
    for row in range(world.population.size):
        assert_past(started, row, seed, contacted)


def assert_past(started: Started, row: int, seed: int, contacted: bool) -> None:
    begin, me = started.begin, oracle.customer_of(started, row)
    assert me.segment == oracle.segment_of(started.world, me, 0)
    if not contacted:
        assert begin.fatigue[row] == 0
        assert begin.stimulus[row] == 0
        assert not begin.ring[row].any()
        return
    was = oracle.past(started, row, seed)
    assert begin.fatigue[row] == pytest.approx(was.fatigue, rel=RELATIVE, abs=1e-12)
    assert begin.stimulus[row] == pytest.approx(was.stimulus, rel=RELATIVE, abs=1e-12)
    remembered = {c: [day for day in days if day >= -63] for c, days in was.contacts.items()}
    assert me.contacts == remembered
    for channel in me.subscribed:  # the credit of nobody else is ever used
        if not me.holdout and started.world.current.per_week[me.segment, channel] > 0:
            assert me.credit[channel] == was.credit[channel]


def test_frailty_is_that_of_survivors() -> None:
    """Z ~ Gamma(k, k + H): the same draw as the prior's, shrunk by k / (k + H), H the hazard met in the past."""
    shape = 0.8
    channel = replace(EMAIL, unsubscribe_per_contact=0.0005)
    behaviour = Behaviour(optout=OptOut(frailty_shape=shape, fatigue_growth=0.3))
    world = world_of(20, (channel,), current=(3.0,), behaviour=behaviour)
    started = start_world(world, seed=3)
    newcomers = start_world(replace(world, start="rested"), seed=3)
    survived = [oracle.past(started, row, 3).hazard_per_day for row in range(20)] * -world.population.first_order
    expected = newcomers.people.frailty * shape / (shape + survived)
    assert np.asarray(survived).max() > 0.05
    assert started.people.frailty == pytest.approx(expected, rel=1e-4)


def test_hazard_survived_is_that_of_whole_cycles() -> None:
    """One contact in four weeks: whoever has been there for a year has met thirteen, in whatever week the latest was."""
    channel = replace(EMAIL, delivered=1.0, consent_share=1.0, unsubscribe_per_contact=0.02)
    population = replace(synthetic(LIVELY, 50, seed=11), first_order=np.repeat([-364, -7], 25))
    behaviour = Behaviour(optout=OptOut(frailty_shape=1.0, fatigue_growth=0.0))
    world = world_of(population, (channel,), current=(0.25,), behaviour=behaviour)
    share = (
        start_world(world, seed=3).people.frailty / start_world(replace(world, start="rested"), seed=3).people.frailty
    )
    met = -np.log(1 - 0.02)
    assert share[:25] == pytest.approx(1 / (1 + 13 * met), rel=1e-4)
    contacts = np.rint((1 / share[25:] - 1) / met)  # in a week, it came or it did not
    assert share[25:] == pytest.approx(1 / (1 + contacts * met), rel=1e-4)
    assert set(contacts) <= {0, 1}
