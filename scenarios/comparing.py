"""``compare``: any number of scenarios, variants and plans side by side, paired, with who wins by how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scenarios import build
from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.kept_values import KeptValuer, question_of
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import load_plan, plan_part
from scenarios.pointstore import data_digests, question_digest
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.read_run import name_of
from scenarios.red_zones import red_zone_borders
from scenarios.report.format import headline, money, number
from scenarios.vary import parse_variant, varied
from sim.errors import InputError, Problem

Progress = Callable[[float, float, str], None]
MEASURES = ("value", "contribution", "tail", "revenue", "orders", "cost", "unsubscribes")
"""Of every alternative in result.json; what each of them means: scenarios.alternatives.Valued."""


def alternatives_of(
    scenarios: Sequence[LoadedScenario], variants: Sequence[str] = (), plans: Sequence[Path] = ()
) -> list[Alternative]:
    """Scenarios first, then variants of the first one, then plans in it; names are made unique."""
    first = scenarios[0]
    segments, channels = build.segment_names(first), build.channel_names(first)
    found = [Alternative(loaded.name, loaded) for loaded in scenarios]
    for text in variants:
        name, changes = parse_variant(text)
        found.append(Alternative(name, varied(first, changes)))
    program = build.program(first)
    found += [Alternative(_plan_label(path), first, load_plan(path, segments, channels, program)) for path in plans]
    return [Alternative(name, a.loaded, a.plan) for name, a in zip(_unique(found), found, strict=True)]


def _plan_label(path: Path) -> str:
    """``best/plan.toml``, and ``best`` itself, is the plan of best: a run's plan file is always called plan.toml."""
    if path.is_dir():
        return f"plan of {name_of(path)}"
    folder = path.absolute().parent.name
    return f"plan of {folder}" if path.name == "plan.toml" and folder else path.stem


def compare_alternatives(
    alternatives: Sequence[Alternative],
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    own_past: bool = False,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Value every alternative over no contact with the same draws, then every difference per customer.

    ``folder``: where finished ones are kept until the run is written (see ``PointStore``)."""
    _refuse(alternatives)
    clock, say = Clock(), progress or (lambda done, total, text: None)
    first = alternatives[0].loaded
    valuer = Valuer(first, seed=seed, customers=customers, threads=threads, own_past=own_past)
    with KeptValuer(valuer, folder) as kept:
        valued = []
        for place, alternative in enumerate(alternatives):
            say(place, len(alternatives), alternative.name)
            valued.append(kept.value(alternative, partial(_within, say, place, len(alternatives), alternative.name)))
    say(len(alternatives), len(alternatives), "done")
    best = max(range(len(valued)), key=lambda place: valued[place].estimate("value").mean)
    rows = [
        _row(alternative, found, valued[0], valued[best], first)
        for alternative, found in zip(alternatives, valued, strict=True)
    ]
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "compare",
        "scenario": scenario_part(first, valued[0].population),
        "verdict": verdict(rows, best, first.scenario.currency),
        "winner": rows[best]["name"],
        "past": "own" if own_past else "first",
        "alternatives": rows,
        "red_zones": {"borders": red_zone_borders(first)},
        "warnings": _warnings(alternatives, valued),
        "assumptions": assumption_rows(valuer.base(first)),
        "provenance": provenance_part(clock, seed=seed),
    }
    return RunResult(result, {"alternatives": _frame(rows)}, None, {}, first.slug)


def compare_digest(alternatives: Sequence[Alternative], *, seed: int, customers: int | None, own_past: bool) -> str:
    """Of the whole question: finished alternatives are found again by it."""
    asked = [question_of(alternative) for alternative in alternatives]
    data = [data_digests(alternative.loaded) for alternative in alternatives]
    return question_digest([asked, data, seed, customers, own_past])


def _within(say: Progress, place: int, total: int, name: str, share: float) -> None:
    """Progress within one alternative."""
    say(place + share, total, name)


def verdict(rows: Sequence[Part], best: int, currency: str) -> str:
    """Who wins by how much, in one sentence."""
    if len(rows) == 1:
        return f"“{rows[0]['name']}” brings {money(headline(rows[0]['value'])[0], currency)} over no contact."
    winner = rows[best]
    second = max((row for row in rows if row is not winner), key=lambda row: float(row["value"]["mean"]))
    gap = second["winner_minus_this"]["value"]
    mean, low, high = headline(gap)
    span = f"95% interval {money(low, currency)} to {number(high)}"
    if gap["mean"] == 0 and low == high:
        return (
            f"“{winner['name']}” and “{second['name']}” are worth the same: no customer gains or loses by the choice."
        )
    if gap.get("ci_low", 0.0) <= 0:
        text = f"“{winner['name']}” and “{second['name']}” cannot be told apart"
        return f"{text}: {money(mean, currency)} between them ({span}), horizon and tail together."
    others = len(rows) - 1
    of = f" against {others} others" if others > 1 else ""
    return (
        f"“{winner['name']}” wins{of}: {money(mean, currency)} more than “{second['name']}”"
        f"{', the next best' if of else ''} ({span}), horizon and tail together, over no contact."
    )


def _row(alternative: Alternative, found: Valued, first: Valued, best: Valued, base: LoadedScenario) -> Part:
    measured = {measure: estimate(found.estimate(measure)) for measure in MEASURES}
    return {
        "name": alternative.name,
        "files": list(alternative.loaded.files),
        "digest": alternative.loaded.digest,
        "changes": changes_from(base, alternative.loaded),
        **plan_part(alternative.chosen),
        **measured,
        "contacts": found.contacts,
        "unsubscribes_by_channel": found.unsubscribes,
        "list_lost_share": estimate(found.share_lost("unsubscribes")),
        **found.details,
        **_prices(found),
        "minus_first": {measure: estimate(found.minus(first, measure)) for measure in MEASURES},
        "winner_minus_this": {"value": estimate(best.minus(found, "value"))},
        "paired": found.same_customers(first),
    }


def _prices(found: Valued) -> Part:
    """What an additional order costs, and what offers cost."""
    price, names = found.cost_per_order(), {"total": "offer_cost", "organic": "offer_cost_organic"}
    return ({} if price is None else {"cost_per_order": estimate(price)}) | (
        {"offer_cost": {name: estimate(found.estimate(measure)) for name, measure in names.items()}}
        if "offer_cost" in found.measures
        else {}
    )


def changes_from(base: LoadedScenario, other: LoadedScenario) -> list[Part]:
    """What another scenario's settings are that differ from ``base``: {key, old?, new?}."""
    before, after = (_flat(loaded.scenario.model_dump(mode="json", exclude_none=True)) for loaded in (base, other))
    keys = [key for key in (before | after) if before.get(key) != after.get(key) and key not in ("name", "notes")]
    return [
        {"key": key, **({"old": before[key]} if key in before else {}), **({"new": after[key]} if key in after else {})}
        for key in keys
    ]


def _flat(node: Any, key: str = "") -> dict[str, Any]:
    """Dotted key -> plain value; items of named lists go by their name, quantities by their value."""
    if isinstance(node, dict):
        inner = {f"{key}.{name}".strip("."): item for name, item in node.items()}
        if set(node) >= {"value", "origin"}:
            return {key: node["value"]}
        return {k: v for name, item in inner.items() for k, v in _flat(item, name).items()}
    if isinstance(node, list) and node and all(isinstance(item, dict) and "name" in item for item in node):
        named = [(f'{key}."{item["name"]}"', {k: v for k, v in item.items() if k != "name"}) for item in node]
        return {k: v for name, item in named for k, v in _flat(item, name).items()}
    return {key: node}


def _refuse(alternatives: Sequence[Alternative]) -> None:
    currencies = {alternative.loaded.scenario.currency: alternative.name for alternative in alternatives}
    if len(currencies) > 1:
        given = ", ".join(f"{name}: {currency}" for currency, name in currencies.items())
        raise InputError([Problem("SCENARIO", "the scenarios count in different currencies", given, "one currency")])


def _warnings(alternatives: Sequence[Alternative], valued: Sequence[Valued]) -> list[str]:
    warnings = []
    first = alternatives[0]
    for alternative, found in zip(alternatives[1:], valued[1:], strict=True):
        if not found.same_customers(valued[0]):
            warnings.append(f"{alternative.name} has other customers than {first.name}: not paired, wide intervals")
        mine, theirs = alternative.loaded.scenario.horizon, first.loaded.scenario.horizon
        if (mine.weeks, mine.tail_weeks) != (theirs.weeks, theirs.tail_weeks):
            span = f"{mine.weeks} + {mine.tail_weeks} weeks against {theirs.weeks} + {theirs.tail_weeks}"
            warnings.append(f"{alternative.name} and {first.name} cover different times: {span}")
    return warnings


def _unique(alternatives: Sequence[Alternative]) -> list[str]:
    names: list[str] = []
    for alternative in alternatives:
        name, number_ = alternative.name, 2
        while name in names:
            name, number_ = f"{alternative.name} ({number_})", number_ + 1
        names.append(name)
    return names


def _frame(rows: Sequence[Part]) -> Any:
    import polars as pl

    ends = ("mean", "ci_low", "ci_high")
    flat = [
        {"name": row["name"]}
        | {f"{m}_{end}": row[m].get(end) for m in MEASURES for end in ends}
        | {f"{m}_minus_first_{end}": row["minus_first"][m].get(end) for m in MEASURES for end in ends}
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
