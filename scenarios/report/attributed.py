"""The answer of ``rules``: what each rule removes and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count
from scenarios.report.sections import Cell, Result, Section, Table, cell


def sections(result: Result) -> Sequence[Section]:
    """One table, one chart."""
    text = (
        "Each rule is taken away alone: the same plan, the same past, the same customers and luck. Rules overlap, so "
        "the parts do not add up to what all of them do together."
    )
    return [Section("What each rule is worth", text, _table(result), [lambda: _figure(result)])]


def _table(result: Result) -> Table:
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    rows: list[list[Cell | str]] = [
        [
            row["rule"],
            count(row["contacts_removed"]),
            cell(row["value"]),
            cell(row["contribution"]),
            cell(row["cost"]),
            cell(row["unsubscribes"]),
        ]
        for row in result["rules"]
    ]
    columns = (
        "rule", "contacts kept back", f"value, {currency}", f"contribution, {currency}", f"cost, {currency}",
        "unsubscribes",
    )  # fmt: skip
    note = (
        f"With the rule minus without it: contribution, cost and unsubscribes of the {weeks} weeks, value with what is "
        "left afterwards. A negative number of contacts kept back: the rule makes room for other channels."
    )
    return Table(columns, rows, note)


def _figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    rows = [
        bar_row(row["rule"], row["value"], "plan" if row["value"]["mean"] >= 0 else "current")
        for row in result["rules"]
    ]
    caption = (
        f"Value with the rule minus value without it, horizon and tail together, in {currency}, with its 95% interval. "
        "To the right: the rule earns money; to the left: it costs some."
    )
    spec = charts.bars(rows, f"Worth of the rule, {currency}", "Worth of each rule")
    return Figure("Worth of each rule", caption, [Panel("rules", spec)])
