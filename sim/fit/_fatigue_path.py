"""Fatigue at each message of a log: the engine's stock, without relief by orders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.jit import allocating_kernel

Floats = npt.NDArray[np.float64]


def fatigue_at(first: npt.NDArray[np.int64], day: npt.NDArray[np.int32], weight: Floats, daily_decay: float) -> Floats:
    """(C,) fatigue just before each message, which adds ``weight`` (C,); ``first`` (N + 1,) begins each customer's."""
    stock = np.zeros(day.size)
    _walk(first, day, weight, daily_decay, stock)
    return stock


@allocating_kernel
def _walk(first, day, weight, decay, stock):  # type: ignore[no-untyped-def]
    for i in range(first.size - 1):
        level = 0.0
        for c in range(first[i], first[i + 1]):
            if c > first[i]:
                level *= decay ** (day[c] - day[c - 1])
            stock[c] = level
            level += weight[c]
