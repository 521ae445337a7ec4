"""What a limit may count: quantities of the whole real base, week by week of the horizon, from a simulation.

By channel: contacts, cost, delivered, seen, clicks, unsubscribes, complaints, reachable. By segment: contacts, cost,
orders, revenue, customers. Of everybody: all of these, and the orders and revenue that the contacts cause
(``extra_``, over no contact). All but ``customers`` and ``reachable`` add up over weeks; these two are stocks on the
evening of a week. Counts of people who react are expected values: no luck in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from sim.engine import tables as t

if TYPE_CHECKING:
    from sim.result import SimulationResult

Measure = Literal[
    "cost", "contacts", "contacts_per_week", "delivered", "seen", "clicks", "unsubscribes", "complaints", "reachable",
    "orders", "revenue", "extra_orders", "extra_revenue", "customers",
]  # fmt: skip
MEASURES: tuple[str, ...] = get_args(Measure)
STOCKS = frozenset({"customers", "reachable"})
EXTRA = {"extra_orders": "orders", "extra_revenue": "revenue"}

_LANE = {
    "contacts": (t.SENT, 1.0),
    "contacts_per_week": (t.SENT, 1.0),
    "delivered": (t.DELIVERED, 1.0),
    "seen": (t.SEEN_EXPECTED, t.NANO),
    "clicks": (t.CLICKED_EXPECTED, t.NANO),
    "unsubscribes": (t.UNSUBSCRIBED_EXPECTED, t.NANO),
    "complaints": (t.COMPLAINTS_EXPECTED, t.NANO),
    "reachable": (t.REACHABLE, 1.0),
}
_SEGMENT = {
    "contacts": (t.SEG_CONTACTS, 1.0),
    "contacts_per_week": (t.SEG_CONTACTS, 1.0),
    "cost": (t.SEG_COST, t.MICRO),
    "orders": (t.SEG_ORDERS, t.NANO),
    "revenue": (t.SEG_REVENUE, t.MICRO),
    "customers": (t.SEG_CUSTOMERS, 1.0),
}
BY_CHANNEL = frozenset({*_LANE, "cost"})
BY_SEGMENT = frozenset(_SEGMENT)


def needs_details(measure: str, segments: Sequence[str]) -> bool:
    """Whether the simulation has to keep weekly tables by segment."""
    return bool(segments) or measure in ("orders", "revenue", "reachable", *EXTRA)


def weekly(
    result: SimulationResult, measure: str, weights: Mapping[str, float] | None = None, segments: Sequence[str] = ()
) -> npt.NDArray[np.float64]:
    """(W, weeks) of the real base; ``weights`` by channel (None = every channel once)."""
    world = result.world
    weeks, scale = world.weeks, world.population.scale
    if segments:
        column, unit = _SEGMENT[EXTRA.get(measure, measure)]
        rows = [list(world.rfm.segments).index(name) for name in segments]
        return np.asarray(result.totals.segment[:, :weeks, rows, column].sum(axis=2) * (scale / unit))
    if measure == "customers":
        return np.full((len(result.plans), weeks), float(world.population.base_size))
    if measure in ("orders", "revenue", *EXTRA):
        column, unit = (t.W_ORDERS, t.NANO) if measure.endswith("orders") else (t.W_REVENUE, t.MICRO)
        return np.asarray(result.totals.world[:, :weeks, column] * (scale / unit))
    names = world.channel_names
    factors = np.array([1.0 if weights is None else weights.get(name, 0.0) for name in names])
    if measure == "cost":
        factors = factors * [channel.unit_cost for channel in world.channels]
    column, unit = _LANE["contacts" if measure == "cost" else measure]
    return np.asarray(result.totals.lane[:, :weeks, :, column] @ factors * (scale / unit))


def over_weeks(measure: str, by_week: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(W,) of (W, weeks): the sum; of customers the mean, of who is reachable the last evening."""
    if measure == "customers":
        return np.asarray(by_week.mean(axis=1))
    return np.asarray(by_week[:, -1] if measure == "reachable" else by_week.sum(axis=1))
