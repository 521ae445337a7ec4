"""The recipe behind ``contactpolicy fit``: orders, and messages if there are any, to a fitted and tested model."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scenarios import build
from scenarios.finished import RunResult
from scenarios.fit_files import from_files
from scenarios.fit_season import Seasons, seasons, untested
from scenarios.fit_segments import shipped_borders_at, shipped_segments_at
from scenarios.fragment import fit_fragment, together
from scenarios.log_rates import log_rates, rates_tables
from scenarios.order_rows import order_rows
from scenarios.outcome import Part
from scenarios.past_contacts import LOG_TAKEN_OUT, of_messages, unknown_channels
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part
from scenarios.shipped import shipped_assumptions
from scenarios.unknown_contacts import said as unknown_contacts_said
from scenarios.unknown_contacts import unknown_contacts
from sim.fit._dropout_model import DropoutModel
from sim.fit.cross_checks import cross_checks
from sim.fit.forecast import organic_forecast
from sim.fit.history import without_contacts
from sim.fit.organic import REGULAR, OrganicFit, fit_organic, organic_numbers
from sim.fit.trial_log import is_trial
from sim.messages import MessageLog, read_messages
from sim.orders import OrderLog, read_orders

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
"""progress(done, total, text)."""
ModelChoice = Literal["best", "bg-nbd", "mbg-nbd", "mbg-cnbd"]
Duplicates = Literal["keep", "drop", "refuse"]
Refunds = Literal["refuse", "net", "drop"]
FORECAST_WEEKS = 26
LEVEL = 0.95
"""Of all intervals."""
NO_CLOCK = (
    "orders come evenly (mbg-cnbd tells the held-out orders best), but past contacts are taken out of irregular ones "
    "only: the model here is the better of the two others"
)
NO_TRIAL = (
    "what contacts add cannot be learned from this log: it has neither a holdout nor arms. Past contacts were taken "
    "out at the assumed effects; contactpolicy effects says which holdout would measure them"
)
_EPOCH = dt.date(1970, 1, 1)


def fit_orders(
    orders: object,
    *,
    columns: Mapping[str, str] | None = None,
    until: dt.date | None = None,
    model: ModelChoice = "best",
    duplicates: Duplicates = "keep",
    refunds: Refunds = "refuse",
    before_registration: Duplicates = "keep",
    where: Mapping[str, str] | None = None,
    messages: object = None,
    message_columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    encoding: str = "auto",
    decimal: Literal[".", ","] = ".",
    cross_check: bool = False,
    preset: str | None = None,
    message_preset: str | None = None,
    consents: Path | None = None,
    costs: object = None,
    cost_columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Order process and spend of a file or data frame of orders, tested on held-out orders.

    ``messages``: a file or frame of past messages, which are then taken out of the order process; ``decisions`` about
    oddities in it as in `sim.messages.read_messages`. ``encoding`` of both files, ``decimal`` of order values.
    ``cross_check``: also what Pareto/NBD and NBD say of the held-out orders. ``preset`` and ``message_preset``: the
    files are exports of `sim.fit.export_presets`. ``before_registration``: orders dated
    before ``registered_at``, a column that may be there. ``consents``: file of customers with ``consent_CHANNEL``, as
    ``base.customers``; ``costs``: file or frame of bills, channel, contacts, cost, or named by ``cost_columns``.
    """
    clock, say = Clock(), progress or _silent
    say(0.0, 1.0, "reading orders")
    name = orders.name if isinstance(orders, Path) else "data frame"
    rows = order_rows(orders, where or {}, encoding) if isinstance(orders, Path) else orders
    log = read_orders(
        rows, columns=columns, duplicates=duplicates, refunds=refunds, where=name, decimal=decimal, encoding=encoding,
        preset=preset, before_registration=before_registration,
    )  # fmt: skip
    sent = None
    if messages is not None:
        say(0.1, 1.0, "reading messages")
        sent = read_messages(
            messages, log, columns=message_columns, decisions=decisions, encoding=encoding, preset=message_preset,
            progress=lambda rows: say(0.1, 1.0, f"reading messages: {rows / 1e6:.1f} million"),
        )  # fmt: skip
    say(0.3, 1.0, "fitting")
    last = None if until is None else (until - _EPOCH).days
    plain = fit_organic(log, until_day=last, model=model, segments=shipped_segments_at, level=LEVEL, seasons=True)
    found = plain.to_dict()
    if cross_check:
        say(0.5, 1.0, "other models")
        ends = (found["backtest"][key] for key in ("calibrated_until", "held_out_until"))
        found["cross_checks"] = cross_checks(log, *((dt.date.fromisoformat(end) - _EPOCH).days for end in ends))
    fitted_until = (dt.date.fromisoformat(plain.fitted_until) - _EPOCH).days
    if sent is None:
        found |= _unknown_contacts(log, fitted_until, plain)
        say(0.6, 1.0, "seasons")
        year = seasons(log, plain.irregular.parameters, fitted_until, level=LEVEL)
    else:
        say(0.6, 1.0, "taking past contacts out")
        past, year = _past_contacts(log, sent, fitted_until, plain)
        found |= past
    found["seasonality"] = year.part
    if year.day_grid and found["day_grid"]["model"] != REGULAR:  # a clock of ticks is kept as it is
        found["day_grid"] = year.day_grid
    beside = from_files(
        log, plain, fitted_until, consents=consents, costs=costs, columns=cost_columns,
        encoding=encoding, decimal=decimal,
    )  # fmt: skip
    split, borders = shipped_borders_at(log, fitted_until)
    found |= beside.part | split
    found["warnings"] = [*found["warnings"], *beside.warnings, *untested(year.part, plain.backtest.seasons)]
    for kind in ("frequency", "segment"):
        table = found["backtest"][f"by_{kind}"]
        found["backtest"][f"by_{kind}"] = [{kind: row.pop("group")} | row for row in table]
    scenario: Part = {"name": name, "files": [name], "base_customers": log.n_customers}
    if isinstance(orders, Path):
        scenario["digest"] = hashlib.sha256(orders.read_bytes()).hexdigest()
    head: Part = {"schema_version": SCHEMA_VERSION, "command": "fit", "scenario": scenario}
    result = head | found | {"orders": _order_facts(log), "provenance": provenance_part(clock)}
    contacts = "none" if sent is None else "current"
    more = together(result.pop("tables", {}), beside.tables)
    text = fit_fragment(found["day_grid"], found["spend"], found["label"], contacts, more) + year.fragment + borders
    tables = {f"backtest_{key}": found["backtest"][key] for key in ("weekly", "by_frequency", "by_segment")}
    tables["seasonality"] = year.part.get("weeks", [])
    if sent is not None:
        tables["message_rates"] = found["messages"]["rates"]
    frames = {name: _frame(rows) for name, rows in tables.items() if rows}
    say(1.0, 1.0, "done")
    return RunResult(result, frames, None, {"scenario_fragment.toml": text}, name.split(".")[0].replace(" ", "-"))


def _unknown_contacts(orders: OrderLog, until_day: int, plain: OrganicFit) -> Part:
    """The parts that a fit without a message log adds: how far contacts it does not know may have misled it."""
    shipped = shipped_assumptions()
    email = next(channel for channel in build.channels(shipped) if channel.name == "email")
    part = unknown_contacts(orders.summary(until_day), plain.irregular.parameters, email, build.behaviour(shipped))
    return {"unknown_contacts": part, "warnings": [*plain.warnings, unknown_contacts_said(part)]}


def _past_contacts(orders: OrderLog, sent: MessageLog, until_day: int, plain: OrganicFit) -> tuple[Part, Seasons]:
    """The parts of the result that a message log adds or changes; and seasons of what customers did by themselves."""
    shipped = shipped_assumptions()
    channels = build.channels(shipped)
    contacts = of_messages(sent, channels, build.behaviour(shipped))
    model = plain.irregular.parameters
    fit = without_contacts(orders, contacts, until_day=until_day, model=model.name, level=LEVEL)
    strange = unknown_channels(sent, channels)
    warnings = list(plain.warnings)
    if plain.model == REGULAR:
        warnings.append(NO_CLOCK)
    if strange:
        warnings.append(
            f"nothing is known of what a contact does through {', '.join(strange)}: these messages were taken to have "
            "no effect; map them to one of " + ", ".join(channel.name for channel in channels)
        )
    year = seasons(orders, model, until_day, own=fit.own_chance(), level=LEVEL)
    effects = {c.name: c.orders_per_contact for c in channels if c.name in sent.channels}
    forecast = organic_forecast(fit, FORECAST_WEEKS)
    rates = log_rates(sent, channels, build.behaviour(shipped))
    warnings += rates.pop("warnings")
    if not is_trial(sent):
        warnings.append(NO_TRIAL)
    part = rates | {
        "organic": organic_numbers(fit.organic),
        "day_grid": organic_numbers(fit.organic),
        "label": LOG_TAKEN_OUT,
        "warnings": warnings,
        "history": {
            "contacts": "log",
            "label": LOG_TAKEN_OUT,
            "stimulated_share": fit.stimulated_share,
            "assumed_orders_per_contact": effects,
            "forecast_weeks": FORECAST_WEEKS,
            "forecast_without_contacts": forecast.mean,
            "forecast_low": forecast.low,
            "forecast_high": forecast.high,
            "forecast_under_past_contacts": _plain_forecast(orders, model, until_day),
        },
        "messages": message_facts(sent),
        "tables": rates_tables(rates, [channel.name for channel in channels]),
    }
    return part, year


def _plain_forecast(orders: OrderLog, model: DropoutModel, until_day: int) -> float:
    """The same forecast from the fit that takes every past order for organic."""
    s = orders.summary(until_day)
    return float(model.expected_future_orders(FORECAST_WEEKS, s.frequency, s.recency_weeks, s.age_weeks).sum())


def message_facts(sent: MessageLog) -> Part:
    """The ``messages`` of a result."""
    days = {"first_day": int(sent.day.min()), "last_day": int(sent.day.max())}
    facts: Part = {
        "messages": int(sent.sent.sum()),
        "held_back": int((~sent.sent).sum()),
        "customers": sent.n_contacted,
    }
    facts |= {key: (_EPOCH + dt.timedelta(days=day)).isoformat() for key, day in days.items()}
    facts |= {"rates": sent.rates(), "findings": [finding.to_dict() for finding in sent.findings]}
    return facts | ({"notes": list(sent.notes)} if sent.notes else {})


def _order_facts(log: OrderLog) -> Part:
    days = {"first_day": log.first_day, "last_day": log.last_day}
    facts: Part = {"customers": log.n_customers, "orders": log.n_orders}
    facts |= {key: (_EPOCH + dt.timedelta(days=day)).isoformat() for key, day in days.items()}
    return facts | ({"notes": list(log.notes)} if log.notes else {})


def _frame(rows: list[Part]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)


def _silent(done: float, total: float, text: str) -> None:
    """Nobody wants to know."""
