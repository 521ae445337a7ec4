"""Limits of a plan, and how much of each a simulated plan uses.

A limit is one or several rows: a weekly capacity is a row per week. Use is the expected use of the whole real
base over the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.checks import not_negative, require
from sim.engine.tables import NANO, SENT, UNSUBSCRIBED_EXPECTED
from sim.errors import InputError
from sim.result import SimulationResult

Measure = Literal["cost", "contacts_per_week", "contacts", "unsubscribes"]


@dataclass(frozen=True)
class Limit:
    """At most ``most`` of a measure over the horizon, or in every week of it."""

    name: str
    measure: Measure
    most: float
    """Currency for cost; contacts; expected opt-outs."""
    channel: str | None = None
    """One channel, or None for all together."""

    def __post_init__(self) -> None:
        here = f"optimize.limits '{self.name}'"
        require(bool(self.name), "optimize.limits", "every limit has a name", repr(self.name), "a text")
        not_negative(f"{here}.{self.measure}", self.most)

    def unit(self, currency: str) -> str:
        """Unit of ``most``."""
        return {
            "cost": currency,
            "contacts_per_week": "contacts a week",
            "contacts": "contacts",
            "unsubscribes": "unsubscribes",
        }[self.measure]


def check_limits(limits: Sequence[Limit], channels: Sequence[str]) -> None:
    """Refuse limits of unknown channels and names that are used twice."""
    names = [limit.name for limit in limits]
    for limit in limits:
        if limit.channel is not None and limit.channel not in channels:
            raise InputError.of(
                f"optimize.limits '{limit.name}'.channel", "unknown channel", limit.channel, ", ".join(channels)
            )
        if names.count(limit.name) > 1:
            raise InputError.of("optimize.limits", "two limits share a name", limit.name, "unique names")


def lane_use(result: SimulationResult) -> npt.NDArray[np.int64]:
    """(W, weeks of the horizon, L, 2) sends and expected opt-outs (NANO) of the simulated customers."""
    weeks = result.world.weeks
    return result.totals.lane[:, :weeks, :, [SENT, UNSUBSCRIBED_EXPECTED]]


def rows_of_use(
    use: npt.NDArray[np.int64],
    limits: Sequence[Limit],
    channels: Sequence[str],
    unit_costs: Sequence[float],
    scale: float,
) -> npt.NDArray[np.float64]:
    """(W, rows) use of every limit's rows by the real base; ``use`` as from ``lane_use``."""
    sent = use[..., 0] * scale
    gone = use[..., 1] * (scale / NANO)
    columns = []
    for limit in limits:
        lanes = range(len(channels)) if limit.channel is None else [list(channels).index(limit.channel)]
        picked = sent[:, :, list(lanes)]
        if limit.measure == "cost":
            money = picked * np.asarray(unit_costs)[list(lanes)]
            columns.append(money.sum(axis=(1, 2))[:, None])
        elif limit.measure == "contacts":
            columns.append(picked.sum(axis=(1, 2))[:, None])
        elif limit.measure == "unsubscribes":
            columns.append(gone[:, :, list(lanes)].sum(axis=(1, 2))[:, None])
        else:
            columns.append(picked.sum(axis=2))
    return np.concatenate(columns, axis=1) if columns else np.zeros((use.shape[0], 0))


def use_of(result: SimulationResult, limits: Sequence[Limit]) -> npt.NDArray[np.float64]:
    """(W, rows) use of every plan of a simulation of the whole population."""
    world = result.world
    costs = [channel.unit_cost for channel in world.channels]
    return rows_of_use(lane_use(result), limits, world.channel_names, costs, world.population.scale)


def rows_of_limits(limits: Sequence[Limit], weeks: int) -> npt.NDArray[np.float64]:
    """(rows,) what each row may use."""
    parts = [np.full(weeks if limit.measure == "contacts_per_week" else 1, limit.most) for limit in limits]
    return np.concatenate(parts) if parts else np.zeros(0)


def row_owner(limits: Sequence[Limit], weeks: int) -> list[tuple[Limit, int | None]]:
    """Of each row: its limit, and the week (from 1) where weekly."""
    return [
        (limit, week)
        for limit in limits
        for week in (range(1, weeks + 1) if limit.measure == "contacts_per_week" else [None])
    ]
