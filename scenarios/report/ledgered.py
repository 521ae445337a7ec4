"""The answer of ``ledger``: who moved because of the plan, and the paired money of these customers."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count
from scenarios.report.sections import Cell, Result, Section, Table, cell

NAMES = {"up": "end in a better segment", "same": "end in the same segment", "down": "end in a worse segment"}
MOST = 12
"""Moves that are shown, the largest first."""


def sections(result: Result) -> Sequence[Section]:
    """Groups, then single moves."""
    return [
        Section("Up, down, or the same", "", _groups(result), [lambda: _figure(result)]),
        Section("The largest moves", "", _moves(result)),
    ]


def _groups(result: Result) -> Table:
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    rows: list[list[Cell | str]] = [
        [NAMES[row["group"]], count(row["customers"]), cell(row["contribution"])] for row in result["groups"]
    ]
    rows.append(
        [Cell("all", strong=True), count(sum(row["customers"] for row in result["groups"])), cell(result["total"])]
    )
    note = f"Paired contribution of the {weeks} weeks of exactly these customers, in {currency}, with its 95% interval."
    return Table(("customers who, because of the plan,", "customers", f"contribution, {currency}"), rows, note)


def _moves(result: Result) -> Table:
    rows: list[list[Cell | str]] = [
        [row["without"], row["with"], count(row["customers"]), cell(row["contribution"])]
        for row in result["moves"][:MOST]
    ]
    columns = ("would have ended in", "end in", "customers", f"contribution, {result['scenario']['currency']}")
    return Table(columns, rows, "Only customers who end in different segments in the two worlds.")


def _figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    tones = {"up": "plan", "same": "grey", "down": "current"}
    rows = [bar_row(NAMES[row["group"]], row["contribution"], tones[row["group"]]) for row in result["groups"]]
    caption = (
        f"Contribution that the plan adds, in {currency}, split by where its customers end, with its 95% interval: the "
        "same customers in both worlds, never an average of a segment times a flow."
    )
    spec = charts.bars(rows, f"Contribution, {currency}", "Contribution by group")
    return Figure("Whose money is it?", caption, [Panel("groups", spec)])
