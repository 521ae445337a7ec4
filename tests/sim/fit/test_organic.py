"""The fit from orders: choice, backtest, warnings, JSON."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from sim.errors import InputError
from sim.fit.organic import UNDER_CURRENT_CONTACTS, fit_organic
from sim.orders import OrderLog, read_orders

from .conftest import CALIBRATION_END

LAST_DAY = int(np.datetime64("1998-06-30", "D").astype(np.int64))


def test_cdnow_backtest_reports_the_published_miss(sample: OrderLog) -> None:
    fit = fit_organic(sample, until_day=CALIBRATION_END, model="bg-nbd")
    test = fit.backtest
    assert fit.organic.parameters.alpha == pytest.approx(4.414, abs=1e-3)
    assert (test.weeks, test.actual) == (39, 1882)
    assert test.forecast == pytest.approx(1653, abs=1)
    assert test.error_pct == pytest.approx(-12.15, abs=0.05)
    assert (test.calibrated_until, test.held_out_until) == ("1997-09-30", "1998-06-30")
    assert not fit.refitted
    assert fit.fitted_until == "1997-09-30"
    assert any(
        "12.1 % too low: 1,653 against 1,882" in w and "beyond what chance" in w and "Expect a simulation" in w
        for w in fit.warnings
    )


def test_backtest_tables_add_up(sample: OrderLog) -> None:
    test = fit_organic(sample, until_day=CALIBRATION_END, model="bg-nbd").backtest
    assert sum(row.actual for row in test.weekly) == test.actual
    assert sum(row.forecast for row in test.weekly) == pytest.approx(test.forecast)
    assert [row.week for row in test.weekly] == list(range(1, 40))
    assert [row.group for row in test.by_frequency] == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert sum(row.customers for row in test.by_frequency) == 2357
    assert sum(row.customers * row.actual_mean for row in test.by_frequency) == pytest.approx(test.actual)
    means = [row.forecast_mean for row in test.by_frequency]
    assert means == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=2e-3)


def test_weekly_actuals_are_the_orders_of_that_week(sample: OrderLog) -> None:
    test = fit_organic(sample, until_day=CALIBRATION_END).backtest
    second = (sample.day > CALIBRATION_END + 7) & (sample.day <= CALIBRATION_END + 14)
    assert test.weekly[1].actual == second.sum()


def test_without_a_date_the_last_third_is_held_out_and_all_is_fitted(master: OrderLog) -> None:
    fit = fit_organic(master)
    assert fit.refitted
    assert fit.fitted_until == "1998-06-30"
    assert fit.backtest.calibrated_until == "1997-12-30"
    assert fit.backtest.weeks == 26
    assert fit.organic.n == 23_570
    assert fit.model == "mbg-nbd"
    gap = fit.candidates["mbg-nbd"].log_likelihood - fit.candidates["bg-nbd"].log_likelihood
    assert gap == pytest.approx(131.5, abs=0.5)
    assert any("too low" in w and "fitted again" in w for w in fit.warnings)


def test_a_date_after_the_last_order_lengthens_the_observation(sample: OrderLog) -> None:
    fit = fit_organic(sample, until_day=LAST_DAY + 30)
    assert fit.refitted
    assert fit.fitted_until == "1998-07-30"
    assert fit.backtest.calibrated_until == "1998-01-19"


def test_doubt_goes_to_mbg_nbd_and_is_told(sample: OrderLog) -> None:
    fit = fit_organic(sample, until_day=CALIBRATION_END)
    assert fit.model == "mbg-nbd"
    assert abs(fit.choice.difference) < 2 * fit.choice.difference_se
    assert "do not decide" in fit.warnings[0]


@pytest.mark.parametrize("truth", [0, 1])
def test_the_model_that_made_the_data_is_chosen(truth: int) -> None:
    fit = fit_organic(_simulated(truth, n=6000), until_day=400)
    assert fit.model == ("bg-nbd", "mbg-nbd")[truth]
    assert abs(fit.backtest.error_pct) < 2 * fit.backtest.chance_pct < 15


def test_spend_that_grows_with_frequency_is_reported() -> None:
    log = _simulated(0, n=1500)
    orders = np.bincount(log.customer)[log.customer]
    linked = OrderLog(
        log.customer_ids,
        log.customer,
        log.day,
        5.0 + orders * np.random.default_rng(1).gamma(9, 1, orders.size),
    )
    assert any("spend more per order (correlation" in w for w in fit_organic(linked).warnings)
    assert not any("per order" in w for w in fit_organic(log).warnings)


def test_few_customers_are_reported() -> None:
    assert any("rough guess" in w for w in fit_organic(_simulated(0, n=150)).warnings)


def test_json_has_the_shape_that_others_read(sample: OrderLog) -> None:
    out = json.loads(json.dumps(fit_organic(sample, until_day=CALIBRATION_END).to_dict(), allow_nan=False))
    assert out["organic"] == out["candidates"]["mbg_nbd"]
    assert out["organic"]["model"] == "mbg-nbd"
    assert out["organic"]["time_unit"] == "week"
    for name in ("r", "alpha", "a", "b"):
        for candidate in out["candidates"].values():
            assert candidate["low"][name] < candidate[name] < candidate["high"][name]
            assert candidate["se"][name] > 0
    assert out["candidates"]["bg_nbd"]["log_likelihood"] == pytest.approx(-9582.43, abs=0.01)
    assert out["spend"]["model"] == "gamma-gamma"
    assert set(out["spend"]) >= {"p", "q", "gamma", "log_likelihood", "se"}
    assert set(out["backtest"]) >= {"weeks", "forecast", "actual", "error_pct", "weekly", "by_frequency"}
    first = {"week": 1, "forecast": pytest.approx(50.9, abs=0.1), "actual": 50}
    assert out["backtest"]["weekly"][0] == first | {"cumulative_forecast": first["forecast"], "cumulative_actual": 50}
    assert out["label"] == UNDER_CURRENT_CONTACTS == "under current contacts"


def test_row_order_changes_nothing(sample: OrderLog) -> None:
    rows = pl.DataFrame(sample.columns()).sample(fraction=1, shuffle=True, seed=3)
    one, other = (
        fit_organic(sample, until_day=CALIBRATION_END),
        fit_organic(read_orders(rows), until_day=CALIBRATION_END),
    )
    assert one.to_dict() == other.to_dict()


def test_refusals(sample: OrderLog) -> None:
    with pytest.raises(InputError, match="unknown organic model"):
        fit_organic(sample, model="pareto")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no order on or before this date"):
        fit_organic(sample, until_day=5)
    once = read_orders(
        pl.DataFrame({"customer_id": ["a", "b"], "order_date": ["2024-01-01", "2024-03-01"], "order_value": [1.0, 2.0]})
    )
    with pytest.raises(InputError, match="no order in the held-out period"):
        fit_organic(once)


def _simulated(s: int, n: int) -> OrderLog:
    """Orders of n customers over 600 days: BG/NBD (s = 0) or MBG/NBD (s = 1), spend Gamma-Gamma."""
    rng = np.random.default_rng(5)
    rate, p = rng.gamma(0.8, 1 / 60, n), rng.beta(1.5, 2.0, n)
    day, first = [], rng.integers(0, 60, n)
    customers, clock, active = [], first.astype(float), np.ones(n, dtype=bool)
    while active.any():
        day.append(clock[active].astype(np.int32))
        customers.append(np.flatnonzero(active))
        immortal = (clock == first) & (s == 0)
        active &= immortal | (rng.random(n) >= p)
        clock = clock + rng.exponential(1, n) / rate
        active &= clock <= 600
    who = np.concatenate(customers)
    value = rng.gamma(6, 1, who.size) / rng.gamma(4, 1 / 15, n)[who]
    rows = {
        "customer_id": who,
        "order_date": np.concatenate(day).astype("datetime64[D]"),
        "order_value": value,
    }
    return read_orders(pl.DataFrame(rows))
