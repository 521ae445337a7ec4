"""Draw docs/found_plan.png from a run of ``optimize``, and write the sentence that reads it into README.md.

python docs/make_picture.py              optimizes the bundled scenario first (minutes)
python docs/make_picture.py RUN          takes the result.json of a finished run
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "found_plan.png"
README = ROOT / "README.md"
BEGIN, END = "<!-- reading of the picture: begin -->", "<!-- reading of the picture: end -->"
CHANNELS = {"email": "E-mail", "push": "Push", "sms": "SMS", "messenger": "Messenger", "call": "Call"}
PLAN, CURRENT, GREY = "#2f6f8f", "#d98b3a", "#b9bfc4"


def main() -> None:
    """Draw, and say what is to be seen."""
    result = read(Path(sys.argv[1])) if len(sys.argv) > 1 else optimize()
    chart = alt.hconcat(frequencies(result), values(result), spacing=36).resolve_scale(color="independent")
    chart = chart.configure_view(stroke=None).configure_axis(labelFontSize=12, titleFontSize=12, labelLimit=220)
    chart = chart.configure_title(fontSize=13, anchor="start", offset=12).properties(background="white", padding=12)
    PICTURE.write_bytes(vl_convert.vegalite_to_png(chart.to_json(), scale=1.4))
    text = README.read_text(encoding="utf-8")
    new = re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{sentence(result)}\n{END}", text, flags=re.DOTALL)
    README.write_text(new, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1024:.0f} KB\n{sentence(result)}")


def optimize() -> dict[str, Any]:
    """The bundled scenario's result."""
    from scenarios import optimize

    return optimize("library:cdnow").result


def read(run: Path) -> dict[str, Any]:
    """A run directory's result."""
    result: dict[str, Any] = json.loads((run / "result.json").read_text(encoding="utf-8"))
    if result["command"] != "optimize":
        raise SystemExit(f"{run} is a run of {result['command']}, not of optimize")
    return result


def frequencies(result: dict[str, Any]) -> alt.LayerChart:
    """The plan as a table, darker = more often."""
    rows = [{**row, "channel": CHANNELS.get(row["channel"], row["channel"])} for row in result["plan"]]
    segments, channels = (list(dict.fromkeys(row[key] for row in rows)) for key in ("segment", "channel"))
    base = alt.Chart(pl.DataFrame(rows)).encode(
        x=alt.X("channel:N", sort=channels, title=None, axis=alt.Axis(orient="top", labelAngle=0, ticks=False)),
        y=alt.Y("segment:N", sort=segments, title=None, axis=alt.Axis(ticks=False)),
    )
    most = max(row["per_week"] for row in rows)
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        alt.Color("per_week:Q", scale=alt.Scale(range=["#f3f6f8", PLAN]), legend=None)
    )
    text = base.mark_text(fontSize=12).encode(
        text=alt.Text("per_week:Q", format="~g"),
        color=alt.condition(f"datum.per_week > {0.6 * most}", alt.value("white"), alt.value("#222")),
    )
    return (cells + text).properties(width=270, height=260, title="The plan: contacts a week")


def values(result: dict[str, Any]) -> alt.LayerChart:
    """The plan beside its rivals."""
    delivered, rivals = result["delivered"]["value"], result["baselines"]
    rows = [{"label": "This plan", "colour": PLAN, **delivered}]
    for name, rival in rivals.items():
        if name != "no_contact":
            label = {"current": "Current policy", "uniform_best": "Best plan common to all"}.get(name, rival["label"])
            label += "" if rival["feasible"] else " (breaks a limit)"
            rows.append({"label": label, "colour": CURRENT if name == "current" else GREY, **rival["value"]})
    base = alt.Chart(pl.DataFrame(rows)).encode(y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(ticks=False)))
    title = f"Value over no contact, {result['scenario']['currency']}"
    bars = base.mark_bar(height=26).encode(
        x=alt.X("mean:Q", title=title, axis=alt.Axis(format=",~f", tickCount=4)),
        color=alt.Color("colour:N", scale=None),
    )
    span = base.mark_rule(strokeWidth=2, color="#222").encode(x="ci_low:Q", x2="ci_high:Q")
    number = base.mark_text(align="left", dx=8, fontSize=12).encode(
        x="ci_high:Q", text=alt.Text("mean:Q", format=",.0f")
    )
    return (bars + span + number).properties(width=300, height=180, title="What it is worth, on fresh customers")


def sentence(result: dict[str, Any]) -> str:
    """What the picture shows, in words."""
    scenario, rivals = result["scenario"], result["baselines"]
    money = scenario["currency"]
    value, current, uniform = result["delivered"]["value"], rivals["current"], rivals["uniform_best"]
    breaks = "" if current["feasible"] else ", which breaks a limit"
    now = f"contacts for {current['cost']:,.0f} {money}{breaks}"
    half = (value["ci_high"] - value["ci_low"]) / 2
    over_current, over_uniform = (rival["plan_minus_this"]["mean"] for rival in (current, uniform))
    text = (
        f"*Read it so: over {scenario['weeks']} weeks and what is left after them, this plan earns "
        f"{value['mean']:,.0f} ± {half:,.0f} {money} more than no contact from the {scenario['base_customers']:,} "
        f"customers of the bundled shop, for contacts that cost {result['cost']:,.0f} {money}. That is "
        f"{over_current:,.0f} {money} more than today's policy ({now}) and "
        f"{over_uniform:,.0f} {money} more than the best plan that treats everybody alike. The ± is the error of the "
        "simulation; how sure the assumptions are is another question, and a larger one.*"
    )
    return textwrap.fill(text, 118)


if __name__ == "__main__":
    main()
