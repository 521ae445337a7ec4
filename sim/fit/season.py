"""Seasons: how much more, or less, customers order of their own accord in each week of the year.

With factors s on the days, a customer who orders at rate lambda s(day) lives (M)BG/NBD in *operational time*, the sum
of s over the days: customers drop out at orders, not by the clock, so nothing else depends on the calendar. Given s,
the model is fitted to operational times (on the day grid, `sim.fit.day_grid`); given the model, the factor of a week
is

    s_w = orders of all such weeks / expected orders of customers who are still active, at s = 1

where the expectation is over what each customer's orders say: until the last order the rate is that of both branches
of the posterior (`sim.fit.posterior`), after it that of the active one. Both steps are repeated until nothing moves:
an EM algorithm, so the end is a maximum of the likelihood. A level for each year (52 weeks, counted back from the end)
keeps slow errors of the model out of the weeks. First orders are when customers come, not when they order: left out.

Weeks differ from year to year by more than chance; the Pearson dispersion of weeks over years widens all errors. The
52 factors are then drawn towards each other (`sim.fit._shrink`) and average 1.

Whether there are seasons is asked of the last 52 weeks: factors from the years before must tell which of its weeks had
more orders, better than the model without them, and by more than chance. So two years are needed; with less, a season
and an error of the model look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from sim.fit._dropout_model import DropoutModel, fit_model
from sim.fit._maximize import FitResult
from sim.fit._shrink import shrink
from sim.fit.posterior import trait_posterior
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WEEKS_OF_YEAR = 52
YEAR_DAYS = WEEKS_OF_YEAR * DAYS_PER_WEEK
FEWEST_WEEKS = 2 * WEEKS_OF_YEAR
_BEYOND_CHANCE = 2.0
"""Standard errors by which seasons must tell the held-out weeks better than none."""
_FITTED = 5_000
"""Customers to whose orders the model is fitted again in each round; all of them are behind the factors."""
_ROUNDS, _STILL = 12, 2e-3
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What factors from the years before say about the weeks of the last one."""

    gain: float
    """ln of how much likelier they make the weeks of its orders than the model without seasons does."""
    standard_errors: float
    """... above what it would be if there were no seasons."""
    forecast: float
    """Orders of this year, with these factors, ..."""
    forecast_without: float
    """... without them, ..."""
    actual: float
    """... and that came."""

    @property
    def told(self) -> bool:
        return self.gain > 0 and self.standard_errors > _BEYOND_CHANCE


@dataclass(frozen=True, eq=False)
class Season:
    """Factors on the order rate by ISO week of the year, (52,) each; a 53rd week is like the 52nd. They average 1."""

    factor: Floats
    low: Floats
    """95 % interval."""
    high: Floats
    orders: Ints
    """Own repeat orders behind each."""
    spread: float
    """By how much weeks truly differ: standard deviation of the logarithm."""
    dispersion: float
    """Variance of a week's orders over that of chance, 1 or more."""
    held_out: HeldOut
    daily: FitResult[DropoutModel]
    """The order process in operational time, on the day grid, ..."""
    history: tuple[Floats, Floats, Floats]
    """... and what it is fitted to: x, t_x and T of each customer, in weeks of operational time."""


def week_of_year(days: Ints) -> Ints:
    """Index 0 .. 51 of the ISO week of each day since 1970-01-01."""
    first = int(days.min())
    each = [(_EPOCH + timedelta(days=first + k)).isocalendar().week for k in range(int(days.max()) - first + 1)]
    return np.minimum(np.array(each, dtype=np.int64), WEEKS_OF_YEAR)[days - first] - 1


def weeks_observed(orders: OrderLog, until_day: int) -> int:
    """Whole weeks from the first order to the end."""
    return (until_day - orders.first_day + 1) // DAYS_PER_WEEK


def fit_season(
    orders: OrderLog,
    near: DropoutModel,
    *,
    until_day: int,
    own: Floats | None = None,
    level: float | None = None,
) -> Season | None:
    """Seasons of the orders up to ``until_day``; None where they last less than two years.

    Parameters
    ----------
    near : the model fitted without seasons, which says its kind and where to begin.
    own : (m,) chance of each repeat order to be the customer's own, not due to a contact (`sim.fit.history`), where
        that is known: then only that part of it counts, and the seasons are not those of the campaigns.
    level : of the profile-likelihood intervals of `Season.daily`.
    """
    if weeks_observed(orders, until_day) < FEWEST_WEEKS:
        return None
    known = orders.until(until_day)
    weight = np.ones(known.n_orders)
    if own is not None:
        weight[np.diff(known.customer, prepend=-1) == 0] = own
    before = _Past.of(known, weight, until_day - YEAR_DAYS)
    held_out = _held_out(before, _factors(before, near), near, known, weight, until_day)
    past = _Past.of(known, weight, until_day)
    found = _factors(past, near)
    x, t_x, age = past.operational(found.factor)
    history = (x, _grouped(t_x), _grouped(age))
    daily = fit_model(type(near), *history, level, found.model)
    return Season(
        found.factor, found.low, found.high, found.orders, found.spread, found.dispersion, held_out, daily, history
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Past:
    """Orders up to an end, days counted from the first one; (n,) per customer, (m,) per repeat order."""

    x: Floats
    first: Ints
    last: Ints
    repeat_customer: Ints
    repeat_day: Ints
    weight: Floats
    """How far a repeat order is the customer's own."""
    week: Ints
    """(D,) week of the year of each day."""
    year: Ints
    """(D,) years of 52 weeks, counted back from the end."""

    @staticmethod
    def of(orders: OrderLog, weight: Floats, until_day: int) -> _Past:
        weight, known = weight[orders.day <= until_day], orders.until(until_day)
        begin = known.first_day
        customer, day = known.customer.astype(np.int64), known.day.astype(np.int64) - begin
        starts = np.flatnonzero(np.diff(customer, prepend=-1))
        ends = np.append(starts[1:], day.size) - 1
        repeat = np.ones(day.size, dtype=bool)
        repeat[starts] = False
        days = np.arange(until_day - begin + 1)
        return _Past(
            x=(ends - starts).astype(np.float64),
            first=day[starts],
            last=day[ends],
            repeat_customer=customer[repeat],
            repeat_day=day[repeat],
            weight=weight[repeat],
            week=week_of_year(days + begin),
            year=days[::-1] // YEAR_DAYS,
        )

    def operational(self, factor: Floats) -> tuple[Floats, Floats, Floats]:
        """x, t_x and T in weeks of operational time, half a day less for each order (`sim.fit.day_grid`)."""
        season = factor[self.week]
        passed = np.cumsum(season)
        half = np.bincount(self.repeat_customer, season[self.repeat_day], self.x.size) / 2
        t_x, age = passed[self.last] - passed[self.first], passed[-1] - passed[self.first]
        return self.x, np.maximum(t_x - half, 0.0) / DAYS_PER_WEEK, np.maximum(age - half, 0.0) / DAYS_PER_WEEK

    def expected(self, model: DropoutModel, factor: Floats) -> Floats:
        """(D,) orders expected on each day at s = 1, given what the orders say of each customer under ``factor``."""
        at = trait_posterior(model, *self.operational(factor))
        active = at.p_alive * at.rate_shape / at.rate_alive / DAYS_PER_WEEK
        until_last = at.mean_rate() / DAYS_PER_WEEK
        size = self.week.size + 1
        steps = np.bincount(self.first + 1, until_last, size) - np.bincount(self.last + 1, until_last - active, size)
        each = np.cumsum(steps)[:-1]
        return np.asarray(each - np.bincount(self.repeat_day, until_last[self.repeat_customer], size - 1) / 2)


@dataclass(frozen=True, eq=False)
class _Factors:
    factor: Floats
    low: Floats
    high: Floats
    orders: Ints
    spread: float
    dispersion: float
    model: DropoutModel


def _factors(past: _Past, near: DropoutModel) -> _Factors:
    """Model and factors in turn until neither moves; then the factors drawn towards each other."""
    cell = past.year * WEEKS_OF_YEAR + past.week
    shape = (int(past.year.max()) + 1, WEEKS_OF_YEAR)
    came = _table(cell[past.repeat_day], past.weight, shape)
    sample = np.unique(np.linspace(0, past.x.size - 1, min(past.x.size, _FITTED)).astype(np.intp))
    factor, model = np.ones(WEEKS_OF_YEAR), near
    for _ in range(_ROUNDS):
        x, t_x, age = (column[sample] for column in past.operational(factor))
        model = fit_model(type(near), x, t_x, age, None, model).parameters
        due = _table(cell, past.expected(model, factor), shape)
        moved, level = _by_week_and_year(came, due)
        still = float(np.abs(np.log(moved / factor)).max()) < _STILL
        factor = moved
        if still:
            break
    due = due * level[:, None]
    expected = due * factor
    seen = expected > 0
    free = max(int(seen.sum()) - WEEKS_OF_YEAR - shape[0] + 1, 1)
    dispersion = max(1.0, float(((came - expected)[seen] ** 2 / expected[seen]).sum()) / free)
    total = came.sum(axis=0)
    drawn = shrink(np.log(factor), np.sqrt(dispersion / (total + 0.5)))
    mean = float(np.exp(drawn.mean).mean())
    value, low, high = (np.exp(part) / mean for part in (drawn.mean, drawn.low, drawn.high))
    return _Factors(value, low, high, np.rint(total).astype(np.int64), drawn.spread, dispersion, model)


def _table(cell: Ints, weight: Floats, shape: tuple[int, int]) -> Floats:
    return np.asarray(np.bincount(cell, weight, shape[0] * shape[1]).reshape(shape), dtype=np.float64)


def _by_week_and_year(came: Floats, due: Floats) -> tuple[Floats, Floats]:
    """(52,) factors that average 1 and (Y,) levels, so that rows and columns add up; ``came``, ``due`` (Y, 52)."""
    level = np.ones(came.shape[0])
    for _ in range(20):
        factor = (came.sum(axis=0) + 0.5) / ((due * level[:, None]).sum(axis=0) + 0.5)
        factor /= factor.mean()
        level = came.sum(axis=1) / np.maximum((due * factor).sum(axis=1), 1e-9)
    return factor, level


def _held_out(
    past: _Past, found: _Factors, near: DropoutModel, orders: OrderLog, weight: Floats, until_day: int
) -> HeldOut:
    """The 52 weeks after ``past``: shares of the orders that came in each, against those told with and without."""
    cut = until_day - YEAR_DAYS
    known = np.unique(orders.customer[orders.day <= cut])
    later = (orders.day > cut) & np.isin(orders.customer, known)
    came = np.bincount((orders.day[later] - cut - 1) // DAYS_PER_WEEK, weight[later], WEEKS_OF_YEAR)
    ahead = week_of_year(np.arange(cut + 1, until_day + 1))
    none = np.ones(WEEKS_OF_YEAR)
    x, t_x, age = past.operational(none)
    plain = fit_model(type(near), x, _grouped(t_x), _grouped(age), None, near)
    (with_, forecast), (without, forecast_without) = (
        _ahead(past, model, factor, ahead) for model, factor in ((found.model, found.factor), (plain.parameters, none))
    )
    ratio = np.log(with_ / without)
    gain, n = float(came @ ratio), float(came.sum())
    mean = float(without @ ratio)
    chance = np.sqrt(found.dispersion * n * float(without @ (ratio - mean) ** 2))
    beyond = float((gain - n * mean) / chance) if chance > 0 else 0.0
    return HeldOut(gain, beyond, forecast, forecast_without, n)


def _ahead(past: _Past, model: DropoutModel, factor: Floats, ahead: Ints) -> tuple[Floats, float]:
    """(52,) shares of the orders of the next year that the model expects in each of its weeks, and how many in all."""
    x, t_x, age = past.operational(factor)
    sample = np.unique(np.linspace(0, x.size - 1, min(x.size, _FITTED)).astype(np.intp))
    ends = np.cumsum(factor[ahead])[DAYS_PER_WEEK - 1 :: DAYS_PER_WEEK] / DAYS_PER_WEEK
    so_far = [model.expected_future_orders(end, x[sample], t_x[sample], age[sample]).sum() for end in ends]
    each = np.diff(np.array(so_far), prepend=0.0)
    return np.asarray(each / each.sum()), float(model.expected_future_orders(float(ends[-1]), x, t_x, age).sum())


def _grouped(weeks: Floats) -> Floats:
    """To the nearest tenth of a day: equal histories are computed once, and nothing else changes."""
    return np.round(weeks * 10 * DAYS_PER_WEEK) / (10 * DAYS_PER_WEEK)
