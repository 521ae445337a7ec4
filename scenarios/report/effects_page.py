"""What the page of ``effects`` shows: the verdict, the arms, the differences with their intervals."""

from __future__ import annotations

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel
from scenarios.report.format import Row, count, percent

PER = 1_000
"""Customers that numbers of the chart are for."""


def effects_view(result: Row) -> Row:
    """Everything but title and provenance."""
    drawn = effect_figures(result)
    return {
        "verdict": effects_verdict(result),
        "warnings": [str(text) for text in result.get("warnings", [])],
        "figures": drawn,
        "arms": [
            {"arm": arm["arm"], "customers": count(arm["customers"]), "contacts": f"{arm['contacts_per_customer']:.3g}"}
            for arm in result.get("arms", [])
        ],
        "groups": group_tables(result),
        "elasticities": [_elasticity(row) for row in result.get("elasticities", [])],
        "needed": needed_sentence(result),
        "recovery": str(result.get("recovery", {}).get("said", "")),
        "specs": {panel.key: panel.spec for figure in drawn for panel in figure.panels},
    }


def effects_verdict(result: Row) -> str:
    """One sentence: what contacts add, or that it cannot be said."""
    if not result.get("claimed"):
        return "These data cannot tell what contacts add; no effect is claimed."
    rows = [
        row
        for row in result.get("effects", [])
        if row["by"] == "" and row["outcome"] == result["effects"][0]["outcome"]
    ]
    told = "; ".join(
        f"{row['arm']} {row['effect'] * PER:+.3g} ({row['low'] * PER:.3g} to {row['high'] * PER:.3g})" for row in rows
    )
    return f"Per {count(PER)} customers and against {result['arms'][0]['arm']}, {rows[0]['outcome']}: {told}."


def effect_figures(result: Row) -> list[Figure]:
    """One chart for each outcome: all arms, everybody."""
    figures = []
    rows = [row for row in result.get("effects", []) if row["by"] == ""]
    for place, outcome in enumerate(dict.fromkeys(row["outcome"] for row in rows)):
        drawn = [
            {
                "label": row["arm"], "tone": "plan" if result.get("claimed") else "grey", "mean": row["effect"] * PER,
                "low": row["low"] * PER, "high": row["high"] * PER, "text": f"{row['effect'] * PER:+.3g}",
                "span": f"{row['low'] * PER:.3g} to {row['high'] * PER:.3g}",
            }
            for row in rows if row["outcome"] == outcome
        ]  # fmt: skip
        title = f"More {outcome} per {count(PER)} customers"
        caption = (
            "Difference to the control; the thin line is the 95% interval. An interval across zero proves nothing."
        )
        spec = charts.bars(drawn, title, title)
        figures.append(Figure(str(outcome).capitalize(), caption, [Panel(f"effect-{place}", spec)]))
    return figures


def group_tables(result: Row) -> list[Row]:
    """A table for each grouping: difference and the one drawn together, with their intervals."""
    effects = result.get("effects", [])
    return [
        {
            "by": f"By {by}" if by else "Everybody",
            "together": bool(by),
            "rows": [
                {
                    "name": f"{row['outcome']}, {row['arm']}" + (f", {row['group']}" if by else ""),
                    "customers": f"{count(row['treated'])} / {count(row['control'])}",
                    "base": f"{row['base']:.3g}",
                    "effect": f"{row['effect']:+.3g}",
                    "interval": f"{row['low']:.3g} to {row['high']:.3g}",
                    "shrunk": f"{row['shrunk']:+.3g}" if by else "",
                    "shrunk_interval": f"{row['shrunk_low']:.3g} to {row['shrunk_high']:.3g}" if by else "",
                }
                for row in effects
                if row["by"] == by
            ],
        }
        for by in dict.fromkeys(row["by"] for row in effects)
    ]


def _elasticity(row: Row) -> Row:
    low = f"below {row['low']:g}" if row["open_low"] else f"{row['low']:g}"
    high = f"above {row['high']:g}" if row["open_high"] else f"{row['high']:g}"
    return {"name": f"{row['outcome']} by {row['by']}", "value": f"{row['value']:g}", "interval": f"{low} to {high}"}


def needed_sentence(result: Row) -> str:
    """The trial that would settle it."""
    needed = result.get("needed", {})
    if "weeks" not in needed:
        return ""
    return (
        f"Hold back {percent(needed['holdout_share'])} of those due ({count(needed['holdout_customers'])} customers), "
        f"drawn at random, for {needed['weeks']} weeks: an effect of {needed['orders_per_contact']:g} orders per "
        "contact would then show in four trials of five."
    )
