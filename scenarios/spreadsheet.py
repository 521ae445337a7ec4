"""The tables of a run for a spreadsheet: one Excel workbook with a sheet per table, and CSV files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 200_000
"""Larger tables are left out of the workbook; they are there as CSV and Parquet."""


def workbook(frames: Mapping[str, pl.DataFrame]) -> bytes:
    """An Excel file; headings are bold, columns as wide as their content."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(
        content, {"in_memory": True, "strings_to_formulas": False, "nan_inf_to_errors": True}
    ) as book:
        for name, frame in frames.items():
            if frame.width > 0 and frame.height <= MOST_ROWS:
                flat(frame).write_excel(book, worksheet=name[:31], autofit=True, table_style="Table Style Light 1")
        if not book.worksheets():
            book.add_worksheet("empty")
    return content.getvalue()


def csv_text(frame: pl.DataFrame) -> str:
    """Comma separated, UTF-8, a heading."""
    return flat(frame).write_csv()


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists and records as text: a cell holds one value."""
    import polars as pl

    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    if not nested:
        return frame
    texts = [pl.Series(name, [str(value) for value in frame[name].to_list()]) for name in nested]
    return frame.with_columns(texts)
