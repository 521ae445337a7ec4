"""What a fit says of consent and costs, in tables: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenarios.report.format import count, percent


@dataclass(frozen=True)
class BesideTable:
    """A title, heads and rows of text; the first column is a name."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def beside_tables(result: Mapping[str, Any]) -> list[BesideTable]:
    """Of the files that were given."""
    return [table for table in (_consent(result), _costs(result)) if table is not None]


def _consent(result: Mapping[str, Any]) -> BesideTable | None:
    consent = result.get("consent")
    if not consent or not consent["shares"]:
        return None
    rows = tuple(
        (row["channel"], count(row["known"]), percent(row["value"]), f"{percent(row['low'])} to {percent(row['high'])}")
        for row in consent["shares"]
    )
    rho = consent.get("rate_correlation")
    told = f"{rho['value']:+.2f} (95% interval {rho['low']:+.2f} to {rho['high']:+.2f})" if rho else ""
    note = f"Correlation of consent with the order rate: {told}" if told else ""
    return BesideTable("Consent", ("channel", "known, customers", "consent", "95% interval"), rows, note)


def _costs(result: Mapping[str, Any]) -> BesideTable | None:
    bills = result.get("unit_costs", [])
    if not bills:
        return None
    heads = ("channel", "bills", "contacts", "cost of one more", "95% interval", "fee a bill")
    rows = tuple(
        (
            row["channel"],
            count(row["bills"]),
            count(row["contacts"]),
            f"{row['value']:.4g}",
            f"{row['low']:.4g} to {row['high']:.4g}" if "low" in row else "unknown from one bill",
            f"{row['fee']:.4g}" if row["fee"] else "",
        )
        for row in bills
    )
    return BesideTable("Costs", heads, rows)
