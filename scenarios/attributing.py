"""``rules``: what each rule of contact removes, in contacts and in money, by taking it away alone.

The same plan from the same past, once with all rules and once without the rule, on the same customers with the same
draws. Rules overlap (what one lets through another may still hold back), so the parts do not add up to the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenarios import build
from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.kept_values import KeptValuer
from scenarios.load import LoadedScenario
from scenarios.named_rules import named_rules, without_all, without_rule
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, headline, money, number
from sim.errors import InputError
from sim.policy import Frequencies

Progress = Callable[[float, float, str], None]
ALL = "all rules together"


def attribute_rules(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Contacts and money that each rule removes from the plan (default: the current policy).

    ``folder``: where finished simulations are kept until the run is written (see ``PointStore``)."""
    clock, say = Clock(), progress or (lambda done, total, text: None)
    without = without_each(loaded)
    if not without:
        raise InputError.of(loaded.name, "has no rules", None, "a scenario with caps, other rules, gaps or quiet days")
    chosen = plan or replace(build.current_plan(loaded), name="current")
    valuer = Valuer(loaded, seed=seed, customers=customers, threads=threads)
    with KeptValuer(valuer, folder) as kept:
        say(0, len(without) + 1, "with all rules")
        ruled = kept.value(Alternative("with all rules", loaded, chosen))
        rows = []
        for place, (name, changed) in enumerate(without.items(), start=1):
            say(place, len(without) + 1, f"without {name}")
            rows.append(_row(name, ruled, kept.value(Alternative(name, changed, chosen))))
    say(len(without) + 1, len(without) + 1, "done")
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "rules",
        "scenario": scenario_part(loaded, ruled.population),
        "plan_name": chosen.name,
        **plan_part(chosen),
        "verdict": _verdict(rows, loaded.scenario.currency),
        "rules": rows,
        "contacts": ruled.contacts,
        "value": {"versus_none": estimate(ruled.estimate("value"))},
        "assumptions": assumption_rows(valuer.base(loaded)),
        "provenance": provenance_part(clock, seed=seed),
    }
    return RunResult(result, {"rules": _frame(rows)}, chosen, {}, loaded.slug)


def without_each(loaded: LoadedScenario) -> dict[str, LoadedScenario]:
    """Name of a rule -> the scenario without it; last the one without any."""
    policy = loaded.scenario.policy
    changes: dict[str, Part] = {rule.name: without_rule(policy, kind, rule.name) for kind, rule in named_rules(policy)}
    if policy.min_gap_days > 1:
        changes[f"gap of {policy.min_gap_days} days on a channel"] = {"min_gap_days": 1}
    if policy.quiet_days_after_order:
        changes[f"{policy.quiet_days_after_order} quiet days after an order"] = {"quiet_days_after_order": 0}
    if len(changes) > 1:
        changes[ALL] = {**without_all(), "min_gap_days": 1, "quiet_days_after_order": 0}
    return {
        name: replace(loaded, scenario=loaded.scenario.model_copy(update={"policy": policy.model_copy(update=change)}))
        for name, change in changes.items()
    }


def _row(name: str, ruled: Valued, free: Valued) -> Part:
    """Contacts removed, and what the rule is worth: with it minus without it."""
    removed = {channel: free.contacts[channel] - ruled.contacts[channel] for channel in ruled.contacts}
    return {
        "rule": name,
        "contacts_removed": sum(removed.values()),
        "contacts_removed_by_channel": removed,
        "value": estimate(ruled.minus(free, "value")),
        "contribution": estimate(ruled.minus(free, "contribution")),
        "cost": estimate(ruled.minus(free, "cost")),
        "unsubscribes": estimate(ruled.minus(free, "unsubscribes")),
    }


def _verdict(rows: list[Part], currency: str) -> str:
    single = [row for row in rows if row["rule"] != ALL]
    idle = sum(not row["contacts_removed"] and not any(row["contacts_removed_by_channel"].values()) for row in single)
    sure = [row for row in single if row["value"].get("ci_low", 0.0) * row["value"].get("ci_high", 0.0) > 0]
    most = max(sure or single, key=lambda row: abs(float(row["value"]["mean"])))
    mean, low, high = headline(most["value"])
    if not mean:
        return f"No rule changes anything: all {len(single)} leave this plan as it is."
    if not sure:
        kept = count(sum(abs(row["contacts_removed"]) for row in single))
        return (
            f"No rule makes a difference to the value that the simulation can tell from zero; together they move "
            f"{kept} contacts, and {idle} of {len(single)} change nothing."
        )
    does = "earns" if mean > 0 else "costs"
    span = sorted((abs(low), abs(high)))
    text = (
        f"“{most['rule']}” matters most: it keeps back {count(most['contacts_removed'])} contacts and {does} "
        f"{money(abs(mean), currency)} (95% interval {money(span[0], currency)} to {number(span[1])}), horizon and tail"
    )
    return f"{text}; {idle} of {len(single)} rules change nothing." if idle else f"{text}."


def _frame(rows: list[Part]) -> Any:
    import polars as pl

    flat = [
        {"rule": row["rule"], "contacts_removed": row["contacts_removed"]}
        | {f"{m}_{end}": row[m].get(end) for m in ("value", "contribution") for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
