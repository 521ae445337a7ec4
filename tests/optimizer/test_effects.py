"""The effects table against full simulations: equal, not close."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.effects import Effects, bundle_table, effects_table
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit, parts_of
from optimizer.objective import worth
from optimizer.space import Choice
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.units import MICRO
from tests.optimizer.worlds import THREE_ONE_EMPTY, evaluator_of, people, small_world, space_of

LIMITS = (
    Limit("budget", "cost", 1.0),
    Limit("sms a week", "contacts_per_week", 1.0, channel="sms"),
    Limit("list", "unsubscribes", 1.0),
)
INCUMBENT = np.array([[2, 1], [1, 0], [1, 2]])
SPENT: list[int] = []
"""Customer-days of the table's cells."""


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    world = small_world(people(400, 7), rfm=THREE_ONE_EMPTY, weeks=8, tail_weeks=6)
    return evaluator_of(world, space_of(world), LIMITS)


@pytest.fixture(scope="module")
def table(evaluator: Evaluator) -> Effects:
    return effects_table(
        evaluator.started, evaluator.space, INCUMBENT, evaluator.run([INCUMBENT]), LIMITS,
        tail=evaluator.tail, objective="contribution", threads=2, spend=SPENT.append,
    )  # fmt: skip


def full(evaluator: Evaluator, *choices: Choice) -> SimulationResult:
    """All customers, one simulation a plan."""
    plans = [evaluator.space.plan(choice, str(n)) for n, choice in enumerate(choices)]
    return simulate(evaluator.started, plans, seed=evaluator.started.seed, tail=evaluator.tail, threads=1)


def single_changes(evaluator: Evaluator) -> list[tuple[int, int, int]]:
    return [
        (s, c, k)
        for s in range(3)
        for c, menu in enumerate(evaluator.space.levels)
        for k in range(len(menu))
        if k != INCUMBENT[s, c]
    ]


def test_every_entry_is_the_difference_of_two_full_simulations(evaluator: Evaluator, table: Effects) -> None:
    cells = single_changes(evaluator)
    assert len(cells) == 3 * 2 * 3
    before = full(evaluator, INCUMBENT)
    worth_before, use_before = worth(before, "contribution")[0], parts_of(before, LIMITS)[0]
    moved = 0
    for s, c, k in cells:
        changed = INCUMBENT.copy()
        changed[s, c] = k
        after = full(evaluator, changed)
        gain = worth(after, "contribution")[0] - worth_before
        assert table.value[s, c, k] == int(gain.sum()) / MICRO
        error = np.sqrt((gain.astype(float) ** 2).sum()) / MICRO
        assert table.value_se[s, c, k] == pytest.approx(error, rel=1e-12)
        np.testing.assert_allclose(table.parts[s, c, k], parts_of(after, LIMITS)[0] - use_before, rtol=1e-9, atol=1e-9)
        moved += table.value[s, c, k] != 0
    assert moved == 2 * 2 * 3, "every change in a visited segment moves the value"


def test_who_never_visits_the_segment_is_not_touched(evaluator: Evaluator) -> None:
    before = full(evaluator, INCUMBENT)
    for s, c, k in ((0, 0, 0), (0, 1, 3), (1, 0, 3), (1, 1, 1)):
        changed = INCUMBENT.copy()
        changed[s, c] = k
        gain = worth(full(evaluator, changed), "contribution")[0] - worth(before, "contribution")[0]
        visited = (before.totals.visited[0] >> s & 1).astype(bool)
        assert 20 < visited.sum() < len(visited) - 20, "somebody visits, somebody does not"
        assert not gain[~visited].any()
        assert gain[visited].any()


def test_the_incumbent_has_no_effect_and_missing_levels_are_marked(evaluator: Evaluator, table: Effects) -> None:
    for s, c in np.ndindex(INCUMBENT.shape):
        assert table.value[s, c, INCUMBENT[s, c]] == 0.0
        assert not table.parts[s, c, INCUMBENT[s, c]].any()
    assert np.isfinite(table.value).all()  # both channels have four levels
    short = space_of(evaluator.started.world, {"email": (0.0, 0.5, 1.0), "sms": (0.0, 0.25)})
    incumbent = short.nothing()
    result = simulate(evaluator.started, [short.plan(incumbent, "")], seed=3, tail=evaluator.tail, threads=1)
    other = effects_table(
        evaluator.started, short, incumbent, result, (), tail=evaluator.tail, objective="revenue", threads=1
    )
    assert other.value.shape == (3, 2, 3)
    assert (other.value[:, 1, 2] == -np.inf).all()
    assert np.isfinite(other.value[:, 0]).all()


def test_a_segment_nobody_visits_is_left_alone(table: Effects) -> None:
    np.testing.assert_array_equal(table.visited, [True, True, False])
    assert not table.value[2].any()
    assert not table.parts[2].any()


def test_only_who_visits_and_can_be_reached_is_simulated(evaluator: Evaluator, table: Effects) -> None:
    visited = full(evaluator, INCUMBENT).totals.visited[0]
    subscribed = evaluator.started.begin.subscribed
    touched = [int((visited >> s & subscribed >> c & 1).sum()) for s in range(2) for c in range(2)]
    assert max(touched) < len(visited)
    assert sorted(SPENT) == sorted(n * (1 + 3) * evaluator.started.world.days for n in touched)


def test_who_cannot_be_reached_is_not_touched(evaluator: Evaluator) -> None:
    before = worth(full(evaluator, INCUMBENT), "contribution")[0]
    for s, c, k in ((0, 0, 0), (0, 1, 3), (1, 0, 3), (1, 1, 1)):
        changed = INCUMBENT.copy()
        changed[s, c] = k
        gain = worth(full(evaluator, changed), "contribution")[0] - before
        reachable = (evaluator.started.begin.subscribed >> c & 1).astype(bool)
        assert not gain[~reachable].any()
        assert gain[reachable].any()


def test_what_a_whole_segment_gets_is_the_difference_of_two_full_simulations(evaluator: Evaluator) -> None:
    bundles = bundle_table(
        evaluator.started, evaluator.space, INCUMBENT, evaluator.run([INCUMBENT]), LIMITS,
        tail=evaluator.tail, objective="contribution", threads=2,
    )  # fmt: skip
    vectors = evaluator.space.vectors()
    assert bundles.value.shape == (3, 1, len(vectors)) == (3, 1, 4 * 4)
    assert [vectors[n] for n in bundles.incumbent[:, 0]] == [tuple(row) for row in INCUMBENT]
    before = full(evaluator, INCUMBENT)
    worth_before, use_before = worth(before, "contribution")[0], parts_of(before, LIMITS)[0]
    for s in range(2):
        for n in range(0, len(vectors), 3):
            changed = INCUMBENT.copy()
            changed[s] = vectors[n]
            after = full(evaluator, changed)
            assert bundles.value[s, 0, n] == int((worth(after, "contribution")[0] - worth_before).sum()) / MICRO
            used = parts_of(after, LIMITS)[0] - use_before
            np.testing.assert_allclose(bundles.parts[s, 0, n], used, rtol=1e-9, atol=1e-9)
    assert not bundles.value[2].any(), "nobody visits the third segment"
