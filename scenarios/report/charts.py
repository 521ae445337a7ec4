"""Vega-Lite specifications from rows already aggregated. Colours are names of the page's style (plan, current,
grey), so that one specification serves light, dark and print. No chart has user text in a field name or an
expression: names of segments and channels stand in the data only.
"""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import Any

from scenarios.report.format import Row

Spec = dict[str, Any]

PLAN, CURRENT, GREY, TEXT = "var(--plan)", "var(--current)", "var(--grey)", "var(--text)"
WORLDS = ("no_contact", "current", "plan")
"""Order of drawing: the plan lies on top."""

CONFIG: Spec = {
    "background": "transparent",
    "font": "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
    },
    "text": {"color": TEXT, "fontSize": 12},
}
"""Shared by all charts of the page; handed to the renderer once."""


def _finish(chart: Any, height: int, description: str) -> Spec:
    spec: Spec = chart.properties(
        width="container",
        height=height,
        description=description,
        autosize={"type": "fit-x", "contains": "padding"},
    ).to_dict()
    spec.pop("$schema", None)
    spec.pop("config", None)
    return spec


def _number_format(values: list[float]) -> str:
    """Axis numbers: 12,000 as long as they are short, 1.2M from a million."""
    return "~s" if max(map(abs, values)) >= 1e6 else ",~f"


def _height(labels: list[str]) -> int:
    """Room for labels of several lines."""
    lines = max(label.count("\n") + 1 for label in labels)
    return max(44, 15 * lines + 12) * len(labels)


def _values(rows: list[Row]) -> Any:
    """Inline data with numbers cut to what a chart can show."""
    import altair as alt

    return alt.InlineData(values=_short(rows))


def _short(rows: list[Row]) -> list[Row]:
    return [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


def _lines(title: str) -> list[str] | str:
    """A title of an axis that a phone does not clip."""
    lines = textwrap.wrap(title, 44)
    return lines if len(lines) > 1 else title


def bars(rows: list[Row], title: str, description: str) -> Spec:
    """Horizontal bars from zero with their interval and value; rows {label, tone, mean, low?, high?, text, span}.

    ``tone`` is plan, faint (the plan's colour, pale), current or grey.
    """
    import altair as alt

    drawn, seen = [], dict[str, int]()
    for row in rows:
        label = "\n".join(textwrap.wrap(str(row["label"]), 19)) or " "
        seen[label] = seen.get(label, 0) + 1
        if seen[label] > 1:
            label += f" ({seen[label]})"
        drawn.append({**row, "label": label, "end": max(row.get("high", row["mean"]), row["mean"], 0.0)})
    order = [row["label"] for row in drawn]
    base = alt.Chart(_values(drawn)).encode(
        y=alt.Y(
            "label",
            type="nominal",
            sort=order,
            title=None,
            axis=alt.Axis(
                labelExpr="split(datum.label, '\\n')",
                labelColor=TEXT,
                labelLimit=180,
                ticks=False,
                domain=False,
                labelPadding=8,
            ),
        ),
        tooltip=[
            alt.Tooltip("label", type="nominal", title="What"),
            alt.Tooltip("text", type="nominal", title=title),
            alt.Tooltip("span", type="nominal", title="95% interval"),
        ],
    )
    tones = ["plan", "faint", "current", "grey"]
    bar = base.mark_bar(height=18).encode(
        x=alt.X(
            "mean",
            type="quantitative",
            title=_lines(title),
            axis=alt.Axis(format=_number_format([row["end"] for row in drawn]), tickCount=5),
            scale=alt.Scale(zero=True),
        ),
        color=alt.Color(
            "tone", type="nominal", scale=alt.Scale(domain=tones, range=[PLAN, PLAN, CURRENT, GREY]), legend=None
        ),
        opacity=alt.Opacity(
            "tone", type="nominal", scale=alt.Scale(type="ordinal", domain=tones, range=[1, 0.4, 1, 0.75]), legend=None
        ),
    )
    known = base.transform_filter("isValid(datum.low)")  # a bar without an interval has no line
    span = known.mark_rule(strokeWidth=2, color=TEXT).encode(x=alt.X("low", type="quantitative"), x2=alt.X2("high"))
    caps = [
        known.mark_tick(thickness=2, height=10, color=TEXT).encode(x=alt.X(end, type="quantitative"))
        for end in ("low", "high")
    ]
    text = base.mark_text(align="left", dx=8).encode(
        x=alt.X("end", type="quantitative"), text=alt.Text("text", type="nominal")
    )
    return _finish(alt.layer(bar, span, *caps, text), _height(order), description)


def ranges(rows: list[Row], title: str, description: str) -> Spec:
    """Intervals side by side around one mean; rows {label, mean, low, high}."""
    import altair as alt

    drawn = [{**row, "label": "\n".join(textwrap.wrap(str(row["label"]), 19))} for row in rows]
    base = alt.Chart(_values(drawn)).encode(
        y=alt.Y(
            "label",
            type="nominal",
            sort=[row["label"] for row in drawn],
            title=None,
            axis=alt.Axis(
                labelExpr="split(datum.label, '\\n')",
                labelColor=TEXT,
                labelLimit=180,
                ticks=False,
                domain=False,
                labelPadding=8,
            ),
        ),
        tooltip=[
            alt.Tooltip("low", type="quantitative", title="low", format=",.0f"),
            alt.Tooltip("mean", type="quantitative", title="expected", format=",.0f"),
            alt.Tooltip("high", type="quantitative", title="high", format=",.0f"),
        ],
    )
    rule = base.mark_rule(strokeWidth=6, color=PLAN, opacity=0.55).encode(
        x=alt.X(
            "low",
            type="quantitative",
            title=_lines(title),
            scale=alt.Scale(zero=True),
            axis=alt.Axis(format=_number_format([row["high"] for row in drawn]), tickCount=5),
        ),
        x2=alt.X2("high"),
    )
    point = base.mark_point(filled=True, size=80, color=TEXT, opacity=1).encode(x=alt.X("mean", type="quantitative"))
    return _finish(alt.layer(rule, point), _height([row["label"] for row in drawn]), description)


def worlds_over_time(rows: list[Row], title: str, weeks: int, description: str, *, zero: bool) -> Spec:
    """One line per world; rows {world, who, week, value}. Weeks after the horizon stand on a grey ground."""
    drawn = sorted(rows, key=lambda row: (WORLDS.index(row["world"]), row["week"]))
    first, last = min(row["week"] for row in drawn), max(row["week"] for row in drawn)
    axis = _number_format([row["value"] for row in drawn])
    tail = [{"start": weeks + 0.5, "end": last}] if last > weeks else []
    panel = _worlds_panel(title, first, last, axis, with_tail=bool(tail), zero=zero)
    return {**panel, "description": description, "datasets": {"rows": _short(drawn), "tail": tail}}


@lru_cache(maxsize=64)
def _worlds_panel(title: str, first: int, last: int, axis: str, *, with_tail: bool, zero: bool) -> Spec:
    """The panel without its numbers: small multiples differ in those only, and altair is slow to build it."""
    import altair as alt

    worlds = list(WORLDS)
    base = alt.Chart(alt.NamedData("rows")).encode(
        x=alt.X(
            "week",
            type="quantitative",
            title="Week",
            axis=alt.Axis(tickMinStep=1, tickCount=6, grid=False),
            scale=alt.Scale(nice=False, domain=[first, last]),
        ),
        y=alt.Y(
            "value",
            type="quantitative",
            title=title,
            scale=alt.Scale(zero=zero),
            axis=alt.Axis(tickCount=4, format=axis),
        ),
        color=alt.Color(
            "world", type="nominal", scale=alt.Scale(domain=worlds, range=[GREY, CURRENT, PLAN]), legend=None
        ),
    )
    line = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "world", type="nominal", scale=alt.Scale(domain=worlds, range=[[2, 3], [6, 3], [1, 0]]), legend=None
        )
    )
    hover = base.mark_point(size=60, opacity=0, filled=True).encode(
        tooltip=[
            alt.Tooltip("who", type="nominal", title="World"),
            alt.Tooltip("week", type="quantitative", title="Week"),
            alt.Tooltip("value", type="quantitative", title=title, format=",.0f"),
        ]
    )
    layers = [line, hover]
    if with_tail:
        ground = alt.Chart(alt.NamedData("tail")).mark_rect(color=GREY, opacity=0.16)
        layers.insert(0, ground.encode(x=alt.X("start", type="quantitative"), x2=alt.X2("end")))
    return _finish(alt.layer(*layers), 170, "")


def forecast_by_week(rows: list[Row], description: str, prefix: str = "", title: str = "Orders a week") -> Spec:
    """Orders forecast (line) and placed (grey dots and line) in weeks the fit had not seen.

    ``prefix`` "cumulative_": those of all weeks so far."""
    import altair as alt

    series = [
        {"week": row["week"], "what": what, "orders": row[prefix + what]}
        for what in ("actual", "forecast")
        for row in rows
        if prefix + what in row
    ]
    colour = alt.Color(
        "what", type="nominal", scale=alt.Scale(domain=["actual", "forecast"], range=[GREY, PLAN]), legend=None
    )
    base = alt.Chart(_values(series)).encode(
        x=alt.X("week", type="quantitative", title="Week after the cut", axis=alt.Axis(tickMinStep=1, grid=False)),
        y=alt.Y("orders", type="quantitative", title=title, axis=alt.Axis(format=",~f", tickCount=5)),
        color=colour,
    )
    line = base.mark_line(strokeWidth=2.5)
    points = base.mark_point(filled=True, size=36, opacity=1).encode(
        tooltip=[
            alt.Tooltip("what", type="nominal", title="Orders"),
            alt.Tooltip("week", type="quantitative", title="Week"),
            alt.Tooltip("orders", type="quantitative", title=title, format=",.0f"),
        ]
    )
    return _finish(alt.layer(line, points), 260, description)


def forecast_by_group(rows: list[Row], key: str, title_of_key: str, description: str) -> Spec:
    """Mean orders after the cut by group (``key``) before it: bars placed, dots forecast."""
    import altair as alt

    drawn = [{**row, key: str(row[key])} for row in rows]
    base = alt.Chart(_values(drawn)).encode(
        x=alt.X(
            key,
            type="nominal",
            sort=[row[key] for row in drawn],
            title=title_of_key,
            axis=alt.Axis(labelAngle=0),
        ),
        tooltip=[
            alt.Tooltip(key, type="nominal", title=title_of_key),
            alt.Tooltip("customers", type="quantitative", title="Customers", format=","),
            alt.Tooltip("forecast_mean", type="quantitative", title="Forecast", format=".2f"),
            alt.Tooltip("actual_mean", type="quantitative", title="Placed", format=".2f"),
        ],
    )
    title = "Orders per customer after the cut"
    bar = base.mark_bar(color=GREY, opacity=0.6).encode(
        y=alt.Y("actual_mean", type="quantitative", title=title, axis=alt.Axis(tickCount=5))
    )
    dot = base.mark_point(filled=True, size=90, color=PLAN, opacity=1).encode(
        y=alt.Y("forecast_mean", type="quantitative", title=title)
    )
    return _finish(alt.layer(bar, dot), 260, description)
