"""Paired differences between plans on the same customers: the only place that subtracts two worlds.

Draws are shared, so an increment is a difference per customer. Its interval holds the error of the simulation
and of the posterior draws: with several copies of each real customer, the spread between copies (the real
base itself is not sampled); with one copy, the spread between customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.engine.tables import COST, MICRO, NANO, OFFER_COST, ORDERS, REVENUE, SAMPLED_OFFER_COST, SAMPLED_REVENUE
from sim.population import Population
from sim.result import SimulationResult

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
    mean = float(int(per_customer.sum())) * population.scale / unit
    return Estimate(mean, float(np.sqrt(_variance(per_customer, population))) * population.scale / unit)


def _variance(values: npt.NDArray[np.int64], population: Population) -> float:
    """Variance of the sum over simulated customers; the same bits in any order of customers."""
    if population.copies > 1:
        # copies of a customer are independent draws; customers themselves are given
        order = np.argsort(population.base_customer, kind="stable")
        groups = values[order].reshape(-1, population.copies)
        total = groups.sum(axis=1)
        squares = _exact_sum_of_squares(values) - _exact_sum_of_squares(total) / population.copies
        return squares * population.copies / (population.copies - 1)
    n = len(values)
    if n < 2:
        return float("inf")
    return (_exact_sum_of_squares(values) - int(values.sum()) ** 2 / n) * n / (n - 1)


def _exact_sum_of_squares(values: npt.NDArray[np.int64]) -> int:
    """Sum of squares of 64-bit integers as a Python integer, exact, so that order cannot matter."""
    high, low = values >> 24, values & 0xFFFFFF
    total = 0
    for start in range(0, len(values), 4096):
        h, k = high[start : start + 4096], low[start : start + 4096]
        total += (int(h @ h) << 48) + (int(h @ k) << 25) + int(k @ k)
    return total


def value_per_customer(result: SimulationResult, plan: str | int, phase: int) -> npt.NDArray[np.int64]:
    """Contribution (N,) in millionths of the currency: margin x revenue (at list prices) - contact cost - what offers
    take off orders, those included that would have come anyway; tail discounted."""
    margin = result.world.economics.margin
    revenue = result.per_customer(plan, phase, REVENUE)
    costs = result.per_customer(plan, phase, COST) + result.per_customer(plan, phase, OFFER_COST)
    return np.asarray(np.rint(margin * revenue).astype(np.int64) - costs)


def total_value(result: SimulationResult, plan: str | int, baseline: str | int) -> Estimate:
    """Incremental value of the horizon and of what is left at its end."""
    difference = sum(
        value_per_customer(result, plan, phase) - value_per_customer(result, baseline, phase) for phase in (0, 1)
    )
    return base_total(np.asarray(difference), result.world.population, MICRO)


def compare(result: SimulationResult, plan: str | int, baseline: str | int, *, phase: int = 0) -> Increment:
    """``plan`` minus ``baseline``, customer by customer; phase 0 = horizon, 1 = the discounted tail."""
    population = result.world.population

    def difference(column: int, unit: float) -> Estimate:
        gain = result.per_customer(plan, phase, column) - result.per_customer(baseline, phase, column)
        return base_total(gain, population, unit)

    contribution = value_per_customer(result, plan, phase) - value_per_customer(result, baseline, phase)
    return Increment(
        orders=difference(ORDERS, NANO),
        revenue=difference(REVENUE, MICRO),
        contribution=base_total(contribution, population, MICRO),
    )


def outcome_interval(result: SimulationResult, plan: str | int, baseline: str | int) -> tuple[float, float]:
    """What one real horizon can show (95 %): contribution of the real base under ``plan`` over ``baseline``.

    In reality the two are different people with luck of their own (a treated and a control group, or this year and
    the last one), so nothing is paired: a customer of either world has the sampled orders of a real one, and the
    difference between two independent groups of the real size B has variance B (var plan + var baseline). The
    centre is the expected increment.
    """
    population = result.world.population
    variance = sum(float(np.var(sampled_contribution(result, world))) for world in (plan, baseline))
    centre = total_of_expected(result, plan, baseline)
    half = Z95 * float(np.sqrt(population.base_size * variance))
    return centre - half, centre + half


def sampled_contribution(result: SimulationResult, plan: str | int) -> npt.NDArray[np.float64]:
    """(N,) margin x sampled revenue - contact cost - discounts of the horizon, currency: what books would show."""
    money = result.world.economics.margin * result.per_customer(plan, 0, SAMPLED_REVENUE)
    costs = result.per_customer(plan, 0, COST) + result.per_customer(plan, 0, SAMPLED_OFFER_COST)
    return np.asarray(money - costs) / MICRO


def total_of_expected(result: SimulationResult, plan: str | int, baseline: str | int) -> float:
    return compare(result, plan, baseline).contribution.mean
