"""What customers bring in an experiment of a given length, in either group, and what was known about them before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from scenarios.world import Base, order_and_spend_models
from sim.compare import base_total, sampled_contribution, value_per_customer
from sim.engine.tables import NANO, ORDERS, REVENUE, SAMPLED_ORDERS, SAMPLED_REVENUE
from sim.experiment import Pool
from sim.policy import Frequencies
from sim.population import Population
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started
from sim.units import MICRO

Metric = Literal["contribution", "revenue", "orders"]
Floats = npt.NDArray[np.float64]
TREATED, CONTROL = 0, 1


@dataclass(frozen=True, eq=False)
class Period:
    """Simulated outcomes of one duration."""

    weeks: int
    pool: Pool
    """Centred: its effect is the expected one."""
    level: float
    """What a control customer brings, before contact costs."""
    forgone: float
    """Expected contribution that one held-out customer does not bring."""
    forgone_span: tuple[float, float]
    """Its 95 % interval: that of the simulation."""
    effect_span: tuple[float, float]
    """95 % interval of the effect per customer: that of the simulation."""

    @property
    def buyers(self) -> float:
        """Share of control customers who order."""
        return float(self.pool.bought.mean())


def simulate_period(
    base: Base,
    started: Started,
    plans: Sequence[Frequencies],
    weeks: int,
    metric: Metric,
    seed: int,
    threads: int | None,
) -> Period:
    world = replace(started.world, weeks=weeks, tail_weeks=0)
    now = Started(world, started.seed, started.people, started.begin)
    found = simulate(now, plans, seed=seed, tail=plans[0], threads=threads, detailed=False)
    expected = _expected(found, metric)
    treated, control = (_sampled(found, metric, which) for which in (TREATED, CONTROL))
    treated = treated + (expected - float((treated - control).mean()))
    margin = world.economics.margin if metric == "contribution" else 1.0
    column, unit = (ORDERS, NANO) if metric == "orders" else (REVENUE, MICRO)
    return Period(
        weeks,
        Pool(
            treated,
            control,
            found.per_customer(CONTROL, 0, SAMPLED_ORDERS) > 0,
            covariate(base, world.population, weeks),
        ),
        margin * float(found.per_customer(CONTROL, 0, column).mean()) / unit,
        _expected(found, "contribution"),
        _span(found, "contribution"),
        _span(found, metric),
    )


def _span(found: SimulationResult, metric: Metric) -> tuple[float, float]:
    """95 % interval of the expected effect per customer."""
    gain, unit = _gain(found, metric)
    people = found.world.population
    each = base_total(gain, people, unit).times(1 / people.base_size)
    return each.ci_low, each.ci_high


def _expected(found: SimulationResult, metric: Metric) -> float:
    """Expected effect per customer."""
    gain, unit = _gain(found, metric)
    return float(gain.mean()) / unit


def _gain(found: SimulationResult, metric: Metric) -> tuple[npt.NDArray[np.int64], float]:
    """(N,) what the treatment adds, expected, and what one is counted in."""
    if metric == "contribution":
        return value_per_customer(found, TREATED, 0) - value_per_customer(found, CONTROL, 0), MICRO
    column, unit = (ORDERS, NANO) if metric == "orders" else (REVENUE, MICRO)
    return found.per_customer(TREATED, 0, column) - found.per_customer(CONTROL, 0, column), unit


def _sampled(found: SimulationResult, metric: Metric, which: int) -> Floats:
    """(N,) what books would show."""
    if metric == "contribution":
        return sampled_contribution(found, which)
    column, unit = (SAMPLED_ORDERS, 1.0) if metric == "orders" else (SAMPLED_REVENUE, MICRO)
    return np.asarray(found.per_customer(which, 0, column) / unit)


def covariate(base: Base, population: Population, weeks: int) -> Floats:
    """(N,) orders that the customer's own past lets the model expect x expected order value: known beforehand.

    From what was observed (number and time of past orders), never from the drawn latents.
    """
    orders, spend = order_and_spend_models(base)
    many = population.order_to - population.order_from
    value = np.concatenate([[0], np.cumsum(population.order_value)]) / MICRO
    first = population.order_value[np.minimum(population.order_from, len(population.order_value) - 1)] / MICRO
    repeats = np.maximum(many - 1, 0)
    spent = value[population.order_to] - value[population.order_from] - np.where(many > 0, first, 0.0)
    mean = np.where(repeats > 0, spent / np.maximum(repeats, 1), 0.0)
    since = (-1 - population.first_order) / 7.0
    last = (population.last_order - population.first_order) / 7.0
    paid = np.where(mean > 0, repeats, 0)
    future = orders.expected_future_orders(np.asarray(float(weeks)), repeats, last, since)
    return np.asarray(future * spend.expected_value(paid, mean))
