"""A million customers over half a year from the command line, as a user starts it, with kernels compiled before."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.case import Case, Finished, Reading, command
from benchmarks.worlds import SCENARIO, options


def simulate_command(customers: int, folder: str) -> Finished:
    """One ``contactpolicy simulate``."""
    out = str(Path(folder) / "run")
    return command("simulate", SCENARIO, *options(customers), "--customers", str(customers), "-o", out)


def run(quick: bool) -> list[Reading]:
    """Plan and no contact on the same customers: start of the program, customers, simulation, report page, files."""
    customers, runs = (200_000, 1) if quick else (1_000_000, 3)
    measured: dict[int, list[Finished]] = {}
    for size in (customers // 4, customers):
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                measured.setdefault(size, []).append(simulate_command(size, folder))
    large = measured[customers]
    seconds, peak = tuple(run.seconds for run in large), tuple(run.peak_mb for run in large)
    more = tuple(
        run.cpu_seconds - small.cpu_seconds for run, small in zip(large, measured[customers // 4], strict=True)
    )
    whole = customers == 1_000_000
    return [
        Reading(f"{customers:,} customers x 26 weeks, plan and no contact", "s", seconds, bar=6 if whole else None),
        Reading("its processor time, both threads", "s", tuple(run.cpu_seconds for run in large)),
        Reading(
            "of it, for a million customers more", "s", tuple(4 / 3 * 1e6 / customers * s for s in more),
            note="the rest is the start of the program, the report and the files",
        ),
        Reading("its peak memory", "MB", peak, bar=1_500 if whole else None),
        Reading(
            "peak memory of a quarter of the customers", "MB", tuple(run.peak_mb for run in measured[customers // 4])
        ),
    ]  # fmt: skip


CASE = Case("million", "A million customers from the command line", run)
