"""Dates and times as people export them: the day as written, and the instant where a time of day is given."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

FORMS = "YYYY-MM-DD, DD.MM.YYYY or a Unix time; a time of day and an offset like +03:00 may follow"
_OFFSET = r"(Z|UTC|[+-]\d{2}:?\d{2})$"
_DAY_SECONDS = 86_400


class Instants(NamedTuple):
    """One row each; null where the text could not be read."""

    day: pl.Series
    """Int32, days since 1970-01-01, as written."""
    seconds: pl.Series
    """Int64, seconds since 1970-01-01 UTC; a time without offset is taken as UTC, a date as its midnight."""
    offset: pl.Series
    """String, the offset as written; null without one."""
    timed: bool
    """Some row has a time of day."""


def read_instants(column: pl.Series) -> Instants:
    """Read a column of text."""
    text = column.cast(pl.String).str.strip_chars()
    clock = text.str.slice(10)
    if _is_unix(text):
        return _unix(text)
    day = _days(text)
    timed = bool((clock != "").any())
    if not timed:
        return Instants(
            day, day.cast(pl.Int64) * _DAY_SECONDS, pl.repeat(None, text.len(), dtype=pl.String, eager=True), False
        )
    offset = clock.str.extract(_OFFSET)
    parts = [clock.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) for at in (1, 4, 7)]
    within = parts[0] * 3600 + parts[1] * 60 + parts[2]
    seconds = day.cast(pl.Int64) * _DAY_SECONDS + within - _offset_seconds(offset)
    return Instants(day, seconds, offset, True)


def _days(text: pl.Series) -> pl.Series:
    date = text.str.slice(0, 10)
    days = date.str.to_date("%Y-%m-%d", strict=False)
    for pattern in ("%Y/%m/%d", "%d.%m.%Y"):
        if (days.is_null() & text.is_not_null()).any():
            days = days.fill_null(date.str.to_date(pattern, strict=False))
    if (days.is_null() & text.is_not_null()).any():
        compact = date.set(~text.str.contains(r"^\d{8}$"), None).str.to_date("%Y%m%d", strict=False)
        days = days.fill_null(compact)
    return days.cast(pl.Int32)


def _offset_seconds(offset: pl.Series) -> pl.Series:
    if offset.null_count() == offset.len():
        return pl.repeat(0, offset.len(), dtype=pl.Int64, eager=True)
    digits = offset.str.replace(":", "", literal=True)
    hours = digits.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    return sign * (hours * 3600 + minutes * 60)


def _is_unix(text: pl.Series) -> bool:
    """Ten digits are seconds, thirteen milliseconds since 1970."""
    known = text.drop_nulls()
    return known.len() > 0 and bool(known.str.contains(r"^\d{10}(\d{3})?(\.\d+)?$").all())


def _unix(text: pl.Series) -> Instants:
    number = text.cast(pl.Float64, strict=False)
    seconds = (
        (number / pl.select(pl.when(number > 1e11).then(1000.0).otherwise(1.0)).to_series()).floor().cast(pl.Int64)
    )
    day = (seconds // _DAY_SECONDS).cast(pl.Int32)
    return Instants(day, seconds, pl.repeat("UTC", text.len(), dtype=pl.String, eager=True), True)
