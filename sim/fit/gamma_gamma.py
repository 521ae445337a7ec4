"""Gamma-Gamma: what an order is worth, customer by customer.

Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42(4), 415-430; Fader and Hardie (2013),
"The Gamma-Gamma model of monetary value". The values of a customer's orders are Gamma(p, rate nu), and
nu ~ Gamma(q, rate gamma) over customers, independent of how often they order. With z the mean of n orders:

    ln L = lnG(pn+q) - lnG(pn) - lnG(q) + q ln gamma + (pn-1) ln z + pn ln n - (pn+q) ln(gamma + n z)
    nu | n, z ~ Gamma(q + pn, rate gamma + n z)
    E(M) = p gamma / (q-1),   E(M | n, z) = p (gamma + n z) / (pn + q - 1)

so the expectation for one customer is the average of z and E(M), weighted with pn and q-1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from sim.errors import InputError
from sim.fit._maximize import FitResult, Objective, maximize

Floats = npt.NDArray[np.float64]
Array = npt.ArrayLike

NAMES = ("p", "q", "gamma")
_STARTS = ((5.0, 4.0, 0.6), (1.0, 2.0, 1.0), (50.0, 3.0, 0.04))
"""p, q, and gamma in units of the mean value."""


@dataclass(frozen=True)
class GammaGamma:
    """p, q, gamma > 0; gamma is in the currency of the orders."""

    p: float
    """Shape of one customer's order values: their squared coefficient of variation is 1/p."""
    q: float
    """Shape of nu over customers; the mean order value is finite for q > 1 only."""
    gamma: float
    """Rate parameter of nu over customers, currency."""

    def __post_init__(self) -> None:
        for key in NAMES:
            value = getattr(self, key)
            if not (value > 0 and math.isfinite(value)):
                raise InputError.of(f"gamma-gamma.{key}", "must be a positive number", value)

    @property
    def mean_value(self) -> float:
        """E(M): mean order value over customers, currency; infinite for q <= 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else math.inf

    def log_likelihood(self, n: Array, mean: Array) -> Floats:
        """ln of the density of each customer's mean value of n >= 1 orders."""
        n, mean = (np.asarray(v, dtype=np.float64) for v in (n, mean))
        shape, p, q = self.p * n, self.p, self.q
        gammas = gammaln(shape + q) - gammaln(shape) - gammaln(q)
        powers = q * np.log(self.gamma) + (shape - 1) * np.log(mean) + p * n * np.log(n)
        return np.asarray(gammas + powers - (shape + q) * np.log(self.gamma + n * mean))

    def expected_value(self, n: Array, mean: Array) -> Floats:
        """E(M | n, z): expected order value given the mean of n orders; E(M) for n = 0."""
        shape, rate = self.nu_posterior(n, mean)
        return np.asarray(np.where(shape > 1, self.p * rate / np.maximum(shape - 1, 1e-300), np.inf))

    def nu_posterior(self, n: Array, mean: Array) -> tuple[Floats, Floats]:
        """Shape and rate of nu | n, z: q + p n and gamma + n z; the prior for n = 0, whatever `mean` is."""
        n, mean = (np.asarray(v, dtype=np.float64) for v in (n, mean))
        return np.asarray(self.q + self.p * n), np.asarray(self.gamma + np.where(n > 0, n * mean, 0.0))


def fit(n: Array, mean: Array) -> FitResult[GammaGamma]:
    """Maximum likelihood over customers with n >= 1 orders of positive value; others are left out.

    Parameters
    ----------
    n : (N,) number of orders behind each mean, 0 allowed.
    mean : (N,) their mean value, positive where n >= 1.

    Raises
    ------
    InputError
        Values are not finite or not positive, or cannot determine the parameters: fewer than two customers, all
        means equal, nobody with two orders.
    """
    counts, means = (np.asarray(v, dtype=np.float64) for v in (n, mean))
    _check(counts, means)
    used = counts > 0
    scale = float(means[used].mean())
    scaled = means[used] / scale
    found = maximize(_objective(counts[used], scaled), [np.log(start) for start in _STARTS], scaled.size)
    p, q, gamma = np.exp(found.theta).tolist()
    return found.result(GammaGamma(p, q, gamma * scale), NAMES, scaled.size, -scaled.size * math.log(scale))


def _check(n: Floats, mean: Floats) -> None:
    if not (n.ndim == 1 and n.shape == mean.shape):
        raise InputError.of("spend fit", "n and mean must be of one length", f"{n.shape}, {mean.shape}")
    valid = np.isfinite(n) & (n >= 0) & ((n == 0) | (np.isfinite(mean) & (mean > 0)))
    if not valid.all():
        at = int(np.argmin(valid))
        given = f"customer {at}: n={n[at]:g}, mean={mean[at]:g}"
        raise InputError.of("spend fit", "impossible order values", given, "n >= 0, and a positive mean where n >= 1")
    used = n > 0
    if used.sum() < 2:
        what = "too few customers with a repeat order of positive value"
        raise InputError.of("spend fit", what, int(used.sum()), "2 or more, better 500")
    if np.ptp(mean[used]) <= 1e-9 * mean[used].max():
        raise InputError.of("spend fit", "all customers spend the same: how they differ cannot be estimated")
    if n.max() < 2:
        what = "nobody has two repeat orders: how one customer's orders vary cannot be told from how customers differ"
        raise InputError.of("spend fit", what)


def _objective(n: Floats, z: Floats) -> Objective:
    """Log-likelihood and gradient in ln(p, q, gamma)."""
    log_z, log_n = np.log(z), np.log(n)
    few, at = np.unique(n, return_inverse=True)  # few values: gamma functions are evaluated once for each

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(theta)
        shape, total = p * n, gamma + n * z
        log_total, psi_both = np.log(total), psi(p * few + q)[at]
        each = (gammaln(p * few + q) - gammaln(p * few))[at] - gammaln(q) + q * theta[2]
        each += (shape - 1) * log_z + shape * log_n - (shape + q) * log_total
        to_p = np.sum(n * (psi_both - psi(p * few)[at] + log_z + log_n - log_total))
        to_q = np.sum(psi_both - psi(q) + theta[2] - log_total)
        to_gamma = np.sum(q / gamma - (shape + q) / total)
        return float(each.sum()), np.array([to_p * p, to_q * q, to_gamma * gamma])

    return evaluate
