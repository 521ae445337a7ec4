"""MBG/CNBD-k: MBG/NBD for customers who order regularly (Platzer and Reutterer 2016, Marketing Science 35(5), 779-799).

Times between orders are Erlang-k instead of exponential: a clock ticks at rate lambda ~ Gamma(r, rate alpha), and every
k-th tick is an order. k = 1 is MBG/NBD; the larger k, the more evenly the orders come ("condensed NBD", Chatfield and
Goodhardt 1973). Dropout as in MBG/NBD, p ~ Beta(a, b) after each order, the first included. With j ticks since the last
order:

    L(lambda, p) = prod tau^(k-1) / G(k)^x  (1-p)^x lambda^(kx) [ p e^(-lambda t_x)
                   + (1-p) e^(-lambda T) sum_{j<k} (lambda (T - t_x))^j / j! ]

tau the times between orders. Integrated over the Gamma and Beta priors both parts are closed, and so is what comes
later: given that the customer is active with j ticks done, the number of ticks within t is negative binomial and the
(km - j)-th of them is the m-th order, if none of the m - 1 before ended it:

    E[Y(t)] = sum_j P(active, j | history) sum_m E[(1-p)^(m-1)] P(ticks within t >= km - j)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betainc, betaln, gammaln, xlogy

from sim.checks import require
from sim.fit._dropout import Array, Floats, floats
from sim.fit._dropout_fit import NAMES, group
from sim.fit._dropout_model import DropoutModel
from sim.fit._maximize import FitResult, maximize
from sim.fit._slopes import with_slopes
from sim.order_models import MOST_TICKS
from sim.orders import OrderLog

MOST = 6
"""Largest k that is tried."""
_STARTS = ((0.5, 6.0, 0.8, 2.0), (1.0, 10.0, 0.5, 2.5))
_SMALL = 1e-10


@dataclass(frozen=True)
class MbgCnbd(DropoutModel):
    """Parameters of MBG/CNBD-k, time in weeks, of the ticks: the mean order rate while active is r / (alpha k)."""

    name: ClassVar[str] = "mbg-cnbd"
    s: ClassVar[int] = 1
    k: int = 1
    """Ticks to an order: 1 = irregular (MBG/NBD), 4 = quite even."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.k <= MOST_TICKS, f"{self.name}.k", "must be a whole number", self.k, f"1 to {MOST_TICKS}")

    def log_likelihood(self, x: Array, t_x: Array, age: Array, log_gaps: Array = 0.0) -> Floats:
        """ln L of each customer's order times; ``log_gaps``: sum of ln of the times between orders, weeks."""
        x, t_x, age, gaps = floats(x, t_x, age, log_gaps)
        return np.asarray(_log_sum(self._by_ticks(x, t_x, age)) + (self.k - 1) * gaps - gammaln(self.k) * x)

    def alive_probability(self, x: Array, t_x: Array, age: Array) -> Floats:
        """P(not dropped out at the end of observation | own orders)."""
        parts = self._by_ticks(*floats(x, t_x, age))
        return np.asarray(1.0 - np.exp(parts[..., 0] - _log_sum(parts)))

    def ticks_done(self, x: Array, t_x: Array, age: Array) -> Floats:
        """(..., k) P(j ticks since the last order | active, own orders), j = 0 .. k - 1."""
        active = self._by_ticks(*floats(x, t_x, age))[..., 1:]
        return np.asarray(np.exp(active - _log_sum(active)[..., None]))

    def expected_orders(self, weeks: Array) -> Floats:
        """E[X(t)]: repeat orders of a new customer within `weeks` of the first order."""
        return self.expected_future_orders(weeks, 0.0, 0.0, 0.0)

    def expected_future_orders(self, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """E[Y(t)]: orders within ``weeks`` after the end of observation | own orders."""
        x, t_x, age, weeks = floats(x, t_x, age, weeks)
        later = np.zeros_like(x)
        for share, shape, q, j in self._ahead(x, t_x, age, weeks):
            sums, m = np.zeros_like(x), 1
            while True:
                stays = np.exp(betaln(self.a, self.b + x + m) - betaln(self.a, self.b + x + 1))
                more = stays * betainc(self.k * m - j, shape, q)
                sums += more
                if not (more > _SMALL).any():
                    break
                m += 1
            later += share * sums
        return later

    def count_probability(self, y: Array, weeks: Array) -> Floats:
        """P(X(t) = y) of a new customer, y = 0, 1, 2, ..."""
        return self.future_count_probability(y, weeks, 0.0, 0.0, 0.0)

    def future_count_probability(self, y: Array, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """P(Y(t) = y | own orders): still active after y orders, or gone with the y-th."""
        y, weeks, x, t_x, age = floats(y, weeks, x, t_x, age)
        stays = betaln(self.a, self.b + x + 1 + y) - betaln(self.a, self.b + x + 1)
        goes = betaln(self.a + 1, self.b + x + np.maximum(y, 1.0)) - betaln(self.a, self.b + x + 1)
        chance = np.zeros_like(x)
        for share, shape, q, j in self._ahead(x, t_x, age, weeks):
            reached = _at_least(self.k * y - j, shape, q)
            chance += share * np.exp(stays) * (reached - _at_least(self.k * (y + 1) - j, shape, q))
            chance += share * np.where(y > 0, np.exp(goes) * reached, 0.0)
        return np.asarray(chance + (y == 0) * (1.0 - self.alive_probability(x, t_x, age)))

    def _ahead(
        self, x: Floats, t_x: Floats, age: Floats, weeks: Floats
    ) -> Iterator[tuple[Floats, Floats, Floats, int]]:
        """For j = 0 .. k - 1: P(active with j ticks done), and shape and chance of the ticks to come, NB."""
        parts = self._by_ticks(x, t_x, age)
        share = np.exp(parts - _log_sum(parts)[..., None])
        for j in range(self.k):
            yield share[..., 1 + j], self.r + self.k * x + j, weeks / (self.alpha + age + weeks), j

    def _by_ticks(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        """(..., 1 + k) ln L of "dropped out", then of "active with j ticks done"; without the gaps' constant."""
        r, alpha, a, b, k = self.r, self.alpha, self.a, self.b, self.k
        xs, at = np.unique(x, return_inverse=True)  # few values: gamma functions are evaluated once for each
        at = at.reshape(x.shape)
        j = np.arange(k)
        ticks = (gammaln(r + k * xs[:, None] + j) - gammaln(j + 1) + betaln(a, b + xs + 1)[:, None])[at]
        done = r + k * x
        left = (betaln(a + 1, b + xs) + gammaln(r + k * xs))[at] - done * np.log(alpha + t_x)
        log_end = np.log(alpha + age)
        active = ticks + xlogy(j, (age - t_x)[..., None]) - (done[..., None] + j) * log_end[..., None]
        common = r * np.log(alpha) - gammaln(r) - betaln(a, b)
        return np.asarray(np.concatenate([left[..., None], active], axis=-1) + common)


def _at_least(ticks: Floats, shape: Floats, q: Floats) -> Floats:
    """P(so many ticks or more), negative binomial."""
    return np.asarray(np.where(ticks > 0, betainc(np.maximum(ticks, 1.0), shape, q), 1.0))


def _log_sum(parts: Floats) -> Floats:
    """ln of the sum of exponentials over the last axis."""
    top = parts.max(axis=-1)
    return np.asarray(top + np.log(np.exp(parts - top[..., None]).sum(axis=-1)))


def fit(k: int, x: Array, t_x: Array, age: Array, log_gaps: Array, start: MbgCnbd | None = None) -> FitResult[MbgCnbd]:
    """Maximum likelihood for one k; (n,) repeat orders, weeks to the last, weeks observed, sum of ln of the gaps.

    ``start``: a fit with another k, to begin from."""
    require(1 <= k <= MOST_TICKS, "k", "must be a whole number", k, f"1 to {MOST_TICKS}")
    rows = group(x, t_x, age)
    constant = (k - 1) * float(np.sum(log_gaps)) - float(gammaln(k)) * float(np.sum(x))

    def value(theta: Floats) -> float:
        model = _model(theta, k)
        return float(np.sum(rows.count * model.log_likelihood(rows.x, rows.t_x, rows.age)))

    starts = [np.log(np.array([first[0], first[1] / k, *first[2:]])) for first in _STARTS]
    if start is not None:
        starts = [np.log(np.array([start.r, start.alpha * start.k / k, start.a, start.b]))]
    found = maximize(with_slopes(value), starts, rows.n)
    # the constant is the same for all parameters, not for all k
    shift = constant + float(gammaln(k)) * float(np.sum(rows.count * rows.x))
    return found.result(_model(found.theta, k), NAMES, rows.n, shift)


def _model(theta: Floats, k: int) -> MbgCnbd:
    r, alpha, a, b = np.exp(theta).tolist()
    return MbgCnbd(r, alpha, a, b, k)


def log_gaps(orders: OrderLog, until_day: int) -> Floats:
    """(n,) sum of the logarithms of the times between a customer's orders, weeks, in the order of the log's summary."""
    seen = orders.day <= until_day
    day, customer = orders.day[seen].astype(np.float64), orders.customer[seen]
    _, index = np.unique(customer, return_inverse=True)
    same = np.diff(customer) == 0
    gaps = np.log(np.diff(day)[same] / 7.0)
    return np.bincount(index[1:][same], gaps, int(index.max()) + 1).astype(np.float64)


def regularity(x: Array, t_x: Array, age: Array, gaps: Array, most: int = MOST) -> list[FitResult[MbgCnbd]]:
    """Fits for k = 1, 2, ... up to the first that is worse than the one before."""
    found: list[FitResult[MbgCnbd]] = []
    for k in range(1, most + 1):
        found.append(fit(k, x, t_x, age, gaps, found[-1].parameters if found else None))
        if k > 1 and found[-1].log_likelihood < found[-2].log_likelihood:
            break
    return found


def best(fits: Iterable[FitResult[MbgCnbd]]) -> FitResult[MbgCnbd]:
    """The one with the greatest likelihood: all have the same number of parameters."""
    return max(fits, key=lambda found: found.log_likelihood)
