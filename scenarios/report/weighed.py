"""The answer of ``sensitivity``: the choices, what knowing is worth, where the doubt comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import number, percent
from scenarios.report.sections import Cell, Result, Section, Table, cell, share_cell

MOST = 12
"""Unknowns that are shown; the table of all is among the files."""


def sections(result: Result) -> Sequence[Section]:
    """Choices, worth of knowing, low and high, Sobol shares."""
    return [
        Section("The choices under all unknowns", _intro(result), _choices(result)),
        Section("Which one to find out first", "", _knowing(result), [lambda: _knowing_figure(result)]),
        Section("One at a time", "", _ends(result)),
        Section("Where the doubt comes from", "", _shares(result), [lambda: _share_figure(result)]),
    ]


def _intro(result: Result) -> str:
    return (
        f"{result['independent_worlds']} independent worlds, drawn from the intervals of the assumptions (a triangle "
        "over low, stated value and high) and from four explanations of fatigue. In each of them the same customers "
        "with the same luck live under every choice; after the horizon all go on under the current policy. Order "
        "process and spend are those of the fit."
    )


def _choices(result: Result) -> Table:
    currency = result["scenario"]["currency"]
    rows: list[list[Cell | str]] = [
        [
            Cell(row["name"], strong=row["name"] == result["best"]),
            cell(row.get("stated_interval", {"mean": row["stated"]})),
            Cell(number(row["mean"]), f"{number(row['parameter_low'])} to {number(row['parameter_high'])}"),
            percent(row["best_in"]),
        ]
        for row in result["choices"]
    ]
    columns = ("choice", f"value as stated, {currency}", f"value on average, {currency}", "best in, of the worlds")
    note = (
        "Over no contact, horizon and tail together. Beneath the value as stated: its 95% interval from the "
        "simulation. Beneath the average: 95% of the worlds lie there."
    )
    return Table(columns, rows, note)


def _knowing(result: Result) -> Table:
    currency = result["scenario"]["currency"]
    ranked = sorted(result["unknowns"], key=lambda row: -float(row["knowing"]["mean"]))[:MOST]
    rows: list[list[Cell | str]] = [
        [Cell(row["label"], _place(row)), row["origin"], cell(row["knowing"]), percent(row["changes_choice"])]
        for row in ranked
    ]
    everything = result.get("knowing_all_interval", {"mean": result["knowing_all"]})
    rows.append([Cell("everything", strong=True), "", cell(everything), ""])
    columns = ("unknown", "origin", f"worth of knowing it, {currency}", "would change the choice, of the worlds")
    note = (
        "What the choice gains on average if this one number is known before choosing, and nothing else is (expected "
        "value of partial perfect information). 0: the same choice is best whatever it is, or the worlds cannot tell. "
        "Beneath: 95% interval over the drawn worlds. The parts do not add up to everything."
    )
    return Table(columns, rows, note)


def _place(row: Mapping[str, Any]) -> str:
    """The key in the scenario file, where it is one."""
    return row["key"] if "." in row["key"] else ""


def _knowing_figure(result: Result) -> Figure | None:
    ranked = sorted(result["unknowns"], key=lambda row: -float(row["knowing"]["mean"]))
    rows = [bar_row(row["label"], row["knowing"], "plan") for row in ranked if row["knowing"]["mean"] > 0][:8]
    if not rows:
        return None
    title = f"Worth of knowing, {result['scenario']['currency']}"
    caption = (
        "What finding out one unknown before choosing is worth, with its 95% interval over the drawn worlds: the most "
        "that a test of it may cost."
    )
    return Figure("What a test may cost", caption, [Panel("knowing", charts.bars(rows, title, title))])


def _ends(result: Result) -> Table:
    currency, best = result["scenario"]["currency"], result["best_as_stated"]
    rows: list[list[Cell | str]] = []
    for row in result["unknowns"][:MOST]:
        for place, end in enumerate(row["at"]):
            others = {name: value for name, value in end["values"].items() if name != best}
            lead = end.get("lead", {"mean": end["values"][best] - max(others.values())})
            value = end.get("stated_best", {"mean": end["values"][best]})
            changed = "" if end["best"] == best else end["best"]
            name = row["label"] if place == 0 else ""
            rows.append([name, end["setting"], cell(value), cell(lead), Cell(changed, strong=True)])
    columns = ("unknown", "at", f"value of “{best}”, {currency}", f"its lead, {currency}", "best instead")
    note = (
        "One unknown at its low and high (fatigue: under each preset), all others as stated; those first that move the "
        "difference between choices most. Lead: over the best of the other choices; negative where another is better. "
        "Beneath: 95% interval from the simulation."
    )
    return Table(columns, rows, note)


def _shares(result: Result) -> Table | None:
    named = _with_shares(result)
    if not named:
        return None
    rows: list[list[Cell | str]] = [[name, share_cell(first, 0), share_cell(total, 0)] for name, first, total in named]
    columns = ("unknown", "alone", "with all it takes part in")
    note = (
        f"Sobol indices: shares of the variance, over the worlds, of the difference between “{result['best']}” and "
        f"“{result['rival']}”. Beneath: 95% bootstrap intervals; more worlds (--samples) make them narrower. Where "
        "“alone” adds up to much less than 100%, unknowns act together."
    )
    return Table(columns, rows, note)


def _share_figure(result: Result) -> Figure | None:
    named = _with_shares(result)
    if not named:
        return None
    scaled = [(name, {key: 100 * value for key, value in total.items()}) for name, _, total in named]
    rows = [bar_row(name, total, "grey" if name.startswith("all ") else "plan") for name, total in scaled]
    title = "Share of the doubt it takes part in, %"
    caption = (
        f"Total Sobol index of each unknown for the difference between “{result['best']}” and “{result['rival']}”, in "
        "%, with its 95% bootstrap interval. An unknown may carry most of the doubt and still be worth nothing to "
        "know: when the same choice is best at both of its ends."
    )
    return Figure("Doubt about the difference", caption, [Panel("shares", charts.bars(rows, title, title))])


def _with_shares(result: Result) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    named = [(row["label"], row["first"], row["total"]) for row in result["unknowns"] if "total" in row]
    named.sort(key=lambda row: -float(row[2]["mean"]))
    others = result.get("others", {})
    if "total" in others:
        named.append((f"all {result['other_unknowns']} others together", others["first"], others["total"]))
    return named
