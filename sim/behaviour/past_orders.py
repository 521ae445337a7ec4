"""Organic orders before day 0, of made-up customers: the order process of `sim.behaviour.orders`, day by day."""

from __future__ import annotations

import math

import numpy as np

from sim.behaviour import orders
from sim.jit import allocating_kernel
from sim.rng import full, mix


@allocating_kernel
def history(keys, places, rates, dropouts, active, first, order_ticks):  # type: ignore[no-untyped-def]
    """Organic orders from each customer's first order (day ``first`` < 0) to day -1.

    ``places`` (2, D): keys of the order and the dropout draw of day -d. ``order_ticks``: ticks of
    the clock to an order. Returns (active on day 0, number of orders per customer, all order days, ascending per
    customer, ticks still to come before the next order).
    """
    n = keys.shape[0]
    alive = active.copy()
    counts = np.ones(n, dtype=np.int64)
    ticks = np.full(n, order_ticks)
    days = np.empty(2 * n + 64, dtype=np.int32)
    at = 0
    for i in range(n):
        most = 1 - first[i]
        if at + most > days.shape[0]:
            more = np.empty(2 * days.shape[0] + most, dtype=np.int32)
            more[:at] = days[:at]
            days = more
        began = at
        days[at] = first[i]
        at += 1
        probability = -math.expm1(-rates[i])
        living = active[i]
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
    return alive, counts, days[:at].copy(), ticks
