"""A dry run as tables in a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scenarios.console import NARROWEST, _currency, _grid, _row, past_line
from scenarios.report.format import count, money


def print_dry_run(result: Mapping[str, Any], directory: Path | None, *, as_json: bool) -> None:
    """The tables, or the whole result as JSON."""
    if as_json:
        print(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False))
        print(f"written to {directory}", file=sys.stderr)
        return
    console = Console(highlight=False)
    if not console.is_terminal and console.width < NARROWEST:
        console = Console(highlight=False, width=NARROWEST)
    for part in dry_run_tables(result):
        if isinstance(part, Table):
            console.print(str(part.title), style="bold", markup=False, soft_wrap=True)
            part.title = None
        console.print(part, markup=False) if isinstance(part, str) else console.print(part)
        console.print()
    for warning in result.get("warnings", []):
        console.print(f"warning: {warning}", markup=False, soft_wrap=True)
    console.print(f"written to {directory}", markup=False, soft_wrap=True)


def dry_run_tables(result: Mapping[str, Any]) -> list[Table | str]:
    """Head, contacts by line, removals by rule, removals by segment."""
    return [_head(result), _lines(result), _rules(result), _segments(result)]


def _head(result: Mapping[str, Any]) -> str:
    currency, sent, removed = _currency(result), result["sent"], result["removed"]
    day = result.get("date", "the first day")
    lines = [
        str(result["scenario"]["name"]),
        f"{day}, plan: {result['plan_name']}" + (past_line(result) or f"; past contacts: {result['past_contacts']}"),
        f"{count(result['due']['contacts'])} contacts are due to {count(result['due']['customers'])} customers of "
        f"{count(result['scenario']['base_customers'])}",
        f"{count(sent['contacts'])} go out, cost {money(sent['cost'], currency)}, "
        f"expected contribution {money(sent['expected_contribution'], currency)}",
        f"{count(removed['contacts'])} are removed, "
        f"expected contribution {money(removed['expected_contribution'], currency)}",
    ]
    return "\n".join(lines)


def _lines(result: Mapping[str, Any]) -> Table:
    title = f"Contacts of the day, expected contribution in {_currency(result)}"
    table = _grid(title, "line", "channel", "due", "sent", "expected contribution")
    for row in result["lines"]:
        value = f"{row['expected_contribution']:,.2f}"
        _row(table, row["line"], row["channel"], count(row["due"]), count(row["sent"]), value)
    return table


def _rules(result: Mapping[str, Any]) -> Table:
    title = f"Removed by rule, expected contribution in {_currency(result)}"
    table = _grid(title, "rule", "removed", "expected contribution", "forbids", "it alone", "goes out against it")
    for row in result["rules"]:
        counts = [count(row[key]) for key in ("forbids", "alone", "violations")]
        _row(table, row["rule"], count(row["removed"]), f"{row['expected_contribution']:,.2f}", *counts)
    return table


def _segments(result: Mapping[str, Any]) -> Table:
    channels = list(dict.fromkeys(row["channel"] for row in result["lines"]))
    table = _grid(
        "Sent and removed by segment", "segment", *(f"{c} {what}" for c in channels for what in ("sent", "not"))
    )
    found: dict[tuple[str, str, bool], float] = {}
    for row in result["cells"]:
        key = (row["segment"], row["channel"], row["outcome"] == "sent")
        found[key] = found.get(key, 0.0) + row["contacts"]
    for segment in dict.fromkeys(row["segment"] for row in result["cells"]):
        cells = []
        for channel in channels:
            sent, removed = (found.get((segment, channel, out), 0.0) for out in (True, False))
            cells.append(f"{count(sent)} of {count(sent + removed)}")
        _row(table, segment, *cells)
    return table
