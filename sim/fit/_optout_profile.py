"""Greatest likelihood of departures from a channel at one half-life of fatigue, over hazard, growth, frailty
and the fatigue with which customers came to the first day of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sim.fit._fatigue_path import pressure_sums

if TYPE_CHECKING:
    from sim.fit.optout import Risks

Floats = npt.NDArray[np.float64]


def greatest(risks: Risks, decay: float, start: Floats | None = None) -> tuple[float, Floats]:
    """The log-likelihood of `sim.fit.optout` at its maximum, and where: ln u, gamma, ln k, fatigue at first.

    ``decay``: of fatigue, a day. ``start``: where to begin the search.
    """
    left = risks.left
    n = max(int(left.sum()), 1)
    kept = decay ** (risks.day - risks.day.min())
    until, last = np.empty((2, 3, left.size))

    def cost(theta: Floats) -> tuple[float, Floats]:
        u, gamma, k, at_first = np.exp(theta[0]), theta[1], np.exp(theta[2]), theta[3]
        pressure_sums(risks.first, risks.fatigue, kept, gamma, at_first, until, last)
        here, slopes_here = _survival(u, k, *until)
        before, slopes_before = _survival(u, k, *(until - last)[:, left])
        chance = np.maximum(-np.expm1(here[left] - before), 1e-200)
        odds = (1 - chance) / chance
        value = here[~left].sum() + (before + np.log(chance)).sum()
        slopes = [
            now[~left].sum() + (then - odds * (now[left] - then)).sum()
            for now, then in zip(slopes_here, slopes_before, strict=True)
        ]
        return -float(value) / n, -np.array(slopes) / n

    if start is None:
        start = np.array([np.log(n / risks.fatigue.size), 0.1, 0.0, 1.0])
    found = minimize(
        cost, start, jac=True, method="L-BFGS-B", bounds=[(-20.0, 0.0), (0.0, 2.0), (-2.0, 12.0), (0.0, 64.0)],
        options={"ftol": 1e-10, "gtol": 3e-6, "maxiter": 200},
    )  # fmt: skip
    return -float(found.fun) * n, np.asarray(found.x)


def _survival(u: float, k: float, total: Floats, *slopes: Floats) -> tuple[Floats, list[Floats]]:
    """ln P(still here) = -k ln(1 + u G / k), and its slopes in ln u, gamma, ln k and the fatigue at first."""
    x = u * total / k
    value = -k * np.log1p(x)
    in_u = -u * total / (1 + x)
    in_growth, at_first = (-u * slope / (1 + x) for slope in slopes)
    return value, [in_u, in_growth, value - in_u, at_first]
