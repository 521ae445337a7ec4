"""Plans by period: rows of the decision are segments in periods. In the world of these tests every e-mail carries a
discount, and customers order twelve times as often in the second half: a discount then is given away on orders that come
anyway, so all that the budget can do it should do in the first half."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.around import effects_of
from optimizer.evaluate import Evaluator
from optimizer.formulation import MasterData, build
from optimizer.limits import Limit
from optimizer.objective import worth
from optimizer.optimize import Optimization, optimize
from optimizer.search import best_of, search
from optimizer.settings import SearchSettings
from optimizer.solve import propose
from optimizer.space import Space
from sim.campaigns import Offer, Program
from sim.domain import Seasonality
from sim.periods import Period, PeriodPlan
from sim.simulate import simulate
from sim.units import MICRO
from sim.world import World
from tests.optimizer.lp import text_of
from tests.optimizer.worlds import EMAIL, TIRING, TWO, evaluator_of, people, small_world

GOLDEN = Path(__file__).parent / "golden"
CALM, HIGH = Period("calm", 1, 6), Period("high season", 7, 12)
LEVELS = {"email": (0.0, 0.5, 1.0)}
SETTINGS = SearchSettings(buffer=0.0, exhaustive=0, sure=0.0)


def seasonal(customers: int) -> tuple[World, Space]:
    """Two segments, one channel, two periods, three levels: 81 plans."""
    seasons = Seasonality((0.2,) * 6 + (2.5,) * 46)
    world = small_world(people(customers, 5), channels=(replace(EMAIL, orders_per_contact=0.03),), tail_weeks=4)
    world = replace(
        world,
        behaviour=replace(TIRING, seasonality=seasons),
        program=Program(offers=(Offer("tenth", discount_share=0.1, valid_days=7),)),
    )
    carried = tuple((segment, "email", "tenth") for segment in TWO.segments)
    return world, replace(Space.of(TWO.segments, ("email",), LEVELS), offers=carried).by_period((CALM, HIGH))


@pytest.fixture(scope="module")
def free() -> Evaluator:
    return evaluator_of(*seasonal(800))


def within(free: Evaluator, *limits: Limit) -> Evaluator:
    return replace(free.elsewhere(), limits=limits)


def test_rows_are_segments_in_periods() -> None:
    space = Space.of(("a", "b"), ("email", "sms"), {"email": [1, 3], "sms": [0.5]}).by_period((CALM, HIGH))
    assert space.shape == (4, 2)
    assert space.size == 6**4
    choice = np.array([[1, 0], [2, 0], [0, 1], [0, 0]])
    plan = space.plan(choice, "p")
    assert isinstance(plan, PeriodPlan)
    np.testing.assert_array_equal(plan.by_period, [[[1, 0], [3, 0]], [[0, 0.5], [0, 0]]])
    np.testing.assert_array_equal(space.nearest(plan), choice)
    np.testing.assert_array_equal(space.nearest(space.by_period(()).plan(choice[:2], "")), np.tile(choice[:2], (2, 1)))
    np.testing.assert_array_equal(space.in_every_period(choice[:2]), np.tile(choice[:2], (2, 1)))
    assert [space.segment_of(row) for row in range(4)] == [0, 1, 0, 1]
    assert [space.differ_in_one(0, row) for row in range(4)] == [True, True, True, False]
    assert len(list(space.uniform())) == 6


@pytest.mark.usefixtures("kernels")
def test_effects_of_a_period_are_those_of_everybody(free: Evaluator) -> None:
    """The table simulates only who visits the segment; the difference of two whole simulations says the same."""
    limits = (Limit("calm", "cost", 1.0, weeks=(1, 6)), Limit("high", "cost", 1.0, weeks=(7, 12)))
    evaluator = within(free, *limits)
    (now,) = evaluator.evaluate([np.array([[1], [0], [0], [2]])])
    table = effects_of(evaluator, now)
    for row, level in np.ndindex(4, 3):
        changed = now.choice.copy()
        changed[row, 0] = level
        (after,) = evaluator.evaluate([changed])
        assert table.value[row, 0, level] == pytest.approx(after.value - now.value, abs=1e-6)
        np.testing.assert_allclose(table.parts[row, 0, level], after.parts - now.parts, atol=1e-9)
        if row < 2 or level == now.choice[row, 0]:
            continue
        assert table.parts[row, 0, level, 0] == 0.0, "what is sent later costs nothing before"
        assert table.parts[row, 0, level, 1] != 0.0


@pytest.mark.usefixtures("kernels")
def test_under_a_budget_the_search_finds_the_best_of_all_plans_by_period(free: Evaluator) -> None:
    every = free.evaluate(list(free.space.all()))
    assert len(every) == 81
    most = next(e.parts for e in within(free, Limit("all", "cost", 1e9)).evaluate([np.full((4, 1), 2)]))[0]
    evaluator = within(free, Limit("budget", "cost", 0.4 * most))
    best = best_of(evaluator, evaluator.evaluate(list(free.space.all())), SETTINGS)
    assert not best.choice[2:].any(), "nothing in the high season"
    assert best.choice[:2].any()
    richest = max(every, key=lambda e: e.value)
    assert richest.value > best.value > 0, "the budget holds back"

    fresh = within(free, *evaluator.limits)
    found = search(fresh, fresh.space.nothing(), SETTINGS)
    assert not found.exhaustive
    np.testing.assert_array_equal(found.best.choice, best.choice)
    plain = [free.space.in_every_period(choice) for choice in free.space.by_period(()).all()]
    assert best_of(evaluator, evaluator.evaluate(plain), SETTINGS).value < 0.7 * best.value


@pytest.mark.usefixtures("kernels")
def test_a_budget_of_one_period_leaves_the_other_alone(free: Evaluator) -> None:
    """A limit on the calm weeks holds back what pays; the high season gets no contact for it."""
    (most,) = within(free, Limit("calm", "cost", 1e9, weeks=(1, 6))).evaluate([np.full((4, 1), 2)])
    evaluator = within(free, Limit("calm", "cost", 0.5 * float(most.parts[0]), weeks=(1, 6)))
    found = search(evaluator, evaluator.space.nothing(), SETTINGS)
    best = best_of(evaluator, evaluator.evaluate(list(free.space.all())), SETTINGS)
    np.testing.assert_array_equal(found.best.choice, best.choice)
    assert 0 < found.best.parts[0] <= 0.5 * most.parts[0]


def two_budgets() -> MasterData:
    """Two segments in two periods (rows 0 and 1, 2 and 3), one channel, two levels; a budget for each period."""
    use = np.zeros((4, 1, 2, 2))
    use[:2, 0, 1, 0], use[2:, 0, 1, 1] = (6.0, 5.0), (4.0, 7.0)
    value = np.array([[[0.0, 9.0]], [[0.0, 8.0]], [[0.0, 3.0]], [[0.0, 5.0]]])
    return MasterData(value, use, np.zeros((4, 1), dtype=np.int64), np.zeros(2), np.array([10.0, 7.5]), trust=1000)


def test_the_program_by_period_reads_as_algebra() -> None:
    assert text_of(build(two_budgets()).problem) == (GOLDEN / "periods.lp").read_text()
    proposal = propose(two_budgets())
    assert proposal is not None
    np.testing.assert_array_equal(proposal.choice.ravel(), [1, 0, 0, 1])


@pytest.fixture(scope="module")
def done() -> Optimization:
    world, space = seasonal(10)
    return optimize(
        world, lambda customers, seed: people(customers, seed).standing_for(10_000), space,
        [Limit("budget", "cost", 300.0), Limit("calm", "cost", 200.0, weeks=(1, 6))],
        seed=8, search_customers=1_000, report_customers=3_000, settings=SearchSettings(buffer=0.05, exhaustive=0),
        threads=2, price_share=0.0,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_the_recipe_reports_a_plan_by_period_beside_one_without(done: Optimization) -> None:
    assert [plan.name for plan in done.fresh.plans] == ["no_contact", "current", "uniform_best", "all_year", "plan"]
    value = worth(done.fresh, "contribution").sum(axis=1) / MICRO
    assert isinstance(done.plan, PeriodPlan)
    assert done.plan.by_period[0].any()
    assert value[4] > max(value[0], value[2], value[3])
    assert not done.plan.by_period[1].any()
    assert done.fresh_parts[4, 1] <= 200.0
    assert done.fresh.tail.per_week == pytest.approx(done.plan.per_week)


@pytest.mark.usefixtures("kernels")
def test_the_value_of_a_choice_is_that_of_its_plan(free: Evaluator) -> None:
    choice = np.array([[1], [2], [0], [0]])
    plans = [free.space.nothing(), choice]
    result = simulate(
        free.started, [free.space.plan(c, str(n)) for n, c in enumerate(plans)], seed=3, tail=free.tail, threads=1
    )
    total = np.diff(worth(result, "contribution").sum(axis=1))[0] / MICRO
    assert free.evaluate([choice])[0].value == pytest.approx(total)
