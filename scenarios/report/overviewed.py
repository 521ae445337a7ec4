"""The page over several runs: what each says, what their plans are worth, and the plans side by side."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count, frequency, number
from scenarios.report.sections import Cell, Result, Section, Table, cell


def sections(result: Result) -> Sequence[Section]:
    """Runs, their money, their plans."""
    valued = [row for row in result["runs"] if "value" in row]
    found = [Section("The runs", "", _runs(result))]
    if valued:
        found.append(
            Section(
                "What the plans are worth",
                "",
                _money(valued),
                [lambda: _figure(valued) if result["comparable"] else None],
            )
        )
    if len(valued) > 1:
        found.append(_plans(result, valued))
    return found


def _runs(result: Result) -> Table:
    rows: list[list[Cell | str]] = [
        [Cell(row["name"], row["kind"], href=row["page"]), Cell(row["says"] or "see its page", row["scenario"])]
        for row in result["runs"]
    ]
    return Table(("run", "says"), rows, "A name leads to the run's own page.", words=True)


def _money(valued: Sequence[Result]) -> Table:
    rows: list[list[Cell | str]] = [
        [
            Cell(row["name"], row["plan_name"], href=row["page"]),
            row["currency"],
            cell(row["value"]),
            cell(row["contribution"]),
            number(row["cost"]),
            count(row["unsubscribes"]),
            f"{row['weeks']} + {row.get('tail_weeks', 0)}",
            str(row.get("seed", "")),
        ]
        for row in valued
    ]
    columns = ("run", "money in", "value", "contribution", "cost of contacts", "unsubscribes", "weeks + tail", "seed")
    note = (
        "Over no contact; value: horizon and tail together. Beneath a number: its own 95% interval from the "
        "simulation. Runs with another seed, scenario or number of customers are not paired."
    )
    return Table(columns, rows, note)


def _figure(valued: Sequence[Result]) -> Figure:
    best = max(float(row["value"]["mean"]) for row in valued)
    rows = [bar_row(row["name"], row["value"], "plan" if row["value"]["mean"] == best else "grey") for row in valued]
    title = f"Value over no contact, {valued[0]['currency']}"
    caption = (
        "Value of each run's plan over no contact, horizon and tail together, with its 95% interval from the "
        "simulation. The greatest one is coloured."
    )
    return Figure("Side by side", caption, [Panel("overview", charts.bars(rows, title, title))])


def _plans(result: Result, valued: Sequence[Result]) -> Section:
    """Only where plans differ: the rest is said in a sentence."""
    places = [row["directory"] for row in valued]
    told = [[frequency(row["per_week"][p]) if p in row["per_week"] else "" for p in places] for row in result["plans"]]
    rows: list[list[Cell | str]] = [
        [Cell(row["segment"], row["channel"]), *texts]
        for row, texts in zip(result["plans"], told, strict=True)
        if len(set(texts)) > 1
    ]
    same = len(told) - len(rows)
    text = f"Contacts a week where the plans differ; in {same} of {len(told)} places all are alike."
    if not rows:
        return Section("The plans", "All plans ask for the same contacts.")
    return Section("The plans", text, Table(("segment and channel", *(row["name"] for row in valued)), rows))
