"""A dry run as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from scenarios.console_table import Grid, grid
from scenarios.console_words import currency_of
from scenarios.report.format import count, money


def dry_run_tables(result: Mapping[str, Any]) -> list[Grid | str]:
    """Head, contacts by line, removals by rule, removals by segment."""
    return [_head(result), _lines(result), _rules(result), _segments(result)]


def _head(result: Mapping[str, Any]) -> str:
    currency, sent, removed = currency_of(result), result["sent"], result["removed"]
    day = result.get("date", "the first day")
    lines = [
        str(result["scenario"]["name"]),
        f"{day}, plan: {result['plan_name']}; past contacts: {result['past_contacts']}",
        f"{count(result['due']['contacts'])} contacts are due to {count(result['due']['customers'])} customers of "
        f"{count(result['scenario']['base_customers'])}",
        f"{count(sent['contacts'])} go out, cost {money(sent['cost'], currency)}, "
        f"expected contribution {money(sent['expected_contribution'], currency)}",
        f"{count(removed['contacts'])} are removed, "
        f"expected contribution {money(removed['expected_contribution'], currency)}",
    ]
    return escape("\n".join(lines))


def _lines(result: Mapping[str, Any]) -> Grid:
    title = f"Contacts of the day, expected contribution in {currency_of(result)}"
    table = grid(title, "line", "channel", "due", "sent", "expected contribution")
    for row in result["lines"]:
        value = f"{row['expected_contribution']:,.2f}"
        table.row(row["line"], row["channel"], count(row["due"]), count(row["sent"]), value)
    return table


def _rules(result: Mapping[str, Any]) -> Grid:
    title = f"Removed by rule, expected contribution in {currency_of(result)}"
    table = grid(title, "rule", "removed", "expected contribution", "forbids", "it alone", "goes out against it")
    for row in result["rules"]:
        counts = [count(row[key]) for key in ("forbids", "alone", "violations")]
        table.row(row["rule"], count(row["removed"]), f"{row['expected_contribution']:,.2f}", *counts)
    return table


def _segments(result: Mapping[str, Any]) -> Grid:
    channels = list(dict.fromkeys(row["channel"] for row in result["lines"]))
    table = grid("Sent, of those due, by segment", "segment", *channels)
    found: dict[tuple[str, str, bool], float] = {}
    for row in result["cells"]:
        key = (row["segment"], row["channel"], row["outcome"] == "sent")
        found[key] = found.get(key, 0.0) + row["contacts"]
    for segment in dict.fromkeys(row["segment"] for row in result["cells"]):
        cells = []
        for channel in channels:
            sent, removed = (found.get((segment, channel, out), 0.0) for out in (True, False))
            cells.append(f"{count(sent)} of {count(sent + removed)}")
        table.row(segment, *cells)
    return table
