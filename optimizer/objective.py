"""What a plan is worth: increment over no contact, in the horizon and after it, per simulated customer."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.compare import value_per_customer
from sim.engine.tables import MICRO, NANO, OPT_OUTS, ORDERS, REVENUE
from sim.result import SimulationResult

Objective = Literal["contribution", "revenue", "orders", "reach"]
UNITS: dict[str, str] = {"orders": "orders", "reach": "channels kept"}
"""Units of the objectives that are not money."""


def worth(result: SimulationResult, objective: Objective) -> npt.NDArray[np.int64]:
    """(W, N) millionths of the objective's unit, horizon plus tail.

    contribution: margin x revenue - contact cost - discounts; revenue: both discounted after the horizon. orders:
    expected orders. reach: minus the expected opt-outs, of which a customer may have one per channel.
    """
    customer = result.totals.customer
    if objective == "revenue":
        return np.asarray(customer[:, :, :, REVENUE].sum(axis=2))
    if objective in ("orders", "reach"):
        column, sign = (ORDERS, 1) if objective == "orders" else (OPT_OUTS, -1)
        return np.asarray(sign * (customer[:, :, :, column].sum(axis=2) // round(NANO / MICRO)))
    plans = range(len(result.plans))
    return np.stack([value_per_customer(result, p, 0) + value_per_customer(result, p, 1) for p in plans])
