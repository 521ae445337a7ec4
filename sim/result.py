"""What a simulation found; values, not behaviour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.engine.blocks import Totals
from sim.policy import Frequencies
from sim.world import World


@dataclass(frozen=True)
class SimulationResult:
    """Totals of several plans on the same customers; ``totals`` as in ``sim.engine.tables.Out``."""

    world: World
    plans: tuple[Frequencies, ...]
    tail: Frequencies
    seed: int
    totals: Totals

    def index(self, plan: str | int) -> int:
        """Place of a plan, by name or place."""
        if isinstance(plan, int):
            return plan
        names = [p.name for p in self.plans]
        if plan not in names:
            raise KeyError(f"no plan {plan!r} in this simulation, only {', '.join(names)}")
        return names.index(plan)

    def per_customer(self, plan: str | int, phase: int, column: int) -> npt.NDArray[np.int64]:
        """(N,) one column of the per-customer totals; phase 0 = horizon, 1 = after it."""
        return np.asarray(self.totals.customer[self.index(plan), :, phase, column])
