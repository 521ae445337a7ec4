"""What a channel's contacts of the whole horizon cost where the price depends on the volume.

The simulation pays ``unit_cost`` for every contact; a tariff says what the bill is instead:

    bill(V) = max(minimum fee, set-up + sum of tiers: contacts in the tier x its price)   if V > 0, else 0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.limits import Limit, weeks_of
from sim.checks import not_negative, require

if TYPE_CHECKING:
    from sim.result import SimulationResult


@dataclass(frozen=True)
class Tariff:
    """Price list of one channel, for the contacts of the horizon together."""

    channel: str
    tiers: tuple[tuple[float, float], ...]
    """(from so many contacts on, currency per contact), ascending from 0; only a tier's own contacts have its price."""
    setup_cost: float = 0.0
    """Currency, if the channel is used at all."""
    minimum_fee: float = 0.0
    """Currency: the least the bill can be, if the channel is used at all."""

    def __post_init__(self) -> None:
        here = f"optimize.tariffs '{self.channel}'"
        starts = [start for start, _ in self.tiers]
        require(
            bool(starts) and starts[0] == 0 and starts == sorted(set(starts)),
            f"{here}.tiers", "tiers must ascend from 0", starts, "volumes, ascending, the first 0",
        )  # fmt: skip
        for name, money in (("setup_cost", self.setup_cost), ("minimum_fee", self.minimum_fee)):
            not_negative(f"{here}.{name}", money)
        for _, price in self.tiers:
            not_negative(f"{here}.tiers", price)

    def bill(self, volume: float) -> float:
        """Currency for so many contacts over the horizon."""
        if volume <= 0:
            return 0.0
        ends = [*(start for start, _ in self.tiers[1:]), float("inf")]
        tiers = zip(self.tiers, ends, strict=True)
        by_tier = sum(price * max(0.0, min(volume, end) - start) for (start, price), end in tiers)
        return max(self.minimum_fee, self.setup_cost + by_tier)


def volumes(result: SimulationResult, tariffs: Sequence[Tariff]) -> npt.NDArray[np.float64]:
    """(W, tariffs) contacts of the horizon, of the real base."""
    from optimizer.measures import weekly

    columns = [weekly(result, "contacts", {tariff.channel: 1.0}).sum(axis=1) for tariff in tariffs]
    return np.stack(columns, axis=1) if columns else np.zeros((len(result.plans), 0))


def surcharges(
    volume: npt.NDArray[np.float64], tariffs: Sequence[Tariff], unit_costs: Sequence[float]
) -> npt.NDArray[np.float64]:
    """(W, tariffs) bill minus what the simulation has paid; ``unit_costs`` of the tariffs' channels."""
    bills = [[tariff.bill(float(v)) for tariff, v in zip(tariffs, row, strict=True)] for row in volume]
    return np.asarray(np.array(bills).reshape(volume.shape) - volume * np.asarray(unit_costs))


def cost_columns(limits: Sequence[Limit], tariffs: Sequence[Tariff], weeks: int) -> npt.NDArray[np.float64]:
    """(tariffs, parts) how much a surcharge adds to each part: to costs of the whole horizon, not to costs of some
    weeks or segments (a bill does not say whose contacts made it cheaper)."""
    columns: list[list[float]] = []
    for limit in limits:
        rows = len(weeks_of(limit, weeks)) if limit.weekly else 1
        whole = not limit.weekly and limit.weeks is None
        for measure, segments in ((limit.measure, limit.segments), (limit.per, limit.per_segments)):
            if measure is None:
                continue
            counts = measure == "cost" and whole and not segments
            weights = limit.by_channel
            mine = [(1.0 if weights is None else weights.get(t.channel, 0.0)) if counts else 0.0 for t in tariffs]
            columns += [mine] * rows
    return np.array(columns).reshape(len(columns), len(tariffs)).T
