"""Rows of an order table: what each must be, and one `Problem` for each that is not.

All kinds of mistakes are collected before anything is refused, so that a file is corrected once, not ten
times.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Literal

import polars as pl

from sim.errors import InputError, Problem
from sim.fit._table import Table

REQUIRED = ("customer_id", "order_date", "order_value")
OPTIONAL = ("registered_at",)
SHOWN = 5
"""Rows that are shown of each kind of mistake; the rest is counted."""
EARLIEST = date(1900, 1, 1)
LARGEST_VALUE = 1e12
LONGEST_ID = 200

Duplicates = Literal["keep", "drop", "refuse"]
Refunds = Literal["refuse", "net", "drop"]
Decimal = Literal[".", ","]

_DATES = "YYYY-MM-DD (also YYYY/MM/DD, YYYYMMDD; a time of day may follow)"
_DATE_PATTERN = (
    r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{0,2})?)?$"
)
_COMMA_NUMBER = r"^-?\d{1,3}([.\s\x{a0}\x{202f}']?\d{3})*(,\d+)?$|^-?\d+(,\d+)?$"
_LIKELY = {
    "customer_id": ("customer", "client", "user", "buyer", "member", "cid", "account"),
    "order_date": ("date", "day", "time", "ordered", "created"),
    "order_value": ("value", "amount", "revenue", "total", "price", "spend", "sales"),
}


class Mistakes:
    """Collects problems; `raise_all` ends the reading if there are any."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.problems: list[Problem] = []

    def add(self, wrong: pl.Series, what: str, given: pl.Series | None, allowed: str) -> None:
        """One problem for each of the first rows where `wrong` is true, and one that counts the others."""
        rows = wrong.fill_null(False).arg_true().to_list()
        if not rows:
            return
        for index, name in zip(rows[:SHOWN], self.table.row_names(rows[:SHOWN]), strict=True):
            quoted = None if given is None else _quote(given[index])
            self.problems.append(Problem(f"{self.table.where}, {name}", what, quoted, allowed))
        if len(rows) > SHOWN:
            where = self.table.where
            self.problems.append(Problem(where, f"{what}: {len(rows) - SHOWN:,} more rows, {len(rows):,} in all"))

    def add_counted(self, wrong: pl.Series, what: str, allowed: str) -> None:
        """One problem for all rows where `wrong` is true, naming the first ones."""
        rows = wrong.fill_null(False).arg_true().to_list()
        if rows:
            named = ", ".join(self.table.row_names(rows[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
            self.problems.append(Problem(self.table.where, f"{len(rows):,} {what}", named, allowed))

    def raise_all(self) -> None:
        if self.problems:
            raise InputError(self.problems)


def _quote(value: object) -> str:
    """As written; text in quotation marks, so that blanks show."""
    return (repr(value) if isinstance(value, str) else str(value))[:80]


def choose_columns(table: Table, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Our column names -> those of the table.

    Raises
    ------
    InputError
        A column is missing or stands twice, or `columns` maps a name that we do not read.
    """
    mapping = dict(columns or {})
    problems = [
        Problem("columns", "unknown column to map", repr(ours), ", ".join((*REQUIRED, *OPTIONAL)))
        for ours in mapping
        if ours not in (*REQUIRED, *OPTIONAL)
    ]
    existing = ", ".join(table.headings) or "none"
    asked = (*REQUIRED, *(ours for ours in OPTIONAL if ours in mapping or ours in table.headings))
    for ours in asked:
        theirs = mapping.get(ours, ours)
        count = table.headings.count(theirs)
        if count == 0:
            hint = f"columns that exist: {existing}{_nearest(ours, theirs, table.headings)}"
            problems.append(Problem(table.where, f"the column {theirs!r} is missing", None, hint))
        elif count > 1:
            problems.append(Problem(table.where, f"the column {theirs!r} stands {count} times in the heading"))
    if problems:
        raise InputError(problems)
    positions = {ours: table.headings.index(mapping.get(ours, ours)) for ours in asked}
    return {ours: table.frame.columns[position] for ours, position in positions.items()}


def _nearest(ours: str, theirs: str, headings: tuple[str, ...]) -> str:
    """A hint how to map the heading that probably is meant."""
    lower = {heading.casefold(): heading for heading in headings}
    close = difflib.get_close_matches(theirs.casefold(), lower, n=1, cutoff=0.6)
    likely = [name for name in lower if any(word in name for word in _LIKELY[ours])]
    best = (likely + close if theirs == ours else close + likely)[:1]
    if not best:
        return f"; map one with {ours}=NAME"
    return f"; nearest: {lower[best[0]]!r}, map it with {ours}={lower[best[0]]}"


def skip_empty(table: Table) -> tuple[Table, list[str]]:
    """Leave out rows in which no column has anything, told in a note; their successors keep their names."""
    frame = table.frame
    kept = filled_rows(frame)
    if kept.len() == frame.height:
        return table, []
    names, old = table.row_names, kept.to_list()
    skipped = Table(
        frame[kept],
        table.where,
        lambda indices: names([old[i] for i in indices]),
        table.headings,
        table.notes,
    )
    return skipped, [f"{frame.height - kept.len():,} empty rows skipped"]


def filled_rows(frame: pl.DataFrame) -> pl.Series:
    """Indices of the rows in which some column has something."""
    return frame.select((~pl.all_horizontal(pl.all().is_null())).arg_true()).to_series()


def no_order(where: str) -> InputError:
    """Of a file without rows."""
    return InputError.of(where, "there is a heading, but no order below it")


def checked(
    mistakes: Mistakes, chosen: Mapping[str, str], refunds: Refunds, latest: date, decimal: Decimal = "."
) -> pl.DataFrame:
    """Columns id, day (since 1970-01-01) and value of all rows; what is wrong goes to ``mistakes``."""
    frame = mistakes.table.frame
    ids = check_ids(mistakes, frame[chosen["customer_id"]])
    days = check_dates(mistakes, frame[chosen["order_date"]], latest)
    values = check_values(mistakes, frame[chosen["order_value"]], decimal)
    check_refunds(mistakes, values, refunds)
    return pl.DataFrame({"id": ids, "day": days.cast(pl.Int32), "value": values})


def check_duplicates(mistakes: Mistakes, duplicates: Duplicates) -> tuple[pl.Series, list[str]]:
    """Which rows to keep, and the note about rows that repeat an earlier one in every column."""
    frame = mistakes.table.frame
    comparable = comparable_columns(frame)
    everything = pl.repeat(True, frame.height, eager=True)
    if frame.select(comparable).hash_rows().n_unique() == frame.height:
        return everything, []
    repeated = frame.select(~pl.struct(comparable).is_first_distinct()).to_series()
    count = int(repeated.sum())
    if count == 0:
        return everything, []
    if duplicates == "refuse":
        allowed = "duplicates='keep' (each is an order) or duplicates='drop' (each is a copy)"
        mistakes.add_counted(repeated, "rows repeat an earlier row in every column", allowed)
        return everything, []
    note = f"{count:,} exact duplicate rows"
    if duplicates == "drop":
        return ~repeated, [f"{note} dropped"]
    return everything, [f"{note} kept as orders of their own"]


def comparable_columns(frame: pl.DataFrame) -> list[str]:
    """Columns that tell whether a row repeats another one."""
    return [name for name, kind in frame.schema.items() if not kind.is_nested() and kind != pl.Object]


def check_ids(mistakes: Mistakes, column: pl.Series) -> pl.Series:
    """Customer ids as text, exactly as written but for outer blanks; whole numbers as their decimal text."""
    if column.dtype.is_float():
        exact = (column == column.round()) & (column.abs() < 2**53)
        mistakes.add(
            column.is_not_null() & ~exact.fill_null(False),
            "customer_id is not a whole number",
            column,
            "text, or whole numbers below 2^53",
        )
        text = column.cast(pl.Int64, strict=False).cast(pl.String)
    else:
        text = column.cast(pl.String).str.strip_chars()
    missing = column.is_null() | (text == "").fill_null(False)
    mistakes.add(missing, "customer_id is missing", None, "any text or whole number")
    too_long = text.str.len_chars() > LONGEST_ID
    mistakes.add(too_long, "customer_id is too long", text, f"up to {LONGEST_ID} characters")
    return text


def check_dates(mistakes: Mistakes, column: pl.Series, latest: date) -> pl.Series:
    """Dates as Date; a time of day is cut off, a time zone taken as written."""
    if column.dtype == pl.Date:
        days, written = column, column.is_not_null()
    else:
        text = column.cast(pl.String).str.strip_chars()
        written = (column.is_not_null() & (text != "")).fill_null(False)
        days = parse_dates(text)
    mistakes.add(~written, "order_date is missing", None, _DATES)
    mistakes.add(written & days.is_null(), "order_date is not a date we can read", column, _DATES)
    mistakes.add(days > latest, "order_date is in the future", column, f"up to {latest}")
    mistakes.add(days < EARLIEST, "order_date is implausibly early", column, f"from {EARLIEST}")
    return days


def parse_dates(text: pl.Series) -> pl.Series:
    """Texts as Date; null where one is no date."""
    days = text.str.to_date("%Y-%m-%d", strict=False)
    if not (days.is_null() & text.is_not_null()).any():
        return days
    dashed = text.set(~text.str.contains(_DATE_PATTERN), None).str.replace(_DATE_PATTERN, "$1-$2-$3")
    other = dashed.str.to_date("%Y-%m-%d", strict=False)
    compact = text.set(~text.str.contains(r"^\d{8}$"), None).str.to_date("%Y%m%d", strict=False)
    return days.fill_null(other).fill_null(compact)


def check_values(mistakes: Mistakes, column: pl.Series, decimal: Decimal = ".") -> pl.Series:
    """Order values as Float64, finite; the sign is judged by `check_refunds`.

    With a decimal comma, points, blanks and apostrophes group thousands.
    """
    allowed = "a number such as 12.50, with a decimal point and without thousands separators or currency"
    if decimal == ",":
        allowed = "a number such as 1.234,50, with a decimal comma and without currency"
    if column.dtype.is_numeric():
        written, values = column.is_not_null(), column.cast(pl.Float64)
    else:
        text = column.cast(pl.String).str.strip_chars()
        written = (column.is_not_null() & (text != "")).fill_null(False)
        if decimal == ",":
            grouped = text.str.contains(_COMMA_NUMBER)
            text = (
                text.set(~grouped, None)
                .str.replace_all(r"[.\s\x{a0}\x{202f}']", "")
                .str.replace(",", ".", literal=True)
            )
        values = text.cast(pl.Float64, strict=False)
    mistakes.add(~written, "order_value is missing", None, allowed + "; 0 for a free order")
    wrong = written & values.is_null()
    if decimal == "." and wrong.any() and _commas(column, wrong):
        allowed += ", or decimal=',' if these are decimal commas"
    mistakes.add(wrong, "order_value is not a number", column, allowed)
    mistakes.add(~values.is_finite(), "order_value is not a finite number", column, allowed)
    large = values.is_finite() & (values.abs() > LARGEST_VALUE)
    mistakes.add(large, "order_value is implausibly large", column, f"up to {LARGEST_VALUE:g}")
    return values


def _commas(column: pl.Series, wrong: pl.Series) -> bool:
    """All that could not be read would be numbers with a decimal comma."""
    return bool(column.filter(wrong).cast(pl.String).str.strip_chars().str.contains(_COMMA_NUMBER).all())


def check_refunds(mistakes: Mistakes, values: pl.Series, refunds: Refunds) -> None:
    """Negative values are refunds; without a choice they are refused with their count."""
    if refunds == "refuse":
        choice = (
            "refunds='net' (subtract from the customer's order of that day, else the latest earlier one) "
            "or refunds='drop' (leave them out)"
        )
        mistakes.add_counted(values < 0, "negative order values (refunds)", choice)


def one_currency(frame: pl.DataFrame, where: str) -> None:
    """Refuse values in several currencies, where a column of that name tells them: they must not be added up."""
    named = next((name for name in frame.columns if name.strip().lower() == "currency"), None)
    if named is None:
        return
    told = frame[named].cast(pl.String).str.strip_chars().str.to_uppercase()
    counts = told.filter(told != "").value_counts(sort=True)
    if counts.height > 1:
        given = ", ".join(f"{count:,} in {name}" for name, count in counts.rows())
        allowed = "one: convert them, or keep one with --where"
        raise InputError.of(where, "orders are in several currencies", given, allowed)
