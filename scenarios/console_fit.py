"""What a fit says in a terminal: the order process, what else was tried, the backtest; seasons, consent, costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from scenarios.console_messages import message_tables
from scenarios.console_table import Grid, grid, some
from scenarios.console_words import Result, currency_of
from scenarios.report import beside
from scenarios.report.format import count


def fit_tables(result: Result) -> list[Grid | str]:
    """The chosen order process, the others, spend, and how the forecast did on later orders."""
    label = result.get("label")
    lines = [f"Fit {escape(str(label))}" if label else "Fit"]
    return [
        *lines,
        *message_tables(result),
        *some(
            _organic(result),
            _candidates(result),
            _spend(result),
            _backtest(result),
            _cross(result),
            _by_segment(result),
        ),
        *beside_tables(result),
    ]


def _organic(result: Result) -> Grid | None:
    model = result.get("organic")
    if not model:
        return None
    ticks = f", an order every {model['k']} ticks" if "k" in model else ""
    title = f"Order process {model['model']}{ticks}, time in {model.get('time_unit', 'week')}s"
    lived = result.get("day_grid", {})
    columns = ("simulated with",) if lived and lived.get("r") != model.get("r") else ()
    table = grid(title, "parameter", "estimate", "standard error", "95% interval", *columns)
    for key in ("r", "alpha", "a", "b"):
        if key in model:
            error = model.get("se", {}).get(key)
            simulated = (f"{lived[key]:.4g}",) if columns else ()
            cells = ("" if error is None else f"{error:.2g}", _ends(model, key), *simulated)
            table.row(key, f"{model[key]:.4g}", *cells)
    return table


def _ends(model: Mapping[str, Any], key: str) -> str:
    """``4.65 to 7.14``; an end that the data leave open is a dash."""
    known = [key in model.get(end, {}) for end in ("low", "high")]
    ends = (f"{model[end][key]:.3g}" if told else "–" for end, told in zip(("low", "high"), known, strict=True))
    return " to ".join(ends) if any(known) else ""


def _candidates(result: Result) -> Grid | None:
    candidates = result.get("candidates", {})
    if not candidates:
        return None
    table = grid("Candidates", "model", "log-likelihood", "r", "alpha (weeks)", "a", "b")
    for key, model in candidates.items():
        cells = [f"{model[name]:.4g}" if name in model else "" for name in ("r", "alpha", "a", "b")]
        table.row(str(model.get("model", key)), f"{model['log_likelihood']:,.1f}", *cells)
    return table


def _spend(result: Result) -> Grid | None:
    spend = result.get("spend")
    if not spend:
        return None
    table = grid(f"Order value {spend.get('model', '')}".strip(), "parameter", "estimate")
    for key in ("p", "q", "gamma"):
        if key in spend:
            unit = f" ({currency_of(result)})" if key == "gamma" and currency_of(result) else ""
            table.row(key + unit, f"{spend[key]:.4g}")
    return table


def _backtest(result: Result) -> Grid | None:
    backtest = result.get("backtest")
    if not backtest:
        return None
    how = ", forecast with the seasons of those before" if backtest.get("seasons") else ""
    title = f"Backtest: orders of {backtest['weeks']} later weeks{how}"
    table = grid(title, "forecast, orders", "actual, orders", "error, %")
    error = f"{backtest['error_pct']:+.1f}" if "error_pct" in backtest else ""
    table.row(count(backtest["forecast"]), count(backtest["actual"]), error)
    return table


def _cross(result: Result) -> Grid | None:
    """What other models forecast for the same weeks."""
    rows = result.get("cross_checks", [])
    if not rows:
        return None
    title = f"Cross-check: the same weeks, {count(rows[0]['customers'])} customers"
    table = grid(title, "model", "forecast, orders", "actual, orders", "error, %")
    for row in rows:
        table.row(row["model"], count(row["forecast"]), count(row["actual"]), f"{row['error_pct']:+.1f}")
    return table


def _by_segment(result: Result) -> Grid | None:
    """The backtest for each segment; misses beyond chance are marked."""
    rows = result.get("backtest", {}).get("by_segment", [])
    if not rows:
        return None
    title = "Backtest by segment at the start of these weeks: orders per customer"
    table = grid(title, "segment", "customers", "forecast", "actual", "error, %", "beyond chance")
    for row in rows:
        forecast, actual = row["forecast_mean"], row["actual_mean"]
        error = f"{100 * (forecast / actual - 1):+.0f}" if actual else ""
        beyond = "yes" if abs(forecast - actual) > row["chance_mean"] else "no"
        table.row(row["segment"], count(row["customers"]), f"{forecast:.3g}", f"{actual:.3g}", error, beyond)
    return table


def beside_tables(result: Result) -> list[Grid | str]:
    """Of what was asked for; seasons are told, or why they are not."""
    parts: list[Grid | str] = []
    for told in beside.beside_tables(result):
        parts += [Grid(told.title, told.heads, list(told.rows)), *([escape(told.note)] if told.note else [])]
    seasons = result.get("seasonality", {}).get("statement")
    return [*parts, *([escape(f"Seasonality: {seasons}")] if seasons else [])]
