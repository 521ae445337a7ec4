"""Held-out orders: what a model fitted on the orders before says about those after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.fit._dropout_fit import RepeatRows, group
from sim.fit._dropout_model import DropoutModel
from sim.orders import OrderLog, RepeatSummary
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

TOP_FREQUENCY = 7
"""Customers with this many repeat orders or more form the last class."""


@dataclass(frozen=True)
class WeekForecast:
    """Repeat orders of one held-out week; the last one may be shorter than seven days."""

    week: int
    """1 is the first week after the calibration."""
    forecast: float
    actual: int


@dataclass(frozen=True)
class ClassForecast:
    """Held-out orders per customer among those with `x` repeat orders in the calibration."""

    x: str
    """"0", "1", ... "7+"."""
    customers: int
    forecast_mean: float
    actual_mean: float


@dataclass(frozen=True, eq=False)
class Holdout:
    """Customers seen until the calibration ends, and their orders after it."""

    summary: RepeatSummary
    """(n,) histories up to `summary.until_day`."""
    counts: npt.NDArray[np.int64]
    """(n,) order days after it."""
    weekly: npt.NDArray[np.int64]
    """(weeks,) order days by week."""
    days: int
    """Length of the held-out period."""


@dataclass(frozen=True)
class Backtest:
    """Forecast against held-out repeat orders of the customers who were known when the calibration ended."""

    calibrated_until: str
    """Last day of the orders that the tested model was fitted to, YYYY-MM-DD."""
    held_out_until: str
    weeks: int
    """Held-out weeks, a shorter last one included."""
    forecast: float
    """Repeat orders expected."""
    actual: int
    error_pct: float
    """100 (forecast - actual) / actual: negative where the forecast is too low."""
    chance_pct: float
    """1.96 standard errors of `error_pct` from chance among customers; the parameters' own errors come on top."""
    weekly: tuple[WeekForecast, ...]
    by_frequency: tuple[ClassForecast, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        tables = ("weekly", "by_frequency")
        plain = {key: value for key, value in vars(self).items() if key not in tables}
        return plain | {key: [dict(vars(row)) for row in getattr(self, key)] for key in tables}


def hold_out(orders: OrderLog, calibrate_until: int, end: int) -> Holdout:
    """Split at the end of `calibrate_until` and count the orders after it up to `end`, days since 1970-01-01.

    Raises
    ------
    InputError
        The known customers have no order in the held-out period: nothing to test a forecast on.
    """
    summary = orders.summary(calibrate_until)
    known = np.full(orders.n_customers, -1)
    known[summary.customer] = np.arange(len(summary))
    later = (orders.day > calibrate_until) & (orders.day <= end) & (known[orders.customer] >= 0)
    if not later.any():
        period = f"{np.datetime64(calibrate_until + 1, 'D')} to {np.datetime64(end, 'D')}"
        what = "customers known before have no order in the held-out period: the fit cannot be tested"
        raise InputError.of("backtest", what, period, "an earlier end of the calibration, or more data")
    week = (orders.day[later] - calibrate_until - 1) // DAYS_PER_WEEK
    return Holdout(
        summary=summary,
        counts=np.bincount(known[orders.customer[later]], minlength=len(summary)),
        weekly=np.bincount(week, minlength=-(-(end - calibrate_until) // DAYS_PER_WEEK)),
        days=end - calibrate_until,
    )


def log_score(model: DropoutModel, holdout: Holdout) -> Floats:
    """(n,) ln P(Y = y | x, t_x, T): the exact posterior predictive of each customer's held-out count.

    A proper score: on average no other model beats the true one. Higher is better.
    """
    s = holdout.summary
    weeks = holdout.days / DAYS_PER_WEEK
    chance = model.future_count_probability(holdout.counts, weeks, s.frequency, s.recency_weeks, s.age_weeks)
    return np.asarray(np.log(np.maximum(chance, 1e-300)))


def backtest(model: DropoutModel, holdout: Holdout) -> Backtest:
    """Forecast each held-out week and frequency class with a model that was fitted on the calibration."""
    s = holdout.summary
    rows = group(s.frequency, s.recency_weeks, s.age_weeks)
    ends = np.minimum(np.arange(1, holdout.weekly.size + 1) * DAYS_PER_WEEK, holdout.days) / DAYS_PER_WEEK
    cumulative = [float(np.sum(rows.count * _future(model, rows, end))) for end in ends]
    weekly = zip(np.diff(cumulative, prepend=0.0).tolist(), holdout.weekly.tolist(), strict=True)
    each = model.expected_future_orders(float(ends[-1]), s.frequency, s.recency_weeks, s.age_weeks)
    forecast, actual = cumulative[-1], int(holdout.counts.sum())
    chance = 1.96 * float(np.sqrt(np.sum((holdout.counts - each) ** 2)))
    return Backtest(
        calibrated_until=str(np.datetime64(s.until_day, "D")),
        held_out_until=str(np.datetime64(s.until_day + holdout.days, "D")),
        weeks=int(holdout.weekly.size),
        forecast=forecast,
        actual=actual,
        error_pct=100 * (forecast - actual) / actual,
        chance_pct=100 * chance / actual,
        weekly=tuple(WeekForecast(week, *pair) for week, pair in enumerate(weekly, start=1)),
        by_frequency=_by_frequency(each, holdout),
    )


def _future(model: DropoutModel, rows: RepeatRows, weeks: float) -> Floats:
    return model.expected_future_orders(weeks, rows.x, rows.t_x, rows.age)


def _by_frequency(expected: Floats, holdout: Holdout) -> tuple[ClassForecast, ...]:
    classes = np.minimum(holdout.summary.frequency, TOP_FREQUENCY)
    customers = np.bincount(classes)
    forecast, actual = np.bincount(classes, expected), np.bincount(classes, holdout.counts)
    return tuple(
        ClassForecast(
            x=f"{x}+" if x == TOP_FREQUENCY else str(x),
            customers=int(customers[x]),
            forecast_mean=float(forecast[x] / customers[x]),
            actual_mean=float(actual[x] / customers[x]),
        )
        for x in np.flatnonzero(customers).tolist()
    )
