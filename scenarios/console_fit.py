"""What a fit says beside the order process, as tables in a terminal: seasons, consent, costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from scenarios.report.format import count, percent

Result = Mapping[str, Any]


def beside_tables(result: Result) -> list[Table | str]:
    """Of what was asked for; seasons are told, or why they are not."""
    seasons = result.get("seasonality", {}).get("statement")
    return [*_consent(result), *_costs(result), *([escape(f"Seasonality: {seasons}")] if seasons else [])]


def _consent(result: Result) -> list[Table | str]:
    consent = result.get("consent")
    if not consent or not consent["shares"]:
        return []
    table = _grid("Consent", "channel", "known, customers", "consent", "95% interval")
    for row in consent["shares"]:
        interval = f"{percent(row['low'])} to {percent(row['high'])}"
        table.add_row(escape(row["channel"]), count(row["known"]), percent(row["value"]), interval)
    rho = consent.get("rate_correlation")
    said = "" if rho is None else f"{rho['value']:+.2f} (95% interval {rho['low']:+.2f} to {rho['high']:+.2f})"
    return [table, *([f"Correlation of consent with the order rate: {said}"] if said else [])]


def _costs(result: Result) -> list[Table | str]:
    bills = result.get("unit_costs", [])
    if not bills:
        return []
    table = _grid("Costs", "channel", "bills", "contacts", "cost of one more", "95% interval", "fee a bill")
    for row in bills:
        interval = f"{row['low']:.4g} to {row['high']:.4g}" if "low" in row else "unknown from one bill"
        fee = f"{row['fee']:.4g}" if row["fee"] else ""
        table.add_row(
            escape(row["channel"]), count(row["bills"]), count(row["contacts"]), f"{row['value']:.4g}", interval, fee
        )
    return [table]


def _grid(title: str, *heads: str) -> Table:
    table = Table(title=title, box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right", overflow="fold")
    return table
