"""The answer of ``sweep``: value point by point, the cap benchmark, the efficient frontier."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import curves
from scenarios.report.figures import Figure, Panel, ends
from scenarios.report.format import Row, count, estimate_text
from scenarios.report.sections import Cell, Result, Section, Table, cell, share_cell

MODES = {
    "current": "In every point the current policy is simulated.",
    "plan": "In every point the same plan is simulated.",
    "fill": "In every point the plan asks for a contact every day on the channels of the cap, so that the rules alone "
    "decide how many are sent; other channels are as in the current policy.",
    "search": "For every point the best plan is searched; it is then valued on customers the search has not seen, the "
    "same ones for all points.",
}
PAST = "All points start from what the current policy and rules of the scenario have left behind."


def sections(result: Result) -> Sequence[Section]:
    """Cap benchmark, points, frontier."""
    rows = [row for row in result["points"] if "infeasible" not in row]
    past = PAST if result["past"] == "first" else "Each point's own current policy and rules shaped its past."
    said = f"{MODES[result['mode']]} {past}"
    found = []
    if "cap_benchmark" in result:
        found.append(_benchmark(result, said))
    one = len(result["axes"]) == 1
    found.append(
        Section(
            "Point by point",
            "" if "cap_benchmark" in result else said,
            _points(result),
            [lambda: _value_figure(result, rows)],
            page_only="cap_benchmark" in result,
        )
    )
    if not one:
        found.insert(0, Section("Value by both", "", _matrix(result), [lambda: _heat_figure(result)]))
    found.append(
        Section(
            "What it costs to get more",
            "A point is efficient if no other brings as much or more at the same or a smaller price: list lost, or "
            "money spent.",
            None,
            [lambda: _frontier(result, rows, "list"), lambda: _frontier(result, rows, "spend")],
        )
    )
    return found


def _benchmark(result: Result, said: str) -> Section:
    """The cap benchmark: per level money, unsubscribes, list after 3, 6 and 12 months."""
    benchmark, currency = result["cap_benchmark"], result["scenario"]["currency"]
    simulated = [row for row in result["points"] if "infeasible" not in row]
    rows = sorted(simulated, key=lambda row: float(row["values"][0]))
    weeks = list(rows[0]["list_lost_after_weeks"])
    window = window_text(benchmark)
    table = Table(
        (
            f"most {window}", f"value, {currency}", f"contribution, {currency}",
            "contacts", "unsubscribes", *(f"list lost, {int(week) * 12 // 52} months" for week in weeks),
        ),
        [
            [
                Cell(row["name"], strong=row["values"][0] == benchmark["recommended"]),
                cell(row["value"]),
                cell(row["contribution"]),
                count(sum(row["contacts"].values())),
                cell(row["unsubscribes"]),
                *(share_cell(row["list_lost_after_weeks"][week]) for week in weeks),
            ]
            for row in rows
        ],
        "Recommended: the tightest cap whose value the simulation cannot tell from the best one. List lost: share of "
        "all subscriptions at the start. Beneath a number: its 95% interval from the simulation.",
    )  # fmt: skip
    return Section(f"Which cap? {benchmark['cap']}", said, table, [lambda: _list_figure(result, rows)])


def window_text(benchmark: Row) -> str:
    """``in 7 days``, or the calendar period."""
    days = benchmark.get("window_days")
    return f"in {days} days" if days else str(benchmark["window"])


def _label(axis: Row) -> str:
    """The varied key with its unit."""
    label, unit = str(axis["label"]), axis.get("unit")
    return f"{label}, {unit}" if unit and not label.endswith(f" {unit}") else label


def _points(result: Result) -> Table:
    currency, reference = result["scenario"]["currency"], result["points"][result["reference"]]["name"]
    weeks = result["scenario"]["weeks"]
    table: list[list[Cell | str]] = []
    for place, row in enumerate(result["points"]):
        name = Cell(row["name"], strong=place == result["best"])
        if "infeasible" in row:
            table.append([name, "no plan fits", "", "", "", "", "", ""])
            continue
        flags = row.get("efficient", {})
        on = [label for key, label in (("list", "list"), ("spend", "spend")) if flags.get(key)]
        table.append(
            [
                name,
                cell(row["value"]),
                cell(row["minus_reference"]["value"]),
                cell(row["contribution"]),
                cell(row["cost"]),
                cell(row["unsubscribes"]),
                share_cell(row["list_lost_share"]),
                ", ".join(on) or "no",
            ]
        )
    label = " × ".join(map(_label, result["axes"]))
    columns = (
        label, f"value, {currency}", f"more than at {reference}, {currency}", f"contribution, {currency}",
        f"cost, {currency}", "unsubscribes", "list lost", "efficient in",
    )  # fmt: skip
    note = (
        f"Over no contact; contribution, cost, unsubscribes and list are those of the {weeks} weeks. "
        "Efficient: no other point brings as much contribution for a smaller loss of the list, or for less spend."
    )
    return Table(columns, table, note)


def _matrix(result: Result) -> Table:
    """Value for each pair of values."""
    first, second = result["axes"]
    across = len(second["values"])
    columns = (f"{_label(first)} ↓  {_label(second)} →", *(str(value) for value in second["values"]))
    rows = []
    for place, value in enumerate(first["values"]):
        cells = result["points"][place * across : (place + 1) * across]
        rows.append([str(value), *(cell(row.get("value")) if "value" in row else "no plan fits" for row in cells)])
    return Table(columns, rows, f"Value over no contact, horizon and tail together, {result['scenario']['currency']}.")


def _heat_figure(result: Result) -> Figure:
    """Value by both keys as a picture."""
    (first, second), currency = result["axes"], result["scenario"]["currency"]
    cells = [
        {
            "x": str(row["values"][1]),
            "y": str(row["values"][0]),
            **({"value": row["value"]["mean"], "text": estimate_text(row["value"])[0]} if "value" in row else {}),
            "best": place == result["best"],
        }
        for place, row in enumerate(result["points"])
    ]
    spec = curves.heat(cells, _label(second), _label(first), f"Value, {currency}", "Value by both keys")
    none = " Empty: no plan fits the limits." if any("value" not in cell for cell in cells) else ""
    caption = (
        f"Value over no contact, horizon and tail together, in {currency}; the stronger the tint, the more. Framed: "
        f"the best point. Intervals stand in the table.{none}"
    )
    return Figure("Value at a glance", caption, [Panel("heat", spec)])


def _value_figure(result: Result, rows: list[Row]) -> Figure:
    """Value over the first key; one panel for each value of the second."""
    currency, axes = result["scenario"]["currency"], result["axes"]
    title, panels = f"Value, {currency}", []
    second = axes[1]["values"] if len(axes) > 1 else [None]
    borders = [row["value"].get(end, row["value"]["mean"]) for row in rows for end in ("ci_low", "ci_high")]
    span = (min(borders), max(borders)) if len(second) > 1 else None
    best = result["points"][result["best"]]["name"]
    for index, value in enumerate(second):
        mine = [row for row in rows if value is None or row["values"][1] == value]
        drawn = [
            {"x": str(row["values"][0]), **ends(row["value"]), "tone": "plan" if row["name"] == best else "grey"}
            for row in mine
        ]
        if drawn:
            name = "" if value is None else f"{_label(axes[1])}: {value}"
            spec = curves.curve(drawn, _label(axes[0]), title, title, span=span)
            panels.append(Panel(f"value-{index}", spec, name))
    caption = (
        f"Value over no contact, horizon and tail together, in {currency}. The upright line through a point is its 95% "
        "interval; neighbouring points share their customers and their luck, so differences between them are known "
        "better than these intervals say. The best point is coloured. The axis does not start at zero."
        + (" All panels have the same scale." if span else "")
    )
    return Figure("Value", caption, panels)


def _list_figure(result: Result, rows: list[Row]) -> Figure:
    """List lost after a year, level by level."""
    last = list(rows[0]["list_lost_after_weeks"])[-1]
    chosen = result["cap_benchmark"]["recommended"]
    drawn = [
        {
            "x": row["name"],
            **ends({key: 100 * value for key, value in row["list_lost_after_weeks"][last].items()}),
            "tone": "plan" if row["values"][0] == chosen else "grey",
        }
        for row in rows
    ]
    spec = curves.curve(
        drawn,
        f"Contacts allowed {window_text(result['cap_benchmark'])}",
        "Subscriptions lost in a year, %",
        "List lost by cap",
    )
    caption = (
        "Share of the subscriptions at the start that are lost within 52 weeks at each cap, in %, with its 95% "
        "interval. The recommended cap is coloured."
    )
    return Figure("What a looser cap costs", caption, [Panel("list-lost", spec)])


def _merged(points: list[Row]) -> list[Row]:
    """Points that fall on each other (limits that do not bind find the same plan) are one, with both names."""
    found: dict[tuple[float, float], Row] = {}
    for point in points:
        place = round(point["x"], 6), round(point["y"], 6)
        same = found.setdefault(place, {**point, "label": ""})
        same["label"] += f", {point['label']}" if same["label"] else point["label"]
        same["efficient"] = same["efficient"] or point["efficient"]
    return list(found.values())


def _frontier(result: Result, rows: list[Row], kind: str) -> Figure | None:
    """Contribution against list loss or spend."""
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    measure, factor, x_title = {
        "list": ("list_lost_share", 100.0, f"Subscriptions lost in {weeks} weeks, %"),
        "spend": ("cost", 1.0, f"Cost of contacts, {currency}"),
    }[kind]
    drawn = [
        {
            "label": row["name"],
            "x": factor * row[measure]["mean"],
            "x_low": factor * row[measure].get("ci_low", row[measure]["mean"]),
            "x_high": factor * row[measure].get("ci_high", row[measure]["mean"]),
            "y": row["contribution"]["mean"],
            "y_low": row["contribution"].get("ci_low", row["contribution"]["mean"]),
            "y_high": row["contribution"].get("ci_high", row["contribution"]["mean"]),
            "efficient": bool(row["efficient"][kind]),
        }
        for row in rows
    ]
    if len({round(row["x"], 6) for row in drawn}) < 2:
        return None
    drawn = _merged(drawn)
    spec = curves.frontier(drawn, x_title, f"Contribution in {weeks} weeks, {currency}", x_title)
    what = "the list" if kind == "list" else "the money spent"
    caption = (
        f"Contribution of the {weeks} weeks over no contact against {what}. Coloured and joined: the efficient points; "
        "a grey one is beaten by another that brings as much for less. Thin lines: 95% intervals of the simulation."
    )
    return Figure(
        f"Increment against {'list loss' if kind == 'list' else 'spend'}", caption, [Panel(f"frontier-{kind}", spec)]
    )
