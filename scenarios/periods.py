"""From the periods of a scenario to those of the search, and what must hold between their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scenarios.findings import Finding
from scenarios.lookups import items, number, table, twice
from scenarios.words import nearest, shown
from sim.periods import Period, cut_into_periods

Table = dict[str, Any]


def periods_of(given: Sequence[Mapping[str, Any]], weeks: int) -> tuple[Period, ...]:
    """Periods in the order of their weeks; () = one plan for the whole horizon."""
    if not given:
        return ()
    starts = sorted(((str(period["name"]), int(period["first_week"])) for period in given), key=lambda pair: pair[1])
    return cut_into_periods(starts, weeks)


def within_period(limit: Mapping[str, Any], periods: Sequence[Period]) -> Mapping[str, Any]:
    """A limit's table, its ``period`` told in weeks."""
    weeks = {period.name: (period.first_week, period.last_week) for period in periods}
    return limit if limit.get("period") is None else {**limit, "weeks": weeks[limit["period"]]}


def period_findings(data: Table) -> Iterator[Finding]:
    """Periods that leave a gap, or begin together or after the horizon; limits of periods that are not there."""
    found, path = list(items(data, "optimize", "periods")), ("optimize", "periods")
    yield from twice(found, "periods")
    weeks, firsts = number(table(data, "horizon").get("weeks")), [number(item.get("first_week")) for _, item in found]
    for n, ((here, _), first) in enumerate(zip(found, firsts, strict=True)):
        if first is not None and weeks is not None and first > weeks:
            yield Finding((*here, "first_week"), "begins after the horizon", f"{first:g}", f"1 to {weeks:g}")
        if first is not None and first in firsts[:n]:
            yield Finding((*here, "first_week"), "two periods begin together", f"{first:g}", "a week of its own")
    if found and None not in firsts and 1 not in firsts:
        given = ", ".join(f"{first:g}" for first in firsts)
        yield Finding(path, "no period begins in week 1", given, "first_week = 1 for one of them")
    names = [str(item.get("name")) for _, item in found]
    for here, limit in items(data, "optimize", "limits"):
        name = limit.get("period")
        if isinstance(name, str) and name not in names:
            close = nearest(name, names)
            hint = f"; did you mean '{close}'" if close else ""
            allowed = ", ".join(names) or "none: [[optimize.periods]] defines them"
            yield Finding((*here, "period"), f"unknown period{hint}", shown(name), allowed)
        if name is not None and limit.get("weeks"):
            yield Finding((*here, "period"), "a period or weeks, not both", shown(name), "one of the two")
