"""``experiment``: can this plan be proved with a held-out group, how large, how long, at what price?

The noise is that of the simulated customers: whole orders with their values, as a real period would show them, for
both groups; the effect is the expected one, which the simulation knows far better. A design is a share held out and
a number of weeks. What it costs is the contribution that the held-out customers would have brought.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scenarios.basis import assumption_rows
from scenarios.experiment_outcomes import Period, simulate_period
from scenarios.experiment_terms import Terms
from scenarios.experiment_words import experiment_verdict
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.outcome import Part
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.world import load_base, make_world, no_contact
from sim.compare import Z95
from sim.errors import InputError
from sim.experiment import LEAST_BUYERS, Geo, Moments, Pool, share_that_reaches, variance_left
from sim.policy import Frequencies
from sim.start import Started, start_world

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
WEEKS = (4, 8, 13, 26, 52)
"""Durations that are looked at, beside the scenario's horizon."""


def design_experiment(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    terms: Terms | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Which holdout proves the plan; by duration, by segment, with CUPED, by regions; checked by simulation."""
    clock, say, ask = Clock(), progress or (lambda done, total, text: None), terms or Terms()
    say(0, 10, "customers")
    base = load_base(_everybody(loaded))
    population = base.population(customers or loaded.scenario.base.simulated_customers, seed)
    world = make_world(base, population)
    started = start_world(world, seed=seed, threads=threads or os.cpu_count() or 1)
    chosen = plan or replace(world.current, name="current")
    control = world.current if ask.versus == "current" else no_contact(world)
    if plan is None and ask.versus == "current":
        allowed = "--plan FILE, or --versus no_contact"
        raise InputError.of("--versus", "the plan is the current policy itself", "current", allowed)
    durations = _durations(loaded, ask)
    periods = []
    for place, weeks in enumerate(durations):
        say(1 + 7 * place / len(durations), 10, f"{weeks} weeks")
        periods.append(simulate_period(base, started, [chosen, control], weeks, ask.metric, seed, threads))
    say(8, 10, "experiments")
    size = population.base_size
    rows = [_duration_row(period, size, ask) for period in periods]
    best, method = _choose(rows)
    period = periods[best]
    row, tried = _settled(period, rows[best], size, method, ask, seed)
    rows[best] = row
    share = float(row["share"])
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "experiment",
        "scenario": scenario_part(loaded, population),
        "metric": ask.metric,
        "versus": ask.versus,
        "plan_name": chosen.name,
        **plan_part(chosen),
        "terms": {"power": ask.power, "alpha": ask.alpha, "most_share": ask.most_share, "most_weeks": ask.most_weeks},
        "durations": rows,
        "design": row,
        "segments": _segment_rows(period, started, share, ask),
        "method": method,
        "geo": _geo_part(period, size, ask, seed),
        **({"simulated": tried} if tried else {}),
        "assumptions": assumption_rows(base),
    }
    result["provable"] = bool(row["provable"] or row["cuped"]["provable"])
    result["verdict"], result["remarks"] = experiment_verdict(result, loaded.scenario.currency, size, ask)
    result["provenance"] = provenance_part(clock, seed=seed)
    say(10, 10, "done")
    return RunResult(
        result, {"durations": _frame(_flat(rows)), "segments": _frame(result["segments"])}, chosen, {}, loaded.slug
    )


def _everybody(loaded: LoadedScenario) -> LoadedScenario:
    """Without the scenario's own holdout: the design decides who is held out."""
    policy = loaded.scenario.policy.model_copy(update={"holdout_share": 0.0})
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"policy": policy}))


def _durations(loaded: LoadedScenario, ask: Terms) -> list[int]:
    if ask.weeks is not None:
        return [ask.weeks]
    known = {weeks for weeks in (*WEEKS, loaded.scenario.horizon.weeks) if weeks <= ask.most_weeks}
    return sorted(known or {ask.most_weeks})


def _duration_row(period: Period, size: int, ask: Terms) -> Part:
    """One duration: the smallest share that proves the effect within what is acceptable, else the most acceptable."""
    moments = period.pool.moments
    needed = _share_needed(moments, period.buyers, size, ask)
    fine = needed is not None and needed <= (ask.share or ask.most_share) + 1e-12
    share = ask.share or (needed if fine and needed is not None else ask.most_share)
    held, rest = size * share, size * (1 - share)
    enough = held * period.buyers >= LEAST_BUYERS
    row: Part = {
        "weeks": period.weeks,
        "share": share,
        "held_out": held,
        "effect": moments.effect,
        "effect_low": period.effect_span[0],
        "effect_high": period.effect_span[1],
        "effect_share": moments.effect / period.level if period.level else 0.0,
        "sd_control": moments.sd_control,
        "cv_control": moments.sd_control / float(period.pool.control.mean()) if period.pool.control.mean() else 0.0,
        "mde": moments.detectable(rest, held, ask.alpha, ask.power),
        "power": moments.power(rest, held, ask.alpha),
        "buyers_held_out": held * period.buyers,
        "interval_allowed": enough,
        "forgone": held * period.forgone,
        "forgone_low": held * period.forgone_span[0],
        "forgone_high": held * period.forgone_span[1],
        "provable": fine and enough,
        "cuped": _cuped_part(period, size, ask),
    }
    if needed is not None:
        row["share_needed"] = needed
    if moments.effect:
        row["customers_needed"] = moments.customers_needed(share, ask.alpha, ask.power)
    return row


def _share_needed(moments: Moments, buyers: float, size: int, ask: Terms) -> float | None:
    """For the power, and for buyers enough to trust an interval."""
    needed = moments.share_needed(size, ask.alpha, ask.power)
    if needed is None or not buyers or needed > 0.5:
        return None
    least = LEAST_BUYERS / (size * buyers)
    return max(needed, least) if least <= 0.5 else None


def _choose(rows: Sequence[Part]) -> tuple[int, str]:
    """The cheapest design that proves the effect, plain or else with CUPED; else the one with the greatest power."""
    for method, designs in (("plain", rows), ("cuped", [row["cuped"] for row in rows])):
        proves = [place for place, row in enumerate(designs) if row["provable"]]
        if proves:
            return min(proves, key=lambda place: (abs(designs[place]["forgone"]), rows[place]["weeks"])), method
    return max(range(len(rows)), key=lambda place: float(rows[place]["power"])), "none"


def _segment_rows(period: Period, started: Started, share: float, ask: Terms) -> list[Part]:
    """The same share held out of each segment alone (segments as they are on the first day)."""
    segment, population = started.begin.segment, started.world.population
    rows = []
    for place, name in enumerate(started.world.rfm.segments):
        mine = segment == place
        many = float(mine.sum()) * population.scale
        if many < 2 or mine.sum() < 2:
            continue
        part = Pool(
            *(
                array[mine]
                for array in (period.pool.treated, period.pool.control, period.pool.bought, period.pool.covariate)
            )
        )
        moments, held = part.moments, many * share
        buyers, error = held * float(part.bought.mean()), _paired_error(part)
        rows.append(
            {
                "segment": name,
                "customers": many,
                "effect": moments.effect,
                "effect_low": moments.effect - Z95 * error,
                "effect_high": moments.effect + Z95 * error,
                "mde": moments.detectable(many - held, held, ask.alpha, ask.power),
                "power": moments.power(many - held, held, ask.alpha),
                "buyers_held_out": buyers,
                "interval_allowed": buyers >= LEAST_BUYERS,
            }
        )
    return rows


def _paired_error(pool: Pool) -> float:
    """Standard error of the effect per customer in the simulation, where the same customers are in both groups."""
    difference = pool.treated - pool.control
    return float(difference.std(ddof=1)) / math.sqrt(len(difference))


def _cuped_part(period: Period, size: int, ask: Terms) -> Part:
    """What the covariate takes off the variance, and the share that is needed then."""
    left = variance_left(period.pool.control, period.pool.covariate)
    after = period.pool.adjusted().moments
    needed = _share_needed(after, period.buyers, size, ask)
    share = ask.share or ask.most_share
    held = size * min(share, needed) if needed is not None else size * share
    return {
        "rho": float(np.sqrt(max(0.0, 1 - left))),
        "variance_left": left,
        **({} if needed is None else {"share_needed": needed, "forgone": size * needed * period.forgone}),
        "power": after.power(size - held, held, ask.alpha),
        "provable": needed is not None and needed <= share + 1e-12,
    }


def _geo_part(period: Period, size: int, ask: Terms, seed: int) -> Part:
    """Half of the regions treated: power with regional shocks, by formula and by simulation."""
    geo, moments = Geo(ask.regions, ask.region_cv), period.pool.moments
    return {
        "regions": ask.regions,
        "region_cv": ask.region_cv,
        "power": geo.power(moments, period.level, size, ask.alpha),
        "power_simulated": geo.trial(moments, period.level, size, 2_000, seed),
        "power_without_shocks": Geo(ask.regions, 0.0).power(moments, period.level, size, ask.alpha),
        "forgone": size / 2 * period.forgone,
    }


def _settled(period: Period, row: Part, size: int, method: str, ask: Terms, seed: int) -> tuple[Part, Part]:
    """The chosen design, checked by many experiments and enlarged until they reach its power."""
    if not ask.experiments:
        return row, {}
    cuped = method == "cuped"
    pool = period.pool.adjusted() if cuped else period.pool
    share = float(row["cuped"]["share_needed"] if cuped else row["share"])
    most = share if method == "none" or ask.share else ask.most_share
    share, found = share_that_reaches(pool, size, share, most, ask.power, ask.experiments, seed)
    tried: Part = {"experiments": found.experiments, "refused": found.refused}
    if found.refused < found.experiments:
        tried |= {"coverage": found.coverage, "power": found.power}
    if cuped:
        held = {"share_needed": share, "forgone": size * share * period.forgone}
        return row | {"cuped": row["cuped"] | held | {"power": _power(pool, share, size, ask)}}, tried
    return _duration_row(period, size, replace(ask, share=share)) | {"provable": row["provable"]}, tried


def _power(pool: Pool, share: float, size: int, ask: Terms) -> float:
    return pool.moments.power(size * (1 - share), size * share, ask.alpha)


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(list(rows), infer_schema_length=None)


def _flat(rows: Sequence[Part]) -> list[Part]:
    """One column per number."""
    return [
        {key: value for key, value in row.items() if key != "cuped"}
        | {f"cuped_{key}": value for key, value in row["cuped"].items()}
        for row in rows
    ]
