"""All cases, in the order of the report. A new case is a file with a ``CASE`` and a line here."""

from __future__ import annotations

from benchmarks import (
    cold_start,
    coverage,
    fitting,
    kernel,
    long_search,
    million,
    precision,
    regret,
    search,
    ten_million,
)
from benchmarks.case import Case
from benchmarks.peers import case as peers

_MODULES = (
    kernel, million, ten_million, cold_start, search, regret, long_search, coverage, precision, fitting, peers,
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(module.CASE for module in _MODULES)
