"""``sensitivity``: which unknown could change the plan, by how much, and what it is worth to know it first.

Worlds are drawn from the intervals of the assumptions. In each the same customers with the same luck live under every
choice, so that the noise of the simulation cancels where choices are compared. Three questions, three numbers:

- how much of the doubt about a choice's gain stems from an unknown: Sobol indices;
- what a choice is worth at the unknown's low and high, all else as stated;
- what it is worth to know the unknown before choosing: nothing, if the same choice is best anyway.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scenarios import build
from scenarios.basis import assumption_rows
from scenarios.doubt import PRESETS
from scenarios.drawn_worlds import Floats, Worlds, WorldValue
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_rows
from scenarios.pointstore import PointStore, data_digests, question_digest
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.sensitivity_words import sensitivity_verdict
from scenarios.unknowns import Unknown, unknowns
from scenarios.world import FrameScenario, load_base
from sim.compare import Estimate
from sim.errors import InputError
from sim.periods import told_rates
from sim.policy import Frequencies
from sim.sensitivity import Indices, Information, saltelli_design, sobol_shares, value_of_information

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
CUSTOMERS = 4_000
"""Simulated in every world at most: choices are compared on the same ones."""
OTHERS = "all others together"


def weighing_digest(
    loaded: LoadedScenario,
    plans: Sequence[Frequencies],
    *,
    samples: int,
    factors: int,
    seed: int,
    customers: int | None,
) -> str:
    """Of the whole question: finished worlds are found again by it."""
    told = [(told_rates(plan), plan.campaigns, plan.offers) for plan in plans]
    return question_digest([loaded.digest, data_digests(loaded), told, samples, factors, seed, customers])


def worlds_asked(loaded: LoadedScenario, samples: int, factors: int) -> int:
    """How many worlds are simulated."""
    axes = unknowns(loaded)
    return 1 + sum(len(axis.ends) for axis in axes) + samples * (min(factors, len(axes) - 1) + 3)


def weigh_assumptions(
    loaded: LoadedScenario,
    plans: Sequence[Frequencies] = (),
    *,
    samples: int = 128,
    factors: int = 5,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """The choice between the current policy and ``plans`` (none: half and twice the current policy) under the unknowns.

    ``samples``: a power of two; ``samples`` x (``factors`` + 3) worlds are simulated. ``factors``: unknowns that get
    an index of their own, those that move the choice most when they go to their low and high; the others are one group.
    ``folder``: where finished worlds are kept until the run is written (see ``PointStore``).
    """
    _refuse(samples, factors)
    store = PointStore(None if isinstance(loaded, FrameScenario) else folder)
    try:
        return _weigh(loaded, plans, samples, factors, seed, customers, threads, store, progress)
    finally:
        store.close()


def _weigh(
    loaded: LoadedScenario,
    plans: Sequence[Frequencies],
    samples: int,
    factors: int,
    seed: int,
    customers: int | None,
    threads: int | None,
    store: PointStore,
    progress: Progress | None,
) -> RunResult:
    clock, say = Clock(), progress or (lambda done, total, text: None)
    axes = unknowns(loaded)
    factors = min(factors, len(axes) - 1)
    say(0, 1, "customers")
    base = load_base(loaded)
    population = base.population(min(customers or CUSTOMERS, loaded.scenario.base.simulated_customers), seed)
    choices = choices_of(build.current_plan(loaded), plans)
    worlds = Worlds(base, population, choices, axes, seed, threads or os.cpu_count() or 1, store)
    total = worlds_asked(loaded, samples, factors)
    done = 0

    def value(point: Sequence[float], text: str) -> WorldValue:
        nonlocal done
        say(done, total, text)
        done += 1
        return worlds.value(point)

    stated = value([np.nan] * len(axes), "as stated")
    ends = [
        [value(_only(axes, place, end), f"{axis.key} alone") for end in axis.ends] for place, axis in enumerate(axes)
    ]
    order = np.argsort([-_swing(stated, found) for found in ends], kind="stable")
    groups = [[int(place)] for place in order[:factors]] + [[int(place) for place in order[factors:]]]
    design = saltelli_design(samples, groups, seed)
    table = np.array(
        [value(point, f"world {k + 1} of {len(design.rows)}").value for k, point in enumerate(design.rows)]
    )
    many = 2 * samples
    kinds = [0 if axis.value is not None else len(PRESETS) for axis in axes]
    known = value_of_information(table[:many], design.rows[:many], seed, kinds=kinds)
    rival = _rival(known, table[:many])
    shares = sobol_shares(table[:, known.best] - table[:, rival], design, seed)
    names = [choice.name for choice in choices]
    rows = [_row(axes[place], stated, ends[place], names, place, known, groups, shares) for place in map(int, order)]
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "sensitivity",
        "scenario": scenario_part(loaded, population),
        "choices": [
            {
                "name": choice.name,
                "plan": plan_rows(choice),
                "stated": float(stated.value[k]),
                "stated_interval": stated.over_nothing(k),
                "mean": float(table[:many, k].mean()),
                "parameter_low": float(np.quantile(table[:many, k], 0.025)),
                "parameter_high": float(np.quantile(table[:many, k], 0.975)),
                "best_in": float((table[:many].argmax(axis=1) == k).mean()),
            }
            for k, choice in enumerate(choices)
        ],
        "best": names[known.best],
        "best_as_stated": names[int(np.argmax(stated.value))],
        "rival": names[rival],
        "worlds": len(table),
        "independent_worlds": many,
        "knowing_all": known.everything,
        "knowing_all_interval": _knowing_all(table[:many], known.best),
        "unknowns": rows,
        "others": {} if shares is None else _share_part(shares, len(groups) - 1),
        "other_unknowns": len(groups[-1]),
        "assumptions": assumption_rows(base),
    }
    result["verdict"], result["remarks"] = sensitivity_verdict(result)
    result["provenance"] = provenance_part(clock, seed=seed)
    say(total, total, "done")
    frames = {"unknowns": _frame(rows), "worlds": _worlds_frame(axes, names, design.rows[:many], table)}
    return RunResult(result, frames, None, {}, loaded.slug)


def choices_of(current: Frequencies, plans: Sequence[Frequencies]) -> list[Frequencies]:
    """What one may do: go on, or any of the plans; without plans: half and twice as often as today."""
    own = replace(current, name="current")
    if plans:
        names = [f"{plan.name} ({k})" if [p.name for p in plans].count(plan.name) > 1 else plan.name
                 for k, plan in enumerate(plans, start=1)]  # fmt: skip
        renamed = [replace(p, name="a plan" if n == "current" else n) for p, n in zip(plans, names, strict=True)]
        return [own, *renamed]
    scaled = {"half of current": 0.5, "twice current": 2.0}
    return [own, *(replace(own, name=n, per_week=np.minimum(7.0, f * own.per_week)) for n, f in scaled.items())]


def _only(axes: Sequence[Unknown], place: int, end: float) -> list[float]:
    """All as stated, one at this place of its axis."""
    return [end if k == place else np.nan for k in range(len(axes))]


def _swing(stated: WorldValue, ends: Sequence[WorldValue]) -> float:
    """How far an unknown alone moves the differences between choices."""
    best = int(np.argmax(stated.value))

    def lag(world: WorldValue) -> Floats:
        return np.asarray(world.value - world.value[best])

    return float(max(np.abs(lag(found) - lag(stated)).max() for found in ends))


def _knowing_all(worth_: Floats, best: int) -> Part:
    """What knowing every unknown first is worth, with its interval over the (independent) worlds."""
    gain = worth_.max(axis=1) - worth_[:, best]
    return estimate(Estimate(float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))))


def _rival(known: Information, worth_: Floats) -> int:
    """The choice that the best one is most often beaten by; of equals the one with the greater mean."""
    beats = [(float((worth_[:, k] > worth_[:, known.best]).mean()), float(worth_[:, k].mean()), k)
             for k in range(worth_.shape[1]) if k != known.best]  # fmt: skip
    return max(beats)[2]


def _row(
    axis: Unknown,
    stated: WorldValue,
    ends: Sequence[WorldValue],
    names: Sequence[str],
    place: int,
    known: Information,
    groups: Sequence[Sequence[int]],
    shares: Indices | None,
) -> Part:
    low, high = known.single_interval[place]
    part: Part = {
        "key": axis.key,
        "label": axis.label,
        "origin": axis.origin,
        "unit": axis.unit,
        "at": [
            {
                "setting": axis.told(end),
                "best": names[int(np.argmax(found.value))],
                "values": dict(zip(names, map(float, found.value), strict=True)),
                "stated_best": found.over_nothing(int(np.argmax(stated.value))),
                "lead": found.lead(int(np.argmax(stated.value))),
            }
            for end, found in zip(axis.ends, ends, strict=True)
        ],
        "swing": _swing(stated, ends),
        "knowing": {"mean": known.single[place], "ci_low": low, "ci_high": high},
        "changes_choice": known.changes[place],
    }  # fmt: skip
    own = [g for g, columns in enumerate(groups[:-1]) if list(columns) == [place]]
    return part | (_share_part(shares, own[0]) if own and shares is not None else {})


def _share_part(shares: Indices, group: int) -> Part:
    return {
        name: {"mean": float(mean[group]), "ci_low": float(span[0, group]), "ci_high": float(span[1, group])}
        for name, mean, span in (
            ("first", shares.first, shares.first_interval),
            ("total", shares.total, shares.total_interval),
        )
    }


def _refuse(samples: int, factors: int) -> None:
    if not 16 <= samples <= 4_096 or samples & (samples - 1):
        raise InputError.of("--samples", "is not a possible number", samples, "a power of two, 16 to 4096")
    if not 1 <= factors <= 20:
        raise InputError.of("--factors", "is out of range", factors, "1 to 20")


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    flat = [
        {key: row[key] for key in ("key", "origin", "unit", "swing", "changes_choice")}
        | {f"{part}_{end}": row.get(part, {}).get(end) for part in ("knowing", "first", "total")
           for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame(flat, infer_schema_length=None)


def _worlds_frame(axes: Sequence[Unknown], names: Sequence[str], points: Floats, table: Floats) -> pl.DataFrame:
    """One row per independent world: where the unknowns stand and what every choice is worth."""
    import polars as pl

    settings = {axis.key: [axis.told(place) if axis.value is None else axis.at(place) for place in points[:, k]]
                for k, axis in enumerate(axes)}  # fmt: skip
    values = {f"value: {name}": table[: len(points), k] for k, name in enumerate(names)}
    return pl.DataFrame({**settings, **values})
