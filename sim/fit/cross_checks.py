"""Other models fitted to the same calibration and asked for the same held-out orders: do they tell the same story?"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fit import nbd, pareto_nbd
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

MOST = 5_000
"""Customers looked at: of a larger base an even sample."""


def cross_checks(orders: OrderLog, calibrated_until: int, held_out_until: int) -> list[dict[str, Any]]:
    """Pareto/NBD and NBD: {model, customers, log_likelihood, forecast, actual, error_pct, parameters}.

    Days since 1970-01-01; forecast and orders of the customers looked at, in the held-out period.
    """
    summary = orders.summary(calibrated_until)
    rows = np.unique(np.linspace(0, len(summary) - 1, min(len(summary), MOST)).round().astype(np.intp))
    history = (summary.frequency[rows], summary.recency_weeks[rows], summary.age_weeks[rows])
    later = (orders.day > calibrated_until) & (orders.day <= held_out_until)
    counts = np.bincount(orders.customer[later], minlength=orders.n_customers)
    actual = int(counts[summary.customer[rows]].sum())
    weeks = (held_out_until - calibrated_until) / DAYS_PER_WEEK
    found: list[dict[str, Any]] = []
    for fit in (pareto_nbd.fit(*history), nbd.fit(*history)):
        forecast = float(fit.parameters.expected_future_orders(weeks, *history).sum())
        found.append(
            {
                "model": fit.parameters.name,
                "customers": int(rows.size),
                "log_likelihood": fit.log_likelihood,
                "forecast": forecast,
                "actual": actual,
                "error_pct": 100 * (forecast - actual) / actual,
                "parameters": {key: float(value) for key, value in vars(fit.parameters).items()},
            }
        )
    return found
