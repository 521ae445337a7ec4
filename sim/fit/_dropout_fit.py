"""Maximum likelihood for BG/NBD and MBG/NBD: equal rows grouped, analytic gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, psi

from sim.errors import InputError
from sim.fit._maximize import Objective, Optimum, maximize

Floats = npt.NDArray[np.float64]
Array = npt.ArrayLike

NAMES = ("r", "alpha", "a", "b")
_STARTS = ((0.5, 0.5, 2.0), (0.25, 1.0, 2.5), (2.0, 0.2, 2.0))
"""r, a, b; alpha follows from the observed rate."""


@dataclass(frozen=True, eq=False)
class RepeatRows:
    """Distinct (x, t_x, T) with the number of customers that have them."""

    x: Floats
    t_x: Floats
    age: Floats
    count: Floats
    distinct_x: Floats
    x_index: npt.NDArray[np.intp]
    """Position of `x` in `distinct_x`: gamma functions are evaluated once for each."""

    @property
    def n(self) -> int:
        return int(self.count.sum())


def group(x: Array, t_x: Array, age: Array) -> RepeatRows:
    """Check and group customers; times in any one unit.

    Raises
    ------
    InputError
        Shapes differ, a number is negative or not finite, t_x > T, or the data cannot determine four
        parameters: fewer than two customers, no repeat order, no time observed, all customers the same.
    """
    columns = [np.asarray(v, dtype=np.float64) for v in (x, t_x, age)]
    _check(*columns)
    order = np.lexsort(columns)
    sorted_columns = [column[order] for column in columns]
    new = np.any([np.diff(column) != 0 for column in sorted_columns], axis=0)
    starts = np.flatnonzero(np.r_[True, new])
    xs, t_xs, ages = (column[starts] for column in sorted_columns)
    if starts.size == 1:
        raise InputError.of("fit", "all customers are the same: how they differ cannot be estimated")
    counts = np.diff(np.append(starts, order.size)).astype(np.float64)
    distinct, index = np.unique(xs, return_inverse=True)
    return RepeatRows(xs, t_xs, ages, counts, distinct, index)


def _check(x: Floats, t_x: Floats, age: Floats) -> None:
    if not (x.ndim == 1 and x.shape == t_x.shape == age.shape):
        shapes = f"{x.shape}, {t_x.shape}, {age.shape}"
        raise InputError.of("fit", "x, t_x and T must be of one length", shapes)
    if x.size < 2:
        raise InputError.of("fit", "too few customers to see how they differ", x.size, "2 or more, better 1,000")
    valid = (x >= 0) & (x == np.floor(x)) & (t_x >= 0) & (t_x <= age) & np.isfinite(age) & ((x > 0) | (t_x == 0))
    if not valid.all():
        at = int(np.argmin(valid))
        given = f"customer {at}: x={x[at]:g}, t_x={t_x[at]:g}, T={age[at]:g}"
        allowed = "whole x >= 0, 0 <= t_x <= T, and t_x = 0 where x = 0"
        raise InputError.of("fit", "impossible order history", given, allowed)
    if not x.any():
        what = "no customer has ordered twice: order rate and dropout cannot be estimated"
        raise InputError.of("fit", what, f"{x.size:,} customers, 0 repeat orders")
    if not age.any():
        raise InputError.of("fit", "no time was observed after the first orders")


def objective(rows: RepeatRows, s: int) -> Objective:
    """Log-likelihood and gradient in ln(r, alpha, a, b); s = 1 if the first order may end in dropout."""
    possible = rows.x + s > 0

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta)
        xs, at, k = rows.distinct_x, rows.x_index, rows.distinct_x + s
        live = k > 0
        last = np.where(live, b + k - 1, 1.0)
        common = gammaln(r + xs) - gammaln(r) + betaln(a, b + k) - betaln(a, b) + r * theta[1]
        odds = np.where(live, theta[2] - np.log(last), -np.inf)
        log_age, log_last = np.log(alpha + rows.age), np.log(alpha + rows.t_x)
        shape = r + rows.x
        alive, dropped = -shape * log_age, odds[at] - shape * log_last
        total = np.logaddexp(alive, dropped)
        p_alive = np.exp(alive - total)
        p_dropped = np.where(possible, 1 - p_alive, 0.0)
        by_x, dropped_by_x = _sums(at, rows.count, xs.size), _sums(at, rows.count * p_dropped, xs.size)
        value = _dot(by_x, common) + _dot(rows.count, total)
        both = psi(a + b) - psi(a + b + k)
        log_mean = p_alive * log_age + p_dropped * log_last
        to_r = _dot(by_x, psi(r + xs) - psi(r) + theta[1]) - _dot(rows.count, log_mean)
        inverse = p_alive / (alpha + rows.age) + p_dropped / (alpha + rows.t_x)
        to_alpha = rows.n * r / alpha - _dot(rows.count, shape * inverse)
        to_a = _dot(by_x, both) + dropped_by_x.sum() / a
        to_b = _dot(by_x, both + psi(b + k) - psi(b)) - _dot(dropped_by_x, 1 / last)
        return float(value), np.array([to_r * r, to_alpha * alpha, to_a * a, to_b * b])

    return evaluate


def _dot(left: Floats, right: Floats) -> float:
    """Scalar product without BLAS, whose threads stall on long vectors and change the last bits."""
    return float(np.sum(left * right))


def _sums(index: npt.NDArray[np.intp], values: Floats, size: int) -> Floats:
    """(size,) sums of `values` by `index`."""
    return np.bincount(index, values, size).astype(np.float64)


def estimate(rows: RepeatRows, s: int, start: tuple[float, float, float, float] | None = None) -> Optimum:
    """Maximum-likelihood estimate of ln(r, alpha, a, b); ``start``: these parameters, if some are known to be near."""
    rate = _dot(rows.count, rows.x) / _dot(rows.count, rows.age)
    starts = [np.log(np.array([r, r / (2 * rate), a, b])) for r, a, b in _STARTS]
    if start is not None:
        starts = [np.log(np.array(start))]
    return maximize(objective(rows, s), starts, rows.n)
