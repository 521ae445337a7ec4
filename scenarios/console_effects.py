"""What contacts add, as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from scenarios.console_messages import finding_lines, rates_table
from scenarios.console_table import Grid, grid
from scenarios.report.format import count, percent

Result = Mapping[str, Any]


def effects_tables(result: Result) -> list[Grid | str]:
    """Arms, differences for everybody and by group, eta; without a trial the rates and what would settle it."""
    parts: list[Grid | str] = [escape(str(result["scenario"]["name"]))]
    if "messages" in result:
        parts += [rates_table(result["messages"]), *finding_lines(result["messages"])]
    parts += finding_lines(result)
    if "arms" not in result:
        return [*parts, _without_trial(result)]
    parts.append(_arms(result))
    head = "Effects" if result["claimed"] else "Differences, which are no effects"
    parts.append(_table(f"{head} per customer, against {result['arms'][0]['arm']}", "", result["effects"]))
    for by in dict.fromkeys(row["by"] for row in result["effects"] if row["by"]):
        parts.append(_table(f"By {by}", by, result["effects"]))
    if result.get("elasticities"):
        parts.append(_elasticities(result["elasticities"]))
    if "balance" in result:
        balance = result["balance"]
        parts.append(
            escape(
                f"Before the trial the arms differ most in {balance['worst']}: {balance['difference']:+.3f} standard "
                f"deviations; p = {balance['p']:.2g} over all that was known."
            )
        )
    if result["variance_saved"] and "balance" in result:
        parts.append("What was known before takes out " + saved_text(result["variance_saved"]) + " of the variance.")
    if "recovery" in result:
        parts += [_recovery(result["recovery"]), escape(result["recovery"]["said"])]
    return parts


def saved_text(saved: Mapping[str, float]) -> str:
    """``0.1% (orders), 12% (visits)``."""
    return ", ".join(f"{percent(share)} ({name})" for name, share in saved.items())


def _arms(result: Result) -> Grid:
    table = grid("Arms", "arm", "customers", "contacts each")
    for row in result["arms"]:
        table.row(row["arm"], count(row["customers"]), f"{row['contacts_per_customer']:.3g}")
    return table


def _table(title: str, by: str, effects: list[Any]) -> Grid:
    """Everybody: difference and interval. Groups: difference, standard error, and both after drawing together."""
    rows = [row for row in effects if row["by"] == by]
    told = (
        ("difference", "95% interval") if not by else ("difference", "s.e.", "drawn together", "95% interval of that")
    )
    table = grid(title, "outcome, arm", *((by,) if by else ()), "control", *told, "did anything")
    for row in rows:
        where = [row["group"]] if by else []
        mean, low, high = (
            row[key] for key in (("shrunk", "shrunk_low", "shrunk_high") if by else ("effect", "low", "high"))
        )
        raw = [f"{row['effect']:+.3g}", f"{row['se']:.2g}"] if by else []
        cells = [f"{row['base']:.3g}", *raw, f"{mean:+.3g}", f"{low:.3g} to {high:.3g}", count(row["events"])]
        table.row(f"{row['outcome']}, {row['arm']}", *where, *cells)
    return table


def _elasticities(rows: list[Any]) -> Grid:
    table = grid("eta: how the effect grows with the own rate", "outcome, groups", "eta", "95% interval")
    for row in rows:
        low = f"below {row['low']:g}" if row["open_low"] else f"{row['low']:g}"
        high = f"above {row['high']:g}" if row["open_high"] else f"{row['high']:g}"
        table.row(f"{row['outcome']}, {row['by']}", f"{row['value']:g}", f"{low} to {high}")
    return table


def _recovery(part: Mapping[str, Any]) -> Grid:
    table = grid("How fast customers recover: half-life of fatigue, days", "from", "best", "95% interval")
    told = (("orders by week", "from_orders"), ("departures", "from_departures"), ("together", "half_life_days"))
    for name, key in told:
        if key in part:
            row = part[key]
            low = f"below {row['low']:.2g}" if row["open_low"] else f"{row['low']:.2g}"
            high = f"above {row['high']:.2g}" if row["open_high"] else f"{row['high']:.2g}"
            table.row(name, f"{row['value']:.2g}", f"{low} to {high}")
    return table


def _without_trial(result: Result) -> str:
    naive, needed = result["naive"], result["needed"]
    text = (
        f"Orders per customer: {naive['contacted']:.3g} of those contacted, {naive['not_contacted']:.3g} of those not. "
        "That is no effect: whom one contacts depends on what they order."
    )
    if "weeks" in needed:
        return text + (
            f"\nWhat would settle it: hold back {percent(needed['holdout_share'])} of those due, drawn at random "
            f"({count(needed['holdout_customers'])} customers), for {needed['weeks']} weeks, and log them with "
            "holdout = 1. "
            f"An effect of {needed['orders_per_contact']:g} orders per contact would then show in four trials of five."
        )
    return text + (
        f"\nNo holdout of up to half of them for a year would show an effect of {needed['orders_per_contact']:g} "
        "orders per contact here: too few customers or contacts."
    )
