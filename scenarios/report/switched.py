"""The answer of ``before-after``: what it seems, what it is, by measure, segment and channel."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count
from scenarios.report.sections import Cell, Result, Section, Table, cell

PARTS = {"seems": "before/after", "effect": "effect of the change", "anyway": "would have come anyway"}


def sections(result: Result) -> Sequence[Section]:
    """Measures, segments, channels."""
    weeks = result["period_weeks"]
    text = (
        f"{weeks} weeks under the current policy, then {weeks} under the plan; the twin: the same customers with the "
        "same luck stay under the current policy. Before/after = effect of the change + what would have come anyway."
    )
    return [
        Section("Before, after, and the twin", text, _measures(result), [lambda: _figure(result)]),
        Section("By segment", "", _segments(result), [lambda: _segment_figure(result)]),
        Section("By channel", "", _channels(result)),
    ]


def _measures(result: Result) -> Table:
    currency = result["scenario"]["currency"]
    units = {"orders": "", "unsubscribes": ""}
    rows: list[list[Cell | str]] = []
    for row in result["measures"]:
        unit = units.get(row["measure"], f", {currency}")
        name = Cell(f"{row['measure']}{unit}", strong=row["measure"] == "contribution")
        keys = ("before", "after", "after_without", "seems", "anyway", "effect")
        rows.append([name, *(cell(row[key]) for key in keys)])
    columns = ("what", "before", "after", "after, twin", "after − before", "twin − before", "after − twin: the effect")
    note = (
        "Totals of the base, expected numbers without discounting. Beneath: 95% interval of the simulation. What "
        "single real periods show varies more."
    )
    return Table(columns, rows, note)


def _figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    row = next(row for row in result["measures"] if row["measure"] == "contribution")
    tones = {"seems": "grey", "anyway": "current", "effect": "plan"}
    rows = [bar_row(PARTS[key], row[key], tones[key]) for key in ("seems", "anyway", "effect")]
    title = f"Contribution, {currency}"
    caption = (
        f"Contribution in {currency}, with its 95% interval: the difference between the two periods, and the two parts "
        "it is the sum of. Only the last one is due to the change."
    )
    return Figure("What it seems and what it is", caption, [Panel("seems", charts.bars(rows, title, title))])


def _segments(result: Result) -> Table:
    currency = result["scenario"]["currency"]
    rows: list[list[Cell | str]] = [
        [row["segment"], count(row["customers"]), *(cell(row[key]) for key in ("before", "after", *PARTS))]
        for row in result["segments"]
    ]
    columns = ("segment on the day of the change", "customers", "before", "after", *PARTS.values())
    return Table(columns, rows, f"Contribution in {currency} of exactly these customers in both periods.")


def _segment_figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    panels = []
    for key, tone in (("seems", "grey"), ("effect", "plan")):
        rows = [bar_row(row["segment"], row[key], tone) for row in result["segments"]]
        title = f"{PARTS[key].capitalize()}, {currency}"
        panels.append(Panel(f"segments-{key}", charts.bars(rows, title, title), PARTS[key].capitalize()))
    caption = (
        f"Contribution by segment in {currency}, with 95% intervals: above what before/after says, beneath what the "
        "change does. Each panel has its own scale."
    )
    return Figure("Segments fall and rise by themselves", caption, panels)


def _channels(result: Result) -> Table:
    rows: list[list[Cell | str]] = [
        [
            row["channel"],
            *(count(row[when]["contacts"]) for when in ("before", "after", "after_without")),
            *(count(row[when]["unsubscribes"]) for when in ("before", "after", "after_without")),
        ]
        for row in result["channels"]
    ]
    columns = (
        "channel", "contacts before", "contacts after", "contacts after, twin",
        "unsubscribes before", "unsubscribes after", "unsubscribes after, twin",
    )  # fmt: skip
    return Table(columns, rows, "Unsubscribes fall by themselves too: those who leave easily have left.")
