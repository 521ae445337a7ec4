"""The bundled real base copied to five million customers, on threads and on worker processes: the same result?

Copies are as many draws from each customer's own posterior. Not run by default: it takes minutes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from benchmarks.case import Case, Finished, Reading, command

SCENARIO = "library:cdnow"


def run(quick: bool) -> list[Reading]:
    """Raises if a bit of the result differs."""
    customers, weeks = (100_000, 2) if quick else (5_000_000, 26)
    many = str(os.cpu_count() or 1)
    found = {
        name: _simulated(customers, weeks, option, many)
        for name, option in ((f"{many} threads", "--threads"), (f"{many} worker processes (Dask)", "--workers"))
    }
    digests = {name: digest(done.output) for name, done in found.items()}
    if len(set(digests.values())) > 1:
        raise RuntimeError(f"the results differ: {digests}")
    simulated = json.loads(next(iter(found.values())).output)["scenario"]["simulated_customers"]
    same = f"the same result.json but for times, SHA-256 {next(iter(digests.values()))[:16]}"
    options = " ".join(_options(customers, weeks))
    readings = []
    for name, done in found.items():
        readings += [
            Reading(
                f"{simulated:,} customers x {weeks} weeks, {name}", "s", (done.seconds,),
                note=f"contactpolicy simulate {options}; {same}" if not readings else "",
            ),
            Reading(f"{name}: processor time", "s", (done.cpu_seconds,)),
            Reading(f"{name}: peak memory of the largest process", "MB", (done.peak_mb,)),
        ]  # fmt: skip
    return readings


def digest(result: str) -> str:
    """Of a result.json, its times and versions left out."""
    content = {key: part for key, part in json.loads(result).items() if key != "provenance"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _options(customers: int, weeks: int) -> list[str]:
    horizon = ["--set", f"horizon.weeks={weeks}", "--set", "horizon.tail_weeks=0"]
    return [SCENARIO, "--customers", str(customers), *horizon]


def _simulated(customers: int, weeks: int, option: str, many: str) -> Finished:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        return command("simulate", *_options(customers, weeks), option, many, "--json", "-o", out)


CASE = Case("processes", "Five million customers, on threads and on worker processes", run, by_default=False)
