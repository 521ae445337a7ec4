"""What is said about plans: whole numbers per customer, of one phase, whose sums and differences are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.engine.tables import (
    COST,
    MICRO,
    NANO,
    OFFER_COST,
    OFFER_COST_ORGANIC,
    ORDERS,
    REVENUE,
    SAMPLED_OFFER_COST,
    SAMPLED_REVENUE,
)

HORIZON, TAIL = 0, 1
BOTH = -1
"""Horizon and tail together."""

Column = Callable[[int, int], npt.NDArray[np.int64]]
"""column(phase, number of the column) -> (N,) of one plan."""


class Quantity(NamedTuple):
    """One number per customer and plan."""

    name: str
    phase: int
    """0 horizon, 1 the discounted tail, -1 both."""


def unit(name: str) -> float:
    """Parts of one: expected orders are counted in billionths, money in millionths of the currency."""
    return NANO if name == "orders" else MICRO


def quantity_of(column: Column, margin: float, quantity: Quantity) -> npt.NDArray[np.int64]:
    """(N,) the quantity of one plan."""
    name, phase = quantity
    if phase == BOTH:
        first, second = (quantity_of(column, margin, Quantity(name, p)) for p in (HORIZON, TAIL))
        return first + second
    if name == "contribution":  # margin x revenue (at list prices) - contact cost - what offers take off orders
        costs = column(phase, COST) + column(phase, OFFER_COST)
        return np.asarray(np.rint(margin * column(phase, REVENUE)).astype(np.int64) - costs)
    if name == "sampled contribution":
        costs = column(phase, COST) + column(phase, SAMPLED_OFFER_COST)
        return np.asarray(np.rint(margin * column(phase, SAMPLED_REVENUE)).astype(np.int64) - costs)
    return column(phase, COLUMNS[name])


COLUMNS = {
    "orders": ORDERS,
    "revenue": REVENUE,
    "cost": COST,
    "offer cost": OFFER_COST,
    "offer cost on organic orders": OFFER_COST_ORGANIC,
}
