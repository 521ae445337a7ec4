"""What a sweep goes through: ``KEY=v1,v2,...`` once or twice, every combination a scenario that is checked first."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.findings import node_at
from scenarios.load import LoadedScenario
from scenarios.overrides import override_path
from scenarios.schema import Scenario
from scenarios.vary import split_unquoted, varied
from sim.errors import InputError, Problem

MOST_POINTS = 400


@dataclass(frozen=True)
class Axis:
    """One varied key."""

    path: tuple[str, ...]
    key: str
    """As the user wrote it."""
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    """The values as the user wrote them."""

    @property
    def cap(self) -> str | None:
        """The cap whose number is varied; None = something else."""
        caps = len(self.path) == 4 and self.path[:2] == ("policy", "caps") and self.path[3] == "max_contacts"
        return self.path[2] if caps else None

    @property
    def label(self) -> str:
        """The key in a few words."""
        if len(self.path) == 4 and self.path[:2] in (("policy", "caps"), ("optimize", "limits")):
            return f"{self.path[2]}: {self.path[3].replace('_', ' ')}"
        return " ".join(part.replace("_", " ") for part in self.path[-2:])

    def unit(self, currency: str) -> str:
        """What the values are counted in; empty where the key has no unit."""
        named: tuple[str | int, ...] = (*self.path[:2], 0, *self.path[3:])  # an item of a list goes by its name
        node = node_at(Scenario, self.path) or node_at(Scenario, named) or {}
        return str(node.get("unit", "")).replace("{currency}", currency)

    @property
    def numeric(self) -> bool:
        return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in self.values)


@dataclass(frozen=True)
class Point:
    """One combination of values."""

    values: tuple[Any, ...]
    """One per axis."""
    texts: tuple[str, ...]
    loaded: LoadedScenario

    @property
    def name(self) -> str:
        return " × ".join(self.texts)


def parse_axes(texts: Sequence[str]) -> list[Axis]:
    """``--vary`` texts; one or two."""
    allowed = "one or two --vary KEY=v1,v2,..., like channels.sms.unit_cost=0.02,0.04,0.06"
    if not 1 <= len(texts) <= 2:
        raise InputError.of("--vary", "is needed once or twice", f"{len(texts)} times", allowed)
    axes = [_axis(text, allowed) for text in texts]
    if len({axis.path for axis in axes}) < len(axes):
        raise InputError.of("--vary", "the same key twice", axes[0].key, "two different keys")
    points = len(axes[0].values) * (len(axes[1].values) if len(axes) > 1 else 1)
    if points > MOST_POINTS:
        raise InputError.of("--vary", "too many points", points, f"at most {MOST_POINTS}")
    return axes


def grid(loaded: LoadedScenario, axes: Sequence[Axis]) -> list[Point]:
    """Every combination, the first axis slowest; all mistakes of all points are told at once."""
    points: list[Point] = []
    problems: list[Problem] = []
    for places in itertools.product(*(range(len(axis.values)) for axis in axes)):
        texts = tuple(axis.texts[place] for axis, place in zip(axes, places, strict=True))
        changes = [f"{axis.key}={text}" for axis, text in zip(axes, texts, strict=True)]
        try:
            values = tuple(axis.values[place] for axis, place in zip(axes, places, strict=True))
            points.append(Point(values, texts, varied(loaded, changes, "--vary")))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError({(p.where, p.what): p for p in reversed(problems)}.values())  # once, with the first value
    return points


def _axis(text: str, allowed: str) -> Axis:
    key, values = _halves(text)
    if not key or not values:
        raise InputError.of("--vary", "is not KEY=v1,v2,...", text, allowed)
    parts = split_unquoted(values, ",")
    if len(parts) < 2 or not all(parts):
        raise InputError.of(f"--vary {key}", "needs at least two values", values, allowed)
    if len(set(parts)) < len(parts):
        raise InputError.of(f"--vary {key}", "has a value twice", values, "different values")
    try:
        path = override_path(f"{key}={parts[0]}")
    except InputError as error:
        raise InputError.of(f"--vary {key}", error.problems[0].what, text, allowed) from None
    return Axis(path, key, tuple(map(_value, parts)), tuple(parts))


def _halves(text: str) -> tuple[str, str]:
    """Key and values; an equals sign in a quoted part of the key does not count."""
    parts = split_unquoted(text, "=")
    return parts[0], text[text.index("=", len(parts[0])) + 1 :].strip() if len(parts) > 1 else ""


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word, as in --set
