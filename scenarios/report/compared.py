"""The answer of ``compare``: what each alternative is worth, how they differ, what each one changes."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.compared_messages import campaigns, messages, prices
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count, scalar
from scenarios.report.sections import Cell, Result, Section, Table, cell, share_cell


def sections(result: Result) -> Sequence[Section]:
    """Worth, differences, changes."""
    rows = result["alternatives"]
    first = rows[0]["name"]
    found = [Section("What each is worth", _intro(result), _worth(result), [lambda: _worth_figure(result)])]
    if len(rows) > 1:
        title = f"Difference to {first}"
        found.append(Section(title, "", _differences(result, first), [lambda: _gap_figure(result, first)]))
    found += [section for part in (prices, messages, campaigns) if (section := part(result)) is not None]
    changed = [row for row in rows if row["changes"]]
    if changed:
        listed = [
            (row["name"], change["key"], scalar(change.get("old", "")), scalar(change.get("new", "")))
            for row in changed
            for change in row["changes"]
        ]
        found.append(Section("What they change", "", Table(("alternative", "setting", f"in {first}", "here"), listed)))
    return found


def _intro(result: Result) -> str:
    past = {
        "first": f"All start from what the current policy and the rules of {result['alternatives'][0]['name']} have "
        "left behind; what differs holds from the first day on.",
        "own": "Each starts from what its own current policy and rules have left behind.",
    }
    return f"Over no contact. {past[result['past']]}"


def _worth(result: Result) -> Table:
    currency = result["scenario"]["currency"]
    rows: list[list[Cell | str]] = [
        [
            Cell(row["name"], strong=row["name"] == result["winner"]),
            cell(row["value"]),
            cell(row["contribution"]),
            cell(row["orders"]),
            cell(row["cost"]),
            count(sum(row["contacts"].values())),
            cell(row["unsubscribes"]),
            share_cell(row["list_lost_share"], 2),
        ]
        for row in result["alternatives"]
    ]
    columns = (
        "alternative", f"value, {currency}", f"contribution, {currency}", "orders",
        f"cost, {currency}", "contacts", "unsubscribes", "list lost",
    )  # fmt: skip
    note = (
        "Beneath: 95% interval of the simulation. List lost: unsubscribes as a share of all "
        "subscriptions at the start, over all channels."
    )
    return Table(columns, rows, note)


def _differences(result: Result, first: str) -> Table:
    currency = result["scenario"]["currency"]
    rows = [
        [
            row["name"],
            cell(row["minus_first"]["value"]),
            cell(row["minus_first"]["contribution"]),
            cell(row["minus_first"]["tail"]),
            cell(row["minus_first"]["cost"]),
            cell(row["minus_first"]["unsubscribes"]),
            cell(row["winner_minus_this"]["value"]),
        ]
        for row in result["alternatives"][1:]
    ]
    columns = (
        "alternative", f"value, {currency}", f"contribution, {currency}", f"after it, {currency}",
        f"cost, {currency}", "unsubscribes", f"the best is better by, {currency}",
    )  # fmt: skip
    return Table(columns, rows, f"More (or less) than {first}, customer by customer, with the 95% interval.")


def _worth_figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    rows = [
        bar_row(row["name"], row["value"], "plan" if row["name"] == result["winner"] else "grey")
        for row in result["alternatives"]
    ]
    caption = (
        f"Value of each alternative over no contact, horizon and tail together, in {currency}. The thin line at the "
        "end of a bar is its 95% interval. The best one is coloured."
    )
    spec = charts.bars(rows, f"Value over no contact, {currency}", "Value of each alternative")
    return Figure("Value over no contact", caption, [Panel("worth", spec)])


def _gap_figure(result: Result, first: str) -> Figure:
    currency = result["scenario"]["currency"]
    rows = [
        bar_row(row["name"], row["minus_first"]["value"], "plan" if row["name"] == result["winner"] else "grey")
        for row in result["alternatives"][1:]
    ]
    caption = (
        f"How much more or less than {first} each alternative is worth, in {currency}, with its 95% interval. Where "
        "the interval holds zero, the simulation cannot tell the two apart."
    )
    spec = charts.bars(rows, f"Difference, {currency}", f"Difference to {first}")
    return Figure(f"More than {first}", caption, [Panel("gap", spec)])
