"""Charts of sweeps: a measure over the varied key, and one measure against another with the efficient points joined."""

from __future__ import annotations

from scenarios.report.charts import GREY, PLAN, TEXT, Spec, _finish, _number_format, _values
from scenarios.report.format import Row


def curve(
    rows: list[Row], x_title: str, y_title: str, description: str, *, span: tuple[float, float] | None = None
) -> Spec:
    """Points in order with their interval, joined by a line; rows {x, mean, low, high, text, tone}; ``span``: the
    ends of the axis, for panels that are to be compared."""
    import altair as alt

    base = alt.Chart(_values(rows)).encode(
        x=alt.X(
            "x",
            type="nominal",
            sort=[row["x"] for row in rows],
            title=x_title,
            axis=alt.Axis(labelAngle=0, labelColor=TEXT),
            scale=alt.Scale(paddingOuter=0.3),
        ),
        tooltip=[
            alt.Tooltip("x", type="nominal", title=x_title),
            alt.Tooltip("text", type="nominal", title=y_title),
        ],
    )
    y = alt.Y(
        "mean",
        type="quantitative",
        title=y_title,
        scale=alt.Scale(zero=False) if span is None else alt.Scale(zero=False, domain=list(span)),
        axis=alt.Axis(tickCount=5, format=_axis(rows, "mean")),
    )
    line = base.mark_line(color=PLAN, strokeWidth=2).encode(y=y)
    ends = base.mark_rule(color=TEXT, strokeWidth=2).encode(y=alt.Y("low", type="quantitative"), y2=alt.Y2("high"))
    tones = ["plan", "grey"]
    point = base.mark_point(filled=True, size=80, opacity=1).encode(
        y=y,
        color=alt.Color("tone", type="nominal", scale=alt.Scale(domain=tones, range=[PLAN, GREY]), legend=None),
    )
    return _finish(alt.layer(line, ends, point), 240, description)


def heat(cells: list[Row], x_title: str, y_title: str, title: str, description: str) -> Spec:
    """A grid of values; cells {x, y, value?, text?, best}, in the order of the axes; tints from least to most."""
    import altair as alt

    known = [cell["value"] for cell in cells if "value" in cell]
    low, high = min(known), max(known)
    drawn = [
        {**cell, "tint": 0.08 + 0.5 * ((cell["value"] - low) / (high - low) if high > low else 1.0)}
        if "value" in cell
        else {**cell, "tint": 0.0, "text": "none"}
        for cell in cells
    ]
    base = alt.Chart(_values(drawn)).encode(
        x=alt.X(
            "x", type="nominal", title=x_title, sort=list(dict.fromkeys(cell["x"] for cell in cells)),
            axis=alt.Axis(labelAngle=0, labelColor=TEXT, domain=False, ticks=False, orient="top"),
        ),
        y=alt.Y(
            "y", type="nominal", title=y_title, sort=list(dict.fromkeys(cell["y"] for cell in cells)),
            axis=alt.Axis(labelColor=TEXT, domain=False, ticks=False),
        ),
        tooltip=[
            alt.Tooltip("y", type="nominal", title=y_title),
            alt.Tooltip("x", type="nominal", title=x_title),
            alt.Tooltip("text", type="nominal", title=title),
        ],
    )  # fmt: skip
    # the tint is given, not scaled: an empty cell stays empty
    field = base.mark_rect(color=PLAN).encode(opacity=alt.Opacity("tint", type="quantitative", scale=None, legend=None))
    frame = base.mark_rect(filled=False, stroke=TEXT, strokeWidth=2).transform_filter("datum.best")
    text = base.mark_text(color=TEXT).encode(text=alt.Text("text", type="nominal"))
    return _finish(alt.layer(field, frame, text), 40 * len({cell["y"] for cell in cells}) + 40, description)


def frontier(rows: list[Row], x_title: str, y_title: str, description: str) -> Spec:
    """Points {label, x, x_low, x_high, y, y_low, y_high, efficient}; the efficient ones coloured and joined."""
    import altair as alt

    base = alt.Chart(_values(rows))
    x = alt.X(
        "x",
        type="quantitative",
        title=x_title,
        scale=alt.Scale(zero=False, padding=18),
        axis=alt.Axis(tickCount=6, format=_axis(rows, "x")),
    )
    y = alt.Y(
        "y",
        type="quantitative",
        title=y_title,
        scale=alt.Scale(zero=False, padding=18),
        axis=alt.Axis(tickCount=5, format=_axis(rows, "y")),
    )
    best = alt.Chart(_values([row for row in rows if row["efficient"]]))
    line = best.mark_line(color=PLAN, strokeWidth=2, opacity=0.6).encode(
        x=x, y=y, order=alt.Order("x", type="quantitative")
    )
    spans = [
        base.mark_rule(color=GREY).encode(
            x=alt.X("x", type="quantitative"), y=alt.Y("y_low", type="quantitative"), y2=alt.Y2("y_high")
        ),
        base.mark_rule(color=GREY).encode(
            x=alt.X("x_low", type="quantitative"), x2=alt.X2("x_high"), y=alt.Y("y", type="quantitative")
        ),
    ]
    point = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color(
            "efficient", type="nominal", scale=alt.Scale(domain=[True, False], range=[PLAN, GREY]), legend=None
        ),
        tooltip=[
            alt.Tooltip("label", type="nominal", title="Point"),
            alt.Tooltip("x", type="quantitative", title=x_title, format=",.2f"),
            alt.Tooltip("y", type="quantitative", title=y_title, format=",.0f"),
        ],
    )
    middle = (min(row["x"] for row in rows) + max(row["x"] for row in rows)) / 2
    texts = [  # towards the middle, so that no label leaves the chart
        alt.Chart(_values([row for row in rows if (row["x"] > middle) == right]))
        .mark_text(align="right" if right else "left", dx=-8 if right else 8, dy=-8, color=TEXT)
        .encode(x=x, y=y, text=alt.Text("label", type="nominal"))
        for right in (False, True)
    ]
    return _finish(alt.layer(line, *spans, point, *texts), 300, description)


def _axis(rows: list[Row], key: str) -> str:
    """Axis numbers that differ from tick to tick."""
    values = [float(row[key]) for row in rows]
    if max(values) - min(values) < 10:
        return ",.2~f"
    return _number_format(values)
