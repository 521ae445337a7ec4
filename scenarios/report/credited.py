"""The answer of ``credit``: what each channel, offer and campaign brings, alone, by its absence, and fairly shared."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.sections import Cell, Result, Section, Table, cell

WAYS = {"alone": "alone", "left_out": "missing without it", "fair": "fair share"}


def sections(result: Result) -> Sequence[Section]:
    """Value by part, then what lies behind it."""
    text = (
        "The same plan on the same customers with the same luck, put together from its parts in different ways. Alone: "
        "what the part would bring if it were the whole plan. Missing without it: what the plan would lose. Channels "
        "share fatigue, room under the caps, and the customers who would order: so the two differ, and neither adds up."
    )
    behind = Section("What lies behind it", "", _behind(result))
    return [Section("What each part brings", text, _value(result), [lambda: _figure(result)]), behind]


def _ways(result: Result) -> list[str]:
    return [way for way in WAYS if way in result["parts"][0]]


def _value(result: Result) -> Table:
    currency, ways = result["scenario"]["currency"], _ways(result)
    rows: list[list[Cell | str]] = [
        [row["part"], row["kind"], *(cell(row[way]["value"]) for way in ways)] for row in result["parts"]
    ]
    sums = result.get("sums", {})
    if sums:
        rows.append(["sum of the parts", "", *(cell(sums[way]["value"]) for way in ways)])
    rows.append([Cell("the whole plan", strong=True), "", *(cell(result["whole"]["value"]) for _ in ways)])
    columns = ("part", "kind", *(f"{WAYS[way]}, {currency}" for way in ways))
    fair = (
        " Fair share (Shapley): what the part adds, averaged over all orders in which the parts could be put together; "
        "the shares add up to the whole."
        if "fair" in ways
        else " With more than five parts not all combinations are simulated, and there is no fair share."
    )
    return Table(
        columns, rows, f"Value over no contact, horizon and tail together. Beneath: 95% interval, paired.{fair}"
    )


def _behind(result: Result) -> Table:
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    rows = [
        [row["part"], *(cell(row["left_out"][measure]) for measure in ("contribution", "cost", "unsubscribes"))]
        for row in result["parts"]
    ]
    columns = ("part", f"contribution, {currency}", f"cost of contacts, {currency}", "unsubscribes")
    note = (
        f"With the part minus without it, over the {weeks} weeks. Where the cost of a channel's absence is less than "
        "its own bill, other channels send more in its place."
    )
    return Table(columns, rows, note)


def _figure(result: Result) -> Figure:
    currency, way = result["scenario"]["currency"], _ways(result)[-1]
    rows = [
        bar_row(row["part"], row[way]["value"], "plan" if row[way]["value"]["mean"] >= 0 else "current")
        for row in result["parts"]
    ]
    title = f"{WAYS[way].capitalize()} of the value, {currency}"
    caption = (
        f"Value over no contact, horizon and tail together, in {currency}: {WAYS[way]} of each part, with its 95% "
        "interval. To the left of zero: the plan would be worth more without it."
    )
    return Figure("Through what does the money come?", caption, [Panel("parts", charts.bars(rows, title, title))])
