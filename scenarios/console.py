"""Results as tables in a terminal. Computes nothing; every number stands with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scenarios.console_effects import effects_tables
from scenarios.console_fit import beside_tables
from scenarios.console_messages import message_tables
from scenarios.report.answers import ANSWERS, sections
from scenarios.report.compared_messages import campaign_rows
from scenarios.report.format import count, duration, frequency, money, number, percent, words
from scenarios.report.limits import price_texts
from scenarios.report.tables import by_period, red_zone_texts

Result = Mapping[str, Any]
NARROWEST = 100
"""Columns used where nobody tells the width of the terminal."""


def show(result: Result, directory: object = None, file: TextIO | None = None) -> None:
    """Print the result of any command, then where its files are."""
    console = Console(file=file, highlight=False)
    if not console.is_terminal and console.width < NARROWEST:
        console = Console(file=file, highlight=False, width=NARROWEST)
    tables = {"simulate": simulate_tables, "optimize": optimize_tables, "fit": fit_tables, "effects": effects_tables}
    tables |= dict.fromkeys(ANSWERS, answer_tables)
    for part in tables.get(str(result.get("command")), simulate_tables)(result):
        if isinstance(part, Table):  # as a line of its own a title does not wrap in a narrow table
            console.print(f"[bold]{escape(str(part.title))}[/bold]", soft_wrap=True)
            part.title = None
        console.print(part)
        console.print()
    for warning in result.get("warnings", []):
        console.print(f"warning: {escape(str(warning))}", soft_wrap=True)
    if directory is not None:
        console.print(f"written to {escape(str(directory))}", soft_wrap=True)


def simulate_tables(result: Result) -> list[Table | str]:
    """Money, contacts and the plan of one simulated policy."""
    plans = _plans(result, "Plan")
    return [_head(result), *_some(_money(result), _contacts(result), _campaigns(result), *plans), *_red_zones(result)]


def optimize_tables(result: Result) -> list[Table | str]:
    """What the found plan is worth, against what, within which limits."""
    return [
        _head(result),
        *_some(
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


def answer_tables(result: Result) -> list[Table | str]:
    """The verdict, then the tables that the page has too."""
    parts: list[Table | str] = [_head(result)]
    for section in sections(result):
        if section.table is not None and not section.page_only:
            table = _grid(section.title, *section.table.columns)
            if section.table.words:
                table.columns[-1].justify = "left"
            for row in section.table.rows:
                _row(table, *map(str, row))
            parts.append(table)
    return [*parts, f"[bold]{escape(str(result['verdict']))}[/bold]", *map(escape, result.get("remarks", []))]


def fit_tables(result: Result) -> list[Table | str]:
    """The chosen order process, the others, spend, and how the forecast did on later orders."""
    label = result.get("label")
    lines = [f"Fit {escape(str(label))}" if label else "Fit"]
    return [
        *lines,
        *message_tables(result),
        *_some(
            _organic(result),
            _candidates(result),
            _spend(result),
            _backtest(result),
            _cross(result),
            _by_segment(result),
        ),
        *beside_tables(result),
    ]


def _some(*tables: Table | None) -> list[Table]:
    return [table for table in tables if table is not None]


def _head(result: Result) -> str:
    scenario = result.get("scenario", {})
    name = escape(str(scenario.get("name", "scenario")))
    facts = [f"{count(scenario['base_customers'])} customers"] if "base_customers" in scenario else []
    if "simulated_customers" in scenario:
        facts.append(f"{count(scenario['simulated_customers'])} simulated")
    if "weeks" in scenario:
        facts.append(f"{scenario['weeks']} weeks + {scenario.get('tail_weeks', 0)} weeks of tail")
    plan = f"; plan: {escape(str(result['plan_name']))}" if "plan_name" in result else ""
    past = f"\norganic orders: {escape(str(result['history']['label']))}" if "history" in result else ""
    return f"{name}\n{', '.join(facts)}{plan}{past}{past_line(result)}".rstrip("\n")


def past_line(result: Result) -> str:
    """A line about the messages that customers start from, where a file tells them."""
    told = result.get("past_messages")
    if told is None:
        return ""
    days = f", {told['first_day']} to {told['last_day']}" if "first_day" in told else ""
    left = sum(told["unsubscribed"].values())
    gone = f"; {count(left)} unsubscribed" if left else ""
    return f"\npast contacts: {count(told['messages'])} messages to {count(told['customers'])} customers{days}{gone}"


def _grid(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose other columns are numbers. Where there is little room cells break,
    but no word of a heading does."""
    table = Table(title=title, box=None, pad_edge=False)
    for position, column in enumerate(columns):
        longest = max((len(word) for word in column.split()), default=0)
        side: Literal["left", "right"] = "left" if position == 0 else "right"
        table.add_column(escape(column), justify=side, overflow="fold", min_width=longest)
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(escape(cell) for cell in cells))


def _currency(result: Result) -> str:
    return str(result.get("scenario", {}).get("currency", ""))


def _interval(estimate: Mapping[str, float]) -> str:
    """``11,900 to 12,700``; empty when there is no interval."""
    if "ci_low" not in estimate or "ci_high" not in estimate:
        return ""
    return f"{number(estimate['ci_low'])} to {number(estimate['ci_high'])}"


def _estimate(estimate: Mapping[str, float]) -> tuple[str, str]:
    """Mean and interval; the unit stands in the row or the column."""
    return number(estimate["mean"]), _interval(estimate)


def _money(result: Result) -> Table | None:
    """Increments over the current policy and over no contact."""
    against = [
        (key, label)
        for key, label in (("versus_current", "the current policy"), ("versus_none", "no contact"))
        if key in result.get("incremental", {})
    ]
    if not against:
        return None
    currency = _currency(result)
    table = _grid("Increment over the horizon", "against, what, unit", "mean", "95% interval (simulation)")
    for key, label in against:
        total = result["incremental"][key]["total"]
        for name in ("contribution", "revenue", "orders"):
            if name in total:
                unit = "orders" if name == "orders" else currency
                _row(table, f"{label}: {name}, {unit}", *_estimate(total[name]))
        tail = result.get("tail_value", {}).get(key, {}).get("total", {})
        if "contribution" in tail:
            _row(table, f"{label}: contribution of the tail, {currency}", *_estimate(tail["contribution"]))
        value = result.get("value", {}).get(key)
        if value is not None:
            _row(table, f"{label}: horizon + tail, {currency}", *_estimate(value))
    outcome = result.get("outcome", {}).get("versus_none", {})
    if "outcome_low" in outcome:
        span = f"{number(outcome['outcome_low'])} to {number(outcome['outcome_high'])}"
        _row(table, f"no contact: contribution of one real period, {currency}", "", span)
    if "cost" in result:
        _row(table, f"contact cost, {currency}", number(result["cost"]), "")
    if "offer_cost" in result:
        _row(table, f"discounts, {currency}", *_estimate(result["offer_cost"]["total"]))
        label = f"of it on orders that would have come anyway, {currency}"
        _row(table, label, *_estimate(result["offer_cost"]["organic"]))
    return table


def _campaigns(result: Result) -> Table | None:
    rows = campaign_rows(result)
    table = _grid("Campaigns and cascades over the horizon", "name", "channel", "contacts", "of the first step")
    for row in rows:
        _row(table, *row.values())
    return table if rows else None


def _contacts(result: Result) -> Table | None:
    contacts = result.get("contacts", {})
    if not contacts:
        return None
    table = _grid("Contacts over the horizon", "channel", "contacts", "unsubscribes", "unsubscribes per contact")
    for channel, sent in contacts.items():
        left = result.get("unsubscribes", {}).get(channel)
        share = percent(left / sent) if left is not None and sent else ""
        _row(table, channel, count(sent), "" if left is None else count(left), share)
    return table


def _plans(result: Result, title: str) -> list[Table | None]:
    """The plan, or that of each period."""
    parts = by_period(result)
    return [_plan(rows, f"{title}{name}") for name, rows in parts] or [_plan(result.get("plan", []), title)]


def _plan(rows: Iterable[Mapping[str, Any]], title: str) -> Table | None:
    """Segments down, channels across."""
    cells = {(row["segment"], row["channel"]): row["per_week"] for row in rows}
    if not cells:
        return None
    segments, channels = dict.fromkeys(s for s, _ in cells), dict.fromkeys(c for _, c in cells)
    table = _grid(f"{title}, contacts a week", "segment", *channels)
    for segment in segments:
        rates = [cells.get((segment, channel)) for channel in channels]
        _row(table, segment, *("" if rate is None else frequency(rate) for rate in rates))
    return table


def _delivered(result: Result) -> Table | None:
    """The found plan on fresh customers, beside what the search promised."""
    delivered, promised = result.get("delivered"), result.get("promised", {})
    if not delivered:
        return None
    currency = _currency(result)
    title = "The found plan against no contact, on fresh draws"
    table = _grid(title, "what, unit", "mean", "95% interval (simulation)", "the search promised")
    labels = {
        "value": f"horizon + tail, {currency}",
        "contribution": f"contribution of the horizon, {currency}",
        "revenue": f"revenue of the horizon, {currency}",
        "orders": "orders of the horizon",
    }
    for key, label in labels.items():
        if key in delivered:
            said = number(promised[key]["mean"]) if key in promised else ""
            _row(table, label, *_estimate(delivered[key]), said)
    if "cost" in delivered:
        said = number(promised["cost"]) if "cost" in promised else ""
        _row(table, f"contact cost, {currency}", number(delivered["cost"]), "", said)
    return table


def _baselines(result: Result) -> Table | None:
    baselines = result.get("baselines", {})
    if not baselines:
        return None
    currency = _currency(result)
    table = _grid(
        f"Other plans, {currency}, same draws",
        "plan", "horizon + tail", "contact cost", "the found plan earns more by", "95% interval", "within limits",
    )  # fmt: skip
    for key, row in baselines.items():
        more = _estimate(row["plan_minus_this"]) if "plan_minus_this" in row else ("", "")
        value = number(row["value"]["mean"]) if "value" in row else ""
        cost = number(row["cost"]) if "cost" in row else ""
        fits = {True: "yes", False: "no"}.get(row.get("feasible", ""), "")
        _row(table, str(row.get("label", words(key))), value, cost, *more, fits)
    return table


def _limits(result: Result) -> Table | None:
    limits = result.get("limits", [])
    if not limits:
        return None
    priced = any("shadow_price_money" in row for row in limits)
    more = ("a unit looser brings", "a unit tighter costs") if priced else ()
    table = _grid("Limits", "limit", "unit", "allowed", "used", "share used", "binding", *more)
    for row in limits:
        binding = {True: "yes", False: "no"}.get(row.get("binding", ""), "")
        share = percent(row["share_used"]) if "share_used" in row else ""
        prices = price_texts(row, str(result["scenario"].get("currency", ""))) if priced else ()
        allowed = ("at least " if row.get("at_least") else "") + number(row["limit"])
        _row(table, row["name"], row.get("unit", ""), allowed, number(row["used"]), share, binding, *prices)
    return table


def _organic(result: Result) -> Table | None:
    model = result.get("organic")
    if not model:
        return None
    ticks = f", an order every {model['k']} ticks" if "k" in model else ""
    title = f"Order process {model['model']}{ticks}, time in {model.get('time_unit', 'week')}s"
    lived = result.get("day_grid", {})
    columns = ("simulated with",) if lived and lived.get("r") != model.get("r") else ()
    table = _grid(title, "parameter", "estimate", "standard error", "95% interval", *columns)
    for key in ("r", "alpha", "a", "b"):
        if key in model:
            error = model.get("se", {}).get(key)
            simulated = (f"{lived[key]:.4g}",) if columns else ()
            cells = ("" if error is None else f"{error:.2g}", _ends(model, key), *simulated)
            _row(table, key, f"{model[key]:.4g}", *cells)
    return table


def _ends(model: Mapping[str, Any], key: str) -> str:
    """``4.65 to 7.14``; an end that the data leave open is a dash."""
    known = [key in model.get(end, {}) for end in ("low", "high")]
    ends = (f"{model[end][key]:.3g}" if told else "–" for end, told in zip(("low", "high"), known, strict=True))
    return " to ".join(ends) if any(known) else ""


def _candidates(result: Result) -> Table | None:
    candidates = result.get("candidates", {})
    if not candidates:
        return None
    table = _grid("Candidates", "model", "log-likelihood", "r", "alpha (weeks)", "a", "b")
    for key, model in candidates.items():
        cells = [f"{model[name]:.4g}" if name in model else "" for name in ("r", "alpha", "a", "b")]
        _row(table, str(model.get("model", key)), f"{model['log_likelihood']:,.1f}", *cells)
    return table


def _spend(result: Result) -> Table | None:
    spend = result.get("spend")
    if not spend:
        return None
    table = _grid(f"Order value {spend.get('model', '')}".strip(), "parameter", "estimate")
    for key in ("p", "q", "gamma"):
        if key in spend:
            unit = f" ({_currency(result)})" if key == "gamma" and _currency(result) else ""
            _row(table, key + unit, f"{spend[key]:.4g}")
    return table


def _backtest(result: Result) -> Table | None:
    backtest = result.get("backtest")
    if not backtest:
        return None
    how = ", forecast with the seasons of those before" if backtest.get("seasons") else ""
    title = f"Backtest: orders of {backtest['weeks']} later weeks{how}"
    table = _grid(title, "forecast, orders", "actual, orders", "error, %")
    error = f"{backtest['error_pct']:+.1f}" if "error_pct" in backtest else ""
    _row(table, count(backtest["forecast"]), count(backtest["actual"]), error)
    return table


def _cross(result: Result) -> Table | None:
    """What other models forecast for the same weeks."""
    rows = result.get("cross_checks", [])
    if not rows:
        return None
    title = f"Cross-check: the same weeks, {count(rows[0]['customers'])} customers"
    table = _grid(title, "model", "forecast, orders", "actual, orders", "error, %")
    for row in rows:
        _row(table, row["model"], count(row["forecast"]), count(row["actual"]), f"{row['error_pct']:+.1f}")
    return table


def _by_segment(result: Result) -> Table | None:
    """The backtest for each segment; misses beyond chance are marked."""
    rows = result.get("backtest", {}).get("by_segment", [])
    if not rows:
        return None
    title = "Backtest by segment at the start of these weeks: orders per customer"
    table = _grid(title, "segment", "customers", "forecast", "actual", "error, %", "beyond chance")
    for row in rows:
        forecast, actual = row["forecast_mean"], row["actual_mean"]
        error = f"{100 * (forecast / actual - 1):+.0f}" if actual else ""
        beyond = "yes" if abs(forecast - actual) > row["chance_mean"] else "no"
        _row(table, row["segment"], count(row["customers"]), f"{forecast:.3g}", f"{actual:.3g}", error, beyond)
    return table


def summary_line(result: Result) -> str:
    """The one number that matters, in one line."""
    currency, value = _currency(result), result.get("delivered", {}).get("value")
    if value is None:
        value = result.get("value", {}).get("versus_none")
    seconds = result.get("provenance", {}).get("seconds")
    took = f" ({duration(seconds)})" if seconds is not None else ""
    return f"{money(value['mean'], currency)} over no contact{took}" if value else f"done{took}"
