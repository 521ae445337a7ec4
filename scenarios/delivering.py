"""``deliver``: does a plan leave in time, are its callers answered, and how much could the channels carry?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.basis import assumption_rows
from scenarios.calling import calls_part
from scenarios.daily import Daily, daily_contacts
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.on_time import on_time_interval
from scenarios.outcome import Part
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, percent, stated
from scenarios.schema_delivery import Delivery
from scenarios.world import load_base
from sim.delivery import DAY, HOUR, Batch, Hours, Sender, Sent, deliver, throughput_needed
from sim.errors import InputError
from sim.policy import Frequencies

Progress = Callable[[float, float, str], None]
CUSTOMERS = 20_000
"""Simulated at most: the daily pattern needs no more, and every contact is kept."""
GRACE_DAYS = 7
"""After the last day, for what is still waiting then."""


def plan_delivery(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    weeks: int = 4,
    target: float = 0.95,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Contacts of the plan's first ``weeks`` weeks through send windows and call centre.

    ``target``: share that should leave in time. Segments go in the order of the scenario: the first is served first.
    """
    _refuse(loaded, weeks, target)
    clock, say = Clock(), progress or (lambda done, total, text: None)
    base = load_base(loaded)
    chosen = plan or replace(build.current_plan(loaded), name="current")
    say(0, 3, "contacts day by day")
    size = min(customers or CUSTOMERS, loaded.scenario.base.simulated_customers)
    daily = daily_contacts(base, chosen, weeks, customers=size, seed=seed, threads=threads)
    names = build.channel_names(loaded)
    start = build.start_date(loaded)
    first_weekday = 1 if start is None else start.isoweekday()
    say(1, 3, "send windows")
    rows: list[Part] = []
    sent: dict[str, Sent] = {}
    for lane, name in enumerate(names):
        if name in loaded.scenario.delivery and daily.contacts[:, lane].any():
            row, sent[name] = _channel(name, loaded.scenario.delivery[name], daily, lane, first_weekday, target, weeks)
            rows.append(row)
    say(2, 3, "calls")
    centre = loaded.scenario.call_centre
    calls = None if centre is None else calls_part(centre, names, sent, daily, first_weekday, weeks, seed)
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "deliver",
        "scenario": scenario_part(loaded, daily.started.world.population),
        "plan_name": chosen.name,
        **plan_part(chosen),
        "delivery_weeks": weeks,
        "target_share": target,
        "channels": rows,
        **({} if calls is None else {"calls": calls}),
        "not_limited": [name for name in names if name not in loaded.scenario.delivery],
    }
    result["assumptions"] = assumption_rows(base)
    result["verdict"] = _verdict(result)
    result["provenance"] = provenance_part(clock, seed=seed)
    say(3, 3, "done")
    texts = {"capacity.toml": capacity_fragment(rows, calls)}
    return RunResult(result, {"channels": _frame(rows)}, chosen, texts, loaded.slug)


def capacity_fragment(rows: Sequence[Part], calls: Part | None = None) -> str:
    """Limits for the search: what can leave, and whose calls can be answered, in a week. Loads with ``extends``."""
    lines = ["# What can be carried, from contactpolicy deliver: extends = [..., 'capacity.toml']."]
    named = [(row["channel"], "delivery", row["capacity_per_week"]) for row in rows]
    if calls is not None:
        lines += ["# Calls: as many contacts as the seats can bear if all channels grow together."]
        named += [(channel, "calls", most) for channel, most in calls["capacity_per_week"].items()]
    for channel, what, most in named:
        lines += ["", "[[optimize.limits]]", f'name = "{channel}: {what}"', f'channel = "{channel}"']
        lines += [f"max_contacts_per_week = {most:.0f}"]
    return "\n".join(lines) + "\n"


def _channel(
    name: str, table: Delivery, daily: Daily, lane: int, first_weekday: int, target: float, weeks: int
) -> tuple[Part, Sent]:
    hours = Hours(table.opens_hour, table.closes_hour, table.weekdays, first_weekday)
    sender = Sender(table.per_hour, hours, table.failure_share, table.retries, table.retry_after_minutes)
    batches = _batches(daily.contacts[:, lane], hours)
    days = 7 * weeks + GRACE_DAYS
    sent = deliver(sender, batches, until_day=days)
    per_week = daily.contacts[:, lane].sum(axis=1).reshape(weeks, 7).sum(axis=1)
    needed = throughput_needed(sender, batches, table.on_time_hours, target, days)
    row: Part = {
        "channel": name,
        "contacts": sent.total,
        "busiest_week": float(per_week.max()),
        "busiest_day": float(daily.contacts[:, lane].sum(axis=1).max()),
        "on_time_hours": table.on_time_hours,
        "on_time_share": sent.on_time(table.on_time_hours),
        "delay_hours_median": sent.delay_hours(0.5),
        "delay_hours_p95": sent.delay_hours(0.95),
        "lost": sent.lost,
        "waiting": sent.waiting,
        "per_hour": table.per_hour,
        "capacity_per_week": sender.per_week,
        "share_used": float(per_week.max()) / sender.per_week,
    }
    if span := on_time_interval(sent, batches, table.on_time_hours):
        row |= {"on_time_low": span[0], "on_time_high": span[1]}
    return row | ({"per_hour_needed": needed} if np.isfinite(needed) else {}), sent


def _batches(contacts: npt.NDArray[np.float64], hours: Hours) -> list[Batch]:
    """(D, S) contacts, due when their day opens (a day without sends: when the next one does); segments in order."""
    return [
        Batch(hours.next_opening(day * DAY + hours.opens * HOUR), float(number), segment)
        for day, row in enumerate(contacts)
        for segment, number in enumerate(row)
        if number > 0
    ]


def _refuse(loaded: LoadedScenario, weeks: int, target: float) -> None:
    if not 1 <= weeks <= 26:
        raise InputError.of("--weeks", "is out of range", weeks, "1 to 26")
    if not 0 < target < 1:
        raise InputError.of("--target", "is out of range", target, "a share above 0 and below 1")
    if not loaded.scenario.delivery and loaded.scenario.call_centre is None:
        allowed = (
            "[delivery.CHANNEL] with per_hour, or [call_centre] with seats, call_minutes, calls_per_contact; like "
            f"--set delivery.{build.channel_names(loaded)[0]}.per_hour=1000"
        )
        raise InputError.of(loaded.name, "says nothing about delivery", None, allowed)


def _verdict(result: Part) -> str:
    target, parts = result["target_share"], []
    late = [row for row in result["channels"] if row["on_time_share"] < target]
    for row in late:
        needs = f"{count(row['per_hour_needed'])} an hour" if "per_hour_needed" in row else "another send window"
        parts.append(
            f"“{row['channel']}” delivers {percent(row['on_time_share'])} within {row['on_time_hours']:g} hours, not "
            f"{stated(target)}: it needs {needs} instead of {count(row['per_hour'])}"
        )
    if result["channels"] and not late:
        parts.append(f"Every channel delivers {stated(target)} or more on time")
    calls = result.get("calls")
    if calls:
        fine = calls["answered_in_time"] >= calls["service_level"]
        needs = f"{calls['seats_needed']} seats" if "seats_needed" in calls else "more seats than can be tried"
        within = f"within {calls['answer_within_minutes']:g} min with {calls['seats']} seats"
        said = f"{percent(calls['answered_in_time'])} of the calls are answered {within}"
        parts.append(said if fine else f"{said}; for {stated(calls['service_level'])} it takes {needs}")
    return ". ".join(parts) + "."


def _frame(rows: Sequence[Part]) -> Any:
    import polars as pl

    return pl.DataFrame(list(rows), infer_schema_length=None)
