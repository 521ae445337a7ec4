"""What a simulation found; values, not behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sim.engine.blocks import Totals
from sim.moments import Count, Moments, moments
from sim.policy import Frequencies
from sim.quantities import Quantity, quantity_of
from sim.world import World


class Findings(Protocol):
    """What reports and comparisons ask: of customers in memory (``SimulationResult``) or of parts that came and went
    (``sim.stream.StreamedResult``)."""

    @property
    def world(self) -> World:
        """The world; only its ``population`` may be another one than ``people`` counts."""

    @property
    def plans(self) -> tuple[Frequencies, ...]: ...

    @property
    def tail(self) -> Frequencies: ...

    @property
    def totals(self) -> Totals:
        """Tables by week; what has a place per customer only in a ``SimulationResult``."""

    @property
    def people(self) -> Count:
        """How many customers were simulated, and whom they stand for."""

    def index(self, plan: str | int) -> int:
        """Place of a plan, by name or place."""

    def moments(self, quantity: Quantity, plan: str | int, baseline: str | int | None = None) -> Moments:
        """Of a quantity per customer under ``plan``, less that of the same customer under ``baseline``."""


def index_of(plans: tuple[Frequencies, ...], plan: str | int) -> int:
    """Place of a plan, by name or place."""
    if isinstance(plan, int):
        return plan
    names = [p.name for p in plans]
    if plan not in names:
        raise KeyError(f"no plan {plan!r} in this simulation, only {', '.join(names)}")
    return names.index(plan)


@dataclass(frozen=True)
class SimulationResult:
    """Totals of several plans on the same customers; ``totals`` as in ``sim.engine.tables.Out``."""

    world: World
    plans: tuple[Frequencies, ...]
    tail: Frequencies
    seed: int
    totals: Totals

    @property
    def people(self) -> Count:
        """How many customers were simulated, and whom they stand for."""
        return self.world.population

    def index(self, plan: str | int) -> int:
        """Place of a plan, by name or place."""
        return index_of(self.plans, plan)

    def per_customer(self, plan: str | int, phase: int, column: int) -> npt.NDArray[np.int64]:
        """(N,) one column of the per-customer totals; phase 0 = horizon, 1 = after it."""
        return np.asarray(self.totals.customer[self.index(plan), :, phase, column])

    def quantity(self, quantity: Quantity, plan: str | int) -> npt.NDArray[np.int64]:
        """(N,) one quantity, in whole parts of its unit."""
        return quantity_of(
            lambda phase, column: self.per_customer(plan, phase, column), self.world.economics.margin, quantity
        )

    def moments(self, quantity: Quantity, plan: str | int, baseline: str | int | None = None) -> Moments:
        """Of a quantity per customer under ``plan``, less that of the same customer under ``baseline``."""
        values = self.quantity(quantity, plan)
        if baseline is not None:
            values = values - self.quantity(quantity, baseline)
        return moments(values, self.world.population.base_customer, self.world.population.copies)
