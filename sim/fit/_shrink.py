"""Effects of several groups, each drawn towards what they have in common.

effect_g ~ Normal(theta_g, se_g), theta_g ~ Normal(mu, tau). Both mu and tau are unknown: mu has a flat prior and is
integrated out exactly, tau a flat prior on [0, 5 x the spread seen] and is integrated on a grid (Gelman et al.,
Bayesian Data Analysis, 5.4). So the intervals know that tau is not known; with few groups that matters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]
_GRID = 200
_Z95 = 1.959964


class Shrunk(NamedTuple):
    """Groups after shrinkage; (G,) arrays."""

    mean: Floats
    low: Floats
    """95 % interval of the group's own effect."""
    high: Floats
    spread: float
    """Posterior mean of tau: how far groups truly differ."""


def shrink(effect: Floats, se: Floats) -> Shrunk:
    """Posterior of each group's effect. A single group stays as it is."""
    if effect.size < 2:
        return Shrunk(effect, effect - _Z95 * se, effect + _Z95 * se, 0.0)
    top = 5.0 * float(np.sqrt(np.var(effect) + np.mean(se**2)))
    tau = np.linspace(0.0, top, _GRID)[:, None]
    precision = 1.0 / (se**2 + tau**2)
    total = precision.sum(axis=1)
    mu = (precision * effect).sum(axis=1) / total
    log_weight = 0.5 * np.log(precision).sum(axis=1) - 0.5 * np.log(total)
    log_weight -= 0.5 * (precision * (effect - mu[:, None]) ** 2).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    towards = se**2 * precision  # share of mu in the group's mean
    means = (1 - towards) * effect + towards * mu[:, None]
    spreads = np.sqrt((1 - towards) * se**2 + towards**2 / total[:, None])
    mean = weight @ means
    low, high = (_quantile(weight, means, spreads, q) for q in (0.025, 0.975))
    return Shrunk(mean, low, high, float(weight @ tau[:, 0]))


def _quantile(weight: Floats, means: Floats, spreads: Floats, q: float) -> Floats:
    """(G,) of mixtures of normals over the grid, by bisection."""
    low, high = (means - 8 * spreads).min(axis=0), (means + 8 * spreads).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        below = weight @ ndtr((middle - means) / np.maximum(spreads, 1e-300)) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
