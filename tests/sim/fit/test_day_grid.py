"""Orders dated by the day: the shifted times give the likelihood of the day grid, and the parameters behind it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, gamma

from sim.fit import mbg_nbd
from sim.fit.bg_nbd import BgNbd
from sim.fit.day_grid import as_published, on_day_grid
from sim.fit.mbg_nbd import MbgNbd
from sim.orders import OrderLog, RepeatSummary

TRUTH = MbgNbd(0.8, 4.0, 0.8, 2.5)


def summary(x, t_x, age) -> RepeatSummary:
    """Of customers with so many repeat orders, days to the last of them, and days observed."""
    columns = np.atleast_1d(np.asarray(x)), np.atleast_1d(np.asarray(t_x)), np.atleast_1d(np.asarray(age))
    none = np.zeros(columns[0].size, dtype=np.int32)
    x, t_x, age = (column.astype(np.int32) for column in columns)
    return RepeatSummary(none.astype(str), none, x, t_x, age, none, none.astype(float), none, 0)


def by_quadrature(model, x, t_x, days):
    """The likelihood written down for days, averaged over the priors; per week for each order."""
    share = (np.arange(4_000) + 0.5) / 4_000
    rate, p = gamma.ppf(share, model.r, scale=1 / model.alpha) / 7, beta.ppf(share, model.a, model.b)
    orders, last = -np.expm1(-rate), x + model.s
    stays = ((1 - p) ** last).mean()
    active = (orders**x * np.exp(-rate * (days - x))).mean() * stays
    left = 0.0 if last == 0 else (orders**x * np.exp(-rate * (t_x - x))).mean() * (p * (1 - p) ** (last - 1)).mean()
    return np.log(active + left) + x * np.log(7)


@pytest.mark.parametrize("model", [TRUTH, BgNbd(0.24, 4.4, 0.8, 2.4)])
@pytest.mark.parametrize(("x", "t_x", "days"), [(0, 0, 270), (1, 1, 30), (3, 200, 270), (12, 60, 270), (40, 260, 270)])
def test_shifted_times_give_the_likelihood_of_days(model, x, t_x, days):
    exact = by_quadrature(model, x, t_x, days)
    shifted = model.log_likelihood(*on_day_grid(summary(x, t_x, days)))[0]
    plain = model.log_likelihood(*as_published(summary(x, t_x, days)))[0]
    left_out = x * (1.3 * x / max(t_x, 10)) ** 2 / 24  # lambda^2 / 24 an order
    assert shifted == pytest.approx(exact, abs=0.003 + left_out)
    assert abs(plain - exact) > 5 * abs(shifted - exact) or x < 3


def lived(model: MbgNbd, customers: int, days: int, seed: int) -> RepeatSummary:
    """Customers of the model who order on a day or not."""
    rng = np.random.default_rng(seed)
    chance = -np.expm1(-rng.gamma(model.r, 1 / model.alpha, customers) / 7)
    p = rng.beta(model.a, model.b, customers)
    active, x, t_x = rng.random(customers) >= p, np.zeros(customers), np.zeros(customers)
    for day in range(1, days + 1):
        orders = active & (rng.random(customers) < chance)
        x, t_x = x + orders, np.where(orders, day, t_x)
        active &= ~(orders & (rng.random(customers) < p))
    return summary(x, t_x, np.full(customers, days))


def test_customers_who_order_often_are_not_taken_for_slow_ones():
    """40,000 of them: every parameter within 3.5 standard errors on the day grid, alpha far outside as published."""
    s = lived(TRUTH, 40_000, 364, seed=1)
    daily, published = mbg_nbd.fit(*on_day_grid(s)), mbg_nbd.fit(*as_published(s))
    for name in ("r", "alpha", "a", "b"):
        assert abs(getattr(daily.parameters, name) - getattr(TRUTH, name)) < 3.5 * daily.se[name], name
    assert published.parameters.alpha - TRUTH.alpha > 3.5 * published.se["alpha"]


def test_nobody_orders_more_often_than_daily():
    """An order on every single day is possible, and what remains of the time is positive."""
    orders = OrderLog(np.array(["a"]), np.zeros(4, np.int32), np.arange(4, dtype=np.int32), np.ones(4))
    x, t_x, age = on_day_grid(orders.summary(3))
    assert (x[0], t_x[0], age[0]) == (3, pytest.approx(1.5 / 7), pytest.approx(1.5 / 7))
