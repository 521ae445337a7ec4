"""``sweep``: one or two keys over many values, every point with the same customers and draws; resumable.

A point is valued like an alternative of ``compare``: over no contact, from the past that the scenario's own current
policy and rules have left behind. What is simulated in a point: the current policy, a plan, every contact the caps
allow (``fill``), or the best plan for that point (``search``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from scenarios import build
from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.basis import assumption_rows
from scenarios.cap_benchmark import MARKS, cap_benchmark
from scenarios.comparing import MEASURES, changes_from
from scenarios.finished import RunResult
from scenarios.frontier import efficient
from scenarios.grid import Axis, Point, grid
from scenarios.kept_values import Kept, point_of, valued_of
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import load_plan, plan_part
from scenarios.pointstore import PointStore, data_digests, question_digest
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import headline, money, number
from scenarios.world import FrameScenario
from sim.errors import InputError
from sim.periods import told_rates
from sim.policy import Frequencies

Progress = Callable[[float, float, str], None]
Mode = Literal["current", "plan", "fill", "search"]
DAILY = 7.0
"""Contacts a week that ``fill`` asks for: one a day."""


@dataclass(frozen=True)
class Sweep:
    """The question: which points, what is simulated in them, with which draws."""

    loaded: LoadedScenario
    axes: Sequence[Axis]
    points: Sequence[Point]
    mode: Mode
    plan: Frequencies | None
    """Of mode "plan"."""
    seed: int
    customers: int | None
    own_past: bool

    @property
    def capped(self) -> str | None:
        """The cap that is benchmarked, if one cap's number is all that is varied."""
        return self.axes[0].cap if len(self.axes) == 1 else None

    @property
    def digest(self) -> str:
        """Of the whole question."""
        plan = None if self.plan is None else (told_rates(self.plan), self.plan.campaigns, self.plan.offers)
        points = [(point.loaded.digest, point.texts) for point in self.points]
        data = data_digests(self.loaded)
        return question_digest([points, self.loaded.digest, data, self.mode, plan, *self._draws])

    @property
    def _draws(self) -> tuple[Any, ...]:
        return self.seed, self.customers, self.own_past

    def alternative(self, point: Point, found: Frequencies | None) -> Alternative:
        """The point's scenario with the plan of this sweep's mode."""
        if self.mode == "fill":
            return Alternative(point.name, point.loaded, filled(point.loaded, self.axes))
        return Alternative(point.name, point.loaded, self.plan if self.mode == "plan" else found)


def make_sweep(
    loaded: LoadedScenario,
    axes: Sequence[Axis],
    *,
    plan: Frequencies | None = None,
    mode: Mode | None = None,
    seed: int = 1,
    customers: int | None = None,
    own_past: bool = False,
) -> Sweep:
    """The question with its points checked; ``mode`` None: what the varied keys call for."""
    if mode is None:
        mode = "plan" if plan is not None else _natural_mode(axes)
    return Sweep(loaded, axes, grid(loaded, axes), mode, plan, seed, customers, own_past)


def plan_from(file: Path | None, loaded: LoadedScenario) -> Frequencies | None:
    """The plan in a file, for this scenario."""
    if file is None:
        return None
    return load_plan(file, build.segment_names(loaded), build.channel_names(loaded), build.program(loaded))


def filled(loaded: LoadedScenario, axes: Sequence[Axis]) -> Frequencies:
    """The current policy, but a contact every day on the channels of the varied caps: the rules alone decide."""
    current = build.current_plan(loaded)
    named = {axis.cap for axis in axes if axis.cap}
    caps = [cap for cap in loaded.scenario.policy.caps if cap.name in named]
    known = build.channel_names(loaded)
    lanes = {channel for cap in caps for channel in (cap.channels or known) if channel in known}
    if not lanes:
        allowed = "--fill goes with --vary of a cap's max_contacts"
        raise InputError.of("--fill", "no cap is varied whose channels could be filled", None, allowed)
    rates = np.array(current.per_week)
    rates[:, [known.index(channel) for channel in lanes]] = DAILY
    return replace(current, name="as many as the caps allow", per_week=rates)


def run_sweep(
    sweep: Sweep,
    *,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Value every point; ``folder``: where finished ones are kept until the run is written (see ``PointStore``)."""
    clock, say = Clock(), progress or (lambda done, total, text: None)
    store = PointStore(None if isinstance(sweep.loaded, FrameScenario) else folder)
    try:
        rows, valued, valuer = _value_points(sweep, store, threads, say)
    finally:
        store.close()
    say(len(rows), len(rows), "done")
    result = _result(sweep, rows, valued, valuer)
    result["provenance"] = provenance_part(clock, seed=sweep.seed)
    return RunResult(result, {"points": _frame(rows, sweep.axes)}, None, {}, sweep.loaded.slug)


def _natural_mode(axes: Sequence[Axis]) -> Mode:
    if any(axis.path[0] == "optimize" for axis in axes):
        return "search"
    return "fill" if all(axis.cap for axis in axes) else "current"


def _value_points(
    sweep: Sweep, store: PointStore, threads: int | None, say: Progress
) -> tuple[list[Part], list[Valued | None], Valuer]:
    """Rows and simulations, one per point; None where no plan fits the limits."""
    fresh = sweep.seed + (2 if sweep.mode == "search" else 0)  # the search has not seen these customers and draws
    valuer = Valuer(sweep.loaded, seed=fresh, customers=sweep.customers, threads=threads, own_past=sweep.own_past)
    clock, computed, total = time.perf_counter(), 0, len(sweep.points)
    rows: list[Part] = []
    valued: list[Valued | None] = []
    for place, point in enumerate(sweep.points):
        left = (time.perf_counter() - clock) / computed * (total - place) if computed else None
        about = "" if left is None else f", about {_rounded(left)} left"
        say(place, total, f"point {place + 1} of {total}: {point.name}{about}")
        key = question_digest([point.loaded.digest, point.texts])
        kept = store.get(key)
        if kept is None:
            kept = _computed(sweep, point, valuer, threads)
            store.put(key, *kept)
            computed += 1
        row, found = _restored(kept, point, valuer)
        rows.append({"values": list(point.values), "name": point.name, **row})
        valued.append(found)
    return rows, valued, valuer


def _rounded(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def _computed(sweep: Sweep, point: Point, valuer: Valuer, threads: int | None) -> Kept:
    found: Frequencies | None = None
    if sweep.mode == "search":
        from optimizer.errors import Infeasible
        from scenarios.run import optimize_scenario
        from scenarios.stopping import whole

        try:
            done = whole(optimize_scenario(point.loaded, seed=sweep.seed, customers=sweep.customers, threads=threads))
        except Infeasible as error:
            return {}, {"infeasible": " ".join(str(error).split())}
        found = done.plan
    alternative = sweep.alternative(point, found)
    one = valuer.value(alternative, MARKS if sweep.capped else ())
    arrays, facts = point_of(one)
    return arrays, {**plan_part(alternative.chosen), **facts}


def _restored(kept: Kept, point: Point, valuer: Valuer) -> tuple[Part, Valued | None]:
    arrays, facts = kept
    if "infeasible" in facts:
        return facts, None
    people = valuer.population(valuer.base(point.loaded))
    found = valued_of(kept, people)
    lost = {f"{mark[5:]}": estimate(found.share_lost(mark)) for mark in arrays if mark.startswith("lost_")}
    row: Part = {
        **{measure: estimate(found.estimate(measure)) for measure in MEASURES},
        **{key: facts[key] for key in ("contacts", "unsubscribes_by_channel", "plan")},
        "list_lost_share": estimate(found.share_lost("unsubscribes")),
    }
    return row | ({"list_lost_after_weeks": lost} if lost else {}), found


def _result(sweep: Sweep, rows: list[Part], valued: list[Valued | None], valuer: Valuer) -> Part:
    currency = sweep.loaded.scenario.currency
    feasible = [place for place, found in enumerate(valued) if found is not None]
    if not feasible:
        raise InputError.of("--vary", "no plan fits the limits in any point", rows[0]["infeasible"], "looser limits")
    here = _own_point(sweep, feasible)
    _compare_with(here, rows, valued)
    _mark_efficient(rows, feasible)
    best = max(feasible, key=lambda place: float(rows[place]["value"]["mean"]))
    population = valuer.population(valuer.base(sweep.loaded))
    benchmark = cap_benchmark(sweep, rows, valued) if sweep.capped else None
    says = benchmark["verdict"] if benchmark else _verdict(sweep, rows, valued, best, here, currency)
    remarks = benchmark.pop("remarks") if benchmark else []
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "sweep",
        "scenario": scenario_part(sweep.loaded, population),
        "verdict": says,
        "remarks": remarks,
        "axes": [_axis_part(axis, sweep.loaded.scenario.currency) for axis in sweep.axes],
        "mode": sweep.mode,
        "past": "own" if sweep.own_past else "first",
        "points": rows,
        "best": best,
        "reference": here,
        **({"cap_benchmark": benchmark} if benchmark else {}),
        "assumptions": assumption_rows(valuer.base(sweep.loaded)),
    }


def _axis_part(axis: Axis, currency: str) -> Part:
    unit = axis.unit(currency)
    return {"key": axis.key, "label": axis.label, "values": list(axis.values), **({"unit": unit} if unit else {})}


def _own_point(sweep: Sweep, feasible: Sequence[int]) -> int:
    """The point that is the scenario itself; else the first one that has a plan."""
    same = [place for place in feasible if not changes_from(sweep.loaded, sweep.points[place].loaded)]
    return (same or list(feasible))[0]


def _compare_with(here: int, rows: list[Part], valued: list[Valued | None]) -> None:
    reference = valued[here]
    for row, found in zip(rows, valued, strict=True):
        if found is not None and reference is not None:
            row["minus_reference"] = {measure: estimate(found.minus(reference, measure)) for measure in MEASURES}


def _mark_efficient(rows: list[Part], feasible: Sequence[int]) -> None:
    gain = [float(rows[place]["contribution"]["mean"]) for place in feasible]
    for name, measure in (("spend", "cost"), ("list", "list_lost_share")):
        flags = efficient(gain, [float(rows[place][measure]["mean"]) for place in feasible])
        for place, flag in zip(feasible, flags, strict=True):
            rows[place].setdefault("efficient", {})[name] = flag


def _verdict(sweep: Sweep, rows: list[Part], valued: list[Valued | None], best: int, here: int, currency: str) -> str:
    top, reference = valued[best], valued[here]
    if top is None or reference is None:
        raise ValueError("best and reference are points with a plan")
    gap = top.minus(reference, "value")
    start = f"{_said(sweep, best)} is best of {len(rows)} points"
    worth = f"worth {money(headline(rows[best]['value'])[0], currency)} over no contact, horizon and tail together"
    if best == here:
        return f"{start}, {worth}."
    mean, low, high = headline(estimate(gap))
    told = f"{money(mean, currency)} more than with {_said(sweep, here)}"
    sure = "" if gap.ci_low > 0 else "; the simulation cannot tell the two apart"
    return f"{start}, {worth}: {told} (95% interval {money(low, currency)} to {number(high)}){sure}."


def _said(sweep: Sweep, place: int) -> str:
    """A point in words: ``sms unit cost 0.02 and economics margin 0.5``."""
    texts = sweep.points[place].texts
    return " and ".join(f"{axis.label} {text}" for axis, text in zip(sweep.axes, texts, strict=True))


def _frame(rows: Sequence[Part], axes: Sequence[Axis]) -> Any:
    import polars as pl

    ends = ("mean", "ci_low", "ci_high")
    flat = [
        {axis.key: str(value) if not axis.numeric else value for axis, value in zip(axes, row["values"], strict=True)}
        | {f"{m}_{end}": row.get(m, {}).get(end) for m in (*MEASURES, "list_lost_share") for end in ends}
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
