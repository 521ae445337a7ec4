"""What BG/NBD and MBG/NBD share: orders while alive, a chance to drop out at orders.

While alive a customer orders at rate lambda ~ Gamma(r, rate alpha); at each opportunity the customer drops out
with probability p ~ Beta(a, b). The opportunities are the repeat orders in BG/NBD, and the first order too in
MBG/NBD; with s = 0 or 1 for that, a customer seen x times has passed k = x + s of them. Then for both models

    L(lambda, p) = lambda^x [ (1-p)^k e^(-lambda T) + 1{k>0} p (1-p)^(k-1) e^(-lambda t_x) ]
    L = G(r+x) alpha^r / G(r) [ w (alpha+T)^-(r+x) + 1{k>0} w a/(b+k-1) (alpha+t_x)^-(r+x) ],  w = B(a,b+k)/B(a,b)

(G and B the gamma and beta functions), whose two terms are "still alive" and "dropped out at the last order".
Given alive, lambda ~ Gamma(r+x, alpha+T) and p ~ Beta(a, b+k), independently; so all that comes after T is a
BG/NBD process with those four parameters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaln, gammaln, hyp2f1, xlog1py, xlogy

Floats = npt.NDArray[np.float64]
Array = npt.ArrayLike

_AROUND_ONE = 5e-4
_AT_ZERO = 1e-6


def floats(*arrays: Array) -> list[Floats]:
    """Arrays of float64 of one common shape."""
    return [np.asarray(a) for a in np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arrays))]


def log_branches(
    r: float, alpha: float, a: float, b: float, s: int, x: Array, t_x: Array, age: Array
) -> tuple[Floats, Floats]:
    """ln L of "still alive" and of "dropped out at the last order"; the latter -inf where that cannot be."""
    x, t_x, age = floats(x, t_x, age)
    k = x + s
    both = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + k) - betaln(a, b)
    alive = both - (r + x) * np.log(alpha + age)
    dropped = both + _log_odds(a, b, k) - (r + x) * np.log(alpha + t_x)
    return alive, dropped


def _log_odds(a: float, b: float | Floats, k: Floats) -> Floats:
    """ln of B(a+1, b+k-1) / B(a, b+k) = a/(b+k-1); -inf without an opportunity."""
    possible = k > 0
    odds: Floats = np.where(possible, np.log(a) - np.log(np.where(possible, b + k - 1, 1.0)), -np.inf)
    return odds


def expected_orders(t: Array, r: Array, alpha: Array, a: float, b: Array) -> Floats:
    """E[(1 - e^(-lambda p t)) / p]: orders within t of a customer who is alive, dropping out at each with p.

    The formula of Fader, Hardie and Lee (2005) after Euler's transformation, with z = t/(alpha+t), c = a+b-1:

        c/(a-1) [ 1 - (1-z)^(a-1) 2F1(a-1, c-r; c; z) ]

    which stays accurate where r and b are large. Around a = 1 it is interpolated (0/0 there), at c = 0 averaged.
    """
    t, r, alpha, b = floats(t, r, alpha, b)
    if abs(a - 1) < _AROUND_ONE:
        values = [w * expected_orders(t, r, alpha, 1 + at * _AROUND_ONE, b) for at, w in _lagrange(a)]
        return np.asarray(np.sum(values, axis=0))
    c = a + b - 1
    at_zero = np.abs(c) < _AT_ZERO
    if at_zero.any():
        sides = [np.where(at_zero, b - c + side, b) for side in (-10 * _AT_ZERO, 10 * _AT_ZERO)]
        return np.asarray(np.mean([expected_orders(t, r, alpha, a, side) for side in sides], axis=0))
    z = t / (alpha + t)
    orders = c / (a - 1) * (1 - np.exp(xlog1py(a - 1, -z)) * hyp2f1(a - 1, c - r, c, z))
    lost = ~np.isfinite(orders)
    if lost.any():
        orders = np.array(orders)
        orders[lost] = _expected_orders_by_quadrature(t[lost], r[lost], alpha[lost], a, b[lost])
    return np.maximum(orders, 0.0)


def _lagrange(a: float) -> list[tuple[int, float]]:
    """Nodes -3, -2, 2, 3 in units of `_AROUND_ONE` from 1, and their weights for a cubic through them at a."""
    nodes, x = (-3, -2, 2, 3), (a - 1) / _AROUND_ONE
    return [(n, float(np.prod([(x - m) / (n - m) for m in nodes if m != n]))) for n in nodes]


def _expected_orders_by_quadrature(t: Floats, r: Floats, alpha: Floats, a: float, b: Floats) -> Floats:
    """The same expectation, integrated over the logit of p: for corners where the series of 2F1 overflows."""
    t, r, alpha, b = (v[..., None] for v in (t, r, alpha, b))
    unit = np.linspace(0.0, 1.0, 4001)
    low, high = -45 / a - 8, 45 / b + 8
    logit = low + (high - low) * unit
    log_p, log_q = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    density = np.exp(a * log_p + b * log_q - betaln(a, b)) * (high - low) / (unit.size - 1)
    p = np.exp(log_p)
    return np.asarray(np.sum(density * -np.expm1(-r * np.log1p(p * t / alpha)) / p, axis=-1))


def count_probability(y: Array, t: Array, r: Array, alpha: Array, a: float, b: Array, s: int) -> Floats:
    """P(y orders within t) of a new customer (s as above), or of a living one with s = 0.

    w NB(y) + 1{k>0} w a/(b+k-1) P(NB >= y), k = y + s: alive after y orders, or dropped out at the y-th.
    """
    y, t, r, alpha, b = floats(y, t, r, alpha, b)
    k, q = y + s, t / (alpha + t)
    log_w = betaln(a, b + k) - betaln(a, b)
    log_nb = gammaln(r + y) - gammaln(r) - gammaln(y + 1) + xlog1py(r, -q) + xlogy(y, q)
    at_least = np.where(y > 0, betainc(np.maximum(y, 1.0), r, q), 1.0)
    return np.asarray(np.exp(log_w + log_nb) + np.exp(log_w + _log_odds(a, b, k)) * at_least)
