"""A search that may not go on ends with the best plan so far, and says why."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.budget import Budget, Stopped
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.search import search
from optimizer.settings import SearchSettings
from tests.optimizer.worlds import FOUR, evaluator_of, people, small_world, space_of

SETTINGS = SearchSettings(exhaustive=0, exchanges=8, next_best=1, slack=(1.03,))


def fresh(budget: Budget) -> Evaluator:
    world = small_world(people(200, 4), rfm=FOUR, weeks=4, tail_weeks=2)
    evaluator = evaluator_of(world, space_of(world), (Limit("budget", "cost", 15.0),))
    evaluator.budget = budget
    return evaluator


def test_customer_days_are_counted_and_end_the_search() -> None:
    whole = Budget()
    evaluator = fresh(whole)
    best = search(evaluator, evaluator.space.nothing(), SETTINGS).best
    assert whole.spent == evaluator.customer_days > 0
    values = []
    for share in (0.0, 0.4, 2.0):
        budget = Budget(customer_days=share * whole.spent)
        part = fresh(budget)
        found = search(part, part.space.nothing(), SETTINGS)
        values.append(found.best.value)
        one_plan = 32 * 200 * 42
        assert budget.spent <= share * whole.spent + one_plan, "one pass may be under way"
        assert bool(found.stopped) is (share < 1)
        assert found.one_opt is (share > 1)
        if share < 1:
            assert "customer-days" in found.stopped
    assert values == sorted(values)
    assert values[0] == 0.0 < values[-1] == best.value


def test_no_time_is_no_search() -> None:
    evaluator = fresh(Budget(seconds=0.0))
    found = search(evaluator, evaluator.space.nothing(), SETTINGS)
    assert "0 seconds" in found.stopped
    np.testing.assert_array_equal(found.best.choice, evaluator.space.nothing())


def test_ctrl_c_keeps_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator = fresh(Budget())
    passes = 0
    run = Evaluator.run

    def interrupted(self: Evaluator, *arguments: object, **more: object) -> object:
        nonlocal passes
        passes += 1
        if passes > 6:
            raise KeyboardInterrupt
        return run(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluator, "run", interrupted)
    found = search(evaluator, evaluator.space.nothing(), SETTINGS)
    assert "interrupted" in found.stopped
    assert found.best.value == max(e.value for e in found.path) > 0
    assert evaluator.budget.interrupted, "what comes after the search is not searched either"


def test_what_must_be_done_is_counted_and_never_stopped() -> None:
    budget = Budget(customer_days=10)
    with budget.regardless():
        budget.spend(20)
    assert budget.spent == 20
    with pytest.raises(Stopped):
        budget.check()
