"""Red zones: which rates of a plan lie beyond the borders that the scenario states for a channel.

The keys of ``[red_zones.CHANNEL]`` say it all: ``seen_below = 0.12`` is the measure, the side that calls for a look,
and the border.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.load import LoadedScenario

Part = dict[str, Any]
COUNTED_APART = ("unsubscribes", "complaints")
"""Measures that a result counts beside the funnel."""


def red_zone_part(loaded: LoadedScenario, outcome: Mapping[str, Any]) -> Part:
    """The ``red_zones`` of a result: borders by channel, and the rates of the plan that lie beyond one."""
    borders = {name: zone for name, zone in red_zone_borders(loaded).items() if name in outcome["funnel"]}
    return {"red_zones": {"borders": borders, "reached": _reached(borders, outcome)}}


def red_zone_borders(loaded: LoadedScenario) -> dict[str, dict[str, float]]:
    """By channel, as the scenario states them."""
    return {
        name: {key: value for key, value in zone.model_dump().items() if value is not None}
        for name, zone in loaded.scenario.red_zones.items()
    }


def by_measure(zone: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """``{"seen_below": 0.12}`` -> ``{"seen": (0.12, "below")}``."""
    return {key.rpartition("_")[0]: (border, key.rpartition("_")[2]) for key, border in zone.items()}


def base_of(measure: str) -> str:
    """What a measure is a share of."""
    return "sent" if measure == "delivered" else "delivered"


def is_beyond(rate: float, border: float, side: str) -> bool:
    """Whether a rate calls for a look."""
    return rate < border if side == "below" else rate > border


def _reached(borders: Mapping[str, Mapping[str, float]], outcome: Mapping[str, Any]) -> list[Part]:
    rows = []
    for channel, zone in borders.items():
        funnel = outcome["funnel"][channel]
        for measure, (border, side) in by_measure(zone).items():
            of = float(funnel[base_of(measure)])
            if not of:
                continue
            rate = float(outcome[measure][channel] if measure in COUNTED_APART else funnel[measure]) / of
            if is_beyond(rate, border, side):
                found = {"measure": measure, "of": base_of(measure), "rate": rate, "border": border, "side": side}
                rows.append({"channel": channel, **found})
    return rows
