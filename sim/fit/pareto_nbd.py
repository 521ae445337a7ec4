"""Pareto/NBD: a cross-check in which customers leave by a clock of their own, not at orders.

Schmittlein, Morrison and Colombo (1987), Management Science 33(1), 1-24; the likelihood as in Fader and Hardie (2005),
"A note on deriving the Pareto/NBD model". While alive, orders come at rate lambda ~ Gamma(r, rate alpha); the lifetime
is exponential with rate mu ~ Gamma(s, rate beta), independent of lambda. With m = max(alpha, beta), d = |alpha - beta|
and k = s + 1 if alpha >= beta, else r + x:

    A(t) = 2F1(r+s+x, k; r+s+x+1; d/(m+t)) / (m+t)^(r+s+x),   A0 = A(t_x) - A(T)
    L = G(r+x) alpha^r beta^s / G(r) [ (alpha+T)^-(r+x) (beta+T)^-s + s/(r+s+x) A0 ]

The engine does not simulate it; that it tells the same story as (M)BG/NBD is what one looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, hyp2f1, xlog1py, xlogy

from sim.fit._dropout import Array, Floats, floats
from sim.fit._dropout_fit import group
from sim.fit._maximize import FitResult, maximize
from sim.fit._slopes import with_slopes

NAMES = ("r", "alpha", "s", "beta")
_STARTS = ((0.5, 10.0, 0.6, 12.0), (1.0, 5.0, 1.0, 5.0))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


@dataclass(frozen=True)
class ParetoNbd:
    """r, alpha, s, beta > 0; time in weeks."""

    name: ClassVar[str] = "pareto-nbd"
    r: float
    alpha: float
    """Weeks."""
    s: float
    beta: float
    """Weeks."""

    def log_likelihood(self, x: Array, t_x: Array, age: Array) -> Floats:
        """ln L of each customer's order times."""
        living, left = self._branches(*floats(x, t_x, age))
        return np.asarray(np.logaddexp(living, left))

    def alive_probability(self, x: Array, t_x: Array, age: Array) -> Floats:
        """P(alive at the end of observation | own orders)."""
        living, left = self._branches(*floats(x, t_x, age))
        return np.asarray(np.exp(living - np.logaddexp(living, left)))

    def expected_orders(self, weeks: Array) -> Floats:
        """E[X(t)] of a new customer."""
        (t,) = floats(weeks)
        factor = self.r * self.beta / (self.alpha * (self.s - 1))
        return np.asarray(factor * -np.expm1((self.s - 1) * -np.log1p(t / self.beta)))

    def expected_future_orders(self, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """E[Y(t)]: orders within ``weeks`` after the end of observation | own orders."""
        x, t_x, age, t = floats(x, t_x, age, weeks)
        factor = (self.r + x) * (self.beta + age) / ((self.alpha + age) * (self.s - 1))
        later = -np.expm1((self.s - 1) * -np.log1p(t / (self.beta + age)))
        return np.asarray(factor * later * self.alive_probability(x, t_x, age))

    def count_probability(self, y: Array, weeks: Array) -> Floats:
        """P(X(t) = y) of a new customer: alive all the time, or gone at tau (integrated by Gauss-Legendre)."""
        y, t = floats(y, weeks)
        tau = t[..., None] * (1 + _NODES) / 2
        gone = np.log(self.s) - np.log(self.beta) - (self.s + 1) * np.log1p(tau / self.beta)
        inside = np.exp(gone + self._log_nb(y[..., None], tau)) @ _WEIGHTS * t / 2
        return np.asarray(np.exp(-self.s * np.log1p(t / self.beta) + self._log_nb(y, t)) + inside)

    def _log_nb(self, y: Floats, t: Floats) -> Floats:
        q = t / (self.alpha + t)
        return np.asarray(gammaln(self.r + y) - gammaln(self.r) - gammaln(y + 1) + xlog1py(self.r, -q) + xlogy(y, q))

    def _branches(self, x: Floats, t_x: Floats, age: Floats) -> tuple[Floats, Floats]:
        """ln L of "alive" and of "gone"."""
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        living = common - (r + x) * np.log(alpha + age) - s * np.log(beta + age)
        total, most, gap = r + s + x, max(alpha, beta), abs(alpha - beta)
        k = np.full_like(x, s + 1) if alpha >= beta else r + x
        early, late = (
            np.log(hyp2f1(total, k, total + 1, gap / (most + t))) - total * np.log(most + t) for t in (t_x, age)
        )
        with np.errstate(divide="ignore"):
            difference = early + np.log(-np.expm1(np.minimum(late - early, 0.0)))
        return living, common + np.log(s) - np.log(total) + difference


def fit(x: Array, t_x: Array, age: Array) -> FitResult[ParetoNbd]:
    """Maximum likelihood; (n,) repeat orders, weeks to the last of them, weeks observed. InputError as for BG/NBD."""
    rows = group(x, t_x, age)

    def value(theta: Floats) -> float:
        each = ParetoNbd(*np.exp(theta).tolist()).log_likelihood(rows.x, rows.t_x, rows.age)
        return float(np.sum(rows.count * each))

    found = maximize(with_slopes(value), [np.log(np.array(start)) for start in _STARTS], rows.n)
    return found.result(ParetoNbd(*np.exp(found.theta).tolist()), NAMES, rows.n)
