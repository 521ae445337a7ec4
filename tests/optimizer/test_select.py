"""The race on fresh customers, against enumeration of all plans there."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer import select as selecting
from optimizer.baselines import best_uniform
from optimizer.budget import Stopped
from optimizer.calibrate import calibrate
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.search import search
from optimizer.select import select
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
    uniform = best_uniform([seen], buffer=SETTINGS.buffer).choice

    def further(number: int, customers: int) -> Evaluator:
        raise Stopped("enumerated are only these customers")

    selected = select(seen, some, every, further, [found.best.choice], uniform, SETTINGS)
    best = max((e for e in enumerated.known.values() if every.feasible(e, SETTINGS.buffer)), key=lambda e: e.value)
    assert every.feasible(selected.best)
    assert selected.best.value >= 0.995 * best.value > 0
    assert len(every.known) <= 40 < 256
    assert selected.candidates >= len(every.known)


def test_a_heat_goes_on_while_who_waits_is_not_clearly_worse(
    enumerated: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On few customers most plans look alike, so many must run; on many, few; never more than may be afforded."""
    ran = {}
    for size in (8_000, 150):
        seen, now = customers(size, 94), with_limits(enumerated, FREE)
        plans = seen.evaluate(list(seen.space.all()))
        selecting._run(seen, now, [seen.space.nothing()], plans, SETTINGS, selecting.Heat(4, 200, 0.02))
        ran[size] = len(now.known)
    assert ran[8_000] == 1 + 4 < ran[150] - 4 < 200
    monkeypatch.setattr(selecting, "_HEAT_DAYS", 6 * 8_000 * enumerated.started.world.days)
    now = with_limits(enumerated, FREE)
    selecting._run(seen, now, [seen.space.nothing()], plans, SETTINGS, selecting.Heat(4, 200, 0.02))
    assert len(now.known) == 1 + 6
