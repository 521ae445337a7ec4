"""All cases, in the order of the report. A new case is a file with a ``CASE`` and a line here."""

from __future__ import annotations

from benchmarks import (
    cold_start,
    cost,
    coverage,
    fitting,
    growth,
    guard,
    kernel,
    long_search,
    mechanisms,
    million,
    moved_limits,
    precision,
    processes,
    regret,
    search,
    ten_million,
)
from benchmarks.case import Case
from benchmarks.peers import case as peers

_MODULES = (
    kernel, cost, growth, mechanisms, million, ten_million, processes, cold_start, search, regret, long_search,
    moved_limits,
    coverage, precision, fitting, peers, guard,
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(module.CASE for module in _MODULES)
