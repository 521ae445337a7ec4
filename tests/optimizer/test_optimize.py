"""The recipe end to end on a small world: a plan that beats its baselines and keeps its limits on fresh customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.budget import Budget
from optimizer.errors import Infeasible
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit, rows_of
from optimizer.objective import worth
from optimizer.optimize import MakePopulation, Optimization, _binding, optimize
from optimizer.prices import Price, Side
from optimizer.search import Found
from optimizer.select import Selected, select
from optimizer.settings import SearchSettings
from optimizer.space import Choice
from sim.compare import base_total
from sim.errors import InputError
from sim.simulate import simulate
from tests.optimizer.worlds import FOUR, people, small_world, space_of

WORLD = small_world(people(10, 1), rfm=FOUR, current=(0.5, 0.0))
SPACE = space_of(WORLD)
BASE = 10_000
LIMITS = (Limit("budget", "cost", 1_000.0), Limit("sms", "contacts_per_week", 600.0, channel="sms"))


def run(limits: tuple[Limit, ...] = LIMITS, *, threads: int = 2) -> Optimization:
    return optimize(
        WORLD, lambda customers, seed: people(customers, seed).standing_for(BASE), SPACE, limits, seed=8,
        search_customers=2_000, report_customers=6_000, settings=SearchSettings(buffer=0.05), threads=threads,
    )  # fmt: skip


@pytest.fixture(scope="module")
def done() -> Optimization:
    return run()


@pytest.mark.slow
def test_the_plan_beats_every_baseline_on_fresh_customers(done: Optimization) -> None:
    assert [plan.name for plan in done.fresh.plans] == ["no_contact", "current", "uniform_best", "plan"]
    value = worth(done.fresh, "contribution").sum(axis=1)
    assert (value[3] > value[:3]).all()
    assert (value[1:] > value[0]).all(), "contacts pay in this world, so the comparison says something"


@pytest.mark.slow
def test_the_plan_keeps_its_limits_on_fresh_customers_and_uses_them(done: Optimization) -> None:
    most = rows_of(LIMITS, WORLD.weeks).bound
    assert done.fresh_parts.shape == (4, 1 + WORLD.weeks)
    assert (done.fresh_parts[3] <= most).all()
    assert (done.fresh_parts[3] >= 0.8 * most).any(), "no limit binds: the test says little"
    assert not done.fresh_parts[0].any()


@pytest.mark.slow
def test_promised_and_delivered_stand_side_by_side(done: Optimization) -> None:
    total = int((worth(done.fresh, "contribution")[3] - worth(done.fresh, "contribution")[0]).sum())
    assert done.delivered.mean == pytest.approx(total * BASE / 6_000 / 1e6, rel=1e-12)
    difference = done.promised_minus_delivered
    assert difference.mean == pytest.approx(done.promised.mean - done.delivered.mean, rel=1e-9)
    assert difference.se == done.delivered.se < 0.1 * done.delivered.mean
    assert abs(difference.mean) < 4 * np.hypot(done.promised.se, done.delivered.se)
    assert done.promised.ci_low < done.promised.mean < done.promised.ci_high


@pytest.mark.slow
def test_the_plan_is_one_of_the_space(done: Optimization) -> None:
    np.testing.assert_array_equal(done.plan.per_week, SPACE.plan(done.choice, "").per_week)
    assert done.choice.any()
    assert done.candidates >= 2
    assert done.customer_days > 0


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing(done: Optimization) -> None:
    alone = run(threads=1)
    np.testing.assert_array_equal(alone.choice, done.choice)
    assert (alone.promised, alone.delivered) == (done.promised, done.delivered)


@pytest.mark.slow
def test_looser_limits_are_never_worth_less(done: Optimization) -> None:
    loose = run(())
    assert loose.fresh_parts.shape == (4, 0)
    assert loose.promised.mean >= done.promised.mean


def test_bad_limits_are_refused_before_any_work() -> None:
    with pytest.raises(InputError, match="unknown channel"):
        run((Limit("budget", "cost", 1.0, channel="fax"),))


@pytest.mark.slow
def test_limits_nobody_can_keep_are_infeasible_and_named() -> None:
    many = Limit("newsletter", "contacts", least=1_000_000.0, channel="email")
    with pytest.raises(Infeasible, match="newsletter"):
        run((LIMITS[0], many))


def covered(runs: int) -> int:
    """How often the interval of promised - delivered holds the promise less the plan's true value, which 40,000
    customers tell (their own error is a fifth of the interval's)."""
    small = small_world(people(10, 1), weeks=4, tail_weeks=2)
    space, hits = space_of(small), 0
    limits = (Limit("budget", "cost", 300.0),)
    for seed in range(100, 100 + 10 * runs, 10):
        done = optimize(
            small, lambda customers, seed: people(customers, seed).standing_for(BASE), space, limits, seed=seed,
            search_customers=500, report_customers=1_500, tail=small.current, price_share=0.0,
        )  # fmt: skip
        world = replace(small, population=people(40_000, 7).standing_for(BASE))
        plans = [space.plan(space.nothing(), "no_contact"), done.plan]
        true = simulate(world, plans, seed=7, tail=small.current)
        value = worth(true, "contribution")
        exact = base_total(value[1] - value[0], world.population, 1e6).mean
        gap = done.promised_minus_delivered
        hits += gap.ci_low <= done.promised.mean - exact <= gap.ci_high
    return hits


@pytest.mark.slow
def test_the_interval_of_promised_less_delivered_is_right_with_selection_inside() -> None:
    assert covered(8) >= 6


@pytest.mark.proof
def test_the_interval_covers_36_of_40() -> None:
    assert covered(40) >= 36


def test_a_limit_whose_price_is_nothing_does_not_bind() -> None:
    """Half used, and nothing changes when it moves: a plan far beyond it may still be better. Without prices that is
    all one knows."""
    nothing, some = (Side(5.0, value, 0.0, 0.0, SPACE.nothing()) for value in (0.0, 2.0))
    loose, tight = Price("budget", nothing, nothing), Price("sms", nothing, some)
    assert _binding(LIMITS, [loose, tight], [True, False]) == (False, True)
    assert _binding(LIMITS, [], [True, False]) == (True, False)
    assert _binding(LIMITS, [tight], [True, False]) == (True, True)


def test_what_other_customers_find_runs_in_the_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the end of the search, on as many customers again and others; a search that was stopped has no such end."""
    asked, ran = [], []

    def found_by_others(other: Evaluator, every: Evaluator, found: Found, *rest: Any) -> list[Choice]:
        asked.append((other.customers, other.started.seed))
        return [np.minimum(found.best.choice + 1, 1)]

    def noted(again: Evaluator, some: Evaluator, every: Evaluator, further: Any, others: Any, *rest: Any) -> Selected:
        ran.extend(choice.tolist() for choice in others)
        return select(again, some, every, further, others, *rest)

    monkeypatch.setattr("optimizer.optimize.second_opinions", found_by_others)
    monkeypatch.setattr("optimizer.optimize.select", noted)
    small = {"search_customers": 200, "report_customers": 400, "price_share": 0.0, "threads": 2}
    template: MakePopulation = lambda customers, seed: people(customers, seed).standing_for(BASE)  # noqa: E731
    optimize(WORLD, template, SPACE, LIMITS, seed=8, settings=SearchSettings(buffer=0.05, rounds=1), **small)
    assert asked == [(400, 8 + 3 + 1_000)]
    assert np.ones_like(SPACE.nothing()).tolist() in ran
    stop = Budget(customer_days=1)
    optimize(WORLD, template, SPACE, LIMITS, seed=8, settings=SearchSettings(buffer=0.05), budget=stop, **small)
    assert len(asked) == 1
