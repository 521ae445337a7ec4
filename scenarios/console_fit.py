"""What a fit says beside the order process, in a terminal: seasons, consent, costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from scenarios.report import beside

Result = Mapping[str, Any]


def beside_tables(result: Result) -> list[Table | str]:
    """Of what was asked for; seasons are told, or why they are not."""
    parts: list[Table | str] = []
    for told in beside.beside_tables(result):
        table = Table(title=told.title, box=None, pad_edge=False)
        for place, head in enumerate(told.heads):
            table.add_column(head, justify="left" if place == 0 else "right", overflow="fold")
        for row in told.rows:
            table.add_row(*map(escape, row))
        parts += [table, *([escape(told.note)] if told.note else [])]
    seasons = result.get("seasonality", {}).get("statement")
    return [*parts, *([escape(f"Seasonality: {seasons}")] if seasons else [])]
