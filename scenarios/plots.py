"""The charts of the page as altair charts, for notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.report import figures
from scenarios.report.answers import ANSWERS, sections
from scenarios.report.charts import CONFIG
from scenarios.report.format import without_holes

COLOURS = {
    "--plan": "#1f62b5", "--current": "#b86a00", "--grey": "#8a949e",
    "--text": "#1a1f25", "--muted": "#56616c", "--line": "#d8dee4",
}  # fmt: skip
"""Of the page in light; a notebook does not know the page's style."""


def charts(result: Mapping[str, Any]) -> dict[str, Any]:
    """Title -> altair chart, those of the result's page; a figure of several panels has one chart each."""
    import altair as alt

    found = {}
    for figure in _figures(without_holes(result)):
        for panel in figure.panels:
            title = f"{figure.title}: {panel.title}" if panel.title else figure.title
            text = json.dumps({**panel.spec, "config": CONFIG, "width": 480})
            plain = re.sub(r"var\((--\w+)\)", lambda match: COLOURS[match[1]], text)
            found[title] = alt.Chart.from_dict(json.loads(plain)).properties(title=title)
    return found


def _figures(result: dict[str, Any]) -> Iterable[figures.Figure]:
    command = result["command"]
    if command in ANSWERS:
        made = [make() for section in sections(result) for make in section.figures]
    elif command == "fit":
        made = [*figures.fit_figures(result)]
    else:
        makers = (
            figures.money_figure, figures.baselines_figure, figures.doubt_figure, figures.contacts_figure,
            figures.reachable_figure, figures.segments_figure,
        )  # fmt: skip
        made = [make(result) for make in makers]
    return [figure for figure in made if figure is not None]
