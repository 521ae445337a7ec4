"""eta: how the absolute effect of a contact grows with what customers do anyway.

In group g the control orders b_g, the treated b_g + c b_g^eta; both means are measured with error. For each eta the
best c and b_g are found; the interval is that of the profile likelihood (twice the logarithm of its ratio below 3.84).
eta 0: the same addition for everybody; 1: proportional to the own rate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from sim.fit._profile import CHI2_95

Floats = npt.NDArray[np.float64]
GRID = np.round(np.arange(-1.5, 2.51, 0.05), 2)


class Elasticity(NamedTuple):
    """Estimate of eta and what the data leave open; an end at the border of the grid is open."""

    value: float
    low: float
    high: float
    open_low: bool
    open_high: bool
    """The interval goes on beyond the values tried: the data do not bound eta on this side."""


def elasticity(control: Floats, control_se: Floats, treated: Floats, treated_se: Floats) -> Elasticity | None:
    """eta over groups; ``treated`` is (arms, groups), each arm with its own c. None with fewer than three groups."""
    fine = (control > 0) & (control_se > 0) & (treated_se > 0).all(axis=0)
    if fine.sum() < 3:
        return None
    b, sb, t, st = control[fine], control_se[fine], treated[:, fine], treated_se[:, fine]
    misfit = np.empty(GRID.size)
    x = np.concatenate([np.log(b), (t - b).mean(axis=1) / b.mean()])
    for k, eta in enumerate(GRID):
        misfit[k], x = _misfit(float(eta), b, sb, t, st, x)
    inside = np.flatnonzero(misfit - misfit.min() <= CHI2_95)
    low, high = int(inside[0]), int(inside[-1])
    return Elasticity(
        float(GRID[misfit.argmin()]), float(GRID[low]), float(GRID[high]), low == 0, high == GRID.size - 1
    )


def _misfit(eta: float, b: Floats, sb: Floats, t: Floats, st: Floats, start: Floats) -> tuple[float, Floats]:
    """Least sum of squares over the rates (as logarithms) and each arm's c, and where it is."""
    groups, arms, scale = b.size, t.shape[0], b.mean()

    def parts(x: Floats) -> tuple[Floats, Floats]:
        rate = np.exp(np.clip(x[:groups], -50.0, 50.0))
        return rate, x[groups:, None] * scale * (rate / scale) ** eta

    def residuals(x: Floats) -> Floats:
        rate, added = parts(x)
        return np.concatenate([(b - rate) / sb, ((t - rate - added) / st).ravel()])

    def slopes(x: Floats) -> Floats:
        rate, added = parts(x)
        jacobian = np.zeros((groups * (arms + 1), groups + arms))
        at = np.arange(groups)
        jacobian[at, at] = -rate / sb
        for k in range(arms):
            rows = groups * (k + 1) + at
            jacobian[rows, at] = -(rate + eta * added[k]) / st[k]
            jacobian[rows, groups + k] = -scale * (rate / scale) ** eta / st[k]
        return jacobian

    found = least_squares(residuals, start, jac=slopes, method="lm")
    return float(2 * found.cost), np.asarray(found.x)
