"""The message log of a fit as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from scenarios.console_table import Grid
from scenarios.report.format import count, percent

Result = Mapping[str, Any]
SHARES = ("delivered", "opened", "clicked", "unsubscribed", "complained")


def message_tables(result: Result) -> list[Grid | str]:
    """Rates by channel, what was odd, and what taking past contacts out changes."""
    facts = result.get("messages")
    if not facts:
        return []
    return [rates_table(facts), *_optouts(result), *finding_lines(facts), *_history(result)]


def _optouts(result: Result) -> list[Grid | str]:
    rows = result.get("optouts", [])
    if not rows:
        return []
    half_life = rows[0]["assumed_half_life_days"]
    title = (
        f"Leaving a channel: hazard of a message at rest, growing as exp(gamma F), fatigue half-life {half_life:g} days"
    )
    heads = ("channel", "left", "hazard", "95% interval", "gamma", "95% interval", "frailty k", "95% interval")
    table = Grid(title, heads)
    for row in rows:
        top = f"{row['growth_high']:g}" if row["growth_known"] else f"above {row['growth_high']:g}"
        cells = [
            count(row["left"]),
            percent(row["hazard"]),
            f"{percent(row['hazard_low'])} to {percent(row['hazard_high'])}",
        ]
        cells += [f"{row['growth']:g}", f"{row['growth_low']:g} to {top}"]
        cells += [_alike(row["frailty"]), f"{_alike(row['frailty_low'])} to {_alike(row['frailty_high'])}"]
        table.row(row["channel"], *cells)
    return [table]


def _alike(k: float) -> str:
    return "all alike" if k >= 1e5 else f"{k:g}"


def rates_table(facts: Result) -> Grid:
    """Messages by channel, and shares of what came of them."""
    told = [name for name in SHARES if any(name in row for row in facts["rates"])]
    heads = ["channel", "messages", "customers", "a week each", *(_head(name) for name in told)]
    table = Grid("Messages: rates, not effects", heads)
    for row in facts["rates"]:
        week = f"{row['per_week']:.2g}" if "per_week" in row else ""
        shares = (percent(row[name]) if name in row else "" for name in told)
        table.row(row["channel"], count(row["messages"]), count(row["customers"]), week, *shares)
    return table


def _head(name: str) -> str:
    return name if name == "delivered" else f"{name} (of delivered)"


def finding_lines(facts: Result) -> list[Grid | str]:
    """What was odd, what was done about it, and what else one may choose."""
    lines = []
    for found in facts.get("findings", []):
        others = ", ".join(choice for choice in found["choices"] if choice != found["decision"])
        first = f", first in {found['first']}" if "first" in found else ""
        done = f"{found['name']}={found['decision']} (or {others}, by --decide)"
        lines.append(f"{count(found['count'])} {found['what']}{first}: {done}")
    notes = list(facts.get("notes", []))
    return [escape("\n".join(notes + lines))] if notes or lines else []


def _history(result: Result) -> list[str]:
    past = result.get("history", {})
    if "stimulated_share" not in past:
        return []
    effects = ", ".join(f"{name} {value:g}" for name, value in past["assumed_orders_per_contact"].items())
    weeks = past["forecast_weeks"]
    return [
        escape(
            f"At least {percent(past['stimulated_share'])} of the past repeat orders came from these messages, if a "
            f"contact adds as many orders as assumed ({effects}). Forecast of {weeks} weeks without any contact: "
            f"{count(past['forecast_without_contacts'])} orders (95% interval {count(past['forecast_low'])} to "
            f"{count(past['forecast_high'])}); a fit that takes every order for the customers' own "
            f"says {count(past['forecast_under_past_contacts'])}."
        )
    ]
