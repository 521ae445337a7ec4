"""The segments of a scenario, read off a log of orders on some past day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.load import LoadedScenario, load_scenario
from scenarios.outcome import Part
from sim.errors import InputError
from sim.orders import OrderLog
from sim.rfm import RfmScheme

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Segments = tuple[tuple[str, ...], npt.NDArray[np.int64]]


def shipped_segments_at(orders: OrderLog, last_day: int) -> Segments | None:
    """With the shipped map and borders from the orders themselves; None where these are too alike for borders."""
    try:
        return segments_at(_by_quantiles(), orders, last_day)
    except InputError:
        return None


def segments_at(loaded: LoadedScenario, orders: OrderLog, last_day: int) -> Segments:
    """Names, and the segment of each customer of ``orders.summary(last_day)`` on the evening of that day.

    Quantile borders are those of the base on that day, not of today's.
    """
    scheme, recency, frequency, money = _scheme_at(loaded, orders, last_day)
    return scheme.segments, scheme.classify(recency, frequency, money)


def shipped_borders_at(orders: OrderLog, last_day: int) -> tuple[Part, str]:
    """Borders that split the customers of that day in thirds, and how many are in each segment of the shipped map; and
    the lines that would fix them. Nothing where customers are too alike for borders."""
    try:
        scheme, recency, frequency, money = _scheme_at(_by_quantiles(), orders, last_day)
    except InputError:
        return {}, ""
    sizes = np.bincount(scheme.classify(recency, frequency, money), minlength=len(scheme.segments)).tolist()
    borders: Part = {
        "recency_borders_days": list(scheme.recency_borders_days),
        "frequency_borders": list(scheme.frequency_borders),
        "monetary_borders": [float(f"{border:.6g}") for border in scheme.monetary_borders],
    }
    rows = [{"segment": name, "customers": size} for name, size in zip(scheme.segments, sizes, strict=True)]
    day = np.datetime64(last_day, "D")
    head = f"\n# Borders that split the customers of {day} in thirds; without # they are fixed.\n# [segments]\n"
    lines = "".join(f"# {key} = {value}\n" for key, value in borders.items())
    return {"segments": borders | {"day": str(day), "sizes": rows}}, f'{head}# borders = "fixed"\n{lines}'


def _by_quantiles() -> LoadedScenario:
    return load_scenario("library:small", ['segments.borders="quantiles"'])


def _scheme_at(loaded: LoadedScenario, orders: OrderLog, last_day: int) -> tuple[RfmScheme, Ints, Ints, Floats]:
    """The scheme on the evening of that day, and recency, frequency and monetary value of the customers there are."""
    table = loaded.scenario.segments
    known = orders.until(last_day)
    customer, first, count = np.unique(known.customer, return_index=True, return_counts=True)
    recency = (last_day + 1 - known.day[first + count - 1]).astype(np.int64)
    inside = known.day > last_day - table.window_days
    frequency = np.bincount(known.customer, inside, customer.size).astype(np.int64)
    money = np.asarray(np.bincount(known.customer, np.where(inside, known.value, 0.0), customer.size), np.float64)
    if table.monetary == "mean":
        money = money / np.maximum(frequency, 1)
    return build.rfm_scheme(loaded, recency, frequency, money), recency, frequency, money
