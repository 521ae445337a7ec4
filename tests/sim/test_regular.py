"""Regular customers from end to end: orders of the engine, fitted, drawn from their posterior, simulated on."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine import tables as columns
from sim.fit.organic import fit_organic
from sim.orders import OrderLog
from sim.policy import Frequencies
from sim.population import OrganicModel, Population, synthetic
from sim.real_customers import RealCustomers
from sim.simulate import simulate
from tests.worlds import plain_world

pytestmark = pytest.mark.usefixtures("kernels")

TRUTH = OrganicModel("mbg-cnbd", r=1.5, alpha_weeks=2.5, a=0.8, b=6.0, p=4.0, q=4.0, gamma=30.0, k=3)
CUSTOMERS, TENURE, AHEAD = 3_000, 546, 26


def orders_of(population: Population) -> OrderLog:
    """The past orders of a population that remembers all of them, day -1 as day 0 of the log's last."""
    counts = population.order_to - population.order_from
    rows = np.concatenate([np.arange(a, b) for a, b in zip(population.order_from, population.order_to, strict=True)])
    who = np.repeat(np.arange(population.size), counts).astype(np.int32)
    names = np.array([f"{i:05d}" for i in range(population.size)])
    return OrderLog(
        names, who, (population.order_day[rows] + 20_000).astype(np.int32), population.order_value[rows] / 1e6
    )


def orders_ahead(population: Population) -> float:
    """Orders per customer of the next half-year, as simulated."""
    world = plain_world(population, weeks=AHEAD)
    found = simulate(world, [Frequencies.nothing(world.rfm.segments, world.channel_names)], seed=3, detailed=False)
    return float(found.totals.customer[0, :, 0, columns.ORDERS].mean() / 1e9)


def test_orders_of_the_engine_are_fitted_and_go_on() -> None:
    """What is fitted is what made them; customers drawn from their posteriors order on as those who are known in truth,
    and as many are active; an irregular model does not hear that the silence of a regular customer is the end."""
    population = synthetic(TRUTH, CUSTOMERS, seed=5, tenure_days=TENURE)
    log = orders_of(population)
    fit = fit_organic(log)
    assert (fit.model, fit.daily.parameters.k) == ("mbg-cnbd", 3)
    for name, value in (("r", TRUTH.r), ("alpha", TRUTH.alpha_weeks)):
        assert abs(getattr(fit.daily.parameters, name) - value) < 3.5 * fit.daily.se[name], name
    as_of = 20_000 - 1
    spend = fit.spend.parameters
    drawn = RealCustomers.of(log, fit.daily.parameters, spend, as_of=as_of).simulated(CUSTOMERS, 1).part(0, None)
    assert drawn.order_ticks == 3
    assert drawn.ticks is not None
    assert population.ticks is not None
    alive = population.active
    assert np.bincount(drawn.ticks[drawn.active], minlength=4) / drawn.active.sum() == pytest.approx(
        np.bincount(population.ticks[alive], minlength=4) / alive.sum(), abs=0.03
    )
    truth = orders_ahead(population)
    assert orders_ahead(drawn) == pytest.approx(truth, rel=0.03)
    plain = fit_organic(log, model="mbg-nbd").daily.parameters
    irregular = RealCustomers.of(log, plain, spend, as_of=as_of).simulated(CUSTOMERS, 1).part(0, None)
    missed = [abs(people.active.mean() / alive.mean() - 1) for people in (drawn, irregular)]
    assert missed[0] < 0.02
    assert missed[1] > 0.1
