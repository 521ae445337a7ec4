"""Scoring plans and solvers on the public benchmark worlds (``library:worlds/...``).

A world is small: every plan of its levels is simulated on fresh customers, so the best one within its limits is known
there. Regret = (best - plan) / (best - best plan common to all segments), all on the same customers and draws, with
the search's margin to the limits for the two best ones; 0 is perfect, 1 no better than treating everybody alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optimizer.evaluate import Evaluated, Evaluator, charges, parts_over_nothing
from optimizer.limits import broken
from optimizer.objective import worth
from optimizer.optimize import optimize
from optimizer.rivals import RIVALS
from optimizer.settings import SearchSettings
from optimizer.space import Space
from scenarios import build
from scenarios.console_table import Grid
from scenarios.files import LIBRARY
from scenarios.load import load_scenario
from scenarios.planfile import load_plan
from scenarios.world import Base, load_base, make_world, no_contact
from sim.errors import InputError
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.start import start_world
from sim.units import MICRO

Part = dict[str, Any]
SOLVERS = ("search", *RIVALS)
FRESH_SEED = 1_000_000
"""Fresh customers have this seed plus the given one."""
_COMMON = "common"


@dataclass(frozen=True)
class Judge:
    """A world whose plans are all known on fresh customers."""

    name: str
    base: Base
    fresh: Evaluator
    plans: list[Evaluated]
    margin: float

    @property
    def best(self) -> Evaluated:
        return self._best(self.plans)

    @property
    def uniform(self) -> Evaluated:
        common = {choice.tobytes() for choice in self.fresh.space.uniform()}
        return self._best([e for e in self.plans if e.choice.tobytes() in common])

    def _best(self, plans: Sequence[Evaluated]) -> Evaluated:
        return max(plans, key=lambda e: (-self.fresh.beyond(e, self.margin), e.value))

    def regret(self, value: float) -> float:
        """0 = the best, 1 = the best uniform plan; where that is the best, the share of its value that is missing."""
        best, gap = self.best.value, self.best.value - self.uniform.value
        return (best - value) / (gap if gap > 1e-6 * abs(best) else max(abs(best), 1e-9))

    def score(self, name: str, plan: Frequencies, seconds: float | None = None) -> Part:
        """Value, regret and broken limits of a plan, on the levels or off them."""
        started, limits = self.fresh.started, self.fresh.limits
        pair = [no_contact(started.world), replace(plan, name="plan")]
        result = simulate(started, pair, seed=started.seed, tail=self.fresh.tail, threads=self.fresh.threads)
        gain = worth(result, self.fresh.objective)
        paid = charges(result, limits, self.fresh.tariffs, self.fresh.objective)
        value = int((gain[1] - gain[0]).sum()) * started.world.population.scale / MICRO - float(paid[1] - paid[0])
        over = broken(limits, parts_over_nothing(result, limits, self.fresh.tariffs)[1], self.fresh.weeks)
        row: Part = {"plan": name, "value": value, "regret": self.regret(value), "broken": over}
        return row | ({} if seconds is None else {"seconds": round(seconds, 2)})


def world_names() -> list[str]:
    """The public worlds."""
    return sorted(file.stem for file in (LIBRARY / "worlds").glob("*.toml") if file.stem != _COMMON)


def judge(name: str, *, customers: int, seed: int, threads: int) -> Judge:
    """Simulate every plan of a world on fresh customers."""
    if name not in world_names():
        raise InputError.of("--world", "unknown benchmark world", name, ", ".join(world_names()))
    loaded = load_scenario(f"library:worlds/{name}")
    base = load_base(loaded)
    world = make_world(base, base.population(customers, FRESH_SEED + seed))
    space = Space.of(world.rfm.segments, world.channel_names, build.levels(loaded))
    started = start_world(world, seed=FRESH_SEED + seed, threads=threads)
    objective = loaded.scenario.optimize.objective
    fresh = Evaluator(started, space, build.limits(loaded), world.current, objective, threads, build.tariffs(loaded))
    return Judge(name, base, fresh, fresh.evaluate(list(space.all())), SearchSettings().buffer)


def solve(one: Judge, solver: str, *, customers: int, seed: int) -> tuple[Frequencies, float]:
    """The plan a solver finds on customers of its own, and its seconds."""
    world, space, threads = one.fresh.started.world, one.fresh.space, one.fresh.threads
    settings, began = SearchSettings(), time.perf_counter()
    if solver == "search":
        done = optimize(
            world, one.base.population, space, one.fresh.limits, seed=seed, search_customers=customers,
            report_customers=min(customers, 1_000), objective=one.fresh.objective, tariffs=one.fresh.tariffs,
            settings=settings, price_share=0.0, tail=one.fresh.tail, threads=threads,
        )  # fmt: skip
        return done.plan, time.perf_counter() - began
    its_world = replace(world, population=one.base.population(customers, seed))
    evaluator = one.fresh.elsewhere(start_world(its_world, seed=seed, threads=threads))
    choice = RIVALS[solver](evaluator, settings, _SIMULATIONS)
    return space.plan(choice, solver), time.perf_counter() - began


_SIMULATIONS = 100
"""Plans that a solver without an end of its own may simulate: about what the stepwise search takes."""


def score(
    plans: Sequence[Path],
    *,
    worlds: Sequence[str] = (),
    solvers: Sequence[str] = (),
    customers: int = 10_000,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float, str], None] | None = None,
) -> Part:
    """Rows by world: the given plans where their segments and channels fit, then the solvers, best known first."""
    say = progress or (lambda done, total, text: None)
    for solver in solvers:
        if solver not in SOLVERS:
            raise InputError.of("--solver", "unknown solver", solver, ", ".join(SOLVERS))
    names, threads = list(worlds) or _worlds_of(plans), threads or os.cpu_count() or 1
    found: list[Part] = []
    for n, name in enumerate(names):
        say(n, len(names), f"{name}: every plan on fresh customers")
        one = judge(name, customers=customers, seed=seed, threads=threads)
        rows = [
            one.score("best", one.fresh.space.plan(one.best.choice, "best")),
            one.score("best uniform", one.fresh.space.plan(one.uniform.choice, "uniform")),
        ]
        space = one.fresh.space
        rows += [one.score(str(file), load_plan(file, space.segments, space.channels)) for file in plans]
        for solver in solvers:
            say(n, len(names), f"{name}: {solver}")
            plan, seconds = solve(one, solver, customers=customers, seed=seed)
            rows.append(one.score(f"solver {solver}", plan, seconds))
        found.append({"world": name, "plans_of_the_world": one.fresh.space.size, "rows": rows})
    say(1, 1, "done")
    return {"command": "score", "customers": customers, "seed": seed, "worlds": found}


def _worlds_of(plans: Sequence[Path]) -> list[str]:
    """The worlds that all plans are for; without plans, all of them."""
    if not plans:
        return world_names()
    fitting = [name for name in world_names() if all(_fits(file, name) for file in plans)]
    if not fitting:
        what, given = "no benchmark world has the segments and channels of these plans", ", ".join(map(str, plans))
        raise InputError.of("PLAN", what, given, "plans for one of: " + ", ".join(world_names()))
    return fitting


def _fits(file: Path, name: str) -> bool:
    loaded = load_scenario(f"library:worlds/{name}")
    try:
        load_plan(file, build.segment_names(loaded), build.channel_names(loaded))
    except InputError:
        if not file.is_file():
            raise
        return False
    return True


def score_tables(result: Part) -> list[Grid]:
    """The tables for a terminal."""
    return [_world_table(world) for world in result["worlds"]]


def _world_table(world: Part) -> Grid:
    title = f"{world['world']}: {world['plans_of_the_world']:,} plans, all simulated on fresh customers"
    table = Grid(title, ("plan", "value", "regret", "seconds", "limits"), last_left=True)
    for row in world["rows"]:
        limits = "kept" if not row["broken"] else "breaks " + ", ".join(row["broken"])
        seconds = f"{row['seconds']:.1f}" if "seconds" in row else ""
        table.row(row["plan"], f"{row['value']:,.1f}", f"{100 * row['regret']:.1f}%", seconds, limits)
    return table
