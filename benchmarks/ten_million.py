"""Ten million customers over half a year, in parts that come and go; not run by default: it takes minutes."""

from __future__ import annotations

import tempfile

from benchmarks.case import Case, Reading
from benchmarks.million import simulate_command


def run(quick: bool) -> list[Reading]:
    """One run; memory must not grow with the base."""
    customers = 2_000_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        done = simulate_command(customers, folder)
    name = f"{customers:,} customers x 26 weeks, plan and no contact"
    return [
        Reading(name, "s", (done.seconds,)),
        Reading("its processor time, both threads", "s", (done.cpu_seconds,)),
        Reading("its peak memory", "MB", (done.peak_mb,), bar=None if quick else 4_000),
    ]


CASE = Case("ten-million", "Ten million customers from the command line", run, by_default=False)
