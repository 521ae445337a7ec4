"""What an answer consists of: sections with a sentence, a chart, a table. Page and terminal show the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenarios.report.figures import Figure
from scenarios.report.format import estimate_text, number, signed_text

Result = Mapping[str, Any]
MOST_DIGITS = 3
"""Of a share in percent whose interval is narrow."""


@dataclass(frozen=True)
class Cell:
    """A number as text, with its interval."""

    text: str
    interval: str = ""
    strong: bool = False
    href: str = ""
    """Where the text leads on a page; from the page's own folder."""

    def __str__(self) -> str:
        return f"{self.text}\n{self.interval}" if self.interval else self.text


@dataclass(frozen=True)
class Table:
    """First column text, the others numbers (or short words)."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    note: str = ""
    words: bool = False
    """The other columns are sentences, not numbers."""


@dataclass(frozen=True)
class Section:
    """One part of an answer; ``figure`` is drawn only where there is a page."""

    title: str
    text: str = ""
    table: Table | None = None
    figures: Sequence[Callable[[], Figure | None]] = field(default_factory=tuple)
    page_only: bool = False
    """Not printed in a terminal."""


def cell(estimate: Mapping[str, float] | None, *, strong: bool = False) -> Cell:
    """An estimate; empty where there is none."""
    if not estimate or "mean" not in estimate:
        return Cell("")
    return Cell(*estimate_text(estimate), strong=strong)


def share_cell(estimate: Mapping[str, float] | None, digits: int = 1) -> Cell:
    """A share as percent, with its interval."""
    if not estimate or "mean" not in estimate:
        return Cell("")
    mean, low, high = (100 * estimate.get(key, estimate["mean"]) for key in ("mean", "ci_low", "ci_high"))
    while high > low and digits < MOST_DIGITS and signed_text(low, digits) == signed_text(high, digits):
        digits += 1
    interval = f"{signed_text(low, digits)} to {signed_text(high, digits)}%" if high > low else ""
    return Cell(f"{signed_text(mean, digits)}%", interval)


def plain(value: float) -> str:
    """A number without an interval."""
    return number(value)
