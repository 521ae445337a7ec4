"""``export``: a plan as what a sending platform asks for.

- ``caps.csv``: per segment and channel how often, as a number in a window, and every rule that holds there;
- ``calendar.csv``: contacts by date, channel and segment, as a simulation of the first weeks plays them;
- ``audience.csv``: per customer the segment on the first day, contacts a week by channel, and who is held out;
- ``contacts.csv``: the same first weeks customer by customer (a dry run: consent and orders are simulated);
- ``export.json``: all of it but the long lists.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scenarios import build
from scenarios.daily import Daily, daily_contacts
from scenarios.load import LoadedScenario, load_scenario, require_orders_file
from scenarios.named_rules import binds, named_rules
from scenarios.outcome import Part
from scenarios.planfile import load_plan, period_rows, plan_rows
from scenarios.read_run import load_result
from scenarios.rule_relations import KINDS
from scenarios.rundir import run_directory
from scenarios.schema_rules import Window
from scenarios.world import Base, load_base, make_world
from sim.errors import InputError
from sim.lines import lines_of
from sim.periods import in_week
from sim.policy import Frequencies
from sim.population import Population
from sim.world import World

Progress = Callable[[float, float, str], None]
MOST_CUSTOMERS = 200_000
"""Customers whose single contacts are played; a larger base is sampled for the calendar, and has no contacts.csv."""
NOTES = (
    "Frequencies are what the plan asks for; the rules of the sending platform must allow them.",
    "Segments are those of the first day: recompute them as often as the scenario does.",
    "Consent in calendar and contacts is simulated: the platform sends to those who have given it.",
)


def export_run(
    run: Path, *, weeks: int = 4, seed: int = 1, out: Path | None = None, progress: Progress | None = None
) -> tuple[Part, Path]:
    """Write the hand-over of a run's plan; (summary, directory)."""
    if not 1 <= weeks <= 26:
        raise InputError.of("--weeks", "is out of range", weeks, "1 to 26")
    say = progress or (lambda done, total, text: None)
    result = load_result(run)
    loaded = scenario_of(result, run)
    plan = _plan_of(run, loaded)
    say(0, 4, "customers")
    base = load_base(loaded)
    size = int(result["scenario"]["base_customers"])
    say(1, 4, "calendar")
    daily = daily_contacts(base, plan, weeks, customers=min(size, MOST_CUSTOMERS), seed=seed)
    tables = {"caps": caps_frame(loaded, plan), "calendar": calendar_frame(daily, loaded)}
    say(2, 4, "audience")
    everybody = make_world(base, base.present(size, seed))
    tables["audience"] = audience_frame(base, everybody, plan)
    if size <= MOST_CUSTOMERS:
        tables["contacts"] = contacts_frame(daily, base, loaded)
    say(3, 4, "files")
    summary = _summary(result, loaded, plan, tables, weeks)
    with run_directory(loaded.slug, "export", out) as place:
        for name, frame in tables.items():
            place.write_text(f"{name}.csv", frame.write_csv())
        place.write_json("export.json", summary)
    say(4, 4, "done")
    return summary, place.directory


def scenario_of(result: Part, run: Path) -> LoadedScenario:
    """The scenario of a run, loaded again; refused if its files say something else by now."""
    source = result.get("scenario", {}).get("source")
    if not source:
        allowed = "a run of a scenario file (not of a data frame), written by this version"
        raise InputError.of(str(run), "does not say which scenario file it is of", None, allowed)
    loaded = load_scenario(source["path"], source["overrides"], presets=source["presets"])
    if loaded.digest != result["scenario"]["digest"]:
        what = "the scenario file has changed since the run"
        raise InputError.of(str(run), what, source["path"], "the scenario as it was, or a new run")
    require_orders_file(loaded)
    return loaded


def caps_frame(loaded: LoadedScenario, plan: Frequencies) -> pl.DataFrame:
    """Segment x channel (of each period, where the plan has some): contacts a week, the same as a cap (so many in so
    many days), the rules that hold."""
    rules = [rule for _, rule in named_rules(loaded.scenario.policy)]
    rows = []
    for row in period_rows(plan) or plan_rows(plan):
        held = [rule.name for rule in rules if binds(rule, row["segment"], row["channel"])]
        most, days = as_cap(row["per_week"])
        rows.append(row | {"max_contacts": most, "window_days": days, "rules": "; ".join(held)})
    return pl.DataFrame(rows, infer_schema_length=None)


def as_cap(per_week: float) -> tuple[int, int]:
    """A frequency as "at most n in d days", d at least a week: 2 -> (2, 7), 0.25 -> (1, 28), 1.5 -> (3, 14).

    The window is the shortest of up to eight weeks whose whole number comes within 2 % of the frequency, rounded up.
    """
    if per_week <= 0:
        return 0, 7
    for weeks in range(1, 9):
        most = per_week * weeks
        if most >= 1 and abs(round(most) - most) <= 0.02 * most:
            return round(most), 7 * weeks
    return (math.ceil(per_week * 8), 56) if per_week * 8 >= 1 else (1, math.floor(7 / per_week))


def calendar_frame(daily: Daily, loaded: LoadedScenario) -> pl.DataFrame:
    """{date (or day), channel, segment, contacts}, rounded to whole contacts; empty combinations are left out."""
    world, rows = daily.started.world, []
    for day, lane, segment in np.argwhere(daily.contacts > 0).tolist():
        rows.append(
            {
                **_date(loaded, day),
                "channel": world.channel_names[lane],
                "segment": world.rfm.segments[segment],
                "contacts": round(float(daily.contacts[day, lane, segment])),
            }
        )
    return pl.DataFrame(rows)


def audience_frame(base: Base, world: World, plan: Frequencies) -> pl.DataFrame:
    """{customer_id, segment, holdout, contacts a week by channel, as on the first day}; one row per real customer."""
    people = world.population
    values = people.recency_frequency_value(world.rfm.window_days, total=world.rfm.monetary == "total")
    segment = world.rfm.classify(*values)
    held = _held_out(world)
    rates = np.where(held[:, None], 0.0, in_week(plan, 1).per_week[segment])
    frame = pl.DataFrame(
        {
            "customer_id": _ids(base, people, people.base_customer),
            "segment": np.array(world.rfm.segments)[segment],
            "holdout": held,
            **{f"{name}_per_week": rates[:, lane] for lane, name in enumerate(plan.channels)},
        }
    )
    return frame.unique("customer_id", keep="first", maintain_order=True)


def contacts_frame(daily: Daily, base: Base, loaded: LoadedScenario) -> pl.DataFrame:
    """{date, channel, customer_id, campaign}: every contact of the dry run, in order; the campaign or step of a cascade
    ("welcome.2"), empty for the plan's regular contacts."""
    world = daily.started.world
    order = np.lexsort((daily.log[:, 3], daily.log[:, 1], daily.log[:, 2], daily.log[:, 0]))
    day, row, lane, line = daily.log[order].T
    names = np.array([line.name if line.campaign else "" for line in lines_of(world)])
    dates: Any = day
    start = build.start_date(loaded)
    if start is not None:
        dates = np.datetime64(start) + day
    frame = {
        "date" if start is not None else "day": dates,
        "channel": np.array(world.channel_names)[lane],
        "customer_id": _ids(base, world.population, world.population.base_customer[row]),
        "campaign": names[line],
    }
    return pl.DataFrame(frame)


def _held_out(world: World) -> np.ndarray:
    from sim.lower import lower_people

    return np.asarray(lower_people(world, np.ones(world.population.size)).contactable == 0)


def _ids(base: Base, people: Population, rows: np.ndarray) -> np.ndarray:
    ids = base.customer_ids(people)
    return np.asarray(rows if ids is None else ids[rows])


def _date(loaded: LoadedScenario, day: int) -> Part:
    start = build.start_date(loaded)
    return {"day": day} if start is None else {"date": (start + dt.timedelta(days=day)).isoformat()}


def _plan_of(run: Path, loaded: LoadedScenario) -> Frequencies:
    file = run / "plan.toml"
    if not file.is_file():
        raise InputError.of(str(run), "holds no plan", None, "a run of simulate or optimize")
    return load_plan(file, build.segment_names(loaded), build.channel_names(loaded), build.program(loaded))


SPECIAL = {"classes", "points", "enforced", "household"}
"""Of caps that are more than a number in a window."""


def _window(window: Window) -> Part:
    if window.rolling_days is None:
        return {"window_calendar": window.calendar}
    return {"window_days": window.rolling_days}


def _summary(
    result: Part, loaded: LoadedScenario, plan: Frequencies, tables: dict[str, pl.DataFrame], weeks: int
) -> Part:
    policy = loaded.scenario.policy
    return {
        "schema_version": result["schema_version"],
        "command": "export",
        "scenario": result["scenario"],
        "plan_name": plan.name,
        "weeks": weeks,
        "rules": {
            "caps": [
                {
                    "name": cap.name,
                    "max_contacts": cap.max_contacts,
                    **_window(cap.window),
                    "channels": list(cap.channels),
                    "segments": list(cap.segments),
                    **cap.model_dump(mode="json", include=SPECIAL, exclude_defaults=True),
                }
                for cap in policy.caps
            ],
            **{
                kind: [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]
                for kind in KINDS[1:]
                if (rules := getattr(policy, kind))
            },
            "min_gap_days": policy.min_gap_days,
            "quiet_days_after_order": policy.quiet_days_after_order,
            "holdout_share": policy.holdout_share,
        },
        "caps": tables["caps"].to_dicts(),
        "calendar": tables["calendar"].to_dicts(),
        "files": {f"{name}.csv": frame.height for name, frame in tables.items()},
        "notes": list(NOTES),
    }


def summary_lines(summary: Part, directory: Path) -> str:
    """What was written, for a terminal."""
    lines = [f"{file}: {rows:,} rows" for file, rows in summary["files"].items()]
    return "\n".join([*lines, "export.json", f"written to {directory}"])
