"""The answer of ``dryrun``: what goes out on a day, what is held back by which rule, and whom that concerns."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel
from scenarios.report.format import Row, count, money, percent
from scenarios.report.sections import Cell, Result, Section, Table


def sections(result: Result) -> Sequence[Section]:
    """Lines, rules, segments."""
    return [
        Section("Contacts of the day", _intro(result), _lines(result)),
        Section("Removed by rule", "", _rules(result), [lambda: _figure(result)]),
        Section("Sent, of those due, by segment", "", _segments(result)),
    ]


def verdict(result: Result) -> str:
    """How much goes out, for what, and which rule removes most."""
    currency, due, sent, removed = _currency(result), result["due"], result["sent"], result["removed"]
    day = result.get("date", "the first day")
    text = (
        f"{count(sent['contacts'])} of {count(due['contacts'])} contacts that are due on {day} go out, to "
        f"{count(sent['customers'])} of {count(result['scenario']['base_customers'])} customers, for "
        f"{money(sent['cost'], currency)}; expected contribution {money(sent['expected_contribution'], currency)}."
    )
    if not removed["contacts"]:
        return f"{text} No rule removes any."
    most = max(result["rules"], key=lambda row: float(row["removed"]))
    return (
        f"{text} {count(removed['contacts'])} are removed, most of them ({count(most['removed'])}) by "
        f"“{most['rule']}”; expected contribution {money(removed['expected_contribution'], currency)}."
    )


def _currency(result: Result) -> str:
    return str(result["scenario"]["currency"])


def _intro(result: Result) -> str:
    past = {
        "messages": "Past contacts are those of the messages.",
        "as the current policy leaves them": "Past contacts are as the current policy leaves them.",
    }
    return (
        f"Plan: {result['plan_name']}. {past[result['past_contacts']]} No behaviour is simulated: each customer of the "
        "base stands there once, as the orders have left them."
    )


def _lines(result: Result) -> Table:
    rows: list[list[Cell | str]] = [
        [
            row["line"],
            row["channel"],
            count(row["due"]),
            count(row["sent"]),
            percent(row["sent"] / row["due"]) if row["due"] else "",
            f"{row['expected_contribution']:,.2f}",
        ]
        for row in result["lines"]
    ]
    columns = ("line", "channel", "due", "sent", "of those due", f"expected contribution, {_currency(result)}")
    return Table(columns, rows, "Expected contribution: of the contacts that go out, their unit cost taken off.")


def _rules(result: Result) -> Table:
    rows: list[list[Cell | str]] = [
        [
            row["rule"],
            count(row["removed"]),
            f"{row['expected_contribution']:,.2f}",
            *(count(row[key]) for key in ("forbids", "alone", "violations")),
        ]
        for row in result["rules"]
    ]
    columns = (
        "rule", "removed", f"expected contribution, {_currency(result)}", "forbids", "it alone", "goes out against it",
    )  # fmt: skip
    note = (
        "Removed: by this rule as the first one that forbids, in the order of the table. Forbids: whether or not "
        "another rule does so too. It alone: no other rule forbids. Goes out against it: of rules that only report."
    )
    return Table(columns, rows, note)


def _segments(result: Result) -> Table:
    channels = list(dict.fromkeys(row["channel"] for row in result["lines"]))
    found: dict[tuple[str, str, bool], float] = {}
    for row in result["cells"]:
        key = (row["segment"], row["channel"], row["outcome"] == "sent")
        found[key] = found.get(key, 0.0) + row["contacts"]
    rows: list[list[Cell | str]] = []
    for segment in dict.fromkeys(row["segment"] for row in result["cells"]):
        pairs = [[found.get((segment, channel, out), 0.0) for out in (True, False)] for channel in channels]
        rows.append([segment, *(f"{count(sent)} of {count(sent + removed)}" for sent, removed in pairs)])
    return Table(("segment", *channels), rows)


def _figure(result: Result) -> Figure | None:
    rows: list[Row] = [
        {"label": row["rule"], "tone": "plan", "mean": row["removed"], "text": count(row["removed"])}
        for row in result["rules"]
        if row["removed"]
    ]
    if not rows:
        return None
    caption = (
        "Contacts of the day that each rule removes, whole base. These are counts of the customers as they stand on "
        "that morning, without an error. Rules that remove none are left out."
    )
    spec = charts.bars(rows, "Contacts removed", "Contacts removed by each rule")
    return Figure("Which rule removes how many", caption, [Panel("rules", spec)])
