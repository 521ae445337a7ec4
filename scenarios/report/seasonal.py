"""The seasons of a fit: factor of each week of the year with its interval."""

from __future__ import annotations

from typing import Any

from scenarios.report.charts import GREY, PLAN, Spec, _finish, _values
from scenarios.report.figures import Figure, Panel
from scenarios.report.format import Row


def season_figure(result: Row) -> Figure | None:
    """None where no factors were estimated."""
    season = result.get("seasonality", {})
    if not season.get("weeks"):
        return None
    caption = (
        "Orders of customers who are still active, by ISO week of the year, relative to their mean rate. "
        "Bars are 95 % intervals. "
    ) + (
        "The fragment states them."
        if season["used"]
        else "They do not tell the last year better than none would: the fragment does not state them."
    )
    return Figure("Seasons", caption, [Panel("seasons", _chart(season["weeks"]))])


def _chart(rows: list[Row]) -> Spec:
    import altair as alt

    base = alt.Chart(_values(rows)).encode(
        x=alt.X("week", type="quantitative", title="Week of the year", axis=alt.Axis(tickMinStep=1, grid=False)),
        tooltip=[
            alt.Tooltip("week", type="quantitative", title="Week"),
            alt.Tooltip("factor", type="quantitative", title="Factor", format=".2f"),
            alt.Tooltip("low", type="quantitative", title="From", format=".2f"),
            alt.Tooltip("high", type="quantitative", title="To", format=".2f"),
            alt.Tooltip("orders", type="quantitative", title="Orders behind it", format=","),
        ],
    )
    y: dict[str, Any] = {"type": "quantitative", "title": "Factor on the order rate", "axis": alt.Axis(tickCount=5)}
    interval = base.mark_rule(color=GREY, strokeWidth=3, opacity=0.6).encode(y=alt.Y("low", **y), y2=alt.Y2("high"))
    point = base.mark_point(filled=True, size=50, color=PLAN, opacity=1).encode(y=alt.Y("factor", **y))
    return _finish(alt.layer(interval, point), 240, "Factor on the order rate by week of the year")
