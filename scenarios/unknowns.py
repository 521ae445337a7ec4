"""The unknowns of a scenario as the axes of a unit cube: from a point of the cube to a scenario.

An unknown is a number of behaviour, channels or money that has a low and a high; a point sets it to that quantile of
the triangle over low, stated value and high. One more unknown is how fatigue works: the scenario's own numbers or one
of the shipped presets, which explain the same short tests; the numbers they set are then no unknowns of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scenarios import build
from scenarios.doubt import OPEN, PRESETS, set_value, triangle_quantile
from scenarios.files import LIBRARY, read_toml
from scenarios.load import LoadedScenario
from scenarios.schema import Scenario

FATIGUE = "how fatigue works"
LABELS = dict(zip(PRESETS, ("as stated", "fast", "slow", "none"), strict=True))


@dataclass(frozen=True)
class Unknown:
    """One axis."""

    key: str
    """As in a scenario file; ``FATIGUE`` for the presets."""
    origin: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def label(self) -> str:
        """``channels.sms.unit_cost`` -> ``sms: unit cost``."""
        *path, last = self.key.removeprefix("channels.").split(".")
        return ": ".join([*path, last.replace("_", " ")])

    def at(self, place: float) -> float | str:
        """The value at a place of the axis, 0 to 1: low to high, or a preset."""
        if self.value is None or self.low is None or self.high is None:
            return PRESETS[min(len(PRESETS) - 1, int(place * len(PRESETS)))]
        return triangle_quantile(place, self.low, self.value, self.high)

    def told(self, place: float) -> str:
        """The same in words."""
        found = self.at(place)
        return LABELS[found] if isinstance(found, str) else f"{found:.3g}"

    @property
    def ends(self) -> tuple[float, ...]:
        """Places that are looked at one by one: low and high, or the middle of each preset."""
        if self.value is None:
            return tuple((k + 0.5) / len(PRESETS) for k in range(1, len(PRESETS)))
        return (0.0, 1.0)


def unknowns(loaded: LoadedScenario) -> list[Unknown]:
    """All of the scenario; those of channels that it does not use are left out."""
    taken = {
        f"{table}.{key}" for preset in PRESETS if preset for table, keys in _preset(preset).items() for key in keys
    }
    rows = [
        Unknown(row["key"], row["origin"], row["unit"], float(row["value"]), float(row["low"]), float(row["high"]))
        for row in build.assumptions(loaded)
        if str(row["key"]).startswith(OPEN) and "low" in row and "high" in row and row["low"] < row["high"]
    ]
    return [*(row for row in rows if row.key not in taken), Unknown(FATIGUE, "assumption", "preset")]


def scenario_at(loaded: LoadedScenario, axes: Sequence[Unknown], point: Sequence[float]) -> LoadedScenario:
    """The scenario with these unknowns set; NaN leaves one as it is stated."""
    data: dict[str, Any] = loaded.scenario.model_dump(exclude_none=True)
    for axis, place in zip(axes, point, strict=True):
        if place != place:
            continue
        found = axis.at(place)
        if isinstance(found, str):
            for table, keys in (_preset(found) if found else {}).items():
                data[table].update(keys)
        else:
            set_value(data, axis.key, found)
    for channel in data["channels"].values():
        channel["clicked"]["value"] = min(channel["clicked"]["value"], channel["seen"]["value"])
    return replace(loaded, scenario=Scenario.model_validate(data))


def _preset(name: str) -> dict[str, dict[str, Any]]:
    tables, _ = read_toml(LIBRARY / f"{name}.toml")
    return tables
