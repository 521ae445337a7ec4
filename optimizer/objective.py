"""What a plan is worth: increment over no contact, in the horizon and after it, per simulated customer."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.compare import value_per_customer
from sim.engine.tables import REVENUE
from sim.result import SimulationResult

Objective = Literal["contribution", "revenue"]


def worth(result: SimulationResult, objective: Objective) -> npt.NDArray[np.int64]:
    """(W, N) millionths of the currency: contribution (margin x revenue - contact cost) or revenue, horizon
    plus discounted tail."""
    if objective == "revenue":
        return np.asarray(result.totals.customer[:, :, :, REVENUE].sum(axis=2))
    plans = range(len(result.plans))
    return np.stack([value_per_customer(result, p, 0) + value_per_customer(result, p, 1) for p in plans])
