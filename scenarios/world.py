"""From a scenario to the world it describes: customers from orders or a model, channels, rules, money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from scenarios import build
from scenarios.load import LoadedScenario
from sim.fit.organic import OrganicFit, fit_organic
from sim.orders import OrderLog, read_orders
from sim.policy import Frequencies
from sim.population import OrganicModel, Population, from_orders, synthetic
from sim.world import World

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Base:
    """Where customers come from; makes populations of any size and seed."""

    loaded: LoadedScenario
    orders: OrderLog | None
    fit: OrganicFit | None
    as_of: dt.date | None

    def population(self, customers: int, seed: int) -> Population:
        """Simulated customers with latent draws of their own."""
        if self.orders is not None and self.fit is not None and self.as_of is not None:
            as_of = (self.as_of - _EPOCH).days
            return from_orders(
                self.orders,
                self.fit.organic.parameters,
                self.fit.spend.parameters,
                as_of=as_of,
                customers=customers,
                seed=seed,
            )
        model = build.order_model(self.loaded)
        base = self.loaded.scenario.base
        assert model is not None  # the schema asks for one of the two
        organic = OrganicModel(model.model, model.r, model.alpha, model.a, model.b, model.p, model.q, model.gamma)
        size = base.synthetic or customers
        made = synthetic(organic, min(customers, size), seed=seed, tenure_days=base.tenure_days)
        return made.standing_for(size)


def load_base(loaded: LoadedScenario) -> Base:
    """Read the orders and fit the organic model, where the scenario has orders."""
    base = loaded.scenario.base
    if loaded.orders_path is None:
        return Base(loaded, None, None, build.start_date(loaded))
    path = loaded.orders_path
    orders = read_orders(path, columns=base.columns, duplicates=base.duplicates, refunds=base.refunds)
    as_of = base.as_of or _EPOCH + dt.timedelta(days=orders.last_day)
    history = orders.until((as_of - _EPOCH).days)
    until = None if base.until is None else (base.until - _EPOCH).days
    return Base(loaded, history, fit_organic(history, until_day=until, model=base.model), as_of)


def make_world(base: Base, population: Population) -> World:
    """The scenario's world with these customers."""
    loaded = base.loaded
    scenario = loaded.scenario
    window, total = scenario.segments.window_days, scenario.segments.monetary == "total"
    recency, frequency, value = population.recency_frequency_value(window, total=total)
    start = build.start_date(loaded)
    return World(
        population=population,
        channels=build.channels(loaded),
        rfm=build.rfm_scheme(loaded, recency, frequency, value),
        current=build.current_plan(loaded),
        policy=build.policy(loaded),
        behaviour=build.behaviour(loaded),
        economics=build.economics(loaded),
        weeks=scenario.horizon.weeks,
        tail_weeks=scenario.horizon.tail_weeks,
        start=scenario.base.start,
        first_week_of_year=0 if start is None else min(start.isocalendar().week - 1, 51),
        consent_rate_correlation=scenario.base.consent_rate_correlation.value,
    )
