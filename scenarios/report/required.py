"""The answer of ``require``: what the goal needs, and what other budgets reach."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import curves
from scenarios.report.figures import Figure, Panel, ends
from scenarios.report.format import count, frequency, number, stated
from scenarios.report.sections import Cell, Result, Section, Table, cell, share_cell


def sections(result: Result) -> Sequence[Section]:
    """Needs, plan, budgets that were tried."""
    return [
        Section("What the goal needs", "", _needs(result)),
        Section("The plan", "", _plan(result)),
        Section("What other budgets reach", "", _steps(result), [lambda: _figure(result)]),
    ]


def _needs(result: Result) -> Table:
    currency, goal = result["scenario"]["currency"], result["goal"]
    rows: list[list[Cell | str]] = [
        [f"budget, {currency}", count(result["budget"]), number(result["current"]["cost"])],
        [
            f"{goal['measure']} over no contact, {goal['unit']}",
            cell(result["reached"]),
            cell(result["current"][goal["measure"]]),
        ],
        ["list lost", share_cell(result["list_lost_share"]), ""],
    ]
    rows += [[f"{name}, contacts a week", count(many), ""] for name, many in result["contacts_per_week"].items()]
    rows += [[f"{name}, busiest week", count(many), ""] for name, many in result.get("capacity_per_week", {}).items()]
    return Table(("what", "needed", "now"), rows + _delivery(result), _needs_note(result))


def _delivery(result: Result) -> list[list[Cell | str]]:
    """Throughput and seats, beside those there are."""
    delivery = result.get("delivery", {})
    rows: list[list[Cell | str]] = [
        [
            f"{row['channel']}, messages an hour",
            count(row["per_hour_needed"]) if "per_hour_needed" in row else "another send window",
            count(row["per_hour"]),
        ]
        for row in delivery.get("channels", [])
    ]
    if calls := delivery.get("calls"):
        needed = str(calls["seats_needed"]) if "seats_needed" in calls else "more than can be tried"
        rows.append(["call centre, seats", needed, str(calls["seats"])])
    return rows


def _needs_note(result: Result) -> str:
    delivery = result.get("delivery")
    note = "On draws that no search has seen. Now: the current policy, and what the scenario has."
    if not delivery:
        return note
    played = f" Played through {delivery['weeks']} weeks: {stated(delivery['target_share'])} of the messages in time"
    if calls := delivery.get("calls"):
        level, minutes = stated(calls["service_level"]), calls["answer_within_minutes"]
        played += f", {level} of the calls answered within {minutes:g} min"
    return f"{note}{played}."


def _plan(result: Result) -> Table:
    rows = result["plan"]
    channels = list(dict.fromkeys(row["channel"] for row in rows))
    rates = {(row["segment"], row["channel"]): frequency(row["per_week"]) for row in rows}
    segments = dict.fromkeys(row["segment"] for row in rows)
    table = [[segment, *(rates[segment, channel] for channel in channels)] for segment in segments]
    return Table(("segment, contacts a week", *channels), table)


def _steps(result: Result) -> Table:
    goal, currency = result["goal"], result["scenario"]["currency"]
    rows = [
        [
            Cell(number(row["budget"]), strong=bool(row["reaches"])),
            cell(row[goal["measure"]]),
            number(row["cost"]),
            share_cell(row["list_lost_share"]),
            "yes" if row["reaches"] else "no",
        ]
        for row in result["steps"]
    ]
    columns = (f"budget, {currency}", f"{goal['measure']}, {goal['unit']}", f"spent, {currency}", "list lost", "enough")
    return Table(columns, rows, "The best plan within each budget, on customers the search has not seen.")


def _figure(result: Result) -> Figure:
    goal, currency = result["goal"], result["scenario"]["currency"]
    measure = goal["measure"]
    rows = [
        {
            "x": number(row["budget"]),
            **ends(row[measure]),
            "tone": "plan" if row["reaches"] else "grey",
        }
        for row in result["steps"]
    ]
    title = f"{measure.capitalize()}, {goal['unit']}"
    spec = curves.curve(rows, f"Budget, {currency}", title, title)
    caption = (
        f"{measure.capitalize()} over no contact of the best plan within each budget tried, {goal['unit']}. Coloured: "
        f"enough for the goal of {number(goal['target'])}. The upright line through a point is its 95% interval; all "
        "points share customers and luck, so differences between them are known better. The budgets stand in order, "
        "not to scale; the axis does not start at zero."
    )
    return Figure("Budget and result", caption, [Panel("budgets", spec)])
