"""Looking things up in the merged tables of a scenario, valid or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scenarios.findings import Finding
from scenarios.locate import Path
from scenarios.words import nearest, shown

Table = dict[str, Any]
HOMES = {
    "channel": ("channels",),
    "segment": ("segments", "map"),
    "offer": ("offers",),
}
"""Where the scenario defines what other tables name."""


def table(node: Any, *keys: str) -> Table:
    """The table under these keys, {} where there is none."""
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def items(data: Table, *keys: str) -> Iterator[tuple[Path, Table]]:
    """The tables of a list, with their paths."""
    parent = table(data, *keys[:-1])
    items = parent.get(keys[-1])
    for position, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*keys, position), item


def number(node: Any) -> float | None:
    value = node.get("value") if isinstance(node, dict) else node
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def unknown(data: Table, kind: str, name: Any, path: Path) -> Iterator[Finding]:
    """A name of a channel, segment or offer that the scenario does not define."""
    known = table(data, *HOMES[kind])
    if (not known and kind != "offer") or not isinstance(name, str) or name in known:
        return
    close = nearest(name, known)
    hint = f"; did you mean '{close}'" if close else ""
    yield Finding(path, f"unknown {kind}{hint}", shown(name), ", ".join(known) or f"no {kind}s are defined")


def unknown_all(data: Table, kind: str, names: Any, path: Path) -> Iterator[Finding]:
    if isinstance(names, dict):
        for name in names:
            yield from unknown(data, kind, name, (*path, name))
    elif isinstance(names, list):
        for position, name in enumerate(names):
            yield from unknown(data, kind, name, (*path, position))


def twice(items: Iterable[tuple[Path, Table]], kind: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, item in items:
        name = item.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Finding((*path, "name"), f"two {kind} share a name", shown(name), "unique names")
            seen.add(name)
