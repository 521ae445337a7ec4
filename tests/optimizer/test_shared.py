"""Shared capacity: what only moves slots between customers is no effect, and no plan is chosen for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.effects import effects_table
from optimizer.limits import parts_of
from optimizer.objective import worth
from optimizer.optimize import Optimization, optimize
from optimizer.settings import SearchSettings
from optimizer.shared import capacity_limits, unrationed
from optimizer.space import Space
from sim.capacity import Capacity
from sim.domain import Behaviour, Reputation
from sim.population import Population
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World
from tests.optimizer.worlds import people, small_world, space_of

BASE = 1_500
WEEKLY = 120.0
GATEWAY = Capacity("gateway", ("sms",), per_week=WEEKLY)


def rationed(customers: int = BASE, *capacities: Capacity) -> World:
    return replace(small_world(base(customers, 5)), capacities=capacities or (GATEWAY,))


def base(customers: int, seed: int) -> Population:
    return people(customers, seed).standing_for(BASE)


def everywhere(space: Space, email: int, sms: int) -> np.ndarray:
    return np.tile(np.array([email, sms], dtype=np.int64), (len(space.segments), 1))


def test_under_rationing_an_effect_on_some_customers_is_a_lie() -> None:
    """Four times the SMS to fresh customers: they gain, because the others lose their slots."""
    world = rationed()
    started, space = start_world(world, seed=3, threads=2), space_of(world)
    before = everywhere(space, 1, 2)
    after = before.copy()
    after[space.segments.index("fresh"), 1] = 3
    result = simulate(started, [space.plan(before, "before"), space.plan(after, "after")], seed=3, threads=2)
    gain = worth(result, "contribution")[1] - worth(result, "contribution")[0]
    visits = (result.totals.visited[0] >> space.segments.index("fresh") & 1).astype(bool)
    cold_only = gain[~visits].sum()
    assert gain[visits].sum() > 0 > cold_only, "slots move from those who are never fresh"
    assert result.totals.lane[0, :12, 1].sum() > 0


def test_effects_are_those_of_a_world_in_which_nothing_is_shared() -> None:
    world = rationed()
    bad = replace(world, behaviour=replace(world.behaviour, reputation=Reputation(("email",), 0.0001)))
    space, tables = space_of(world), []
    for one in (bad, replace(bad, capacities=(), behaviour=world.behaviour)):
        started = start_world(one, seed=3, threads=2)
        incumbent = everywhere(space, 1, 2)
        free = replace(started, world=replace(unrationed(one), behaviour=world.behaviour))
        result = simulate(free, [space.plan(incumbent, "incumbent")], seed=3, threads=2, detailed=False)
        limits = capacity_limits(world)
        tables.append(
            effects_table(
                started, space, incumbent, result, limits, tail=one.current, objective="contribution", threads=2
            )
        )
    np.testing.assert_array_equal(tables[0].value, tables[1].value)
    np.testing.assert_array_equal(tables[0].parts, tables[1].parts)
    assert np.abs(tables[0].value[np.isfinite(tables[0].value)]).max() > 0


@pytest.fixture(scope="module")
def done() -> Optimization:
    world = rationed()
    return optimize(
        world, base, space_of(world), (), seed=11, search_customers=1_500, report_customers=6_000,
        settings=SearchSettings(exhaustive=0), tail=world.current, threads=2,
    )  # fmt: skip


def test_the_plan_asks_for_no_more_than_the_capacity(done: Optimization) -> None:
    """As if nothing were rationed, on customers of its own; so it is chosen for what it does, not for slots it takes."""
    world = rationed(6_000)
    free = simulate(unrationed(world), [done.plan], seed=77, tail=world.current, threads=2)
    asked = parts_of(free, capacity_limits(world))[0]
    assert asked.max() <= 1.05 * WEEKLY
    assert asked.max() > 0.3 * WEEKLY, "the capacity is used"


def test_rationing_hardly_matters_to_the_plan(done: Optimization) -> None:
    gap, delivered = done.promised_minus_delivered, done.delivered
    assert delivered.mean > 0
    assert abs(gap.mean) < 4 * gap.se + 0.02 * delivered.mean
    (limit,) = done.limits
    assert (limit.name, limit.weekly, limit.most) == ("gateway", True, WEEKLY)
    assert [price.limit for price in done.prices] == ["gateway"]


def test_capacities_as_limits() -> None:
    clicks = Capacity(
        "calls", ("sms", "email"), per_day=10.0, per_week=80.0, weeks={2: 5.0, 40: 1.0}, use_per_click=2.0
    )
    world = rationed(300, clicks, Capacity("only then", ("sms",), weeks={0: 7.0}))
    daily, then = capacity_limits(world, ["calls"])
    assert (daily.name, daily.most, dict(daily.exceptions)) == ("calls (capacity)", 70.0, {3: 5.0})
    assert daily.weights == pytest.approx({"email": 1 + 2 * 0.97 * 0.03, "sms": 1 + 2 * 0.98 * 0.07})
    assert (then.name, then.most, then.weeks) == ("only then, week 1", 7.0, (1, 1))
    assert capacity_limits(small_world(people(300, 5))) == ()


def test_behaviour_without_reputation_is_left_alone() -> None:
    world = small_world(people(300, 5))
    assert unrationed(world) is world
    assert world.behaviour.reputation == Behaviour().reputation
