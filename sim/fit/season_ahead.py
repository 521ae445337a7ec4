"""The weeks after a calibration under the seasons of the calibration: what a backtest forecasts them by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.fit._dropout_model import DropoutModel
from sim.fit.season import fit_season, week_of_year
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]
_LOOKED_AT = 5_000
"""Customers who tell how the forecast spreads over the weeks; its total is that of all."""


@dataclass(frozen=True, eq=False)
class SeasonAhead:
    """Customers and coming weeks in operational time (`sim.fit.season`)."""

    model: DropoutModel
    history: tuple[Floats, Floats, Floats]
    """x, t_x and T (n,) at the end of the calibration; weeks of operational time."""
    ends: Floats
    """(weeks,) from then to the end of each held-out week."""

    def each(self) -> Floats:
        """(n,) orders expected of each customer in all of these weeks."""
        return np.asarray(self.model.expected_future_orders(float(self.ends[-1]), *self.history))

    def cumulative(self, total: float) -> Floats:
        """(weeks,) how a total adds up week by week."""
        x, t_x, age = self.history
        rows = np.unique(np.linspace(0, x.size - 1, min(x.size, _LOOKED_AT)).astype(np.intp))
        some = np.array(
            [self.model.expected_future_orders(float(end), x[rows], t_x[rows], age[rows]).sum() for end in self.ends]
        )
        return np.asarray(some * (total / some[-1]))


def season_ahead(orders: OrderLog, near: DropoutModel, *, until_day: int, days: int) -> SeasonAhead | None:
    """From the orders up to ``until_day`` alone, for the ``days`` after it. None where they last less than two years,
    or tell no seasons in their own last one. ``near``: the model fitted without seasons."""
    found = fit_season(orders, near, until_day=until_day)
    if found is None or not found.held_out.told:
        return None
    passed = np.cumsum(found.factor[week_of_year(np.arange(until_day + 1, until_day + days + 1))]) / DAYS_PER_WEEK
    ends = np.minimum(np.arange(1, -(-days // DAYS_PER_WEEK) + 1) * DAYS_PER_WEEK, days)
    return SeasonAhead(found.daily.parameters, found.history, passed[ends - 1])
