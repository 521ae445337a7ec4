"""The answer of ``cohorts``: both policies by cohort, the gain, and who still orders."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import count, number, percent
from scenarios.report.sections import Cell, Result, Section, Table, cell

OTHER = {"no_contact": "no contact", "current": "current policy"}


def sections(result: Result) -> Sequence[Section]:
    """Cohorts, then their months."""
    return [
        Section("Cohort by cohort", "", _cohorts(result), [lambda: _figure(result)]),
        Section("Who still orders", "", _ordering(result), page_only=True),
    ]


def _cohorts(result: Result) -> Table:
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    other = OTHER[result["versus"]]
    rows: list[list[Cell | str]] = []
    for row in result["cohorts"]:
        pairs = [
            Cell(text(row["plan"][key]), text(row["other"][key]))
            for key, text in (
                ("orders", number),
                ("ordering", percent),
                ("contacts", number),
                ("opt_outs", percent),
                ("contribution", number),
            )
        ]
        rows.append([row["cohort"], count(row["customers"]), *pairs, cell(row["gain"])])
    columns = (
        "first order", "customers", "orders each", "who order", "contacts each", "opt-outs",
        f"contribution each, {currency}",
        f"gain of the cohort, {currency}",
    )  # fmt: skip
    note = (
        f"Per customer over the {weeks} weeks under the plan; beneath, under {other}. Opt-outs: of customers, from any "
        f"channel. Gain: contribution of the cohort under the plan minus under {other}, paired, with its 95% interval."
    )
    return Table(columns, rows, note)


def _figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    rows = []
    for row in result["cohorts"]:
        each = {key: value / row["customers"] for key, value in row["gain"].items()}
        rows.append(bar_row(row["cohort"], each, "plan" if each["mean"] >= 0 else "current"))
    caption = (
        f"Contribution that the plan adds per customer of each cohort over {OTHER[result['versus']]}, in {currency}, "
        "with its 95% interval. The same customers with the same luck in both worlds."
    )
    title = f"Gain per customer, {currency}"
    return Figure("What the plan adds, cohort by cohort", caption, [Panel("cohorts", charts.bars(rows, title, title))])


def _ordering(result: Result) -> Table:
    rows = result["still_ordering"]
    steps = list(dict.fromkeys((row["from_week"], row["to_week"]) for row in rows))
    shares = {(row["cohort"], row["from_week"]): row for row in rows}
    table: list[list[Cell | str]] = [
        [
            name,
            *(Cell(percent(shares[name, start]["plan"]), percent(shares[name, start]["other"])) for start, _ in steps),
        ]
        for name in dict.fromkeys(row["cohort"] for row in rows)
    ]
    note = (
        "Customers with an order in these weeks, as one real period could show it: whole orders, with their luck. "
        f"Beneath: the same customers under {OTHER[result['versus']]}."
    )
    return Table(("first order", *(f"weeks {start} to {end}" for start, end in steps)), table, note)
