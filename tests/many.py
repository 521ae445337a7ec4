"""Many random cases that are not variations of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

_AT_A_TIME = 5
"""Hypothesis tries more and more mutations of what it has tried: after sixty worlds in a row most have no contact."""


def in_many_cases(check: Callable[..., object], *drawn: st.SearchStrategy[Any], examples: int) -> None:
    """``check`` as many cases, the same every time; it begins anew after a few. No shrinking, which takes minutes."""
    for number in range(-(-examples // _AT_A_TIME)):

        @seed(number)
        @given(st.tuples(*drawn))
        @settings(
            max_examples=min(_AT_A_TIME, examples - number * _AT_A_TIME),
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def some(case: tuple[Any, ...]) -> None:
            check(*case)

        some()
