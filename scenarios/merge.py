"""Layers of a scenario laid over each other: base < scenario < --set, and what each one changed.

Tables merge key by key. A named list (caps, limits) merges item by item, by name; an empty list clears it.
``segments.map``, ``base.where``, triggers and personal shares are replaced as a whole. A plain number over
{ value, origin, low, high } is the user's number: the interval of the old one does not survive it. Where a group
admits one key only (``orders`` or ``synthetic``; the measure of a limit), setting another drops the inherited one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.findings import Finding
from scenarios.locate import Path, line_of
from scenarios.words import dotted, nearest, shown

Table = dict[str, Any]
WHOLE: tuple[Path, ...] = (("segments", "map"), ("base", "where"))
WHOLE_KEYS = frozenset({"shares", "trigger"})
"""Replaced as a whole wherever they stand: their keys only make sense together."""
RIVALS: tuple[frozenset[str], ...] = (
    frozenset({"rolling_days", "calendar"}),
    frozenset({"orders", "synthetic"}),
    frozenset({"alpha", "mean_orders_per_year"}),
    frozenset(
        {
            "max_cost",
            "max_contacts_per_week",
            "max_contacts",
            "min_contacts",
            "max_unsubscribes",
            "max_complaints",
            "at_most",
            "at_least",
        }
    ),
)
_ABSENT: Any = object()


@dataclass(frozen=True)
class Layer:
    """One file, or one --set."""

    label: str
    """File as shown to the user; "--set" for an override on the command line."""
    data: Table
    lines: dict[Path, int] = field(default_factory=dict)
    folder: str = "."
    """What relative paths in this layer are relative to."""

    def where(self, path: Path) -> str:
        """``file:line: key`` of a place in this layer."""
        if self.label == "--set":
            return f"--set {dotted(path)}"
        line = line_of(self.lines, path)
        place = self.label if line is None else f"{self.label}:{line}"
        return f"{place}: {dotted(path)}" if path else place


@dataclass(frozen=True)
class Change:
    """A key whose value is not the one of the base file."""

    key: str
    file: str
    new: Any = None
    """The new value; None if the key was taken away."""
    old: Any = None
    """The value before; None if there was none."""

    def __str__(self) -> str:
        old = "" if self.old is None else f"{_said(self.old)} -> "
        new = "(taken away)" if self.new is None else _said(self.new)
        return f"{self.key}: {old}{new} ({self.file})"

    def as_dict(self) -> Table:
        """{key, old, new, file}; what there was not is absent."""
        values = {"key": self.key, "old": self.old, "new": self.new, "file": self.file}
        return {key: value for key, value in values.items() if value is not None}


class Merged:
    """The sum of the layers so far, with the layer that every key came from."""

    def __init__(self) -> None:
        self.data: Table = {}
        self.changes: list[Change] = []
        self.findings: list[Finding] = []
        """Overrides that could not be laid: items of a list that has none of that name."""
        self._origins: dict[Path, tuple[Layer, Path]] = {}
        self._layers: list[Layer] = []

    def lay(self, layer: Layer) -> None:
        """Put a layer on top."""
        self._layers.append(layer)
        self._table(self.data, layer.data, (), (), layer)

    def origin(self, path: Path) -> tuple[Layer, Path] | None:
        """The layer that set the key, or what is nearest around it, and the key's path in that layer."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                layer, there = self._origins[path[:length]]
                return layer, (*there, *path[length:])
        return None

    def where(self, path: Path) -> str:
        """``file:line: key`` of a merged key."""
        found = self.origin(path)
        key = self.name(path)
        if found is None:
            return f"{self._layers[-1].label}: {key}" if self._layers else key
        layer, there = found
        if layer.label == "--set":
            return f"--set {key}"
        line = line_of(layer.lines, there)
        return f"{layer.label}:{line}: {key}" if line else f"{layer.label}: {key}"

    def place(self, path: Path) -> tuple[int, int]:
        """Position of the layer that set the key, and its line there: the order in which problems are told."""
        found = self.origin(path)
        if found is None:
            return len(self._layers) - 1, 0
        layer, there = found
        position = next(k for k, candidate in enumerate(self._layers) if candidate is layer)
        return position, line_of(layer.lines, there) or 0

    def name(self, path: Path) -> str:
        """The dotted key; items of a named list go by their name."""
        node: Any = self.data
        named: list[str | int] = []
        for key in path:
            try:
                node = node[key]
            except (KeyError, IndexError, TypeError):
                node = None
            name = node.get("name") if isinstance(key, int) and isinstance(node, dict) else None
            named.append(name if isinstance(name, str) else key)
        return dotted(tuple(named))

    def _table(self, old: Table, new: Table, at: Path, there: Path, layer: Layer) -> None:
        for key, value in new.items():
            self._drop_rivals(old, new, key, at, layer)
            self._key(old, key, value, (*at, key), (*there, key), layer)

    def _key(self, table: Table, key: str, new: Any, at: Path, there: Path, layer: Layer) -> None:
        old = table.get(key, _ABSENT)
        self._origins[at] = (layer, there)
        if _is_named_list(old) and not _is_quantity(new) and (isinstance(new, dict) or (_is_named_list(new) and new)):
            self._items(old, new, at, there, layer)
        elif isinstance(old, dict) and isinstance(new, dict) and not _whole(at) and not _is_quantity(new):
            self._table(old, new, at, there, layer)
        else:
            if _is_quantity(old) and _is_number(new):
                new = {"value": new, "origin": "user"}
            elif _is_number(old) and isinstance(new, dict) and not _is_quantity(new):
                new = {"value": old, **new}
            self._put(table, key, old, _copy(new), at, there, layer)

    def _items(self, old: list[Table], new: list[Table] | Table, at: Path, there: Path, layer: Layer) -> None:
        """Named items: the inherited one of that name is changed, others are added."""
        inherited = {item["name"]: position for position, item in enumerate(old)}
        pairs: list[tuple[str | int, str, Any]]
        if isinstance(new, dict):
            self._refuse_unknown(inherited, new, at, there, layer)
            pairs = [(name, name, item) for name, item in new.items() if name in inherited]
        else:
            pairs = [(place, item["name"], item) for place, item in enumerate(new)]
        for place, name, item in pairs:
            position = inherited.pop(name, len(old))
            here, from_ = (*at, position), (*there, place)
            self._origins[here] = (layer, from_)
            if position == len(old):
                old.append({"name": name})
                self._origins[(*here, "name")] = (layer, (*from_, "name"))
            if isinstance(item, dict):
                self._table(old[position], item, here, from_, layer)
            else:
                old[position] = item

    def _refuse_unknown(self, known: Mapping[str, int], new: Table, at: Path, there: Path, layer: Layer) -> None:
        for name, given in new.items():
            if name not in known:
                close = nearest(name, known)
                hint = f"; did you mean '{close}'" if close else ""
                self._origins[(*at, name)] = (layer, (*there, name))
                what = f"there is no item of this name{hint}"
                self.findings.append(Finding((*at, name), what, shown(given), ", ".join(known)))

    def _drop_rivals(self, old: Table, new: Table, key: str, at: Path, layer: Layer) -> None:
        for group in RIVALS:
            if key in group:
                for rival in sorted(group & old.keys() - new.keys()):
                    self._record((*at, rival), layer, old.pop(rival), _ABSENT)

    def _put(self, table: Table, key: str, old: Any, new: Any, at: Path, there: Path, layer: Layer) -> None:
        table[key] = new
        for path in [path for path in self._origins if len(path) > len(at) and path[: len(at)] == at]:
            del self._origins[path]
        for below in _below(new):
            self._origins[(*at, *below)] = (layer, (*there, *below))
        if isinstance(new, dict) and old is _ABSENT and not _is_quantity(new) and not _whole(at):
            for name, value in new.items():
                self._record((*at, name), layer, _ABSENT, value)
        else:
            self._record(at, layer, old, new)

    def _record(self, at: Path, layer: Layer, old: Any, new: Any) -> None:
        if layer is self._layers[0] or at in (("name",), ("notes",)):
            return
        before, after = _comparable(old, new)
        if before != after:
            self.changes.append(Change(self.name(at), layer.label, new=_plain(after), old=_plain(before)))


def _said(value: Any) -> str:
    """A value of a change; a number that only changes its origin tells it."""
    return f"{shown(value)} ({value.get('origin', 'user')})" if _is_quantity(value) else shown(value)


def _whole(at: Path) -> bool:
    return at in WHOLE or at[-1] in WHOLE_KEYS


def _is_quantity(node: object) -> bool:
    return isinstance(node, dict) and "value" in node and not isinstance(node["value"], dict)


def _is_number(node: object) -> bool:
    return isinstance(node, (int, float)) and not isinstance(node, bool)


def _is_named_list(node: object) -> bool:
    return isinstance(node, list) and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in node)


def _copy(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(item) for item in node] if isinstance(node, list) else node


def _below(node: Any) -> Iterator[Path]:
    """Paths of everything inside a node."""
    inside: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield (key,)
        for path in _below(value):
            yield (key, *path)


def _plain(node: Any) -> Any:
    """A copy that JSON can write."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return node.isoformat() if isinstance(node, (dt.date, dt.time)) else node


def _comparable(old: Any, new: Any) -> tuple[Any, Any]:
    """Numbers are compared as numbers, with their origin only if that is all that differs."""
    plain_old, plain_new = (
        node["value"] if _is_quantity(node) else None if node is _ABSENT else node for node in (old, new)
    )
    if plain_old == plain_new and _is_quantity(old) and _is_quantity(new):
        return old, new
    return plain_old, plain_new
