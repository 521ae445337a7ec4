"""Greatest likelihood of departures from a channel at one half-life of fatigue, over hazard, growth, frailty
and the fatigue with which customers came to the first day of the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sim.fit._fatigue_path import pressure_sums

if TYPE_CHECKING:
    from sim.fit.optout import Risks

Floats = npt.NDArray[np.float64]


def greatest(
    risks: Risks, decay: float, start: Floats | None = None, *, settling_days: int = 0
) -> tuple[float, Floats]:
    """The log-likelihood of `sim.fit.optout` at its maximum, and where: ln u, gamma, ln k, fatigue at first.

    ``decay``: of fatigue, a day. ``start``: where to begin the search. ``settling_days``: so long from the first day of
    the log it does not count who leaves; the likelihood is that of what came after, given who was still there.
    """
    told = risks.day >= risks.day.min() + settling_days
    risks, told = _still_there(risks, told)
    left = risks.left
    n = max(int(left.sum()), 1)
    kept = decay ** (risks.day - risks.day.min())
    until, last, early = np.empty((3, 3, left.size))

    def cost(theta: Floats) -> tuple[float, Floats]:
        u, gamma, k, at_first = np.exp(theta[0]), theta[1], np.exp(theta[2]), theta[3]
        pressure_sums(risks.first, risks.fatigue, kept, told, gamma, at_first, until, last, early)
        here, slopes_here = _survival(u, k, *until)
        before, slopes_before = _survival(u, k, *(until - last)[:, left])
        given, slopes_given = _survival(u, k, *early)
        chance = np.maximum(-np.expm1(here[left] - before), 1e-200)
        odds = (1 - chance) / chance
        value = here[~left].sum() + (before + np.log(chance)).sum() - given.sum()
        slopes = [
            now[~left].sum() + (then - odds * (now[left] - then)).sum() - at_start.sum()
            for now, then, at_start in zip(slopes_here, slopes_before, slopes_given, strict=True)
        ]
        return -float(value) / n, -np.array(slopes) / n

    if start is None:
        start = np.array([np.log(n / risks.fatigue.size), 0.1, 0.0, 1.0])
    found = minimize(
        cost, start, jac=True, method="L-BFGS-B", bounds=[(-20.0, 0.0), (0.0, 2.0), (-2.0, 12.0), (0.0, 64.0)],
        options={"ftol": 1e-10, "gtol": 3e-6, "maxiter": 200},
    )  # fmt: skip
    return -float(found.fun) * n, np.asarray(found.x)


def _still_there(risks: Risks, told: npt.NDArray[np.bool_]) -> tuple[Risks, npt.NDArray[np.bool_]]:
    """Without those who left before outcomes count, and those who were not contacted since."""
    if told.all():
        return risks, told
    count = np.diff(risks.first)
    keep = told[risks.first[1:] - 1]
    rows = np.repeat(keep, count)
    first = np.concatenate([[0], np.cumsum(count[keep])])
    # a customer who stayed and got nothing since has the same chance before and after: 1
    return replace(risks, first=first, fatigue=risks.fatigue[rows], left=risks.left[keep], day=risks.day[rows]), told[
        rows
    ]


def _survival(u: float, k: float, total: Floats, *slopes: Floats) -> tuple[Floats, list[Floats]]:
    """ln P(still here) = -k ln(1 + u G / k), and its slopes in ln u, gamma, ln k and the fatigue at first."""
    x = u * total / k
    value = -k * np.log1p(x)
    in_u = -u * total / (1 + x)
    in_growth, at_first = (-u * slope / (1 + x) for slope in slopes)
    return value, [in_u, in_growth, value - in_u, at_first]
