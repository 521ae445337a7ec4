"""The benchmark of moved limits: who counts as better is the one that fits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.moved_limits import Found, judged_against, moved
from optimizer.limits import Limit

BUDGET, CAPACITY = Limit("budget", "cost", 100.0), Limit("SMS", "contacts_per_week", 10.0, channel="sms")
TRUTH = {0: (50.0, 90.0, 9.0), 1: (60.0, 98.0, 7.0), 2: (80.0, 120.0, 9.0), 3: (70.0, 99.9, 9.0)}
"""By plan: value, cost, SMS of the fullest week."""


class Pool:
    """Knows the truth."""

    first = SimpleNamespace(rows=lambda: SimpleNamespace(owner=((BUDGET, None), (CAPACITY, 1), (CAPACITY, 2))))

    def seen(self, choice: np.ndarray) -> Any:
        value, cost, sms = TRUTH[int(choice[0, 0])]
        return SimpleNamespace(value=value, use=np.array([cost, sms, sms - 1]))

    def gains(self, choices: list[np.ndarray], over: np.ndarray) -> list[tuple[float, float]]:
        return [(self.seen(choice).value - self.seen(over).value, 1.0) for choice in choices]


def found(plan: int, cost: float = 100.0, sms: float = 10.0) -> Found:
    return Found((Limit("budget", "cost", cost), Limit("SMS", "contacts_per_week", sms, channel="sms")), _plan(plan), 0)


def _plan(number: int) -> np.ndarray:
    return np.array([[number]])


def test_a_plan_of_a_tighter_limit_that_is_worth_more_was_missed() -> None:
    mine, tighter, looser = found(0), found(1, sms=8.0), found(2, cost=130.0)
    one = judged_against(Pool(), mine, [mine, tighter, looser])  # type: ignore[arg-type]
    assert (one.missed, one.best_found_under) == (10.0, tighter.bounds)
    assert one.share_used == pytest.approx(0.9)
    assert judged_against(Pool(), tighter, [mine, tighter, looser]).missed == 0.0, "mine takes 9 SMS, 8 are allowed"  # type: ignore[arg-type]
    assert judged_against(Pool(), looser, [mine, tighter, looser]).missed == 0.0  # type: ignore[arg-type]


def test_a_plan_that_leaves_no_margin_does_not_count() -> None:
    mine, edge = found(0), found(3, sms=9.0)
    assert judged_against(Pool(), mine, [mine, edge]).missed == 0.0  # type: ignore[arg-type]


def test_each_limit_is_moved_in_turn() -> None:
    sets = moved((BUDGET, CAPACITY), (0.8, 1.2))
    assert [[limit.bound for limit in one] for one in sets] == [[100, 10], [80, 10], [120, 10], [100, 8], [100, 12]]
