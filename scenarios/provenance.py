"""What is needed to make the same numbers again: scenario, seed, versions, machine, time."""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scenarios.build import start_date
from scenarios.load import LoadedScenario
from sim.moments import Count

SCHEMA_VERSION = 1
"""Of result.json."""
PACKAGES = ("numpy", "numba", "scipy", "polars", "pulp", "highspy", "contactpolicy")


@dataclass(frozen=True)
class Clock:
    """When a run began."""

    started: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Seconds since then."""
        return round(time.perf_counter() - self.began, 3)


def scenario_part(loaded: LoadedScenario, people: Count) -> dict[str, Any]:
    """The ``scenario`` of a result."""
    scenario, as_of, start = loaded.scenario, loaded.scenario.base.as_of, start_date(loaded)
    return {
        "name": loaded.name,
        "digest": loaded.digest,
        "files": list(loaded.files),
        "currency": scenario.currency,
        "weeks": scenario.horizon.weeks,
        "tail_weeks": scenario.horizon.tail_weeks,
        **({} if as_of is None else {"as_of": as_of.isoformat()}),
        **({} if start is None else {"start": start.isoformat()}),
        "base_customers": people.base_size,
        "simulated_customers": people.size,
        "changes": [change.as_dict() for change in loaded.changes],
        **_source(loaded),
    }


def _source(loaded: LoadedScenario) -> dict[str, Any]:
    """What it takes to load the scenario again; absent where the customers were a data frame."""
    if loaded.scenario.base.orders is not None and loaded.orders_path is None:
        return {}
    path = str(loaded.path.absolute())
    return {"source": {"path": path, "overrides": list(loaded.overrides), "presets": list(loaded.presets)}}


def provenance_part(clock: Clock, **more: Any) -> dict[str, Any]:
    """The ``provenance`` of a result; ``more``: the seed, and whatever else the run must tell."""
    return {
        **more,
        "versions": versions(),
        "started": clock.started,
        "seconds": clock.seconds,
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count() or 1},
    }


def versions() -> dict[str, str]:
    """Python and the packages that make the numbers; one that is not installed is absent."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
