"""Orders dated before their customer registered: clocks, guests who registered later, imported histories."""

from __future__ import annotations

from typing import Literal

import polars as pl

from sim.fit._order_rows import Mistakes, parse_dates

Early = Literal["keep", "drop", "refuse"]


def check_registration(
    mistakes: Mistakes, column: pl.Series | None, days: pl.Series, decision: Early
) -> tuple[pl.Series, list[str]]:
    """Which rows to keep, and the note about them; where no registration is known nothing is early."""
    everything = pl.repeat(True, days.len(), eager=True)
    if column is None:
        return everything, []
    registered = column if column.dtype == pl.Date else parse_dates(column.cast(pl.String).str.strip_chars())
    early = (days < registered).fill_null(False)
    count = int(early.sum())
    if count == 0:
        return everything, []
    note = f"{count:,} orders before their customer registered"
    if decision == "refuse":
        allowed = "before_registration='keep' (they are orders all the same) or before_registration='drop'"
        mistakes.add_counted(early, "orders before their customer registered", allowed)
        return everything, []
    if decision == "drop":
        return ~early, [f"{note} dropped"]
    return everything, [f"{note} kept"]
