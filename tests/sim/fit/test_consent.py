"""Consent: shares, and the correlation with the order rate that the engine drew it with."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from sim.fit.consent import fit_consent, wilson
from sim.fit.day_grid import on_day_grid
from sim.fit.mbg_nbd import MbgNbd
from sim.lower import subscribed
from sim.orders import read_orders
from tests.scenarios.frequency_test import _past

TRUTH = MbgNbd(0.6, 7.0, 0.8, 3.0)
SHARES = {"email": 0.7, "sms": 0.3}


def drawn(rho, seed, customers=6_000):  # type: ignore[no-untyped-def]
    """Orders of a year and a half, and consent as the engine draws it."""
    parameters = {"r": 0.6, "a": 0.8, "b": 3.0, "p": 5, "q": 4, "gamma": 15, "mean_orders_per_year": 0.6 / 7 * 365 / 7}
    overrides = [f"base.synthetic_model.{key}={value}" for key, value in parameters.items()]
    overrides += ['base.synthetic_model.model="mbg-nbd"', "base.tenure_days=546"]
    overrides += [f"base.consent_rate_correlation={rho}"]
    overrides += [f"channels.{name}.consent_share={share}" for name, share in SHARES.items()]
    base = load_base(load_scenario("library:small", [f"base.synthetic={customers}", *overrides]))
    world = make_world(base, base.population(customers, seed).standing_for(customers))
    import polars as pl

    who, day = _past(world.population).T
    dates = np.datetime64("2025-01-01") + day.astype("timedelta64[D]")
    log = read_orders(pl.DataFrame({"customer_id": who, "order_date": dates, "order_value": 1.0 + who % 7}))
    mask = subscribed(world)
    order = np.array([int(name) for name in log.customer_ids])
    told = {
        name: ((mask >> lane) & 1)[order].astype(np.int64)
        for lane, name in enumerate(world.channel_names)
        if name in SHARES
    }
    return log, told


@pytest.mark.parametrize("rho", [0.0, 0.4, -0.3])
def test_the_correlation_that_the_engine_drew_with_is_found(rho):
    log, told = drawn(rho, seed=1)
    history = on_day_grid(log.summary(int(np.datetime64("2024-12-31").astype(int))))
    found = fit_consent(told, TRUTH, history)
    for name, share in SHARES.items():
        assert found.shares[name].low < share < found.shares[name].high
    value, low, high = found.correlation
    assert low < rho < high
    assert high - low < 0.2, "and the interval is of use"
    assert low <= value <= high


def test_unknown_answers_are_left_out_and_too_few_are_not_correlated():
    log, told = drawn(0.0, seed=2, customers=300)
    history = on_day_grid(log.summary(log.last_day))
    told["sms"][:] = -1
    told["email"][20:] = -1
    found = fit_consent(told, TRUTH, history)
    assert "sms" not in found.shares
    assert found.shares["email"].known == 20
    assert found.correlation is None


def test_wilson_is_the_published_interval():
    """Brown, Cai and DasGupta 2001: 0 of 20 goes up to .161."""
    low, high = wilson(0.0, 20)
    assert (low, high) == (0.0, pytest.approx(0.1611, abs=5e-4))


@pytest.mark.proof
def test_how_often_the_interval_holds_the_correlation():
    inside = 0
    for seed in range(3, 103):
        rho = (-0.3, 0.0, 0.25, 0.5)[seed % 4]
        log, told = drawn(rho, seed, customers=2_000)
        told["email"] = np.where(np.arange(told["email"].size) % 3 == 0, -1, told["email"])
        _, low, high = fit_consent(
            told, TRUTH, on_day_grid(log.summary(int(np.datetime64("2024-12-31").astype(int))))
        ).correlation
        inside += low < rho < high
    print(f"\ncorrelation within its interval: {inside} of 100")
    assert 89 <= inside <= 99
