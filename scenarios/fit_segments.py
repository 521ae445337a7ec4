"""The segments of a scenario, read off a log of orders on some past day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.load import LoadedScenario, load_scenario
from sim.errors import InputError
from sim.orders import OrderLog

Segments = tuple[tuple[str, ...], npt.NDArray[np.int64]]


def shipped_segments_at(orders: OrderLog, last_day: int) -> Segments | None:
    """With the shipped map and borders from the orders themselves; None where these are too alike for borders."""
    try:
        return segments_at(load_scenario("library:small", ['segments.borders="quantiles"']), orders, last_day)
    except InputError:
        return None


def segments_at(loaded: LoadedScenario, orders: OrderLog, last_day: int) -> Segments:
    """Names, and the segment of each customer of ``orders.summary(last_day)`` on the evening of that day.

    Quantile borders are those of the base on that day, not of today's.
    """
    table = loaded.scenario.segments
    known = orders.until(last_day)
    customer, first, count = np.unique(known.customer, return_index=True, return_counts=True)
    recency = (last_day + 1 - known.day[first + count - 1]).astype(np.int64)
    inside = known.day > last_day - table.window_days
    frequency = np.bincount(known.customer, inside, customer.size).astype(np.int64)
    money = np.asarray(np.bincount(known.customer, np.where(inside, known.value, 0.0), customer.size), np.float64)
    if table.monetary == "mean":
        money = money / np.maximum(frequency, 1)
    scheme = build.rfm_scheme(loaded, recency, frequency, money)
    return scheme.segments, scheme.classify(recency, frequency, money)
