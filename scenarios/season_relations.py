"""What must hold between the numbers of [seasonality]."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.findings import Finding
from scenarios.lookups import table
from scenarios.merge import Table


def seasons(data: Table) -> Iterator[Finding]:
    """Seven days, 52 or 53 weeks, and as many ends of intervals on their side of the factors."""
    yield from _weeks_of_year(data)
    days = table(data, "seasonality").get("by_weekday")
    if isinstance(days, list) and len(days) not in (0, 7):
        given = f"{len(days)} factors"
        yield Finding(("seasonality", "by_weekday"), "one factor per day of the week", given, "7 factors, or none")


def _weeks_of_year(data: Table) -> Iterator[Finding]:
    given_weeks = table(data, "seasonality").get("by_week")
    ends = given_weeks if isinstance(given_weeks, dict) else {"value": given_weeks}
    weeks = ends.get("value")
    if not isinstance(weeks, list):
        return
    if len(weeks) not in (0, 52, 53):
        given, allowed = f"{len(weeks)} factors", "52 or 53 factors, or none"
        yield Finding(("seasonality", "by_week"), "one factor per week of the year", given, allowed)
    for key, sign in (("low", 1), ("high", -1)):
        listed = ends.get(key)
        if not isinstance(listed, list):
            continue
        if len(listed) != len(weeks):
            what, allowed = "one end of an interval per factor", f"{len(weeks)}, as many as factors"
            yield Finding(("seasonality", "by_week", key), what, f"{len(listed)} numbers", allowed)
        for week, (end, factor) in enumerate(zip(listed, weeks, strict=False), start=1):
            numbers = isinstance(end, int | float) and isinstance(factor, int | float)
            if numbers and sign * (factor - end) < 0:
                what = f"{key} is {'above' if sign > 0 else 'below'} the factor of week {week}"
                yield Finding(("seasonality", "by_week", key), what, f"{end:g}", f"{factor:g}")
                break
