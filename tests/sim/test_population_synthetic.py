"""The made-up base: its latents have the model's distributions, its past is the model's, and ids are addresses."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.engine.tables import ORDERS_REMEMBERED
from sim.errors import InputError
from sim.population import MICRO, OrganicModel, Population, synthetic
from tests import oracle
from tests.fuzzy import assert_mean, assert_share
from tests.sim.test_closed_form import orders_given
from tests.worlds import CDNOW_BG, CDNOW_MBG, LIVELY

MODELS = pytest.mark.parametrize("model", [CDNOW_BG, CDNOW_MBG, LIVELY], ids=["bg", "mbg", "lively"])
SMALLEST = 1e-4


@MODELS
def test_latents_have_the_distributions_of_the_model(model: OrganicModel) -> None:
    population = synthetic(model, 40_000, seed=1)
    rate = stats.gamma(model.r, scale=1 / (7 * model.alpha_weeks))
    value = stats.invgamma(model.q, scale=model.p * model.gamma)
    assert stats.kstest(population.rate, rate.cdf).pvalue > SMALLEST
    assert stats.kstest(population.dropout, stats.beta(model.a, model.b).cdf).pvalue > SMALLEST
    assert stats.kstest(population.mean_value, value.cdf).pvalue > SMALLEST
    for a, b in ((population.rate, population.dropout), (population.rate, population.mean_value)):
        assert abs(stats.spearmanr(a, b).statistic) < 4 / 200


def test_mean_order_value_is_that_of_gamma_gamma() -> None:
    population = synthetic(CDNOW_BG, 200_000, seed=2)
    exact = CDNOW_BG.p * CDNOW_BG.gamma / (CDNOW_BG.q - 1)
    assert exact == pytest.approx(35.22, abs=0.01)
    assert_mean(population.mean_value, exact, precise_to=0.1)


def test_bg_starts_active_and_mbg_with_a_first_drop_out() -> None:
    assert synthetic(CDNOW_BG, 1000, seed=1).active.all()
    active = synthetic(CDNOW_MBG, 40_000, seed=1).active
    assert_share(int(active.sum()), 40_000, CDNOW_MBG.b / (CDNOW_MBG.a + CDNOW_MBG.b), precise_to=0.003)


def test_without_tenure_everybody_ordered_yesterday() -> None:
    population = synthetic(CDNOW_MBG, 500, seed=1)
    assert (population.first_order == -1).all()
    assert (population.last_order == -1).all()
    assert (population.order_to - population.order_from == 1).all()
    assert population.scale == 1


@MODELS
def test_the_past_is_the_model_without_contacts(model: OrganicModel) -> None:
    """First orders spread evenly; repeat orders and survivors as the closed forms say."""
    n, tenure = 40_000, 300
    population = synthetic(model, n, seed=3, tenure_days=tenure)
    assert population.first_order.min() == -tenure
    assert population.first_order.max() == -1
    assert stats.chisquare(np.bincount(-population.first_order - 1, minlength=tenure)).pvalue > SMALLEST
    repeats = np.diff(population.order_to, prepend=0) - 1
    age = -1 - population.first_order  # days between the first order and day 0
    start = 1 - population.dropout if model.model == "mbg-nbd" else 1.0
    given_ = np.array(
        [orders_given(population.rate[i : i + 1], population.dropout[i : i + 1], int(age[i]))[0] for i in range(n)]
    )
    assert_mean(repeats - start * given_, 0.0, precise_to=0.02)
    alive = start * np.exp(age * np.log1p(population.dropout * np.expm1(-population.rate)))
    assert_mean(population.active - alive, 0.0, precise_to=0.002)


def test_past_orders_are_a_table_by_customer_and_day() -> None:
    """All of them, of which the latest 32 of each customer are looked at."""
    population = synthetic(LIVELY, 2000, seed=4, tenure_days=300)
    begin = np.concatenate([[0], population.order_to[:-1]])
    count = population.order_to - begin
    assert count.max() > ORDERS_REMEMBERED
    assert np.array_equal(population.order_to - population.order_from, np.minimum(count, ORDERS_REMEMBERED))
    assert population.order_to[-1] == len(population.order_day) == len(population.order_value)
    for i in range(200):
        days = population.order_day[begin[i] : population.order_to[i]]
        assert (np.diff(days) > 0).all()
        assert days[0] == population.first_order[i]
        assert days[-1] == population.last_order[i]
        assert days[-1] < 0
    relative = population.order_value / MICRO / np.repeat(population.mean_value, count)
    assert stats.kstest(relative, stats.gamma(LIVELY.p, scale=1 / LIVELY.p).cdf).pvalue > SMALLEST


def test_the_past_follows_the_draws_of_its_days() -> None:
    """History in plain Python: one draw a day for the order, one for the drop-out after it."""
    population = synthetic(LIVELY, 200, seed=4, tenure_days=300)
    for i in range(200):
        key, active, days = int(population.key[i]), True, [int(population.first_order[i])]
        active = oracle.uniform(key, 4, "latent:active") >= population.dropout[i]
        for day in range(days[0] + 1, 0):
            if active and oracle.full(oracle.word(key, 4, "history:o", day)) < -np.expm1(-population.rate[i]):
                days.append(day)
                active = oracle.full(oracle.word(key, 4, "history:d", day)) >= population.dropout[i]
        assert (
            population.order_day[population.order_from[i] : population.order_to[i]].tolist()
            == days[-ORDERS_REMEMBERED:]
        )
        assert bool(population.active[i]) == active


@pytest.mark.parametrize("tenure", [0, 200])
def test_customers_are_the_same_in_a_larger_base(tenure: int) -> None:
    small, large = (synthetic(LIVELY, n, seed=5, tenure_days=tenure) for n in (50, 80))
    later = synthetic(LIVELY, 30, seed=5, tenure_days=tenure, first_id=50)
    for name in ("key", "base_key", "rate", "dropout", "active", "mean_value", "first_order", "last_order"):
        assert np.array_equal(getattr(small, name), getattr(large, name)[:50]), name
        assert np.array_equal(getattr(later, name), getattr(large, name)[50:]), name
    cut = int(large.order_to[49])
    assert np.array_equal(small.order_value, large.order_value[:cut])
    assert np.array_equal(later.order_value, large.order_value[cut:])


def test_a_seed_is_a_base() -> None:
    one, same, other = (synthetic(LIVELY, 50, seed=seed, tenure_days=100) for seed in (1, 1, 2))
    for field in fields(Population):
        assert np.array_equal(getattr(one, field.name), getattr(same, field.name)), field.name
    assert not np.array_equal(one.rate, other.rate)
    assert np.array_equal(one.base_key, other.base_key)  # the holdout does not change with the seed


@given(st.integers(1, 400), st.booleans(), st.integers(1, 300))
@settings(max_examples=30)
def test_recency_frequency_value_against_counting(window: int, total: bool, tenure: int) -> None:
    population = synthetic(LIVELY, 40, seed=6, tenure_days=tenure)
    recency, frequency, value = population.recency_frequency_value(window, total=total)
    for i in range(40):
        mine = range(int(population.order_from[i]), int(population.order_to[i]))
        inside = [int(population.order_value[k]) for k in mine if -window <= population.order_day[k] < 0]
        money = sum(inside) / 1e6 / (1 if total else max(len(inside), 1))
        assert recency[i] == -population.order_day[mine[-1]]
        assert frequency[i] == len(inside)
        assert value[i] == pytest.approx(money, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customers": 0}, "at least one customer"),
        ({"tenure_days": -1}, "tenure_days: out of range"),
        ({"tenure_days": 3651}, "tenure_days: out of range"),
    ],
)
def test_bases_that_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        synthetic(LIVELY, **{"customers": 5, "seed": 1, **change})


@pytest.mark.parametrize("key", ["r", "alpha_weeks", "a", "b", "p", "q", "gamma"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_models_that_are_refused(key: str, value: float) -> None:
    with pytest.raises(InputError, match=f"model.{key}"):
        replace(LIVELY, **{key: value})
    with pytest.raises(InputError, match="unknown organic model"):
        replace(LIVELY, model="pareto-nbd")
