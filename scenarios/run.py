"""The recipes behind the commands: from a scenario to a finished run.

``simulate_scenario``, ``optimize_scenario`` and ``fit_orders`` compute and keep everything in memory;
``run_simulate``, ``run_optimize`` and ``run_fit`` also write the run directory. One seed addresses all draws of a
run: the same scenario and seed give the same result, but for times.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.budget import Budget
from optimizer.optimize import Optimization, optimize
from scenarios import build
from scenarios.basis import assumption_rows, history_part, past_part
from scenarios.doubt import doubt
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, Worlds, plan_outcome, values
from scenarios.outcome_program import program_outcome
from scenarios.outcome_search import search_outcome
from scenarios.outcome_tables import customer_frame, flow_rows, segment_rows, weekly_rows
from scenarios.planfile import load_plan, plan_part, plan_rows
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.read_run import name_of
from scenarios.red_zones import red_zone_part
from scenarios.run_fit import Duplicates, ModelChoice, Refunds, fit_orders
from scenarios.rundir import part_folder
from scenarios.simulating import Crowd, CustomerFiles, CustomerFrames
from scenarios.stopping import stops_early
from scenarios.stored_base import Room, base_of_any_size, temporary_room
from scenarios.under_worlds import worlds_of
from scenarios.world import Base, load_base, make_world, no_contact
from sim.campaigns import Program
from sim.policy import Frequencies
from sim.result import Findings, SimulationResult
from sim.simulate import simulate
from sim.stream import Ask, Engine
from sim.world import World

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Duplicates", "ModelChoice", "Refunds", "fit_orders", "optimize_scenario", "run_fit", "run_optimize",
    "run_simulate", "simulate_scenario",
]  # fmt: skip

Progress = Callable[[float, float, str], None]
"""progress(done, total, text)."""
PlanGiven = Frequencies | str | Path | Mapping[str, Mapping[str, float]]
"""A plan, a plan file, or {segment or "default": {channel: contacts a week}}."""
Keep = Callable[[Frequencies], None]
REPORT_SEED = 2
"""``optimize`` with seed n reports from the customers and draws of ``simulate`` with seed n + 2."""


def run_simulate(
    loaded: LoadedScenario,
    *,
    plan_file: Path | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    per_customer: bool = False,
    engine: Engine | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """``simulate_scenario`` of the plan in a file, default the current one; written to a run directory.

    ``per_customer``: also the folder ``customers``, a Parquet file for each part of them, written as they come."""
    with part_folder(out) if per_customer else nullcontext() as folder:
        return simulate_scenario(
            loaded, plan=plan_file, seed=seed, customers=customers, threads=threads, customers_into=folder,
            engine=engine, room=partial(part_folder, out), progress=progress,
        ).write(out)  # fmt: skip


def run_optimize(
    loaded: LoadedScenario,
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    time_limit: float | None = None,
    max_evaluations: int | None = None,
    start: Path | None = None,
    assumption_worlds: int = 0,
    keep: Keep | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """``optimize_scenario``, written to a run directory."""
    return optimize_scenario(
        loaded, seed=seed, customers=customers, threads=threads, time_limit=time_limit,
        max_evaluations=max_evaluations, start=start, assumption_worlds=assumption_worlds, keep=keep,
        progress=progress,
    ).write(out)  # fmt: skip


def run_fit(orders: Path, *, out: Path | None = None, **options: Any) -> RunResult:
    """``fit_orders`` with these options, written to a run directory."""
    return fit_orders(orders, **options).write(out)


def simulate_scenario(
    loaded: LoadedScenario,
    *,
    plan: PlanGiven | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    per_customer: bool = False,
    customers_into: Path | None = None,
    engine: Engine | None = None,
    room: Room = temporary_room,
    progress: Progress | None = None,
) -> RunResult:
    """The plan, the current policy and no contact on the same customers with the same draws.

    After the horizon all of them live under the plan ("the plan goes on"); ``tail_sensitivity`` is the value if
    the current policy came back instead. ``per_customer``: also the table ``customers``, in memory;
    ``customers_into``: the same as Parquet files in this folder. ``engine``: where parts of the customers are
    computed, default the threads of this machine. ``room``: where a large file of orders is sorted.
    """
    clock, say = Clock(), progress or _silent
    chosen, name = _chosen_plan(plan, build.current_plan(loaded), build.program(loaded))
    say(0.0, 1.0, "customers")
    given = plan is not None
    worlds = {key: n for n, key in enumerate(("plan", "current", "no_contact") if given else ("plan", "no_contact"))}

    def asked(world: World) -> tuple[Ask, ...]:
        plans = (chosen, *([world.current] if given else []), no_contact(world))
        back = Ask(plans, tail=world.current, detailed=False)
        return Ask(plans, tail=chosen), *([back] if given and world.tail_weeks else [])

    many = customers or loaded.scenario.base.simulated_customers
    with base_of_any_size(loaded, room, lambda share: say(0.05 * share, 1.0, "sorting the orders")) as base:
        crowd = Crowd(base, many, seed, threads or os.cpu_count() or 1)
        frames = CustomerFrames(base, worlds) if per_customer else None
        keep = frames if customers_into is None else CustomerFiles(base, worlds, customers_into)
        found, *back = crowd.ask(
            asked, say=lambda share, text: say(0.05 + 0.9 * share, 1.0, text), keep=keep, engine=engine
        )
    result = _head("simulate", loaded, found, name, chosen) | plan_outcome(found, worlds)
    result |= program_outcome(found, worlds["plan"])
    if back:
        result["tail_sensitivity"] = {"tail": "current", **values(back[0], worlds)}
    say(1.0, 1.0, "done")
    result["provenance"] = provenance_part(clock, seed=seed)
    result |= past_part(base)
    done = _finish(base, found, worlds, chosen, result, {} if frames is None else {"customers": frames.frame()})
    return done if customers_into is None else replace(done, folders={"customers": customers_into})


def optimize_scenario(
    loaded: LoadedScenario,
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    time_limit: float | None = None,
    max_evaluations: int | None = None,
    start: PlanGiven | None = None,
    assumption_worlds: int = 0,
    per_customer: bool = False,
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """The plan with the greatest simulated value within the limits, reported from customers the search never saw.

    ``time_limit`` (seconds) and ``max_evaluations`` (plans simulated on all customers of the search) end the search
    early with the best plan so far, as the first Ctrl-C does; ``start``: a plan to start from as well, as of an earlier
    run. ``keep``: told the best plan so far after each stage of the search.
    ``assumption_worlds``: in so many worlds drawn from the assumptions the plan is valued too.
    """
    budget = Budget(seconds=float("inf") if time_limit is None else time_limit)
    with stops_early(budget):
        return _optimized(
            loaded, budget, seed=seed, customers=customers, threads=threads, max_evaluations=max_evaluations,
            start=start, assumption_worlds=assumption_worlds, per_customer=per_customer, keep=keep,
            say=progress or _silent,
        )  # fmt: skip


def _optimized(
    loaded: LoadedScenario,
    budget: Budget,
    *,
    seed: int,
    customers: int | None,
    threads: int | None,
    max_evaluations: int | None,
    start: PlanGiven | None,
    assumption_worlds: int,
    per_customer: bool,
    keep: Keep | None,
    say: Progress,
) -> RunResult:
    clock, ask = Clock(), loaded.scenario.optimize
    say(0.0, 1.0, "customers")
    base = load_base(loaded)
    report_customers = customers or loaded.scenario.base.simulated_customers
    world = make_world(base, base.population(1, seed))
    search_customers = min(ask.search_customers, report_customers)
    if max_evaluations is not None:
        budget.customer_days = max_evaluations * search_customers * world.days
    budget.began = time.perf_counter()
    done = optimize(
        world,
        base.population,
        build.space(loaded, world),
        build.limits(loaded),
        tariffs=build.tariffs(loaded),
        seed=seed,
        search_customers=search_customers,
        report_customers=report_customers,
        objective=ask.objective,
        budget=budget,
        start=None if start is None else plan_of(start, loaded),
        tail=world.current if ask.tail == "current" else None,
        worlds=worlds_of(base, ask, seed + REPORT_SEED) if ask.under != "stated" else None,
        currency=loaded.scenario.currency,
        threads=threads,
        keep=keep,
        progress=lambda share, text: say(0.9 * share, 1.0, text) if share < 1 else None,
    )
    worlds = {name: done.fresh.index(name) for name in ("plan", "current", "no_contact")}
    found_plan = replace(done.plan, name="found")
    result = _head("optimize", loaded, done.fresh, "found", found_plan) | plan_outcome(done.fresh, worlds)
    result |= program_outcome(done.fresh, worlds["plan"])
    result |= search_outcome(done, ask.objective, loaded.scenario.currency)
    if world.tail_weeks and ask.tail == "found":
        say(0.9, 1.0, "the same, with the current policy after the horizon")
        result["tail_sensitivity"] = {"tail": "current", **_tail_of_current(done, worlds, threads)}
    if assumption_worlds and not budget.interrupted:
        say(0.93, 1.0, "the same in worlds drawn from the assumptions")
        fewer = base.population(search_customers, seed + REPORT_SEED)
        result["doubt"] = doubt(
            base, fewer, done.fresh.plans, tail=done.fresh.tail, objective=ask.objective, seed=seed + REPORT_SEED,
            count=assumption_worlds, threads=threads,
            progress=lambda share: say(0.93 + 0.06 * share, 1.0, "the same in worlds drawn from the assumptions"),
        )  # fmt: skip
        ends = {key: result["doubt"][key] for key in ("parameter_low", "parameter_high")}
        result["delivered"]["value"] |= ends
    if budget.interrupted:
        result["interrupted"] = True
    say(1.0, 1.0, "done")
    result["provenance"] = provenance_part(clock, seed=seed, report_seed=seed + REPORT_SEED)
    result |= past_part(base)
    frames = {"customers": _customers(base, done.fresh, worlds)} if per_customer else {}
    return _finish(base, done.fresh, worlds, found_plan, result, frames)


def _customers(base: Base, found: SimulationResult, worlds: Worlds) -> pl.DataFrame:
    return customer_frame(found, worlds, base.names(found.world.population))


def _chosen_plan(plan: PlanGiven | None, current: Frequencies, program: Program) -> tuple[Frequencies, str]:
    """The plan and its name in the result: the file's, else its own; "current" is only the current one."""
    if plan is None:
        return replace(current, name="current"), "current"
    if isinstance(plan, (str, Path)):
        return load_plan(plan, current.segments, current.channels, program), name_of(plan)
    if not isinstance(plan, Frequencies):
        rows = {segment: row for segment, row in plan.items() if segment != "default"}
        plan = Frequencies.of("plan", current.segments, current.channels, plan.get("default", {}), rows)
    return plan, "plan" if plan.name == "current" else plan.name


def plan_of(given: PlanGiven, loaded: LoadedScenario) -> Frequencies:
    """A plan as one may give it, for the segments and channels of this scenario."""
    return _chosen_plan(given, build.current_plan(loaded), build.program(loaded))[0]


def _head(command: str, loaded: LoadedScenario, found: Findings, name: str, plan: Frequencies) -> Part:
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "scenario": scenario_part(loaded, found.people),
        "plan_name": name,
        **plan_part(plan),
        "current_plan": plan_rows(found.world.current),
    }


def _tail_of_current(done: Optimization, worlds: Worlds, threads: int | None) -> Part:
    """Value of the found plan if the current policy came back after the horizon."""
    fresh = done.fresh
    back = simulate(
        fresh.world, fresh.plans, seed=fresh.seed, tail=fresh.world.current, threads=threads, detailed=False
    )
    return values(back, worlds)


def _finish(
    base: Base, found: Findings, worlds: Worlds, plan: Frequencies, result: Part, more: dict[str, pl.DataFrame]
) -> RunResult:
    """Add the tables and what the result stands on; ``more`` tables are not part of result.json."""
    tables = {
        "weekly": weekly_rows(found, worlds),
        "segments": segment_rows(found, worlds),
        "flows": flow_rows(found, worlds["plan"]),
        "assumptions": assumption_rows(base),
    }
    result = result | history_part(base) | red_zone_part(base.loaded, result)
    frames = {name: _frame(rows) for name, rows in tables.items()} | more
    resolved = base.loaded.scenario.model_dump(mode="json", exclude_none=True)
    texts = {"scenario.json": json.dumps(resolved, indent=1, ensure_ascii=False, allow_nan=False) + "\n"}
    return RunResult(result | tables, frames, plan, texts, base.loaded.slug)


def _frame(rows: list[Part]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)


def _silent(done: float, total: float, text: str) -> None:
    """Nobody wants to know."""
