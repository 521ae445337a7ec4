"""The results of ``simulate`` and ``optimize`` as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.markup import escape

from scenarios.console_table import Grid, grid, some
from scenarios.console_words import Result, currency_of, head_lines, mean_and_interval
from scenarios.report.compared_messages import campaign_rows
from scenarios.report.format import cost_text, count, frequency, number, percent, words
from scenarios.report.limits import price_texts
from scenarios.report.tables import by_period, red_zone_texts


def simulate_tables(result: Result) -> list[Grid | str]:
    """Money, contacts and the plan of one simulated policy."""
    plans = _plans(result, "Plan")
    return [
        head_lines(result),
        *some(_money(result), _contacts(result), _campaigns(result), *plans),
        *_red_zones(result),
    ]


def optimize_tables(result: Result) -> list[Grid | str]:
    """What the found plan is worth, against what, within which limits."""
    return [
        head_lines(result),
        *some(
            _delivered(result),
            _baselines(result),
            *_plans(result, "Found plan"),
            _limits(result),
            _contacts(result),
        ),
        *_red_zones(result),
        *([escape(str(result["certificate"]["statement"]))] if "certificate" in result else []),
        *(escape(str(result[part]["statement"])) for part in ("over_worlds", "doubt") if part in result),
    ]


def _red_zones(result: Result) -> list[str]:
    """Rates that call for a look."""
    return [f"[bold]red zone[/bold]  {escape(text)}" for text in red_zone_texts(dict(result))]


def _money(result: Result) -> Grid | None:
    """Increments over the current policy and over no contact."""
    against = [
        (key, label)
        for key, label in (("versus_current", "the current policy"), ("versus_none", "no contact"))
        if key in result.get("incremental", {})
    ]
    if not against:
        return None
    currency = currency_of(result)
    table = grid("Increment over the horizon", "against, what, unit", "mean", "95% interval (simulation)")
    for key, label in against:
        total = result["incremental"][key]["total"]
        for name in ("contribution", "revenue", "orders"):
            if name in total:
                unit = "orders" if name == "orders" else currency
                table.row(f"{label}: {name}, {unit}", *mean_and_interval(total[name]))
        tail = result.get("tail_value", {}).get(key, {}).get("total", {})
        if "contribution" in tail:
            table.row(f"{label}: contribution of the tail, {currency}", *mean_and_interval(tail["contribution"]))
        value = result.get("value", {}).get(key)
        if value is not None:
            table.row(f"{label}: horizon + tail, {currency}", *mean_and_interval(value))
    outcome = result.get("outcome", {}).get("versus_none", {})
    if "outcome_low" in outcome:
        span = f"{number(outcome['outcome_low'])} to {number(outcome['outcome_high'])}"
        table.row(f"no contact: contribution of one real period, {currency}", "", span)
    if "cost" in result:
        table.row(f"contact cost, {currency}", *cost_text(result))
    if "offer_cost" in result:
        table.row(f"discounts, {currency}", *mean_and_interval(result["offer_cost"]["total"]))
        label = f"of it on orders that would have come anyway, {currency}"
        table.row(label, *mean_and_interval(result["offer_cost"]["organic"]))
    return table


def _campaigns(result: Result) -> Grid | None:
    rows = campaign_rows(result)
    table = grid("Campaigns and cascades over the horizon", "name", "channel", "contacts", "of the first step")
    for row in rows:
        table.row(*row.values())
    return table if rows else None


def _contacts(result: Result) -> Grid | None:
    contacts = result.get("contacts", {})
    if not contacts:
        return None
    table = grid("Contacts over the horizon", "channel", "contacts", "unsubscribes", "unsubscribes per contact")
    for channel, sent in contacts.items():
        left = result.get("unsubscribes", {}).get(channel)
        share = percent(left / sent) if left is not None and sent else ""
        table.row(channel, count(sent), "" if left is None else count(left), share)
    return table


def _plans(result: Result, title: str) -> list[Grid | None]:
    """The plan, or that of each period."""
    parts = by_period(result)
    return [_plan(rows, f"{title}{name}") for name, rows in parts] or [_plan(result.get("plan", []), title)]


def _plan(rows: Iterable[Mapping[str, Any]], title: str) -> Grid | None:
    """Segments down, channels across."""
    cells = {(row["segment"], row["channel"]): row["per_week"] for row in rows}
    if not cells:
        return None
    segments, channels = dict.fromkeys(s for s, _ in cells), dict.fromkeys(c for _, c in cells)
    table = grid(f"{title}, contacts a week", "segment", *channels)
    for segment in segments:
        rates = [cells.get((segment, channel)) for channel in channels]
        table.row(segment, *("" if rate is None else frequency(rate) for rate in rates))
    return table


def _delivered(result: Result) -> Grid | None:
    """The found plan on fresh customers, beside what the search promised."""
    delivered, promised = result.get("delivered"), result.get("promised", {})
    if not delivered:
        return None
    currency = currency_of(result)
    title = "The found plan against no contact, on fresh draws"
    table = grid(title, "what, unit", "mean", "95% interval (simulation)", "the search promised")
    labels = {
        "value": f"horizon + tail, {currency}",
        "contribution": f"contribution of the horizon, {currency}",
        "revenue": f"revenue of the horizon, {currency}",
        "orders": "orders of the horizon",
    }
    for key, label in labels.items():
        if key in delivered:
            said = number(promised[key]["mean"]) if key in promised else ""
            table.row(label, *mean_and_interval(delivered[key]), said)
    if "cost" in delivered:
        said = number(promised["cost"]) if "cost" in promised else ""
        table.row(f"contact cost, {currency}", *cost_text(result if "cost_estimate" in result else delivered), said)
    return table


def _baselines(result: Result) -> Grid | None:
    baselines = result.get("baselines", {})
    if not baselines:
        return None
    currency = currency_of(result)
    table = grid(
        f"Other plans, {currency}, same draws",
        "plan", "horizon + tail", "contact cost", "the found plan earns more by", "95% interval", "within limits",
    )  # fmt: skip
    for key, row in baselines.items():
        more = mean_and_interval(row["plan_minus_this"]) if "plan_minus_this" in row else ("", "")
        value = number(row["value"]["mean"]) if "value" in row else ""
        cost = number(row["cost"]) if "cost" in row else ""
        fits = {True: "yes", False: "no"}.get(row.get("feasible", ""), "")
        table.row(str(row.get("label", words(key))), value, cost, *more, fits)
    return table


def _limits(result: Result) -> Grid | None:
    limits = result.get("limits", [])
    if not limits:
        return None
    priced = any("shadow_price_money" in row for row in limits)
    more = ("a unit looser brings", "a unit tighter costs") if priced else ()
    table = grid("Limits", "limit", "unit", "allowed", "used", "share used", "binding", *more)
    for row in limits:
        binding = {True: "yes", False: "no"}.get(row.get("binding", ""), "")
        share = percent(row["share_used"]) if "share_used" in row else ""
        prices = price_texts(row, str(result["scenario"].get("currency", ""))) if priced else ()
        allowed = ("at least " if row.get("at_least") else "") + number(row["limit"])
        table.row(row["name"], row.get("unit", ""), allowed, number(row["used"]), share, binding, *prices)
    return table
