"""Plans by period live as the engine's own change of plans does: at the end of the horizon there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sim.engine.blocks import Totals
from sim.errors import InputError
from sim.periods import Period, PeriodPlan, average_week, changed_rates, cut_into_periods, during, in_week
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.world import World
from tests.families import full_worlds
from tests.worlds import flat, world_of

pytestmark = pytest.mark.usefixtures("kernels")

BY_WEEK = ("lane", "line", "displaced", "rule", "segment", "world", "flow")


def by_halves(first: Frequencies, later: Frequencies, *weeks: int) -> PeriodPlan:
    """``first``, and ``later`` in the last of the periods of so many weeks."""
    ends = np.cumsum(weeks).tolist()
    periods = [Period(f"until {end}", end - count + 1, end) for end, count in zip(ends, weeks, strict=True)]
    tables = [first.per_week] * (len(weeks) - 1) + [later.per_week]
    return PeriodPlan.by(first.name, first.segments, first.channels, periods, tables, first.campaigns, first.offers)


def assert_same_lives(one: Totals, other: Totals) -> None:
    for name in BY_WEEK:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.customer.sum(axis=2), other.customer.sum(axis=2))


def without_discount(world: World, **changes: object) -> World:
    return replace(world, economics=replace(world.economics, discount_per_year=0.0), **changes)  # type: ignore[arg-type]


@given(full_worlds())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_later_period_is_what_the_plan_after_the_horizon_is(case: tuple[World, list[Frequencies]]) -> None:
    """One world lives under its plan for w weeks and under the tail plan for t more. Another has a horizon of w + t
    weeks, and the tail's frequencies as the last period. With every rule, with shared capacity and reputation."""
    world, (one, two, tail) = case
    weeks, more = world.weeks, max(1, world.tail_weeks)
    beside = {"campaigns": one.campaigns, "offers": one.offers}
    plans, tail = [one, replace(two, **beside)], replace(tail, **beside)
    ends = simulate(without_discount(world, tail_weeks=more), plans, seed=3, tail=tail, threads=1, block=5)
    longer = without_discount(world, weeks=weeks + more, tail_weeks=0)
    split = (1, weeks - 1, more) if weeks > 1 else (weeks, more)
    periods = [by_halves(plan, tail, *split) for plan in plans]
    assert_same_lives(ends.totals, simulate(longer, periods, seed=3, threads=2, block=4).totals)


def test_periods_that_are_alike_are_no_periods() -> None:
    """Bit by bit, horizon and tail apart, beside a plan that does change."""
    world = world_of(60, weeks=6, tail_weeks=3)
    same, other = flat(world.rfm, world.channels, 2.0, 0.5), flat(world.rfm, world.channels, 0.0, 1.0)
    plain = simulate(world, [same, other], seed=1, tail=same, threads=1)
    mixed = simulate(
        world, [by_halves(same, same, 2, 2, 2), by_halves(same, other, 3, 3), other],
        seed=1, tail=by_halves(same, same, 3, 3), threads=1,
    )  # fmt: skip
    for name in (*BY_WEEK, "customer", "visited"):
        np.testing.assert_array_equal(getattr(plain.totals, name)[0], getattr(mixed.totals, name)[0], err_msg=name)
        np.testing.assert_array_equal(getattr(plain.totals, name)[1], getattr(mixed.totals, name)[2], err_msg=name)
    changes = (mixed.totals.lane[1] != mixed.totals.lane[0]).any(axis=(1, 2))
    assert changes.tolist()[:4] == [False, False, False, True]


def test_after_the_horizon_a_plan_goes_on_with_its_average_week() -> None:
    world = world_of(10, weeks=4)
    plan = by_halves(flat(world.rfm, world.channels, 2.0, 0.0), flat(world.rfm, world.channels, 0.0, 1.0), 3, 1)
    np.testing.assert_allclose(average_week(plan).per_week, [[1.5, 0.25]] * 3)
    np.testing.assert_allclose(during(plan, Period("", 3, 4)), [[1.0, 0.5]] * 3)
    assert in_week(plan, 3).per_week[0, 0] == 2.0
    assert in_week(plan, 4).per_week[0, 0] == 0.0
    doubled = changed_rates(plan, lambda rates: 2 * rates)
    assert isinstance(doubled, PeriodPlan)
    np.testing.assert_allclose(doubled.by_period, 2 * plan.by_period)
    with pytest.raises(ValueError, match="average of the periods"):
        replace(plan, per_week=np.zeros((3, 2)))


def test_periods_cut_the_horizon_without_gaps() -> None:
    assert cut_into_periods([("a", 1), ("b", 5)], 8) == (Period("a", 1, 4), Period("b", 5, 8))
    for wrong in ([("a", 2)], [("a", 1), ("b", 9)], [("a", 1), ("b", 4), ("c", 4)], [("a", 1), ("a", 4)], []):
        with pytest.raises(InputError):
            cut_into_periods(wrong, 8)
