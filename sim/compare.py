"""Paired differences between plans on the same customers: the only place that subtracts two worlds.

Draws are shared, so an increment is a difference per customer. Its interval holds the error of the simulation
and of the posterior draws: with several copies of each real customer, the spread between copies (the real
base itself is not sampled); with one copy, the spread between customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.engine.tables import MICRO
from sim.moments import Count, Moments, moments
from sim.population import Population
from sim.quantities import BOTH, HORIZON, Quantity, unit
from sim.result import Findings, SimulationResult

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A total over the real base with its standard error and 95 % interval."""

    mean: float
    se: float

    @property
    def ci_low(self) -> float:
        return self.mean - Z95 * self.se

    @property
    def ci_high(self) -> float:
        return self.mean + Z95 * self.se

    def to_dict(self) -> dict[str, float]:
        return {"mean": self.mean, "ci_low": self.ci_low, "ci_high": self.ci_high}

    def times(self, factor: float) -> Estimate:
        return Estimate(self.mean * factor, self.se * abs(factor))


@dataclass(frozen=True)
class Increment:
    """What one plan brings more than another, totals over the real base, horizon or tail."""

    orders: Estimate
    revenue: Estimate
    contribution: Estimate


def base_total(per_customer: npt.NDArray[np.int64], population: Population, unit: float) -> Estimate:
    """Total over the real base of whole-number values per simulated customer (N,), given in 1 / ``unit``."""
    found = moments(per_customer, population.base_customer, population.copies)
    return _estimate(found, population, unit)


def _estimate(found: Moments, people: Count, unit: float) -> Estimate:
    error = float(np.sqrt(found.variance_of_sum(people.copies)))
    return Estimate(float(found.total) * people.scale / unit, error * people.scale / unit)


def total_of(result: Findings, quantity: Quantity, plan: str | int, baseline: str | int | None = None) -> Estimate:
    """Total of a quantity over the real base, in orders or the currency; less that under ``baseline``."""
    return _estimate(result.moments(quantity, plan, baseline), result.people, unit(quantity.name))


def value_per_customer(result: SimulationResult, plan: str | int, phase: int) -> npt.NDArray[np.int64]:
    """Contribution (N,) in millionths of the currency: margin x revenue (at list prices) - contact cost - what offers
    take off orders, those included that would have come anyway; tail discounted."""
    return result.quantity(Quantity("contribution", phase), plan)


def total_value(result: Findings, plan: str | int, baseline: str | int) -> Estimate:
    """Incremental value of the horizon and of what is left at its end."""
    return total_of(result, Quantity("contribution", BOTH), plan, baseline)


def compare(result: Findings, plan: str | int, baseline: str | int, *, phase: int = 0) -> Increment:
    """``plan`` minus ``baseline``, customer by customer; phase 0 = horizon, 1 = the discounted tail."""
    return Increment(*(
        total_of(result, Quantity(name, phase), plan, baseline) for name in ("orders", "revenue", "contribution")
    ))  # fmt: skip


def outcome_interval(result: Findings, plan: str | int, baseline: str | int) -> tuple[float, float]:
    """What one real horizon can show (95 %): contribution of the real base under ``plan`` over ``baseline``.

    In reality the two are different people with luck of their own (a treated and a control group, or this year and
    the last one), so nothing is paired: a customer of either world has the sampled orders of a real one, and the
    difference between two independent groups of the real size B has variance B (var plan + var baseline). The
    centre is the expected increment.
    """
    sampled = Quantity("sampled contribution", HORIZON)
    variance = sum(result.moments(sampled, world).variance() for world in (plan, baseline)) / MICRO**2
    centre = total_of_expected(result, plan, baseline)
    half = Z95 * float(np.sqrt(result.people.base_size * variance))
    return centre - half, centre + half


def sampled_contribution(result: SimulationResult, plan: str | int) -> npt.NDArray[np.float64]:
    """(N,) margin x sampled revenue - contact cost - discounts of the horizon, currency: what books would show."""
    return result.quantity(Quantity("sampled contribution", HORIZON), plan) / MICRO


def total_of_expected(result: Findings, plan: str | int, baseline: str | int) -> float:
    return compare(result, plan, baseline).contribution.mean
