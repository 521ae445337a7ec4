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

and ``campaigns = ["welcome"]`` above the tables: campaigns and cascades of the scenario that run.
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
from sim.policy import Frequencies

PerWeek = Annotated[float, Field(ge=0, le=7, json_schema_extra={"unit": "contacts a week"})]


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


def load_plan(
    path: str | Path, segments: Sequence[str], channels: Sequence[str], program: Program | None = None
) -> Frequencies:
    """Read a plan for these segments, channels, campaigns and offers; every mistake is told with its line.

    ``path``: a plan file, or the directory of a run that holds one.
    """
    file = plan_file_of(path)
    data, lines = read_toml(file)
    findings = [*schema_findings(PlanFile, data), *_unknown_names(data, segments, channels)]
    findings += _unknown_program(data, segments, channels, program or Program())
    if findings:
        layer = Layer(label_of(file), data, lines)
        raise InputError([Problem(layer.where(f.path), f.what, f.given, f.allowed) for f in findings])
    plan = PlanFile.model_validate(data)
    rows = {name: plan.per_week.get(name, plan.default or {}) for name in segments}
    table = np.array([[rows[segment].get(channel, 0.0) for channel in channels] for segment in segments])
    offers = tuple((s, c, offer) for s, row in plan.offers.items() for c, offer in row.items())
    return Frequencies(plan.name, tuple(segments), tuple(channels), table, tuple(plan.campaigns), offers)


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


def _unknown_names(data: dict[str, Any], segments: Sequence[str], channels: Sequence[str]) -> list[Finding]:
    per_week = data.get("per_week", {})
    if not isinstance(per_week, dict):
        return []
    rows = [(("per_week", name), row) for name, row in per_week.items()] + [(("default",), data.get("default"))]
    found = [_unknown("segment", name, segments, ("per_week", name)) for name in per_week]
    found += [
        _unknown("channel", name, channels, (*path, name))
        for path, row in rows
        if isinstance(row, dict)
        for name in row
    ]
    if "default" not in data:
        allowed = "a table for every segment, or [default]"
        found += [
            Finding(("per_week", name), "is missing: the plan does not say what this segment gets", None, allowed)
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
    for segment, row in zip(plan.segments, plan.per_week, strict=True):
        lines += ["", f"[{dotted(('per_week', segment))}]"]
        lines += [f"{name} = {float(rate)!r}" for name, rate in zip(plan.channels, row, strict=True)]
    for segment in dict.fromkeys(segment for segment, _, _ in plan.offers):
        lines += ["", f"[{dotted(('offers', segment))}]"]
        lines += [f"{channel} = {toml_text(offer)}" for where, channel, offer in plan.offers if where == segment]
    return "\n".join(lines) + "\n"


def plan_csv(plan: Frequencies) -> str:
    """segment, channel, per_week: one row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["segment", "channel", "per_week"])
    writer.writerows([row["segment"], row["channel"], row["per_week"]] for row in plan_rows(plan))
    return text.getvalue()


def plan_rows(plan: Frequencies) -> list[dict[str, Any]]:
    """[{segment, channel, per_week, offer?}], as in result.json."""
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
