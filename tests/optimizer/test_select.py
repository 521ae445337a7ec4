"""The race on fresh customers: against enumeration of all plans there, and the margin a plan needs."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer import select as selecting
from optimizer.calibrate import calibrate
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.search import best_of, search
from optimizer.select import select, spread
from optimizer.settings import SearchSettings
from tests.optimizer.worlds import evaluator_of, people, small_world, space_of, with_limits

BASE, SETTINGS = 10_000, SearchSettings()
FREE = (Limit("budget", "cost", 1e9), Limit("sms", "contacts_per_week", 1e9, channel="sms"))


def customers(number: int, seed: int) -> Evaluator:
    world = small_world(people(number, seed).standing_for(BASE), weeks=4, tail_weeks=0, current=(0.0, 0.0))
    return evaluator_of(world, space_of(world), FREE, seed=seed)


@pytest.fixture(scope="module")
def enumerated() -> Evaluator:
    """All 256 plans on the fresh customers."""
    every = customers(8_000, 91)
    every.evaluate(list(every.space.all()))
    return every


def limits_at(every: Evaluator, share: float) -> tuple[Limit, ...]:
    top = max(every.known.values(), key=lambda e: e.value)
    return (
        Limit("budget", "cost", share * float(top.use[0])),
        Limit("sms", "contacts_per_week", share * float(top.use[1:].max()), channel="sms"),
    )


@pytest.mark.parametrize("share", [0.35, 0.5, 0.65, 0.8])
def test_the_race_finds_the_best_plan_of_all_with_a_few_of_them(enumerated: Evaluator, share: float) -> None:
    limits = limits_at(enumerated, share)
    seen, every = with_limits(customers(700, 92), limits), with_limits(enumerated, limits)
    some = every.elsewhere(every.started.take_sample(np.arange(8_000)[::4]))
    found = search(seen, seen.space.nothing(), SETTINGS)
    calibrate([seen, some], every, found.best.choice)
    selected = select(seen, some, every, [found.best.choice], SETTINGS)
    best = max((e for e in enumerated.known.values() if every.feasible(e, SETTINGS.buffer)), key=lambda e: e.value)
    assert every.feasible(selected.best)
    assert selected.best.value >= 0.995 * best.value > 0
    assert len(every.known) <= 40 < 256
    assert selected.candidates >= len(every.known)


def test_the_spread_is_that_of_other_customers() -> None:
    """Standard errors from groups of one sample against the standard deviation of many samples."""
    plan = np.array([[2, 1], [1, 2]])
    limits = (Limit("budget", "cost", 1_000.0), Limit("mails", "contacts", 9_000.0, channel="email"))
    samples = [with_limits(customers(1_000, seed), limits) for seed in range(40, 64)]
    true = np.std([one.excess(one.evaluate([plan])[0]) for one in samples], axis=0, ddof=1)
    told = np.sqrt(np.mean([np.square(spread(one, plan)) for one in samples[:8]], axis=0))
    np.testing.assert_allclose(told, true, rtol=0.4)


@pytest.mark.parametrize(("error", "lets_through"), [(0.0005, True), (0.01, False)])
def test_within_the_margin_only_a_plan_that_is_known_well(
    enumerated: Evaluator, monkeypatch: pytest.MonkeyPatch, error: float, lets_through: bool
) -> None:
    top = max(enumerated.known.values(), key=lambda e: e.value)
    every = with_limits(enumerated, (Limit("budget", "cost", float(top.use[0]) / 0.995),))
    others = sorted((e for e in enumerated.known.values() if e.value < top.value), key=lambda e: -e.value)[:20]
    every.evaluate([e.choice for e in (top, *others)])
    monkeypatch.setattr(selecting, "spread", lambda evaluator, choice: np.full(1, error))
    best = selecting._safest(every, SETTINGS)
    assert (best.choice == top.choice).all() == lets_through
    if not lets_through:
        assert best is best_of(every, list(every.known.values()), SETTINGS)
        assert every.feasible(best, SETTINGS.buffer)
