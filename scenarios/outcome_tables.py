"""The tables of a simulation: contacts by week, segments by week, moves between segments, one row per customer.

Rows of ``weekly``, ``segments`` and ``flows`` are those of result.json and of the Parquet files. Weeks count from 1 and
go on after the horizon; there, money is discounted to the end of the horizon. Numbers are scaled to the real base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.outcome import Worlds
from sim.compare import value_per_customer
from sim.engine.tables import (
    COST,
    MICRO,
    NANO,
    ORDERS,
    REACHABLE,
    REVENUE,
    SEG_CONTACTS,
    SEG_CUSTOMERS,
    SEG_ORDERS,
    SEG_REVENUE,
    SENT,
)
from sim.result import Findings, SimulationResult

if TYPE_CHECKING:
    import polars as pl

Rows = list[dict[str, Any]]


def weekly_rows(result: Findings, worlds: Worlds) -> Rows:
    """{world, week, channel, contacts, reachable}; reachable: subscribed at the end of the week."""
    scale = result.people.scale
    return [
        {
            "world": name,
            "week": week,
            "channel": channel,
            "contacts": row[SENT] * scale,
            "reachable": row[REACHABLE] * scale,
        }
        for name, world in worlds.items()
        for week, lanes in enumerate(result.totals.lane[world].tolist(), start=1)
        for channel, row in zip(result.world.channel_names, lanes, strict=True)
    ]


def segment_rows(result: Findings, worlds: Worlds) -> Rows:
    """{world, week, segment, customers, contacts, orders, revenue}; customers at the end of the week."""
    scale = result.people.scale
    return [
        {
            "world": name,
            "week": week,
            "segment": segment,
            "customers": row[SEG_CUSTOMERS] * scale,
            "contacts": row[SEG_CONTACTS] * scale,
            "orders": row[SEG_ORDERS] * scale / NANO,
            "revenue": row[SEG_REVENUE] * scale / MICRO,
        }
        for name, world in worlds.items()
        for week, segments in enumerate(result.totals.segment[world].tolist(), start=1)
        for segment, row in zip(result.world.rfm.segments, segments, strict=True)
    ]


def flow_rows(result: Findings, world: int) -> Rows:
    """{week, from, to, customers} between the ends of two weeks; pairs without customers are left out."""
    scale, names = result.people.scale, result.world.rfm.segments
    moved = result.totals.flow[world]
    return [
        {"week": int(week) + 1, "from": names[a], "to": names[b], "customers": int(moved[week, a, b]) * scale}
        for week, a, b in np.argwhere(moved > 0)
    ]


def customer_frame(result: SimulationResult, worlds: Worlds, names: np.ndarray) -> pl.DataFrame:
    """One row per simulated real customer, means over the copies; orders, revenue and cost are of the horizon.

    ``names``: (N,) the real customer of each.
    """
    import polars as pl

    columns: dict[str, Any] = {}
    for name, world in worlds.items():
        columns[f"{name}_orders"] = result.per_customer(world, 0, ORDERS) / NANO
        columns[f"{name}_revenue"] = result.per_customer(world, 0, REVENUE) / MICRO
        columns[f"{name}_cost"] = result.per_customer(world, 0, COST) / MICRO
        columns[f"{name}_value"] = sum(value_per_customer(result, world, phase) for phase in (0, 1)) / MICRO
    frame = pl.DataFrame({"customer_id": names, **columns})
    return frame.group_by("customer_id", maintain_order=True).mean()
