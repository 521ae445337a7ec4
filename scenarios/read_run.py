"""Finished runs, read again: their result, and the plan they hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from scenarios.provenance import SCHEMA_VERSION
from sim.errors import InputError

PARTIAL = ".partial"
"""Suffix of a directory whose run is not finished; nothing in it is a result."""


def plan_file_of(given: str | Path) -> Path:
    """A plan file, or the one in the directory of a finished run."""
    path = Path(given)
    if not path.is_dir():
        return path
    load_result(path)
    file = path / "plan.toml"
    if not file.is_file():
        raise InputError.of(str(path), "is a run that holds no plan", None, "a plan file, or a run with plan.toml")
    return file


def name_of(given: str | Path) -> str:
    """Its last part, also of ``.`` and ``runs/..``."""
    return Path(os.path.abspath(given)).name


def load_result(directory: str | Path) -> dict[str, Any]:
    """The ``result.json`` of a finished run."""
    path = Path(directory)
    if path.resolve().name.endswith(PARTIAL):
        raise InputError.of(str(path), "is a run that did not finish", None, "the directory of a finished run")
    try:
        values = json.loads((path / "result.json").read_text(encoding="utf-8"))
    except OSError:
        raise InputError.of(str(path), "has no result.json", None, "the directory of a run") from None
    except ValueError as error:
        raise InputError.of(f"{path / 'result.json'}", "is not JSON", str(error), "a file of a run") from None
    if not isinstance(values, dict) or "schema_version" not in values:
        raise InputError.of(f"{path / 'result.json'}", "is not a result", None, "a file of a run")
    if values["schema_version"] != SCHEMA_VERSION:
        made = values.get("provenance", {}).get("versions", {}).get("contactpolicy", "another version")
        given = f"schema {values['schema_version']}, written by contactpolicy {made}"
        allowed = f"schema {SCHEMA_VERSION}; run the command again with this version"
        raise InputError.of(str(path), "is a run of another version", given, allowed)
    return values
