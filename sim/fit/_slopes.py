"""Slopes of a log-likelihood by central differences, for models whose analytic ones are not worth their length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.fit._maximize import Floats, Objective

_STEP = 1e-5


def with_slopes(value: Callable[[Floats], float]) -> Objective:
    """The value, and its gradient in the logarithms of the parameters."""

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        slopes = np.empty(theta.size)
        for i in range(theta.size):
            step = np.where(np.arange(theta.size) == i, _STEP, 0.0)
            slopes[i] = (value(theta + step) - value(theta - step)) / (2 * _STEP)
        return value(theta), slopes

    return evaluate
