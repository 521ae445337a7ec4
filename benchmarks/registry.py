"""All cases, in the order of the report. A new case is a file with a ``CASE`` and a line here."""

from __future__ import annotations

from benchmarks import (
    cold_start,
    cost,
    coverage,
    fitting,
    guard,
    kernel,
    million,
    precision,
    regret,
    search,
    ten_million,
)
from benchmarks.case import Case
from benchmarks.peers import case as peers

CASES: tuple[Case, ...] = tuple(
    module.CASE
    for module in (
        kernel,
        cost,
        million,
        ten_million,
        cold_start,
        search,
        regret,
        coverage,
        precision,
        fitting,
        peers,
        guard,
    )
)
