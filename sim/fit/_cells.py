"""The grid of order rates and dropout probabilities: its cells, their prior weights, and averages over them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc

from sim.fit._dropout_model import DropoutModel
from sim.fit._maximize import Objective
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

_RATE_EDGES = np.concatenate([[0.0], np.geomspace(5e-4, 8.0, 49), [np.inf]])
"""Borders of the cells of lambda, per week."""
RATES = np.concatenate([[2.5e-4], np.sqrt(_RATE_EDGES[1:-2] * _RATE_EDGES[2:-1]), [9.0]])
"""(J,) a value in each, per week."""
_DROPOUT_EDGES = np.sin(np.linspace(0.0, np.pi / 2, 25)) ** 2
"""Borders of the cells of p, finer at both ends."""
DROPOUTS = (_DROPOUT_EDGES[1:] + _DROPOUT_EDGES[:-1]) / 2
"""(K,)."""
_STEP = 5e-3
"""Of numerical slopes of the cells' weights, of fourth order: the incomplete gamma function is rough at 1e-10."""


def _masses(theta: Floats) -> tuple[Floats, Floats]:
    """Prior weights of the cells of lambda and of p."""
    r, alpha, a, b = np.exp(theta)
    return np.diff(gammainc(r, alpha * _RATE_EDGES)), np.diff(betainc(a, b, _DROPOUT_EDGES))


def cells(model: DropoutModel) -> Floats:
    """Prior weights (J, K) of the cells of lambda and p."""
    return np.outer(*_masses(np.log([model.r, model.alpha, model.a, model.b])))


def orders_within(weeks: float) -> Floats:
    """(J, K) organic orders expected of an active customer of each cell: (1 - (1 - p (1 - e^-lambda))^days) / p."""
    daily = -np.expm1(-RATES[:, None] / DAYS_PER_WEEK)
    return np.asarray(-np.expm1(DAYS_PER_WEEK * weeks * np.log1p(-DROPOUTS * daily)) / DROPOUTS)


def means(grid: Floats, weights: Floats) -> Floats:
    """(n,) sums of a grid (n, J, K) with weights (J, K)."""
    return np.asarray(np.einsum("njk,jk->n", grid, weights))


def likelihood(total: Floats, log_scale: Floats, count: Floats) -> Objective:
    """Log-likelihood of histories with the likelihoods ``total`` (n, J, K) x exp(``log_scale``), ``count`` of each."""

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        of_rate, of_p = _masses(theta)
        by_rate = np.einsum("njk,k->nj", total, of_p)
        by_p = np.einsum("njk,j->nk", total, of_rate)
        mean = np.maximum(np.einsum("nj,j->n", by_rate, of_rate), 1e-300)
        slopes = np.empty(4)
        for i, direction in enumerate(np.eye(4)):
            here, of = (by_rate, 0) if i < 2 else (by_p, 1)
            up, down, far_up, far_down = (_masses(theta + k * _STEP * direction)[of] for k in (1, -1, 2, -2))
            change = np.einsum("nj,j->n", here, (8 * (up - down) - (far_up - far_down)) / (12 * _STEP))
            slopes[i] = np.sum(count * change / mean)
        return float(np.sum(count * (np.log(mean) + log_scale))), slopes

    return evaluate
