"""Where day 0 stands in the calendar: week of the year, day of the week, months."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Calendar:
    """What a world knows of the calendar; without a date it begins on a Monday, the 1st, in week 0."""

    first_week_of_year: int = 0
    first_weekday: int = 0
    first_day_of_month: int = 1
    month_lengths: tuple[int, ...] = ()


def calendar_from(start: dt.date | None, days: int) -> Calendar:
    """The calendar of ``days`` days from ``start`` on."""
    if start is None:
        return Calendar()
    lengths: list[int] = []
    year, month = start.year, start.month
    while sum(lengths) < days + start.day:
        lengths.append(calendar.monthrange(year, month)[1])
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return Calendar(min(start.isocalendar().week - 1, 51), start.weekday(), start.day, tuple(lengths))
