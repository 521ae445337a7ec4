"""Which rows of an order file a scenario or a fit uses: all, or those in which columns have a given value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.words import nearest
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

Scalar = str | int | float | bool | dt.date


def order_rows(path: Path, where: Mapping[str, Scalar], encoding: str = "auto") -> Path | pl.DataFrame:
    """The file itself, or its rows in which every column of ``where`` equals the value; none left is refused.

    Values are compared as numbers where both are numbers (1 equals 1.0), else as text without regard to case.
    """
    if not where:
        return path
    from sim.fit._table import read_table

    table = read_table(path, encoding=encoding)
    frame = table.frame
    unknown = [_unknown(table.where, name, frame.columns) for name in where if name not in frame.columns]
    if unknown:
        raise InputError(unknown)
    for name, value in where.items():
        frame = frame.filter(_equals(name, value))
    if frame.height == 0:
        given = ", ".join(f"{name} = {_text(value)}" for name, value in where.items())
        raise InputError.of(table.where, "no row has these values", given, "values that occur together")
    return frame


def _unknown(where: str, name: str, columns: list[str]) -> Problem:
    close = nearest(name, columns)
    hint = f"; did you mean '{close}'" if close else ""
    return Problem(where, f"has no column of this name{hint}", name, ", ".join(columns))


def _equals(name: str, value: Scalar) -> pl.Expr:
    import polars as pl

    column = pl.col(name).cast(pl.String).str.strip_chars()
    same = column.str.to_lowercase() == _text(value).lower()
    try:
        number = float(_text(value))
    except ValueError:
        return same
    return same | (column.cast(pl.Float64, strict=False) == number)


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value).strip()
