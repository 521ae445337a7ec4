"""From a TOML file to a validated scenario: what it extends, the file itself, then overrides, in this order.

Every problem of every layer is collected and raised at once, each with its file, line and key.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scenarios import locate
from scenarios.contradictions import contradictions
from scenarios.files import LIBRARY as LIBRARY
from scenarios.files import label_of, library_names, read_toml, resolve, resolve_data
from scenarios.findings import Finding, json_schema, schema_findings
from scenarios.merge import Change, Layer, Merged, Table
from scenarios.overrides import parse_overrides
from scenarios.relations import relation_findings
from scenarios.schema import Scenario
from scenarios.words import shown
from sim.errors import InputError, Problem


@dataclass(frozen=True)
class LoadedScenario:
    """A valid scenario and where it comes from."""

    scenario: Scenario
    path: Path
    files: tuple[str, ...]
    """Files read, the base first."""
    changes: tuple[Change, ...]
    """What differs from the base file, in order."""
    orders_folder: Path
    """What a relative ``base.orders`` is relative to: the folder of the file that says it."""
    overrides: tuple[str, ...] = ()
    """The ``--set`` texts on top of the files ..."""
    presets: tuple[str, ...] = ()
    """... and the files laid between: what it takes to load it again with one change more."""
    files_named: Mapping[str, Path] = field(default_factory=dict)
    """Other data files, by key: ``base.customers``, ``base.messages``, ``policy.suppress``."""

    @property
    def name(self) -> str:
        """The scenario's own name, else its file's."""
        return self.scenario.name or self.path.stem

    @property
    def slug(self) -> str:
        """A short name for folders."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.path.stem).strip("-") or "scenario"

    @property
    def orders_path(self) -> Path | None:
        """The file of orders; None for a synthetic base."""
        orders = self.scenario.base.orders
        if orders is None:
            return None
        return resolve_data(orders, self.orders_folder)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the validated scenario: equal for equal content, however it is spelled or split."""
        values = self.scenario.model_dump(mode="json")
        values["order"] = [list(values["channels"]), list(values["segments"]["map"])]  # has a meaning, unlike others
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def load_scenario(
    path: str | Path,
    overrides: Sequence[str] = (),
    *,
    presets: Sequence[str] = (),
    today: dt.date | None = None,
) -> LoadedScenario:
    """Read a scenario: what it extends < the file < ``presets`` (more files) < ``overrides`` ("key=value")."""
    file = resolve(str(path))
    layers = _once(_chain(file, ()))
    for preset in presets:
        layers += _chain(resolve(preset), ())
    merged = Merged()
    for layer in layers:
        merged.lay(layer)
    for layer in parse_overrides(overrides):
        merged.lay(layer)
    _refuse(merged, today or dt.date.today())
    found = merged.origin(("base", "orders"))
    return LoadedScenario(
        scenario=Scenario.model_validate(merged.data),
        path=file,
        files=tuple(layer.label for layer in layers),
        changes=tuple(merged.changes),
        orders_folder=Path(found[0].folder if found else "."),
        overrides=tuple(overrides),
        presets=tuple(presets),
        files_named=_files_named(merged),
    )


def require_orders_file(loaded: LoadedScenario) -> None:
    """Refuse a scenario whose files of orders, customers, messages or suppressed ids are not there."""
    missing = [
        Problem(f"{label_of(loaded.path)}: {key}", "no such file", str(file), "a CSV or Parquet file")
        for key, file in loaded.files_named.items()
        if not file.is_file()
    ]
    if missing:
        raise InputError(missing)
    orders = loaded.orders_path
    if orders is not None and not orders.is_file():
        where = f"{label_of(loaded.path)}: base.orders"
        raise InputError.of(where, "no such file", orders, "a CSV or Parquet file of orders")


DATA_FILES = (("base", "customers"), ("base", "messages"), ("policy", "suppress"))
"""Keys that name a file, relative to the scenario file that says so."""


def _files_named(merged: Merged) -> dict[str, Path]:
    found = {}
    for table, key in DATA_FILES:
        name, layer = merged.data.get(table, {}).get(key), merged.origin((table, key))
        if name is not None and layer is not None:
            found[f"{table}.{key}"] = resolve_data(name, Path(layer[0].folder))
    return found


def scenario_json_schema() -> Table:
    """JSON Schema of a scenario file, for editors: nothing is required, because a file may extend another."""
    schema: Table = json.loads(json.dumps(json_schema(Scenario)))
    _drop_required(schema)
    extends = {
        "description": "File(s) this one starts from: a path, or library:base.toml. Later ones win.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
    schema["properties"] = {"extends": extends, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _drop_required(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("required"), list):
            del node["required"]
        for inside in node.values():
            _drop_required(inside)
    elif isinstance(node, list):
        for inside in node:
            _drop_required(inside)


def _chain(file: Path, above: tuple[Path, ...]) -> list[Layer]:
    """What the file extends, deepest first, then the file."""
    if file.resolve() in above:
        names = " -> ".join(label_of(item) for item in (*above, file.resolve()))
        raise InputError.of(label_of(file), "extends itself", names, "files that end in one without extends")
    data, lines = read_toml(file)
    label = label_of(file)
    extends = data.pop("extends", [])
    parents = [extends] if isinstance(extends, str) else extends
    if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
        line = locate.line_of(lines, ("extends",))
        raise InputError.of(f"{label}:{line}: extends", "must name files", shown(extends), "a path, or a list")
    layers: list[Layer] = []
    for parent in parents:
        target = resolve(parent, file.parent)
        if not target.is_file():
            line = locate.line_of(lines, ("extends",))
            allowed = f"a file beside it, or one of {', '.join(library_names())}"
            raise InputError.of(f"{label}:{line}: extends", "no such file", shown(parent), allowed)
        layers += _chain(target, (*above, file.resolve()))
    return [*layers, Layer(label, data, lines, str(file.parent))]


def _once(layers: list[Layer]) -> list[Layer]:
    """Each file once, where it stands first: two files that extend the same third one must not undo each other."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for layer in layers:
        if (layer.folder, layer.label) not in seen:
            kept.append(layer)
        seen.add((layer.folder, layer.label))
    return kept


def _refuse(merged: Merged, today: dt.date) -> None:
    findings = [
        *merged.findings,
        *schema_findings(Scenario, merged.data),
        *relation_findings(merged.data, today),
    ]
    findings = findings or contradictions(Scenario.model_validate(merged.data))
    if findings:
        raise InputError(_problems(merged, findings))


def _problems(merged: Merged, findings: list[Finding]) -> list[Problem]:
    currency = str(merged.data.get("currency", "currency"))
    placed = [(max((finding.path, *finding.also), key=merged.place), finding) for finding in findings]
    problems = [
        Problem(
            merged.where(path),
            finding.what.replace("{currency}", currency),
            finding.given,
            finding.allowed and finding.allowed.replace("{currency}", currency),
        )
        for path, finding in sorted(placed, key=lambda item: merged.place(item[0]))
    ]
    return list(dict.fromkeys(problems))
