"""Held-out orders: what a model fitted on the orders before says about those after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.fit._dropout_fit import RepeatRows, group
from sim.fit._dropout_model import DropoutModel
from sim.fit.season_ahead import SeasonAhead
from sim.orders import OrderLog, RepeatSummary
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

TOP_FREQUENCY = 7
"""Customers with this many repeat orders or more form the last class."""
_FREQUENCIES = (*map(str, range(TOP_FREQUENCY)), f"{TOP_FREQUENCY}+")
Segments = tuple[tuple[str, ...], npt.NDArray[np.int64]]
"""Names, and the segment of each customer of the holdout's summary at the end of the calibration."""


@dataclass(frozen=True)
class WeekForecast:
    """Repeat orders of one held-out week; the last one may be shorter than seven days."""

    week: int
    """1 is the first week after the calibration."""
    forecast: float
    actual: int
    cumulative_forecast: float
    """From week 1 to the end of this one."""
    cumulative_actual: int

    @property
    def cumulative_error_pct(self) -> float:
        """100 (forecast - actual) / actual of all weeks so far; NaN before the first order."""
        return 100 * (self.cumulative_forecast / self.cumulative_actual - 1) if self.cumulative_actual else float("nan")


@dataclass(frozen=True)
class GroupForecast:
    """Held-out orders per customer in a group formed at the end of the calibration."""

    group: str
    """Repeat orders "0", "1", ... "7+", or the name of a segment."""
    customers: int
    forecast_mean: float
    actual_mean: float
    chance_mean: float
    """1.96 standard errors of `actual_mean` from chance among the customers."""

    @property
    def beyond_chance(self) -> bool:
        """The forecast misses by more than chance explains."""
        return abs(self.forecast_mean - self.actual_mean) > self.chance_mean


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
    by_frequency: tuple[GroupForecast, ...]
    by_segment: tuple[GroupForecast, ...] = ()
    """By the segment at the end of the calibration, where segments were given."""
    seasons: bool = False
    """The forecast is with seasons, told by the calibration alone; ..."""
    forecast_without_seasons: float | None = None
    """... then also without them."""

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        tables = ("weekly", "by_frequency", "by_segment")
        plain = {key: value for key, value in vars(self).items() if key not in tables and value is not None}
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


def backtest(
    model: DropoutModel, holdout: Holdout, segments: Segments | None = None, season: SeasonAhead | None = None
) -> Backtest:
    """Forecast each held-out week, frequency class and segment with a model that was fitted on the calibration;
    ``season``: with one of operational time, and the seasons that go with it."""
    s = holdout.summary
    rows = group(s.frequency, s.recency_weeks, s.age_weeks)
    ends = np.minimum(np.arange(1, holdout.weekly.size + 1) * DAYS_PER_WEEK, holdout.days) / DAYS_PER_WEEK
    cumulative = [float(np.sum(rows.count * _future(model, rows, end))) for end in ends]
    each = model.expected_future_orders(float(ends[-1]), s.frequency, s.recency_weeks, s.age_weeks)
    without = None
    if season is not None:
        without, each = cumulative[-1], season.each()
        cumulative = season.cumulative(float(each.sum())).tolist()
    weekly = zip(
        np.diff(cumulative, prepend=0.0).tolist(),
        holdout.weekly.tolist(),
        cumulative,
        np.cumsum(holdout.weekly).tolist(),
        strict=True,
    )
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
        weekly=tuple(WeekForecast(week, *numbers) for week, numbers in enumerate(weekly, start=1)),
        by_frequency=_by_group(_FREQUENCIES, np.minimum(s.frequency, TOP_FREQUENCY), each, holdout),
        by_segment=() if segments is None else _by_group(*segments, each, holdout),
        seasons=season is not None,
        forecast_without_seasons=without,
    )


def _future(model: DropoutModel, rows: RepeatRows, weeks: float) -> Floats:
    return model.expected_future_orders(weeks, rows.x, rows.t_x, rows.age)


def _by_group(
    names: Sequence[str], index: npt.NDArray[np.integer[Any]], expected: Floats, holdout: Holdout
) -> tuple[GroupForecast, ...]:
    """Groups without a customer are left out."""
    customers = np.bincount(index, minlength=len(names))
    sums = (expected, holdout.counts, (holdout.counts - expected) ** 2)
    forecast, actual, square = (np.bincount(index, values, len(names)) for values in sums)
    return tuple(
        GroupForecast(
            group=names[g],
            customers=int(customers[g]),
            forecast_mean=float(forecast[g] / customers[g]),
            actual_mean=float(actual[g] / customers[g]),
            chance_mean=float(1.96 * np.sqrt(square[g]) / customers[g]),
        )
        for g in np.flatnonzero(customers).tolist()
    )
