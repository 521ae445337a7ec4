"""The search on small worlds: it only ever climbs, among plans that keep the limits; exchanges against brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from optimizer.baselines import best_uniform
from optimizer.effects import Effects
from optimizer.evaluate import Evaluator
from optimizer.exchanges import promising_pairs
from optimizer.limits import Limit
from optimizer.search import search
from optimizer.settings import SearchSettings
from tests.optimizer.worlds import FOUR, evaluator_of, people, small_world, space_of, with_limits

SETTINGS = SearchSettings(buffer=0.02, exchanges=24, exhaustive=0, sure=0.0)


@pytest.fixture(scope="module")
def world() -> Evaluator:
    base = small_world(people(1_000, 4), rfm=FOUR)
    return evaluator_of(base, space_of(base))


def limited(world: Evaluator, budget: float, sms_a_week: float) -> Evaluator:
    limits = (Limit("budget", "cost", budget), Limit("sms", "contacts_per_week", sms_a_week, channel="sms"))
    return with_limits(world, limits)


@pytest.mark.parametrize(("budget", "sms_a_week"), [(60.0, 40.0), (120.0, 25.0), (250.0, 90.0), (0.0, 0.0)])
def test_value_never_falls_and_limits_are_never_broken(world: Evaluator, budget: float, sms_a_week: float) -> None:
    evaluator = limited(world, budget, sms_a_week)
    start = evaluator.evaluate([evaluator.space.nothing()])[0]
    found = search(evaluator, start.choice, SETTINGS)
    values = [start.value, *(step.value for step in found.steps)]
    assert values == sorted(values)
    assert found.best.value == values[-1]
    for plan in (found.best, *found.pool):
        assert (plan.use <= evaluator.most * 0.98 + 1e-9).all()
    assert [p.value for p in found.pool] == sorted((p.value for p in found.pool), reverse=True)
    assert found.pool[0].value == found.best.value
    if budget:
        assert found.best.value > start.value
        assert (found.best.use >= 0.5 * evaluator.most).any(), "a limit is used"
    else:
        assert not found.best.choice.any()


def test_a_start_beyond_the_limits_is_brought_within_them(world: Evaluator) -> None:
    evaluator = limited(world, 60.0, 30.0)
    most = np.tile([3, 3], (4, 1))
    start = evaluator.evaluate([most])[0]
    assert (start.use > 2 * evaluator.most).any()
    found = search(evaluator, most, SETTINGS)
    assert evaluator.feasible(found.best, SETTINGS.buffer)
    assert found.best.value > 0
    assert all(evaluator.feasible(plan, SETTINGS.buffer) for plan in found.pool)


def test_at_the_end_no_single_feasible_change_improves(world: Evaluator) -> None:
    evaluator = limited(world, 120.0, 60.0)
    found = search(evaluator, evaluator.space.nothing(), SETTINGS)
    assert found.one_opt
    assert not found.steps[-1].accepted
    changes = []
    for s, c in np.ndindex(found.best.choice.shape):
        for k in range(len(evaluator.space.levels[c])):
            changes.append(found.best.choice.copy())
            changes[-1][s, c] = k
    better = [
        e.choice.tolist()
        for e in evaluator.evaluate(changes)
        if evaluator.feasible(e, SETTINGS.buffer) and e.value > found.best.value * (1 + 1e-6)
    ]
    assert better == []


def test_an_evaluated_plan_is_not_simulated_again(world: Evaluator) -> None:
    evaluator = limited(world, 100.0, 50.0)
    choice = evaluator.space.nothing()
    first = evaluator.evaluate([choice, choice])
    spent = evaluator.customer_days
    assert evaluator.evaluate([choice])[0] is first[0] is first[1]
    assert evaluator.customer_days == spent > 0


def test_no_contact_is_worth_nothing(world: Evaluator) -> None:
    assert limited(world, 1.0, 1.0).evaluate([world.space.nothing()])[0].value == 0.0


def test_the_uniform_start_is_the_best_of_all_uniform_plans(world: Evaluator) -> None:
    evaluator = limited(world, 100.0, 50.0)
    best = best_uniform([evaluator], buffer=0.02)
    every = [e for e in evaluator.evaluate(list(evaluator.space.uniform())) if evaluator.feasible(e, 0.02)]
    assert len(every) > 1
    assert best.value == max(e.value for e in every) > 0


# --- exchanges of two -------------------------------------------------------------------------------------------


def made_up_table(seed: int) -> tuple[Effects, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape, rows = (3, 2, 4), 2
    incumbent = rng.integers(0, 3, shape[:2])
    value = rng.normal(size=shape)
    value[:, 1, 3] = -np.inf  # the second channel has three levels
    use = rng.normal(size=(*shape, rows))
    visited = np.array([True, True, False])
    table = Effects(incumbent, value, np.zeros(shape), use, np.zeros((*shape, 0)), visited)
    return table, np.array([4.0, 6.0]), np.array([4.5, 6.5])


def pairs_by_hand(table: Effects, use_now: np.ndarray, most: np.ndarray) -> dict[bytes, float]:
    """Every exchange of two cells that fits, with the sum of its effects."""
    changes = [
        (s, c, k)
        for s, c, k in itertools.product(range(2), range(2), range(4))
        if np.isfinite(table.value[s, c, k]) and k != table.incumbent[s, c]
    ]
    pairs = {}
    for first, second in itertools.combinations(changes, 2):
        fits = (use_now + table.parts[first] + table.parts[second] <= most + 1e-9).all()
        if first[:2] != second[:2] and fits:
            choice = table.incumbent.copy()
            for s, c, k in (first, second):
                choice[s, c] = k
            pairs[choice.tobytes()] = float(table.value[first] + table.value[second])
    return pairs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [5, 1_000])
def test_promising_pairs_are_those_of_brute_force(seed: int, count: int) -> None:
    table, use_now, most = made_up_table(seed)
    pairs = pairs_by_hand(table, use_now, most)
    got = [choice.tobytes() for choice in promising_pairs(table.parts, table, use_now, most, count)]
    assert len(got) == min(count, len(pairs)) > 2
    assert len(set(got)) == len(got)
    best = sorted(pairs.values(), reverse=True)[:count]
    assert [pairs[choice] for choice in got] == pytest.approx(best)


def test_a_single_change_makes_no_pair() -> None:
    table, use_now, most = made_up_table(0)
    value = np.full_like(table.value, -np.inf)
    value[0, 0, :3] = 0.0
    lonely = replace(table, value=value)
    assert promising_pairs(lonely.parts, lonely, use_now, most, 10) == []
