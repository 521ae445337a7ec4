"""A trial from a file with one row per customer: ``customer_id, arm``, what they did in it, what was known before."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from sim.data_findings import Finding, Findings, Question
from sim.errors import InputError, Problem
from sim.fit._table import Table, read_table
from sim.fit.trial import Floats, Groups, Trial

CONTROLS = ("control", "holdout", "none", "no_contact", "no contact", "no_email", "no_message", "0", "false")
"""Names by which a control is known if nobody says which arm it is."""
QUESTIONS = (
    Question("without_arm", "rows without customer or arm", ("refuse", "drop"), "refuse"),
    Question("missing_numbers", "rows with a number missing", ("refuse", "as_zero", "drop"), "refuse"),
    Question("repeated_customers", "rows that repeat a customer in the same arm", ("drop", "refuse"), "drop"),
    Question("arm_changes", "rows of customers who are in two arms", ("exclude", "refuse"), "exclude"),
)
MOST_GROUPS = 12
FIFTHS = 5


def read_trial(
    source: object,
    *,
    outcomes: Mapping[str, str],
    before: Sequence[str] = (),
    by: Sequence[str] = (),
    control: str | None = None,
    columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    where: str | None = None,
) -> tuple[Trial, tuple[Finding, ...]]:
    """Read a trial.

    Parameters
    ----------
    source : path (.csv, .csv.gz, .parquet) or data frame.
    outcomes : our name ("orders", "revenue", "visits", any) -> column of numbers.
    before : columns of numbers known before the trial; they must not depend on it.
    by : columns whose groups are told apart; numbers with more than 12 values are cut in fifths.
    control : the arm the others are compared with; default the one with a usual name.
    columns : "customer_id" or "arm" -> their names in the source.
    decisions : what to do about oddities, by name: `QUESTIONS`.
    """
    table = read_table(source, where)
    names = {"customer_id": "customer_id", "arm": "arm"} | dict(columns or {})
    _check_columns(table, [*names.values(), *outcomes.values(), *before, *by], bool(outcomes))
    findings = Findings(table.where, QUESTIONS, decisions or {})
    numbers = list(dict.fromkeys([*outcomes.values(), *before]))
    frame = table.frame.with_columns(_as_text(names["customer_id"], "id"), _as_text(names["arm"], "in"))
    frame = frame.with_row_index("row").with_columns(_as_number(frame[name]) for name in numbers)
    frame = _take(findings, table, frame, "without_arm", pl.any_horizontal(pl.col("id", "in").is_null()))
    frame = _take(findings, table, frame, "missing_numbers", pl.any_horizontal(pl.col(numbers).is_null()))
    frame = frame.with_columns(pl.col(numbers).fill_null(0.0))
    frame = _take(findings, table, frame, "arm_changes", pl.col("in").n_unique().over("id") > 1)
    frame = _take(findings, table, frame, "repeated_customers", ~pl.col("id").is_first_distinct())
    found = findings.done()
    if frame.height == 0:
        raise InputError.of(table.where, "no row is left")
    arms = _arms(frame["in"], control, table.where)
    trial = Trial(
        arms=arms,
        arm=frame["in"].replace_strict({name: k for k, name in enumerate(arms)}, return_dtype=pl.Int64).to_numpy(),
        outcomes={ours: _floats(frame[theirs]) for ours, theirs in outcomes.items()},
        before={name: _floats(frame[name]) for name in before},
        groups={name: groups_of(frame[name]) for name in by},
    )
    return trial, found


def _check_columns(table: Table, wanted: list[str], any_outcome: bool) -> None:
    there = ", ".join(table.headings)
    problems = [
        Problem(table.where, f"the column {name!r} is missing", None, f"columns that exist: {there}")
        for name in dict.fromkeys(wanted)
        if name not in table.headings
    ]
    if not any_outcome:
        problems.append(Problem("outcomes", "there is nothing to compare", None, f"name=column, columns are {there}"))
    if problems:
        raise InputError(problems)


def _as_text(name: str, alias: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text == "").then(None).otherwise(text).alias(alias)


def _as_number(column: pl.Series) -> pl.Series:
    """Numbers; true/false and yes/no are 1 and 0; a decimal comma is understood where no point stands."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    text = text.replace({"true": "1", "yes": "1", "false": "0", "no": "0"})
    return text.str.replace(r"^(-?\d+),(\d+)$", "$1.$2").cast(pl.Float64, strict=False)


def _take(findings: Findings, table: Table, frame: pl.DataFrame, name: str, wrong: pl.Expr) -> pl.DataFrame:
    """The frame without the odd rows, unless they are to be kept."""
    mask = frame.select(wrong.fill_null(True)).to_series()
    count = int(mask.sum())
    if count == 0:
        return frame
    findings.add(name, count, table.row_names([int(frame["row"][int(mask.arg_max() or 0)])])[0])
    return frame if findings[name] == "as_zero" else frame.filter(~mask)


def _arms(column: pl.Series, control: str | None, where: str) -> tuple[str, ...]:
    arms = sorted(column.unique().to_list())
    usual = [arm for arm in arms if arm.lower() in CONTROLS]
    if control is None and len(usual) != 1:
        raise InputError.of(where, "which arm is the control?", ", ".join(usual) or None, f"one of {', '.join(arms)}")
    first = control if control is not None else usual[0]
    if first not in arms:
        raise InputError.of("control", "there is no such arm", first, ", ".join(arms))
    return (first, *(arm for arm in arms if arm != first))


def groups_of(column: pl.Series) -> Groups:
    """Groups by value; numbers with many values in fifths."""
    number = _as_number(column)
    values: Any = column.cast(pl.String).fill_null("(none)")
    if number.null_count() == 0:
        if number.n_unique() > MOST_GROUPS:
            return _fifths(_floats(number))
        unique = number.unique().sort()
        index = number.replace_strict(unique, pl.int_range(unique.len(), eager=True), return_dtype=pl.Int64)
        return tuple(f"{value:g}" for value in unique.to_list()), index.to_numpy()
    names = sorted(values.unique().to_list())
    if len(names) > 50:
        raise InputError.of(str(column.name), "has too many groups", len(names), "at most 50, or numbers")
    index = values.replace_strict({name: k for k, name in enumerate(names)}, return_dtype=pl.Int64)
    return tuple(names), index.to_numpy()


def _fifths(values: Floats) -> Groups:
    cuts = np.unique(np.quantile(values, np.arange(1, FIFTHS) / FIFTHS))
    index = np.searchsorted(cuts, values, side="left")
    edges = [f"{cut:g}" for cut in cuts]
    names = [f"up to {edges[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(edges))]
    return (*names, f"above {edges[-1]}"), index.astype(np.int64)


def _floats(column: pl.Series) -> Floats:
    return np.asarray(column.cast(pl.Float64).to_numpy(), dtype=np.float64)
