"""The recipe of ``dryrun``: a date, the real base once, the rules, no behaviour."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import build
from scenarios.basis import past_part
from scenarios.load import LoadedScenario
from scenarios.planfile import load_plan
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.read_run import name_of
from scenarios.report.dried import verdict
from scenarios.rundir import run_directory
from scenarios.world import Base, load_base, make_world
from sim.dry_run import NOT_DUE, SENT, DryRun, dry_run
from sim.errors import InputError
from sim.periods import in_week
from sim.policy import Frequencies
from sim.start import Started, start_world
from sim.units import DAYS_PER_WEEK

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
Rows = list[dict[str, Any]]
SHOWN = "sent"


@dataclass(frozen=True)
class DryRunResult:
    """Tables of a dry run; ``result`` is the content of result.json."""

    result: dict[str, Any]
    contacts: pl.DataFrame
    """One row per contact that was due: customer_id, segment, line, channel, outcome, expected_contribution."""
    slug: str
    directory: Path | None = None

    def write(self, out: str | Path | None = None) -> DryRunResult:
        """Write result.json, contacts.csv, contacts.parquet and the page, whole or not at all."""
        from scenarios.report import render_report

        with run_directory(self.slug, "dryrun", out) as run:
            run.write_json("result.json", self.result)
            run.write_parquet("contacts.parquet", self.contacts)
            text = io.StringIO()
            self.contacts.write_csv(text)
            run.write_text("contacts.csv", text.getvalue())
            run.write_text("report.html", render_report(self.result))
        return replace(self, directory=run.directory)


def dry_run_scenario(
    loaded: LoadedScenario,
    *,
    date: dt.date | None = None,
    plan_file: Path | None = None,
    seed: int = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DryRunResult:
    """Each real customer once, on the morning of ``date`` (default: the day after the data), from the orders and
    messages until the day before."""
    clock, say = Clock(), progress or (lambda done, total, text: None)
    week = _week_of(loaded, date)
    loaded = on_date(loaded, date)
    current = build.current_plan(loaded)
    plan = current
    if plan_file is not None:
        plan = load_plan(plan_file, current.segments, current.channels, build.program(loaded))
    plan = in_week(plan, week)
    say(0.0, 1.0, "customers")
    base = _base_until(loaded, date)
    started = _morning(base, seed, threads or os.cpu_count() or 1, say)
    say(0.8, 1.0, "rules")
    found = dry_run(started, plan)
    result = _result(base, started, plan, found)
    result["plan_name"] = "current" if plan_file is None else name_of(plan_file)
    result["verdict"] = verdict(result)
    result["provenance"] = provenance_part(clock, seed=seed)
    say(1.0, 1.0, "done")
    return DryRunResult(result, _contacts(base, started, found), loaded.slug)


def _base_until(loaded: LoadedScenario, date: dt.date | None) -> Base:
    """The base; a date before all orders is told as such."""
    try:
        return load_base(loaded)
    except InputError as error:
        if date is not None and any(problem.what == "there is no order" for problem in error.problems):
            allowed = "a date after the first order"
            raise InputError.of("--date", "there is no order before it", date, allowed) from error
        raise


def _week_of(loaded: LoadedScenario, date: dt.date | None) -> int:
    """The week of the horizon, from 1, that a date is in; before it, the first."""
    start = build.start_date(loaded)
    return 1 if date is None or start is None else max(0, (date - start).days // DAYS_PER_WEEK) + 1


def on_date(loaded: LoadedScenario, date: dt.date | None) -> LoadedScenario:
    """The scenario as it stands on the morning of ``date``; nobody is added by the future."""
    base = loaded.scenario.base
    if date is not None and base.orders is None:
        raise InputError.of("--date", "is for a base with orders", date, "no --date: an invented base has no calendar")
    changes: dict[str, Any] = {"new_customers_per_week": None}
    horizon = loaded.scenario.horizon
    if date is not None:
        before = date - dt.timedelta(days=1)
        changes["as_of"] = before
        if base.until is not None and base.until > before:
            changes["until"] = before
        horizon = horizon.model_copy(update={"start": None})
    update = {"base": base.model_copy(update=changes), "horizon": horizon}
    return replace(loaded, scenario=loaded.scenario.model_copy(update=update))


def _morning(base: Base, seed: int, threads: int, say: Progress) -> Started:
    """Each customer once; past contacts from the messages, else as the current policy leaves them."""
    asked = base.loaded.scenario.base
    size = base.history.orders.n_customers if base.history is not None else min(asked.synthetic or 1, 1_000_000)
    world = make_world(base, base.population(size, seed))
    say(0.3, 1.0, "past contacts")
    return start_world(world, seed=seed, threads=threads)


def _result(base: Base, started: Started, plan: Frequencies, found: DryRun) -> dict[str, Any]:
    world, loaded = started.world, base.loaded
    day = build.start_date(loaded)
    due, sent = found.outcome != NOT_DUE, found.outcome == SENT
    costs = np.array([world.channels[line.channel].unit_cost for line in found.lines])
    scale = world.population.scale
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "dryrun",
        "scenario": scenario_part(loaded, world.population),
        **({} if day is None else {"date": day.isoformat()}),
        "past_contacts": _past_contacts(base),
        **past_part(base),
        "due": {"contacts": int(due.sum()) * scale, "customers": int(due.any(axis=1).sum()) * scale},
        "sent": {
            "contacts": int(sent.sum()) * scale,
            "customers": int(sent.any(axis=1).sum()) * scale,
            "cost": float(sent.sum(axis=0) @ costs) * scale,
            "expected_contribution": float(found.value[sent].sum()) * scale,
        },
        "removed": {
            "contacts": int((due & ~sent).sum()) * scale,
            "expected_contribution": float(found.value[due & ~sent].sum()) * scale,
        },
        "lines": _by_line(started, found, scale),
        "rules": _by_rule(found, scale),
        "cells": _cells(started, found, scale),
    }


def _past_contacts(base: Base) -> str:
    if base.loaded.scenario.base.start == "rested":
        return "none"
    return "as the current policy leaves them" if base.facts.messages is None else "messages"


def _by_line(started: Started, found: DryRun, scale: float) -> Rows:
    """{line, channel, due, sent, expected_contribution}"""
    return [
        {
            "line": line.name,
            "channel": started.world.channel_names[line.channel],
            "due": int((found.outcome[:, n] != NOT_DUE).sum()) * scale,
            "sent": int((found.outcome[:, n] == SENT).sum()) * scale,
            "expected_contribution": float(found.value[found.outcome[:, n] == SENT, n].sum()) * scale,
        }
        for n, line in enumerate(found.lines)
    ]


def _by_rule(found: DryRun, scale: float) -> Rows:
    """{rule, removed, expected_contribution, forbids, alone, violations}: all rules, those that remove nobody too."""
    return [
        {
            "rule": reason,
            "removed": int((found.outcome == place).sum()) * scale,
            "expected_contribution": float(found.value[found.outcome == place].sum()) * scale,
            "forbids": int(found.forbids[place].sum()) * scale,
            "alone": int(found.alone[place].sum()) * scale,
            "violations": int(found.violations[place].sum()) * scale,
        }
        for place, reason in enumerate(found.reasons)
    ]


def _cells(started: Started, found: DryRun, scale: float) -> Rows:
    """{segment, line, channel, outcome, contacts, expected_contribution}; outcome "sent" or the rule that removes."""
    world, segments = started.world, np.array(started.world.rfm.segments)
    return [
        {
            "segment": str(segments[s]),
            "line": line.name,
            "channel": world.channel_names[line.channel],
            "outcome": SHOWN if code == SENT else found.reasons[code],
            "contacts": int(mine.sum()) * scale,
            "expected_contribution": float(found.value[mine, n].sum()) * scale,
        }
        for s in range(len(segments))
        for n, line in enumerate(found.lines)
        for code in (SENT, *range(len(found.reasons)))
        if (mine := (found.segment == s) & (found.outcome[:, n] == code)).any()
    ]


def _contacts(base: Base, started: Started, found: DryRun) -> pl.DataFrame:
    """One row per contact that was due."""
    import polars as pl

    world, ids = started.world, base.customer_ids(started.world.population)
    rows, lines = np.nonzero(found.outcome != NOT_DUE)
    names = [line.name for line in found.lines]
    channels = [world.channel_names[line.channel] for line in found.lines]
    outcomes = np.array([*found.reasons, SHOWN])  # SENT = -1 is the last
    person = world.population.base_customer[rows]
    return pl.DataFrame(
        {
            "customer_id": person if ids is None else ids[person],
            "segment": np.array(world.rfm.segments)[found.segment[rows]],
            "line": np.array(names)[lines],
            "channel": np.array(channels)[lines],
            "outcome": outcomes[found.outcome[rows, lines]],
            "expected_contribution": found.value[rows, lines],
        }
    )
