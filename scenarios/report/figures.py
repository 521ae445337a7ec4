"""Which charts the page has: a heading, one or many panels, a legend, and a sentence that says what is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scenarios.report import charts
from scenarios.report.format import Row, count, estimate_text, headline, money, words
from scenarios.report.tables import channel_names, in_order, segment_names
from scenarios.report.verdict import COMPARED_WITH, comparison, subject

WORLD_NAMES = {"plan": "this plan", "current": "current policy", "no_contact": "no contact"}


@dataclass(frozen=True)
class Panel:
    """One chart of a figure."""

    key: str
    """Place of its specification in the page's data; made by us, never from user text."""
    spec: charts.Spec
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """One or more panels that are read together."""

    title: str
    caption: str
    panels: list[Panel]
    legend: list[tuple[str, str]] = field(default_factory=list)
    """(style, label); styles: plan, current, no_contact, tail, actual."""


def money_figure(result: Row) -> Figure | None:
    """Where the value against the headline's comparison comes from: the horizon and what is left after it."""
    versus, currency = comparison(result), result["scenario"]["currency"]
    if versus is None or versus not in result.get("value", {}):
        return None
    weeks = result["scenario"]["weeks"]
    parts = [
        (f"Contribution in {weeks} weeks", inc(result, "incremental", versus), "plan"),
        ("Value after the horizon", inc(result, "tail_value", versus), "plan"),
        ("Together: value", result["value"][versus], "plan"),
    ]
    rows = [bar_row(label, estimate, tone) for label, estimate, tone in parts if estimate]
    told = " and ".join(
        f"{money(headline(estimate)[0], currency)} {when}"
        for estimate, when in ((parts[0][1], f"within {weeks} weeks"), (parts[1][1], "after them"))
        if estimate
    )
    caption = (
        f"Money that {subject(result)} brings in addition to {COMPARED_WITH[versus]}: {told or 'in all'}. "
        "The thin line at the end of a bar is its 95% interval from the simulation."
    )
    spec = charts.bars(rows, f"Difference to {COMPARED_WITH[versus]}, {currency}", "Where the value comes from")
    return Figure("Where the value comes from", caption, [Panel("money", spec)])


def inc(result: Row, block: str, versus: str) -> Row | None:
    found: Row | None = result.get(block, {}).get(versus, {}).get("total", {}).get("contribution")
    return found


def bar_row(label: str, estimate: Row, tone: str) -> Row:
    mean, interval = estimate_text(estimate)
    row = {"label": label, "tone": tone, "mean": estimate["mean"], "text": mean}
    if interval:
        row |= {"low": estimate["ci_low"], "high": estimate["ci_high"], "span": interval}
    return row


def ends(estimate: Row) -> Row:
    """A point of a curve with its interval."""
    mean, interval = estimate_text(estimate)
    low, high = estimate.get("ci_low", estimate["mean"]), estimate.get("ci_high", estimate["mean"])
    return {"mean": estimate["mean"], "low": low, "high": high, "text": f"{mean} ({interval})" if interval else mean}


def baselines_figure(result: Row) -> Figure | None:
    """The found plan beside what it was measured against, all on fresh draws."""
    currency, rows = result["scenario"]["currency"], []
    if "value" in result.get("delivered", {}):
        rows.append(bar_row("This plan", result["delivered"]["value"], "plan"))
    if "value" in result.get("promised", {}):
        rows.append(bar_row("Promised by the search", result["promised"]["value"], "faint"))
    for key, entry in result.get("baselines", {}).items():
        if "value" not in entry:
            continue
        label = str(entry.get("label", words(key))) + ("" if entry.get("feasible", True) else " (breaks a limit)")
        rows.append(bar_row(label, entry["value"], "current" if key == "current" else "grey"))
    if not rows:
        return None
    caption = (
        f"Value of each plan over no contact, in {currency}, measured on fresh random draws that the search never "
        "saw. The thin lines are 95% intervals from the simulation; they are narrow because all plans meet "
        "the same customers and the same luck. The pale bar is what the search itself believed."
    )
    spec = charts.bars(rows, f"Value over no contact, {currency}", "Value of this plan and of the baselines")
    return Figure("This plan beside the alternatives", caption, [Panel("baselines", spec)])


def doubt_figure(result: Row) -> Figure | None:
    """Three kinds of doubt about one number, side by side."""
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    panels = []
    for versus, name in COMPARED_WITH.items():
        estimate = inc(result, "incremental", versus)
        if not estimate:
            continue
        known = {**estimate, **result.get("outcome", {}).get(versus, {})}
        kinds = [
            ("Error of the simulation", "ci"),
            ("Uncertain assumptions", "parameter"),
            (f"Luck of one real period of {weeks} weeks", "outcome"),
        ]
        rows = [
            {"label": label, "mean": estimate["mean"], "low": known[f"{kind}_low"], "high": known[f"{kind}_high"]}
            for label, kind in kinds
            if f"{kind}_low" in known and f"{kind}_high" in known
        ]
        if len(rows) > 1:
            title = f"Contribution beside {name}, {currency}"
            panels.append(
                Panel(f"doubt-{versus}", charts.ranges(rows, title, f"Kinds of doubt: {title}"), f"beside {name}")
            )
    if not panels:
        return None
    caption = (
        f"Contribution of the {weeks} weeks: one expected number (dot) and the 95% range of each kind of doubt "
        "about it. They answer different questions and are never added up; what each one means is said at the end "
        "of the page."
    )
    return Figure("How sure is this?", caption, panels)


def worlds_of(rows: list[Row]) -> list[str]:
    return [world for world in WORLD_NAMES if any(row["world"] == world for row in rows)]


def small_multiples(
    rows: list[Row],
    measure: str,
    names: list[str],
    by: str,
    unit: str,
    weeks: int,
    note: Callable[[dict[str, Row], dict[str, Row]], str] | None = None,
    *,
    zero: bool,
) -> list[Panel]:
    """One panel for each channel or segment, one line per world."""
    panels = []
    for index, name in enumerate(names):
        mine = [
            {
                "world": row["world"],
                "who": WORLD_NAMES[row["world"]],
                "week": row["week"],
                "value": float(row[measure]),
            }
            for row in rows
            if row[by] == name and measure in row and row["world"] in WORLD_NAMES
        ]
        if not any(row["value"] for row in mine):
            continue
        within = [row for row in mine if row["week"] <= weeks]
        told = ""
        if note and within:
            first, last = min(row["week"] for row in within), max(row["week"] for row in within)
            started = {row["world"]: row for row in within if row["week"] == first}
            ended = {row["world"]: row for row in within if row["week"] == last}
            told = note(started, ended)
        spec = charts.worlds_over_time(mine, unit, weeks, f"{unit}, week by week", zero=zero)
        panels.append(Panel(f"{measure}-{by}-{index}", spec, name, told))
    return panels


def from_to(started: dict[str, Row], ended: dict[str, Row]) -> str:
    """First week -> last week of the horizon for the plan; the others' last week beneath, a line each."""
    if "plan" not in started or "plan" not in ended:
        return ""
    lines = [f"{count(started['plan']['value'])} → {count(ended['plan']['value'])}"]
    others = [world for world in ("current", "no_contact") if world in ended]
    lines += [f"{WORLD_NAMES[world]} {count(ended[world]['value'])}" for world in others]
    return "\n".join(lines)


def all_zero(rows: list[Row], measure: str, by: str, names: list[str], what: str) -> str:
    """Names the channels or segments that have no panel because nothing ever happens there."""
    idle = [
        name
        for name in names
        if any(row[by] == name for row in rows) and not any(row[measure] for row in rows if row[by] == name)
    ]
    return f" {what}: {', '.join(idle)}." if idle else ""


def legend_for(rows: list[Row], weeks: int) -> list[tuple[str, str]]:
    legend = [(world, WORLD_NAMES[world]) for world in worlds_of(rows)]
    if max((row["week"] for row in rows), default=0) > weeks:
        legend.append(("tail", "after the horizon"))
    return legend


def contacts_figure(result: Row) -> Figure | None:
    rows = [row for row in result.get("weekly", []) if row["world"] != "no_contact" and "contacts" in row]
    weeks = result["scenario"]["weeks"]
    panels = small_multiples(rows, "contacts", channel_names(result), "channel", "Contacts a week", weeks, zero=True)
    if not panels:
        return None
    caption = (
        "Contacts sent in each week, whole base, one panel per channel (each has its own scale, from zero). "
        "These are expected numbers; the result carries no interval for single weeks."
        + all_zero(rows, "contacts", "channel", channel_names(result), "Not used")
    )
    return Figure("Contacts per week", caption, panels, legend_for(rows, weeks))


AFTERWARDS = " After the horizon the same plan goes on in all worlds, also in the one without contact until then."


def reachable_figure(result: Row) -> Figure | None:
    rows = [row for row in result.get("weekly", []) if "reachable" in row]
    weeks = result["scenario"]["weeks"]
    panels = small_multiples(
        rows, "reachable", channel_names(result), "channel", "Reachable customers", weeks, from_to, zero=False
    )
    if not panels:
        return None
    caption = (
        f"Customers who may still be written to, by channel. Numbers above a panel: this plan in the first week → in "
        f"week {weeks}; beneath, the others in week {weeks}. To make losses visible the axes do not start "
        "at zero. Expected numbers, no interval for single weeks."
        f"{AFTERWARDS if result['scenario'].get('tail_weeks') else ''}"
    )
    return Figure("The reachable base", caption, panels, legend_for(rows, weeks))


def segments_figure(result: Row) -> Figure | None:
    rows = [row for row in result.get("segments", []) if "customers" in row]
    weeks = result["scenario"]["weeks"]
    names = in_order(segment_names(result))
    panels = small_multiples(rows, "customers", names, "segment", "Customers", weeks, from_to, zero=True)
    if not panels:
        return None
    caption = (
        f"Customers in each segment at the end of each week, whole base, each panel with its own scale from zero. "
        f"Numbers above a panel: this plan in the first week → in week {weeks}; beneath, the others in week {weeks}. "
        "Segments follow recency, frequency and value of orders, so they move even without any contact."
        f"{AFTERWARDS if result['scenario'].get('tail_weeks') else ''}"
        + all_zero(rows, "customers", "segment", names, "Without customers throughout")
    )
    return Figure("Segments over time", caption, panels, legend_for(rows, weeks))


def fit_figures(result: Row) -> list[Figure]:
    """Backtest by week and by frequency."""
    backtest, figures = result.get("backtest", {}), []
    legend = [("plan", "forecast"), ("actual", "placed")]
    weekly = [row for row in backtest.get("weekly", []) if "week" in row]
    if weekly:
        caption = (
            "Orders in each week after the cut: what the model forecast from earlier orders alone, and what was "
            "placed. Single weeks scatter; look for a steady distance between the lines."
        )
        spec = charts.forecast_by_week(weekly, "Weekly orders, forecast and placed")
        figures.append(Figure("Week by week", caption, [Panel("backtest-weekly", spec)], legend))
    if weekly and "cumulative_forecast" in weekly[0]:
        caption = (
            "Orders from the cut to the end of each week. A gap that opens steadily is a wrong rate, one that opens "
            "late a change of habits, season or contacts."
        )
        spec = charts.forecast_by_week(weekly, "All orders since the cut", "cumulative_", "Orders since the cut")
        figures.append(Figure("All weeks so far", caption, [Panel("backtest-cumulative", spec)], legend))
    by_frequency = [row for row in backtest.get("by_frequency", []) if "frequency" in row]
    if by_frequency:
        caption = (
            "Mean orders per customer after the cut, for customers grouped by their repeat orders before it: bars "
            "were placed, dots were forecast. A model that tells good customers from poor ones follows the bars up."
        )
        what = "Orders after the cut by orders before it"
        spec = charts.forecast_by_group(by_frequency, "frequency", "Repeat orders before the cut", what)
        figures.append(Figure("Good customers and poor ones", caption, [Panel("backtest-frequency", spec)], legend))
    by_segment = [row for row in backtest.get("by_segment", []) if "segment" in row]
    if by_segment:
        caption = (
            "The same by segment at the cut (the shipped map; borders split the customers of that day in thirds). "
            "A plan by segment rests on these rates."
        )
        spec = charts.forecast_by_group(by_segment, "segment", "Segment at the cut", "Orders after the cut by segment")
        figures.append(Figure("Segments", caption, [Panel("backtest-segment", spec)], legend))
    return figures


def specs_of(figures: list[Figure | None]) -> dict[str, Any]:
    """Specification by key, for the page's data block."""
    return {panel.key: panel.spec for figure in figures if figure for panel in figure.panels}
