"""Seasons by week: exact on orders in proportion, right within their intervals on orders made by the engine."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from sim.fit.mbg_nbd import MbgNbd
from sim.fit.organic import fit_organic
from sim.fit.season import fit_season, week_of_year
from sim.fit.season_ahead import season_ahead
from sim.orders import read_orders
from tests.scenarios.seasonal_worlds import FLAT, ORDERS_A_YEAR, lived, waves

NEAR = MbgNbd(0.6, 6.0, 0.64, 3.0)


def fitted(season, seed, customers=6_000, weeks=130):  # type: ignore[no-untyped-def]
    orders, _ = lived(season, customers=customers, weeks=weeks, seed=seed)
    log = read_orders(orders)
    return fit_season(log, NEAR, until_day=log.first_day + 7 * weeks)


@pytest.mark.parametrize(("day", "week"), [
    ("2022-01-03", 0), ("2022-01-09", 0), ("2022-01-10", 1), ("2022-01-01", 51), ("2020-12-31", 51), ("2021-01-03", 51),
])  # fmt: skip
def test_weeks_are_those_of_iso_8601_and_a_53rd_is_like_the_52nd(day, week):
    """2020 has 53 weeks: its last one ends on 3 January 2021."""
    number = (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days
    assert week_of_year(np.array([number])).tolist() == [week]


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_seasons_that_the_engine_lived_are_found():
    """Factors within their intervals, and the order process that of a mean week."""
    found = fitted(waves(), seed=1)
    inside = (found.low < waves()) & (np.array(waves()) < found.high)
    assert inside.mean() > 0.85
    assert np.sqrt(np.mean(np.log(found.factor / waves()) ** 2)) < 0.08
    assert np.mean(found.high / found.low) < 1.35, "and the intervals are of use"
    assert found.held_out.told
    assert found.held_out.standard_errors > 10
    held_out = found.held_out
    assert held_out.forecast == pytest.approx(held_out.actual, rel=0.07), "from a year and a half"
    assert abs(held_out.forecast - held_out.actual) < abs(held_out.forecast_without - held_out.actual)
    assert found.factor.mean() == pytest.approx(1.0)
    model = found.daily.parameters
    assert model.r / model.alpha == pytest.approx(ORDERS_A_YEAR / 365 * 7, rel=0.06)
    assert model.mean_dropout == pytest.approx(0.64 / (0.64 + 3.18), abs=0.02)


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_the_backtest_is_with_seasons_that_the_orders_before_it_tell():
    """130 weeks: two years tell the seasons, the 26 weeks after them test the forecast."""
    orders, _ = lived(waves(), customers=6_000, weeks=130, seed=1)
    log = read_orders(orders)
    log = log.until(log.first_day + 7 * 130 - 1)
    test, plain = (fit_organic(log, model="mbg-nbd", seasons=told).backtest for told in (True, False))
    assert (test.weeks, test.seasons, plain.seasons) == (26, True, False)
    assert test.forecast_without_seasons == plain.forecast
    assert test.calibrated_until == str(np.datetime64(log.first_day + 7 * 104 - 1, "D"))
    assert [week.cumulative_forecast for week in test.weekly][-1] == pytest.approx(test.forecast)
    mean = sum(group.customers * group.forecast_mean for group in test.by_frequency)
    assert mean == pytest.approx(test.forecast)
    missed, missed_without = (
        np.sqrt(np.mean([(week.forecast / week.actual - 1) ** 2 for week in found.weekly])) for found in (test, plain)
    )
    assert missed < 0.6 * missed_without, (missed, missed_without)
    until = log.first_day + 7 * 104 - 1
    known = season_ahead(log.until(until), NEAR, until_day=until, days=182)
    assert known.each().sum() == season_ahead(log, NEAR, until_day=until, days=182).each().sum(), (
        "from those before only"
    )
    assert season_ahead(log, NEAR, until_day=until - 7, days=189) is None, "two years are needed"


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_where_there_are_none_none_are_found():
    found = fitted(FLAT, seed=1)
    assert not found.held_out.told
    assert np.abs(np.log(found.factor)).max() < 0.05, "and what noise there is, is drawn towards 1"


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_orders_of_campaigns_are_no_season_where_it_is_known_which_they_are():
    """Every customer also orders once in November because of a campaign: a season only if nobody says so."""
    orders, _ = lived(FLAT, customers=6_000, weeks=130, seed=1)
    ids = np.arange(0, 6_000, 4)
    dates = [np.datetime64(f"{year}-11-{16 + k}") for year in (2022, 2023) for k in range(3)]
    came = pl.DataFrame({"customer_id": np.tile(ids, 6), "order_date": np.repeat(dates, ids.size)})
    log = read_orders(pl.concat([orders, came.with_columns(order_value=pl.lit(10.0))]))
    repeat = np.diff(log.customer, prepend=-1) == 0
    due = np.isin(log.day[repeat], np.array(dates).astype(int)) & (log.customer[repeat] % 4 == 0)
    until = log.first_day + 7 * 130
    week = week_of_year(np.array([int(dates[0].astype(int))]))[0]
    blind, told = (fit_season(log, NEAR, until_day=until, own=own) for own in (None, np.where(due, 0.0, 1.0)))
    assert blind.factor[week] > 1.5
    assert blind.held_out.told
    assert told.factor[week] < 1.1


def test_two_years_are_needed():
    orders, _ = lived(waves(), customers=200, weeks=103, seed=1)
    log = read_orders(orders)
    assert fit_season(log, NEAR, until_day=log.first_day + 7 * 103 - 1) is None


@pytest.mark.proof
@pytest.mark.usefixtures("kernels")
def test_how_often_the_intervals_hold_the_factors():
    """95 % intervals of 52 factors in 40 worlds; and how often seasons are seen where there are none."""
    inside, false = [], 0
    for seed in range(2, 42):
        found = fitted(waves(), seed)
        inside.append(np.mean((found.low < waves()) & (np.array(waves()) < found.high)))
        assert found.held_out.told
        false += fitted(FLAT, seed).held_out.told
    print(f"\nfactors within their interval: {np.mean(inside):.3f}; seasons seen where there are none: {false} of 40")
    assert 0.92 < np.mean(inside) < 0.98
    assert false <= 5
