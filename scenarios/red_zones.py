"""Red zones: which rates of a plan lie beyond the borders that the scenario states for a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.load import LoadedScenario
from scenarios.outcome import Part

BASES = {
    "delivered": "sent",
    "seen": "delivered",
    "clicked": "delivered",
    "unsubscribes": "delivered",
    "complaints": "delivered",
}
"""Measure -> what it is a share of."""
SIDES = {
    "delivered": "below",
    "seen": "below",
    "clicked": "below",
    "unsubscribes": "above",
    "complaints": "above",
}


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


def _reached(borders: Mapping[str, Mapping[str, float]], outcome: Mapping[str, Any]) -> list[Part]:
    rows = []
    for channel, zone in borders.items():
        for measure, base in BASES.items():
            border, of = zone.get(f"{measure}_{SIDES[measure]}"), float(outcome["funnel"][channel][base])
            if border is None or not of:
                continue
            counted = outcome[measure] if measure in ("unsubscribes", "complaints") else None
            rate = float(outcome["funnel"][channel][measure] if counted is None else counted[channel]) / of
            if rate < border if SIDES[measure] == "below" else rate > border:
                rows.append(
                    {"channel": channel, "measure": measure, "of": base, "rate": rate, "border": border}
                    | {"side": SIDES[measure]}
                )
    return rows
