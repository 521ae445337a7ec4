"""Profile-likelihood intervals: all values of a parameter that some choice of the others makes likely enough.

The interval of c'theta holds the values at which twice the log-likelihood, greatest over all other directions, is at
most a quantile of chi-square with one degree of freedom below its maximum (Wilks 1938; Venzon and Moolgavkar 1988,
Applied Statistics 37(1), 87-94). Its ends are the extremes of c'theta over the region of that likelihood, and are
sought as such. Standard errors take the likelihood for a parabola; with few repeat orders it is none: 90 % intervals
from them hold r in 86 and a/(a+b) in 84 of 100 worlds of 2,000 customers, these in 90 and 89.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import chdtri, expit

from sim.fit._maximize import BOUND, MEAN_DROPOUT, Objective, Optimum

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]

CHI2_95 = 3.841459
"""95 % quantile of chi-square with one degree of freedom."""

_FARTHEST = 6.0
"""An end farther from the estimate than a factor of e^6 = 400 is none: the data leave that side open."""
_CLOSE = 0.02
"""By how much the deviance at an end may miss the quantile ..."""
_ACROSS = 0.02
"""... and its slope the direction sought, relative to its length."""
_STARTS = (1.0, 0.3, 0.0)
"""Where the search begins, in shares of the way to the end if the likelihood was a parabola."""
_OF_DROPOUT = {
    "r": (1, 0, 0, 0),
    "alpha": (0, 1, 0, 0),
    "a": (0, 0, 1, 0),
    "b": (0, 0, 0, 1),
    MEAN_DROPOUT: (0, 0, 1, -1),
}


def dropout_intervals(objective: Objective, optimum: Optimum, level: float) -> dict[str, Ends]:
    """Intervals of r, alpha, a, b and of the mean dropout probability a/(a+b); ``objective`` in their logarithms.

    An open end is 0 or infinite (1 for the mean dropout probability).
    """
    found = profile_intervals(objective, optimum, {k: np.array(c, float) for k, c in _OF_DROPOUT.items()}, level)
    scale = {name: expit if name == MEAN_DROPOUT else _exp for name in found}
    return {name: (float(scale[name](low)), float(scale[name](high))) for name, (low, high) in found.items()}


def _exp(value: float) -> float:
    return math.exp(value) if value < math.inf else math.inf


def profile_intervals(
    objective: Objective, optimum: Optimum, contrasts: Mapping[str, Floats], level: float
) -> dict[str, Ends]:
    """Interval of c'theta for each contrast c (k,); theta are the logarithms of the parameters.

    An end is infinite where the data leave that side open; no interval at all where the likelihood has no maximum.
    """
    if not np.isfinite(optimum.log_covariance).all():
        return {}
    root = np.linalg.cholesky(optimum.log_covariance)
    allowed = float(chdtri(1, 1 - level))

    def deviance(u: Floats) -> tuple[float, Floats]:
        value, gradient = objective(np.clip(optimum.theta + root @ u, -BOUND - 1, BOUND + 1))
        return 2 * (optimum.value - value), -2 * (root.T @ gradient)

    found: dict[str, Ends] = {}
    box = (np.concatenate([root, -root]), np.concatenate([BOUND + optimum.theta, BOUND - optimum.theta]))
    for name, contrast in contrasts.items():
        direction, at = root.T @ contrast, float(contrast @ optimum.theta)
        low, high = (_farthest(deviance, side * direction, allowed, box) for side in (-1.0, 1.0))
        found[name] = (at - low, at + high)
    return found


def _farthest(deviance: Objective, direction: Floats, allowed: float, box: tuple[Floats, Floats]) -> float:
    """The greatest direction'u among u with a deviance of at most ``allowed``; infinite where it is beyond bounds.

    In u the deviance is |u|^2 but for what makes it no parabola. ``box``: A and c of A u + c >= 0, the range searched.
    """
    size = float(np.linalg.norm(direction))
    last: dict[bytes, tuple[float, Floats]] = {}

    def at(u: Floats) -> tuple[float, Floats]:
        key = u.tobytes()
        if key not in last:
            last.clear()
            last[key] = deviance(u)
        return last[key]

    ahead = -direction / size

    def goal(u: Floats) -> tuple[float, Floats]:
        return float(ahead @ u), ahead

    limits: list[Any] = [
        {"type": "ineq", "fun": lambda u: allowed - at(u)[0], "jac": lambda u: -at(u)[1]},
        {"type": "ineq", "fun": lambda u: _FARTHEST / size + ahead @ u, "jac": lambda u: ahead},
        {"type": "ineq", "fun": lambda u: box[0] @ u + box[1], "jac": lambda u: box[0]},
    ]
    options: Any = {"maxiter": 30, "ftol": 1e-5}
    for share in _STARTS:
        start = -ahead * min(share * math.sqrt(allowed), _FARTHEST / size)
        found = minimize(goal, start, jac=True, method="SLSQP", constraints=limits, options=options)
        reached, (value, slope) = float(direction @ found.x), at(found.x)
        across = slope - direction * (slope @ direction) / size**2  # 0 where no other direction would lead farther
        free = bool((box[0] @ found.x + box[1] > 0.5).all())
        best = np.linalg.norm(across) < _ACROSS * np.linalg.norm(slope) or not free
        if best and reached < 0.99 * _FARTHEST and abs(value - allowed) < _CLOSE:
            return reached
    return math.inf
