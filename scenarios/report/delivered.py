"""The answer of ``deliver``: channels, calls, what could be carried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel
from scenarios.report.format import Row, count, number, percent, stated
from scenarios.report.sections import Cell, Result, Section, Table

MOST = 8.0
"""Largest multiple of the calls that is tried."""


def sections(result: Result) -> Sequence[Section]:
    """Sending, calls."""
    found = []
    if result["channels"]:
        found.append(Section("Sending", _intro(result), _channels(result), [lambda: _figure(result)]))
    if "calls" in result:
        found.append(Section("Calls", "", _calls(result)))
    return found


def _intro(result: Result) -> str:
    free = result["not_limited"]
    rest = f" Not limited, and left out here: {', '.join(free)}." if free else ""
    return (
        f"Contacts of the first {result['delivery_weeks']} weeks, due when their day opens. Segments are served in the "
        f"order of the scenario, within them the oldest first; what does not leave before closing waits.{rest}"
    )


def _channels(result: Result) -> Table:
    target = stated(result["target_share"])
    rows: list[list[Cell | str]] = [
        [
            row["channel"],
            count(row["contacts"]),
            _on_time(row),
            number(row["delay_hours_p95"]),
            count(row["lost"]),
            count(row["waiting"]),
            count(row["per_hour"]),
            count(row["per_hour_needed"]) if "per_hour_needed" in row else "window too short",
            count(row["capacity_per_week"]),
            percent(row["share_used"]),
        ]
        for row in result["channels"]
    ]
    columns = (
        "channel", "contacts", "on time", "95% gone after, hours", "lost", "still waiting", "per hour",
        f"per hour for {target}", "capacity a week", "used",
    )  # fmt: skip
    note = (
        "Lost: failed to the last retry. Capacity a week: throughput × open hours / attempts per message; it is in "
        "capacity.toml as a limit for the search. Used: of the busiest week."
    )
    return Table(columns, rows, note)


def _on_time(row: Row) -> Cell:
    low, high = (percent(row[key]) if key in row else "" for key in ("on_time_low", "on_time_high"))
    return Cell(percent(row["on_time_share"]), f"{low} to {high}" if low != high else "")


def _span(row: Row) -> Row:
    """Ends of the thin line of a bar, in percent."""
    low, high = row.get("on_time_low", 0.0), row.get("on_time_high", 0.0)
    if percent(low) == percent(high):
        return {}
    return {"low": 100 * low, "high": 100 * high, "span": f"{percent(low)} to {percent(high)}"}


def _bearable(multiple: float) -> str:
    """Multiples up to eight are tried."""
    return "800% or more" if multiple >= MOST else percent(multiple)


def _calls(result: Result) -> Table:
    calls = result["calls"]
    within = f"{calls['answer_within_minutes']:g} min"
    rows: list[list[Cell | str]] = [
        ["calls in opening hours", _ranged(calls, "calls", count)],
        ["calls outside them, not answered", _ranged(calls, "outside_hours", count)],
        [f"answered within {within}", _ranged(calls, "answered_in_time", percent)],
        ["given up waiting", _ranged(calls, "abandoned", percent)],
        ["mean wait, minutes", _ranged(calls, "mean_wait_minutes", number)],
        ["share of their time that seats are on the phone", _ranged(calls, "share_busy", percent)],
        ["seats", count(calls["seats"])],
        [
            f"seats that answer {stated(calls['service_level'])} within {within}",
            count(calls["seats_needed"]) if "seats_needed" in calls else "more than can be tried",
        ],
        ["calls the seats can bear, of this plan's", _bearable(calls["bearable_share_of_plan"])],
    ]
    rows += [[f"{name}: contacts a week they can bear", count(v)] for name, v in calls["capacity_per_week"].items()]
    runs = calls.get("runs", 1)
    note = (
        f"Mean of {runs} times the same weeks with other arrivals and lengths of calls; beneath, the range of single "
        "times. Needed seats and what they can bear are those at which the mean keeps the service level."
        if runs > 1
        else "One run of the queue with random arrivals and lengths of calls."
    )
    return Table(("calls", "number"), rows, note)


def _ranged(calls: Row, key: str, text: Callable[[float], str]) -> Cell:
    """The mean of the runs, and their range where they differ."""
    mean = float(calls[key])
    ends = (f"{key}_low", f"{key}_high")
    low, high = (text(float(calls.get(end, mean))) for end in ends)
    return Cell(text(mean), f"{low} to {high}" if low != high else "")


def _figure(result: Result) -> Figure:
    rows = [
        {
            "label": row["channel"],
            "tone": "plan" if row["on_time_share"] >= result["target_share"] else "grey",
            "mean": 100 * row["on_time_share"],
            **_span(row),
            "text": percent(row["on_time_share"]),
        }
        for row in result["channels"]
    ]
    spec = charts.bars(rows, "Delivered on time, % of contacts", "Share delivered on time by channel")
    caption = (
        f"Share of the contacts that leave within their time. Coloured: {stated(result['target_share'])} or more. Thin "
        "line: 95% interval, from how far the share swings between the days of this calendar."
    )
    return Figure("Delivered on time", caption, [Panel("on-time", spec)])
