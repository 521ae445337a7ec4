"""Who may be contacted: shares by channel, and whether those who order more consent more.

The simulation draws consent with a normal copula: a customer whose order rate lies at quantile Phi(z) of the base
consents to channel c with probability Phi((t_c + rho z) / sqrt(1 - rho^2)), Phi(t_c) the share of the channel, rho the
same for all channels. The rate of a customer is not known; what the own orders say of it is (`sim.fit.posterior`), so
z is integrated out over that posterior, on a grid of quantiles of the base. Estimates maximize the sum over channels
of the log-likelihood of yes and no. Beyond rho a customer's answers are alike from channel to channel, so errors come
from the sandwich over customers (White 1982), not from the curvature alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammainc, gammaincinv, ndtr, ndtri

from sim.fit._dropout_model import DropoutModel
from sim.fit.day_grid import History
from sim.fit.posterior import trait_posterior

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNKNOWN = -1
FEWEST = 30
"""Of those who consent, and of those who do not: with fewer there is nothing to correlate."""
_Z95 = 1.959964
_BINS = 40
_MOST = 20_000
_STEP = 1e-4
_FURTHEST = 1.8
"""atanh of the largest correlation that is looked at, .95."""


@dataclass(frozen=True)
class Share:
    """Customers of whom it is known, and the share of them who consent, with Wilson's 95 % interval."""

    known: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Consent:
    shares: dict[str, Share]
    correlation: tuple[float, float, float] | None
    """Of the normal copula between rate and consent: estimate and 95 % interval; None where too few answers differ."""


def fit_consent(told: Mapping[str, Ints], model: DropoutModel, history: History) -> Consent:
    """``told``: channel -> 1 yes, 0 no, -1 unknown, (n,) in the order of ``history``."""
    shares = {name: _share(answers) for name, answers in told.items() if (answers != UNKNOWN).any()}
    mixed = [answers for answers in told.values() if min((answers == 1).sum(), (answers == 0).sum()) >= FEWEST]
    return Consent(shares, _correlation(np.column_stack(mixed), model, history) if mixed else None)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n."""
    centre = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n))
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def _share(answers: Ints) -> Share:
    known = answers[answers != UNKNOWN]
    value = float(known.mean())
    return Share(known.size, value, *wilson(value, known.size))


def _correlation(answers: Ints, model: DropoutModel, history: History) -> tuple[float, float, float]:
    """``answers`` (n, C)."""
    told = np.flatnonzero((answers != UNKNOWN).any(axis=1))
    rows = told[np.unique(np.linspace(0, told.size - 1, min(told.size, _MOST)).astype(np.intp))]
    answers = answers[rows]
    edge = np.linspace(0.0, 1.0, _BINS + 1)
    z = ndtri((edge[1:] + edge[:-1]) / 2)
    weight = _quantile_weights(model, History(*(column[rows] for column in history)), edge)

    def each(theta: Floats) -> Floats:
        rho = np.tanh(theta[-1])
        found = np.zeros(rows.size)
        for c, t in enumerate(theta[:-1]):
            yes = np.clip(weight @ ndtr((t + rho * z) / np.sqrt(1 - rho**2)), 1e-12, 1 - 1e-12)
            mine = answers[:, c]
            found += np.where(mine == 1, np.log(yes), np.where(mine == 0, np.log1p(-yes), 0.0))
        return found

    start = [float(ndtri(np.clip(a[a != UNKNOWN].mean(), 0.001, 0.999))) for a in answers.T]
    bounds = [(-5.0, 5.0)] * len(start) + [(-_FURTHEST, _FURTHEST)]

    def cost(at: Floats) -> float:
        return -float(each(at).sum())

    theta = np.asarray(minimize(cost, np.array([*start, 0.0]), bounds=bounds, method="L-BFGS-B").x)
    steps = _STEP * np.eye(theta.size)
    score = np.column_stack([(each(theta + s) - each(theta - s)) / (2 * _STEP) for s in steps])
    curvature = np.array([[_second(each, theta, a, b) for b in steps] for a in steps])
    inverse = np.linalg.pinv(curvature)
    se = float(np.sqrt((inverse @ (score.T @ score) @ inverse)[-1, -1]))
    low, high = theta[-1] - _Z95 * se, theta[-1] + _Z95 * se
    return float(np.tanh(theta[-1])), float(np.tanh(low)), float(np.tanh(high))


def _second(each, theta: Floats, a: Floats, b: Floats) -> float:  # type: ignore[no-untyped-def]
    total = [each(theta + s * a * 30 + t * b * 30).sum() for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    return float((total[0] - total[1] - total[2] + total[3]) / (60 * _STEP) ** 2)


def _quantile_weights(model: DropoutModel, history: History, edge: Floats) -> Floats:
    """(n, bins): chance of each customer's rate to lie between two quantiles of the base."""
    at = trait_posterior(model, *history)
    rate = gammaincinv(model.r, edge) / model.alpha
    inside = [
        np.diff(gammainc(at.rate_shape[:, None], scale[:, None] * rate[None, :]), axis=1)
        for scale in (at.rate_alive, at.rate_dropped)
    ]
    p = at.p_alive[:, None]
    return np.asarray(p * inside[0] + (1 - p) * inside[1])
