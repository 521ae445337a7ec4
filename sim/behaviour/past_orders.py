"""Organic orders before day 0, of made-up customers: the order process of `sim.behaviour.orders`, day by day."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.behaviour import orders
from sim.jit import kernel
from sim.rng import full, mix

U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]


def history(
    keys: U64, places: U64, rates: F64, dropouts: F64, active: Flags, first: I64, order_ticks: int
) -> tuple[Flags, I64, I32, I64]:
    """Organic orders from each customer's first order (day ``first`` < 0) to day -1.

    ``places`` (2, D): keys of the order and the dropout draw of day -d. ``order_ticks``: ticks of the clock to an
    order. Returns (active on day 0, number of orders per customer, all order days, ascending per customer, ticks still
    to come before the next order).
    """
    n = len(keys)
    alive, counts, ticks = active.copy(), np.ones(n, dtype=np.int64), np.full(n, order_ticks, dtype=np.int64)
    days = np.empty(2 * n + 64, dtype=np.int32)
    customer, at = 0, 0
    while customer < n:
        customer, at = _fill(
            keys, places, rates, dropouts, first, order_ticks, alive, counts, ticks, days, customer, at
        )
        if customer < n:
            days = np.concatenate([days[:at], np.empty(len(days) + 1 - first[customer], dtype=np.int32)])
    return alive, counts, days[:at].copy(), ticks


@kernel
def _fill(keys, places, rates, dropouts, first, order_ticks, alive, counts, ticks, days, start, at):  # type: ignore[no-untyped-def]
    """From customer ``start`` on, whose first order gets place ``at`` in ``days``, as far as there is room; returns the
    customer for whom there is none, and the next free place."""
    for i in range(start, keys.shape[0]):
        if at + 1 - first[i] > days.shape[0]:
            return i, at
        began = at
        days[at] = first[i]
        at += 1
        probability = -math.expm1(-rates[i])
        living = alive[i]
        for day in range(first[i] + 1, 0):
            if not living:
                break
            u = full(mix(keys[i] ^ places[0, -day]))
            if u >= probability:
                continue
            passed = orders.ticks_of(u, probability, ticks[i])
            if passed < ticks[i]:
                ticks[i] -= passed
            else:
                ticks[i] = order_ticks
                days[at] = day
                at += 1
                living = full(mix(keys[i] ^ places[1, -day])) >= dropouts[i]
        alive[i] = living
        counts[i] = at - began
    return keys.shape[0], at
