"""A problem as text, the same under PuLP 3 and 4: for golden files a person can check."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import pulp

_SENSE = {-1: "<=", 0: "=", 1: ">="}


def text_of(problem: pulp.LpProblem) -> str:
    """Objective, rows and binaries, in the order in which they were added."""
    assert problem.sense == pulp.LpMinimize
    lines = ["minimize", f"  {_terms(problem.objective.items())}", "subject to"]
    lines += [f"  {c.name}: {_terms(c.items())} {_SENSE[c.sense]} {-c.constant + 0.0:g}" for c in problem.constraints()]
    used = set(re.findall(r"[xoywb]_[0-9_]+", "\n".join(lines)))  # PuLP 4 knows unused variables too
    binary = sorted(v.name for v in problem.variables() if v.name in used and v.cat == "Integer")
    free = sorted(v.name for v in problem.variables() if v.name in used and v.cat != "Integer")
    assert all((v.lowBound, v.upBound) == (0, 1) for v in problem.variables() if v.name in binary)
    assert all(v.lowBound == 0 for v in problem.variables() if v.name in free)
    assert all(v.upBound in (None, math.inf) for v in problem.variables() if v.name in free)  # PuLP 3 and 4
    rest = ["not negative", f"  {' '.join(free)}"] if free else []
    return "\n".join([*lines, "binary", f"  {' '.join(binary)}", *rest, ""])


def _terms(items: Iterable[tuple[pulp.LpVariable, float]]) -> str:
    """``- 2 x + y``; by name, so that the order of insertion does not matter."""
    parts = []
    for variable, coefficient in sorted(items, key=lambda item: item[0].name):
        sign, size = ("-" if coefficient < 0 else "+"), abs(coefficient)
        if size:
            parts.append(f"{sign} {'' if size == 1 else f'{size:g} '}{variable.name}")
    return " ".join(parts).removeprefix("+ ") or "0"
