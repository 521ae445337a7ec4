"""The answer of ``cohorts``: both policies by cohort, the gain, and who still orders."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel, bar_row
from scenarios.report.format import Row, count
from scenarios.report.sections import Cell, Result, Section, Table, cell, share_cell

OTHER = {"no_contact": "no contact", "current": "current policy"}


WORLDS = ("plan", "other")


def sections(result: Result) -> Sequence[Section]:
    """The gain by cohort, both policies, then who orders month by month."""
    return [
        Section("What the plan adds", "", _gains(result), [lambda: _figure(result)]),
        Section("Under both policies", "", _cohorts(result)),
        Section("Who still orders", "", _ordering(result), page_only=True),
    ]


def _gains(result: Result) -> Table:
    currency, weeks, other = result["scenario"]["currency"], result["scenario"]["weeks"], OTHER[result["versus"]]
    rows = [
        [row["cohort"], count(row["customers"]), cell(row["gain"]), cell(_per_customer(row))]
        for row in result["cohorts"]
    ]
    columns = ("first order", "customers", f"contribution added, {currency}", f"per customer, {currency}")
    note = (
        f"Contribution of the {weeks} weeks under the plan minus that under {other}: the same customers with the same "
        "luck. Beneath: 95% interval of the simulation."
    )
    return Table(columns, rows, note)


def _per_customer(row: Row) -> Row:
    return {key: value / row["customers"] for key, value in row["gain"].items()}


def _cohorts(result: Result) -> Table:
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    rows: list[list[Cell | str]] = [
        [
            f"{row['cohort']}, {name}",
            cell(_known(row[world]["orders"])),
            share_cell(_known(row[world]["ordering"])),
            cell(_known(row[world]["contacts"])),
            share_cell(_known(row[world]["opt_outs"])),
            cell(_known(row[world]["contribution"])),
        ]
        for row in result["cohorts"]
        for world, name in zip(WORLDS, _names(result), strict=True)
    ]
    columns = (
        "first order, policy", "orders each", "who order", "contacts each", "opt-outs",
        f"contribution each, {currency}",
    )  # fmt: skip
    note = (
        f"Per customer over the {weeks} weeks. Opt-outs: of customers, from any channel. Beneath: 95% interval; it is "
        "wide because customers differ, while the difference between the policies is known better (above)."
    )
    return Table(columns, rows, note)


def _names(result: Result) -> tuple[str, str]:
    return "plan", OTHER[result["versus"]]


def _known(value: Row | float) -> Row:
    """An estimate; a bare number of an older run has no interval."""
    return value if isinstance(value, dict) else {"mean": value}


def _figure(result: Result) -> Figure:
    currency = result["scenario"]["currency"]
    rows = []
    for row in result["cohorts"]:
        each = _per_customer(row)
        rows.append(bar_row(row["cohort"], each, "plan" if each["mean"] >= 0 else "current"))
    caption = (
        f"Contribution that the plan adds per customer of each cohort over {OTHER[result['versus']]}, in {currency}, "
        "with its 95% interval. The same customers with the same luck in both worlds. Where the plan loses, the "
        "bar has the other colour."
    )
    title = f"Gain per customer, {currency}"
    return Figure("What the plan adds, cohort by cohort", caption, [Panel("cohorts", charts.bars(rows, title, title))])


def _ordering(result: Result) -> Table:
    rows = result["still_ordering"]
    steps = list(dict.fromkeys((row["from_week"], row["to_week"]) for row in rows))
    shares = {(row["cohort"], row["from_week"]): row for row in rows}
    table: list[list[Cell | str]] = [
        [f"{cohort}, {name}", *(share_cell(_known(shares[cohort, start][world])) for start, _ in steps)]
        for cohort in dict.fromkeys(row["cohort"] for row in rows)
        for world, name in zip(WORLDS, _names(result), strict=True)
    ]
    note = (
        "Customers with an order in these weeks, as one real period could show it: whole orders, with their luck. "
        "Beneath: 95% interval."
    )
    return Table(("first order, policy", *(f"weeks {start} to {end}" for start, end in steps)), table, note)
