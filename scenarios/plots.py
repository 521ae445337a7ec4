"""The charts of the page as altair charts, for notebooks: with what the page says beside them, in fixed colours."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.report import figures
from scenarios.report.answers import ANSWERS, sections
from scenarios.report.charts import CONFIG
from scenarios.report.format import without_holes
from sim.errors import InputError

COLOURS = {
    "--plan": "#1f62b5", "--current": "#b86a00", "--grey": "#8a949e",
    "--text": "#1a1f25", "--muted": "#56616c", "--line": "#d8dee4",
}  # fmt: skip
"""Of the page in light; a notebook does not know the page's style."""
LINES = {
    "plan": "blue", "current": "orange, dashed", "no_contact": "grey, dotted", "actual": "grey",
    "tail": "grey ground",
}  # fmt: skip
"""How the page's legend marks look, in words: a chart in a notebook has no legend beside it."""
WIDTH = 480


def charts(result: Mapping[str, Any]) -> dict[str, Any]:
    """Title -> altair chart, those of the result's page; a figure of several panels has one chart each."""
    import altair as alt

    return {title: alt.Chart.from_dict({**spec, "config": _plain(CONFIG)}) for title, spec in _specs(result).items()}


def plot(result: Mapping[str, Any], containing: str = "") -> Any:
    """One altair chart of all charts of the page, one below the other, or of those whose title contains a text."""
    import altair as alt

    known = _specs(result)
    if not known:
        raise InputError.of("plot", "this result has no charts", result["command"], "tables: .frame(NAME)")
    found = [spec for title, spec in known.items() if containing.lower() in title.lower()]
    if not found:
        raise InputError.of("plot", "no chart has such a title", containing, ", ".join(known))
    inner = [{key: value for key, value in spec.items() if key != "autosize"} for spec in found]
    own = {"scale": dict.fromkeys(("color", "opacity", "strokeDash"), "independent")}
    return alt.Chart.from_dict({"vconcat": inner, "resolve": own, "config": _plain(CONFIG)})


def _specs(result: Mapping[str, Any]) -> dict[str, Any]:
    """Title -> specification that stands alone: title, sentence and legend on top, its numbers inside."""
    found: dict[str, Any] = {}
    for figure in _figures(without_holes(result)):
        legend = ", ".join(f"{LINES.get(style, style)}: {label}" for style, label in figure.legend)
        for place, panel in enumerate(figure.panels):
            title = f"{figure.title}: {panel.title}" if panel.title else figure.title
            title += f" ({place + 1})" if title in found else ""
            said = [*textwrap.wrap(figure.caption, 88), *textwrap.wrap(legend, 88)] if place == 0 else []
            said += panel.note.splitlines()
            head = {"text": title, "anchor": "start", "subtitle": said, "subtitleColor": COLOURS["--muted"]}
            found[title] = _plain(_inlined({**panel.spec, "width": WIDTH, "title": head}))
    return found


def _inlined(spec: dict[str, Any]) -> dict[str, Any]:
    """Named data put where they are used: names of charts drawn together would meet."""
    named = spec.pop("datasets", {})

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        if set(node) == {"name"} and node["name"] in named:
            return {"values": named[node["name"]]}
        return {key: walk(item) for key, item in node.items()}

    found: dict[str, Any] = walk(spec)
    return found


def _plain(node: Any) -> Any:
    """The page's colour names as colours."""
    return json.loads(re.sub(r"var\((--\w+)\)", lambda match: COLOURS[match[1]], json.dumps(node)))


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
