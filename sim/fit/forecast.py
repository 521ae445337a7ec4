"""What comes without any contact, with an interval: orders of a base after the end of its history.

Two doubts are kept apart. *Parameters*: the slope of the forecast in the logarithms of r, alpha, a and b times their
covariance. *Chance*: given the parameters, the orders N of a customer vary with the unknown lambda, p and state, and by
luck; with h = 1 - e^-lambda the chance of an order on a day and g = 1 - p h, within t days

    E[N | lambda, p] = (1 - g^t) / p,     E[N (N - 1) | lambda, p] = 2 (1 - p) / p^2 (1 - g^t - t p h g^(t - 1))

for an active customer, averaged over what the history says. What past contacts did is taken for known, so an error in
their assumed effects is in neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.fit._cells import DROPOUTS, RATES, cells, means, orders_within
from sim.fit.history import WithoutContacts
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]
_STEP = 1e-3
_Z95 = 1.959964


@dataclass(frozen=True)
class Forecast:
    """Organic orders of the whole base in the weeks after its history."""

    weeks: float
    mean: float
    parameter_se: float
    """Standard error that comes from the estimation of the parameters."""
    chance_se: float
    """Standard deviation of the orders around their expectation."""

    @property
    def low(self) -> float:
        """95 % interval of the orders that would come."""
        return self.mean - _Z95 * float(np.hypot(self.parameter_se, self.chance_se))

    @property
    def high(self) -> float:
        return self.mean + _Z95 * float(np.hypot(self.parameter_se, self.chance_se))


def organic_forecast(fit: WithoutContacts, weeks: float) -> Forecast:
    """Orders within ``weeks`` after the end of observation if nobody is contacted."""
    model, names = fit.organic.parameters, ("r", "alpha", "a", "b")
    theta = np.log([getattr(model, name) for name in names])
    moved = [theta, *(theta + sign * _STEP * row for row in np.eye(4) for sign in (1, -1))]
    weights = [cells(type(model)(*np.exp(at))) for at in moved]
    once, pairs = orders_within(weeks), _pairs(DAYS_PER_WEEK * weeks)
    h = fit.histories
    customers = np.bincount(h.row, minlength=h.count.size).astype(np.float64)
    totals, variance = np.zeros(len(moved)), 0.0
    for part, alive, dropped in h.parts():
        for k, w in enumerate(weights):
            living = means(alive, w)
            living += means(dropped, w)
            mean = means(alive, w * once) / living
            totals[k] += customers[part] @ mean
            if k == 0:
                variance += float(customers[part] @ (means(alive, w * (pairs + once)) / living - mean**2))
    slope = (totals[1::2] - totals[2::2]) / (2 * _STEP)
    log_se = np.array([fit.organic.se[name] for name in names]) / np.exp(theta)
    covariance = fit.organic.log_correlation * np.outer(log_se, log_se)
    return Forecast(weeks, float(totals[0]), float(np.sqrt(slope @ covariance @ slope)), float(np.sqrt(variance)))


def _pairs(days: float) -> Floats:
    """(J, K) E[N (N - 1)] of an active customer of each cell."""
    p, h = DROPOUTS, -np.expm1(-RATES[:, None] / DAYS_PER_WEEK)
    g = 1 - p * h
    return np.asarray(2 * (1 - p) / p**2 * (1 - g**days - days * p * h * g ** (days - 1)))
