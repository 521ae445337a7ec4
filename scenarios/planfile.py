"""Plans as files: ``plan.toml`` (loads back), ``plan.csv`` (for a spreadsheet).

A plan file names the plan and says, per segment and channel, how many contacts a week:

    name = "my plan"
    [default]                  # optional: for segments without a table of their own
    email = 1
    [per_week."At Risk"]
    email = 0.5
    sms = 0.25                 # a channel that is not named gets no contacts
    [offers."At Risk"]         # optional: the offer that regular contacts carry
    email = "ten_percent"

and ``campaigns = ["welcome"]`` above the tables: campaigns and cascades of the scenario that run. A plan by period has,
instead of ``default`` and ``per_week``, such tables for each period:

    [[periods]]
    name = "autumn"
    first_week = 1
    last_week = 8
    [periods.per_week."At Risk"]
    email = 0.5
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field

from scenarios.files import label_of, read_toml
from scenarios.findings import Finding, schema_findings
from scenarios.merge import Layer
from scenarios.read_run import plan_file_of
from scenarios.values import STRICT
from scenarios.words import dotted, nearest, shown
from sim.campaigns import Program
from sim.errors import InputError, Problem
from sim.periods import Period, PeriodPlan
from sim.policy import Frequencies

PerWeek = Annotated[float, Field(ge=0, le=7, json_schema_extra={"unit": "contacts a week"})]


class PeriodTable(BaseModel):
    """[[periods]]: what holds in some weeks of the horizon; periods follow each other without gaps, from week 1."""

    model_config = STRICT

    name: Annotated[str, Field(min_length=1, max_length=200)]
    first_week: Annotated[int, Field(ge=1)]
    last_week: Annotated[int, Field(ge=1)]
    """Included."""
    default: dict[str, PerWeek] | None = None
    """As in a plan without periods."""
    per_week: dict[str, dict[str, PerWeek]] = {}


class PlanFile(BaseModel):
    """What a plan file may say."""

    model_config = STRICT

    name: Annotated[str, Field(min_length=1, max_length=200)] = "plan"
    """The name in reports."""
    default: dict[str, PerWeek] | None = None
    """Channel -> contacts a week, for segments without a table of their own."""
    per_week: dict[str, dict[str, PerWeek]] = {}
    """Segment -> channel -> contacts a week; a channel that is not named gets none."""
    campaigns: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Campaigns and cascades that run."""
    offers: dict[str, dict[str, str]] = {}
    """Segment -> channel -> the offer that its regular contacts carry."""
    periods: Annotated[tuple[PeriodTable, ...], Field(strict=False)] = ()
    """Weeks with tables of their own; then there is none above them."""


def load_plan(
    path: str | Path, segments: Sequence[str], channels: Sequence[str], program: Program | None = None
) -> Frequencies:
    """Read a plan for these segments, channels, campaigns and offers; every mistake is told with its line.

    ``path``: a plan file, or the directory of a run that holds one.
    """
    file = plan_file_of(path)
    data, lines = read_toml(file)
    findings = schema_findings(PlanFile, data)
    if "periods" in data:
        findings += _wrong_periods(data, segments, channels)
    else:
        findings += _unknown_names(data, segments, channels)
    findings += _unknown_program(data, segments, channels, program or Program())
    if findings:
        layer = Layer(label_of(file), data, lines)
        raise InputError([Problem(layer.where(f.path), f.what, f.given, f.allowed) for f in findings])
    plan = PlanFile.model_validate(data)
    offers = tuple((s, c, offer) for s, row in plan.offers.items() for c, offer in row.items())
    if plan.periods:
        periods = [Period(part.name, part.first_week, part.last_week) for part in plan.periods]
        tables = [_table(part, segments, channels) for part in plan.periods]
        return PeriodPlan.by(plan.name, segments, channels, periods, tables, tuple(plan.campaigns), offers)
    table = _table(plan, segments, channels)
    return Frequencies(plan.name, tuple(segments), tuple(channels), table, tuple(plan.campaigns), offers)


def _table(given: PlanFile | PeriodTable, segments: Sequence[str], channels: Sequence[str]) -> np.ndarray:
    """(S, L) contacts a week."""
    rows = {name: given.per_week.get(name, given.default or {}) for name in segments}
    return np.array([[rows[segment].get(channel, 0.0) for channel in channels] for segment in segments])


def _wrong_periods(data: dict[str, Any], segments: Sequence[str], channels: Sequence[str]) -> list[Finding]:
    """Gaps between periods, tables above them, and what is wrong within them."""
    allowed = "[[periods]], or tables for the whole horizon"
    found = [
        Finding((key,), "a plan by period has its tables within the periods", None, allowed)
        for key in ("default", "per_week")
        if key in data
    ]
    parts = [part for part in data["periods"] if isinstance(part, dict)] if isinstance(data["periods"], list) else []
    after = 0
    for n, part in enumerate(parts):
        first, last = part.get("first_week"), part.get("last_week")
        if isinstance(first, int) and isinstance(last, int):
            if first != after + 1:
                what = "leaves a gap or overlaps: a period begins where the one before ends"
                found.append(Finding(("periods", n, "first_week"), what, str(first), str(after + 1)))
            if last < first:
                found.append(Finding(("periods", n, "last_week"), "before its first week", str(last), f">= {first}"))
            after = last
        found += _unknown_names(part, segments, channels, ("periods", n))
    if not parts:
        found.append(Finding(("periods",), "no period at all", None, "at least one [[periods]] table"))
    return found


def _unknown_program(
    data: dict[str, Any], segments: Sequence[str], channels: Sequence[str], program: Program
) -> list[Finding]:
    running = [campaign.name for campaign in program.campaigns] + [cascade.name for cascade in program.cascades]
    known = [offer.name for offer in program.offers]
    named, offers = data.get("campaigns", []), data.get("offers", {})
    found = [
        _unknown("campaign or cascade", name, running, ("campaigns", place))
        for place, name in enumerate(named if isinstance(named, list) else [])
        if isinstance(name, str)
    ]
    for segment, row in (offers if isinstance(offers, dict) else {}).items():
        found.append(_unknown("segment", segment, segments, ("offers", segment)))
        for channel, offer in (row if isinstance(row, dict) else {}).items():
            found.append(_unknown("channel", channel, channels, ("offers", segment, channel)))
            if isinstance(offer, str):
                found.append(_unknown("offer", offer, known, ("offers", segment, channel)))
    return [finding for finding in found if finding]


def _unknown_names(
    data: dict[str, Any], segments: Sequence[str], channels: Sequence[str], where: tuple[str | int, ...] = ()
) -> list[Finding]:
    per_week = data.get("per_week", {})
    if not isinstance(per_week, dict):
        return []
    rows: list[tuple[tuple[str, ...], Any]] = [(("per_week", name), row) for name, row in per_week.items()]
    rows.append((("default",), data.get("default")))
    found = [_unknown("segment", name, segments, (*where, "per_week", name)) for name in per_week]
    found += [
        _unknown("channel", name, channels, (*where, *path, name))
        for path, row in rows
        if isinstance(row, dict)
        for name in row
    ]
    if "default" not in data:
        allowed = "a table for every segment, or [default]"
        found += [
            Finding(
                (*where, "per_week", name), "is missing: the plan does not say what this segment gets", None, allowed
            )
            for name in segments
            if name not in per_week
        ]
    return [finding for finding in found if finding]


def _unknown(kind: str, name: str, known: Sequence[str], path: tuple[str | int, ...]) -> Finding | None:
    if name in known:
        return None
    close = nearest(name, known)
    hint = f"; did you mean '{close}'" if close else ""
    return Finding(path, f"unknown {kind}{hint}", shown(name), ", ".join(known) or f"no {kind} is defined")


def plan_toml(plan: Frequencies) -> str:
    """The plan as a file that ``load_plan`` reads back unchanged."""
    lines = ["# Contacts a week, per segment and channel. Loads back with --plan.", f"name = {toml_text(plan.name)}"]
    if plan.campaigns:
        lines.append(f"campaigns = [{', '.join(map(toml_text, plan.campaigns))}]")
    if isinstance(plan, PeriodPlan):
        for period, table in zip(plan.periods, plan.by_period, strict=True):
            lines += ["", "[[periods]]", f"name = {toml_text(period.name)}"]
            lines += [f"first_week = {period.first_week}", f"last_week = {period.last_week}"]
            lines += _table_lines(plan, table, ("periods", "per_week"))
    else:
        lines += _table_lines(plan, plan.per_week, ("per_week",))
    for segment in dict.fromkeys(segment for segment, _, _ in plan.offers):
        lines += ["", f"[{dotted(('offers', segment))}]"]
        lines += [f"{channel} = {toml_text(offer)}" for where, channel, offer in plan.offers if where == segment]
    return "\n".join(lines) + "\n"


def _table_lines(plan: Frequencies, table: np.ndarray, path: tuple[str, ...]) -> list[str]:
    lines = []
    for segment, row in zip(plan.segments, table, strict=True):
        lines += ["", f"[{dotted((*path, segment))}]"]
        lines += [f"{name} = {float(rate)!r}" for name, rate in zip(plan.channels, row, strict=True)]
    return lines


def plan_csv(plan: Frequencies) -> str:
    """segment, channel, per_week: one row each; of a plan by period, after the period and its weeks."""
    text = io.StringIO()
    columns = ["segment", "channel", "per_week"]
    if isinstance(plan, PeriodPlan):
        columns = ["period", "first_week", "last_week", *columns]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[name] for name in columns] for row in period_rows(plan) or plan_rows(plan))
    return text.getvalue()


def plan_part(plan: Frequencies) -> dict[str, Any]:
    """``plan``, of a plan by period its average week, then also ``plan_by_period``."""
    rows = period_rows(plan)
    return {"plan": plan_rows(plan)} | ({"plan_by_period": rows} if rows else {})


def period_rows(plan: Frequencies) -> list[dict[str, Any]]:
    """[{period, first_week, last_week, segment, channel, per_week, offer?}]; [] of a plan without periods."""
    if not isinstance(plan, PeriodPlan):
        return []
    return [
        {"period": period.name, "first_week": period.first_week, "last_week": period.last_week} | row
        for number, period in enumerate(plan.periods)
        for row in plan_rows(plan.during(number))
    ]


def plan_rows(plan: Frequencies) -> list[dict[str, Any]]:
    """[{segment, channel, per_week, offer?}], as in result.json; of a plan by period, its average week."""
    offers = {(segment, channel): {"offer": offer} for segment, channel, offer in plan.offers}
    return [
        {"segment": segment, "channel": channel, "per_week": float(plan.per_week[s, c])}
        | offers.get((segment, channel), {})
        for s, segment in enumerate(plan.segments)
        for c, channel in enumerate(plan.channels)
    ]


def toml_text(text: str) -> str:
    """A TOML basic string."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(ch if ch >= " " and ch != "\x7f" else f"\\u{ord(ch):04x}" for ch in safe) + '"'
