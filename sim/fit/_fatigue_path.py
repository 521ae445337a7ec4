"""Fatigue at each message of a log: the engine's stock, without relief by orders; and what it does to leaving."""

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


@allocating_kernel
def pressure_sums(first, fatigue, kept, gamma, at_first, until, last):  # type: ignore[no-untyped-def]
    """Over each customer's messages: sums of exp(gamma F) and of its slopes in gamma and in the fatigue at first.

    F = ``fatigue`` + ``at_first`` x ``kept`` (C,); ``until`` (3, n) over all messages, ``last`` (3, n) the last one.
    """
    for i in range(first.size - 1):
        a, b, c = 0.0, 0.0, 0.0
        grown, stock, rest = 0.0, 0.0, 0.0
        for j in range(first[i], first[i + 1]):
            rest = kept[j]
            stock = fatigue[j] + at_first * rest
            grown = np.exp(gamma * stock)
            a += grown
            b += stock * grown
            c += gamma * rest * grown
        until[0, i], until[1, i], until[2, i] = a, b, c
        last[0, i], last[1, i], last[2, i] = grown, stock * grown, gamma * rest * grown
