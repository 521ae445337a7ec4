"""The recipe: from a world, levels and limits to a plan whose value was simulated on fresh customers.

1. customers and draws of the search; the best plan common to all segments as start
2. a sketch on a quarter of these customers: table, MILP, simulation, exchanges (``search``), with the value after
   the horizon counted under the current plan
3. the search on all of them, with the sketch as the plan after the horizon
4. the best distinct plans on the customers and draws of the selection: limits must hold there, the best stays
5. the report: fresh customers and draws once more, the plan beside its baselines
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.baselines import best_uniform
from optimizer.errors import Infeasible
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Limit, check_limits, use_of
from optimizer.objective import Objective, worth
from optimizer.search import Found, SearchSettings, holding_back, search
from optimizer.space import Choice, Space
from sim.compare import Estimate, base_total
from sim.policy import Frequencies
from sim.population import Population
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import start_world
from sim.units import MICRO
from sim.world import World

MakePopulation = Callable[[int, int], Population]
"""(customers, seed) -> a population of that size with its own latent draws."""
Progress = Callable[[float, str], None]

_SCREEN_CUSTOMERS = 1_000
_SKETCH_CUSTOMERS = 3_000
_CANDIDATES = 6


@dataclass(frozen=True)
class Optimization:
    """The plan and what is known about it; all values over no contact, totals of the real base."""

    plan: Frequencies
    choice: Choice
    promised: Estimate
    """Value on the customers the search saw."""
    delivered: Estimate
    """Value on fresh customers and draws."""
    promised_minus_delivered: Estimate
    fresh: SimulationResult
    """Report run: plans "no_contact", "current", "uniform_best", "plan"."""
    fresh_use: np.ndarray
    """(4, rows) use of the limits in the report run."""
    seen: SimulationResult
    """The plan ("plan 1") against no contact ("plan 0") on the customers of the search: what was promised."""
    found: Found
    limits: tuple[Limit, ...]
    binding: tuple[bool, ...]
    """Per limit: whether it forbids something better than the plan the search ended with."""
    evaluations: float
    """Simulated customer-days over those of one simulation of the search's customers."""
    customer_days: int
    seconds: float
    candidates: int
    """Distinct plans compared on the selection's customers."""


def optimize(
    world: World,
    population: MakePopulation,
    space: Space,
    limits: Sequence[Limit],
    *,
    seed: int,
    search_customers: int = 30_000,
    report_customers: int = 100_000,
    objective: Objective = "contribution",
    settings: SearchSettings | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Optimization:
    """Find the plan of ``space`` with the greatest simulated value within ``limits``.

    ``world``'s own population is only a template; ``population`` makes those of the search, the selection and
    the report, each with latent draws of its own. Raises ``Infeasible`` when even no contact exceeds a limit.
    """
    began = time.perf_counter()
    threads = threads or os.cpu_count() or 1
    settings = settings or SearchSettings()
    limits = tuple(limits)
    check_limits(limits, space.channels)
    say = progress or (lambda share, text: None)

    def evaluator(customers: int, its_seed: int, tail: Frequencies) -> Evaluator:
        its_world = replace(world, population=population(customers, its_seed))
        started = start_world(its_world, seed=its_seed, threads=threads)
        return Evaluator(started, space, limits, tail, objective, threads)

    say(0.0, "customers of the search")
    seeking = evaluator(search_customers, seed, world.current)
    say(0.03, "best plan common to all segments")
    uniform = _uniform_start(seeking, settings, say)
    coarse = _on_fewer(seeking)
    sketch = search(coarse, uniform.choice, settings, _within(say, 0.15, 0.35))
    tail = space.plan(sketch.best.choice, "plan")
    again = replace(seeking, tail=tail, known={}, _nothing=None, customer_days=0)
    found = search(again, sketch.best.choice, settings, _within(say, 0.35, 0.8))

    say(0.8, "selection on fresh customers")
    choosing = evaluator(search_customers, seed + 1, tail)
    pool = [e.choice for e in found.pool[:_CANDIDATES]] + [sketch.best.choice, uniform.choice]
    best, candidates = _select(choosing, pool, settings)
    plan = space.plan(best, "plan")

    say(0.86, "report on fresh customers")
    fresh_world = replace(world, population=population(report_customers, seed + 2))
    started = start_world(fresh_world, seed=seed + 2, threads=threads)
    nothing = Frequencies.nothing(space.segments, space.channels)
    plans = [nothing, replace(world.current, name="current"), space.plan(uniform.choice, "uniform_best"), plan]
    fresh = simulate(started, plans, seed=seed + 2, tail=plan, threads=threads)
    seen = again.run([space.nothing(), best])

    promised, delivered = _gain(seen, objective, 1), _gain(fresh, objective, 3)
    days = sketch.customer_days + found.customer_days + seeking.customer_days + choosing.customer_days
    say(1.0, "done")
    return Optimization(
        plan=plan,
        choice=best,
        promised=promised,
        delivered=delivered,
        promised_minus_delivered=Estimate(promised.mean - delivered.mean, float(np.hypot(promised.se, delivered.se))),
        fresh=fresh,
        fresh_use=use_of(fresh, limits),
        seen=seen,
        found=replace(found, steps=[*sketch.steps, *found.steps]),
        limits=limits,
        binding=holding_back(found, again, settings),
        evaluations=days / (seeking.started.people.key.shape[0] * world.days),
        customer_days=days,
        seconds=time.perf_counter() - began,
        candidates=candidates,
    )


def _uniform_start(seeking: Evaluator, settings: SearchSettings, say: Progress) -> Evaluated:
    rng = np.arange(seeking.started.people.key.shape[0])
    step = max(1, len(rng) // _SCREEN_CUSTOMERS)
    few = seeking.started.take_sample(rng[::step])
    nothing = seeking.evaluate([seeking.space.nothing()])[0]
    if not seeking.feasible(nothing, settings.buffer):
        over = [limit.name for limit in seeking.limits if limit.most < 0]
        raise Infeasible("even a plan without contacts exceeds a limit: " + ", ".join(over))
    return best_uniform(
        seeking,
        few,
        buffer=settings.buffer,
        progress=lambda share: say(0.03 + 0.12 * share, "best plan common to all segments"),
    )


def _on_fewer(seeking: Evaluator) -> Evaluator:
    """The same on a quarter of the customers, where that leaves enough of them."""
    rows = np.arange(seeking.started.people.key.shape[0])
    step = 4 if len(rows) >= 4 * _SKETCH_CUSTOMERS else 1
    return replace(seeking, started=seeking.started.take_sample(rows[::step]), known={}, _nothing=None, customer_days=0)


def _select(choosing: Evaluator, pool: Sequence[Choice], settings: SearchSettings) -> tuple[Choice, int]:
    """The best plan of the pool on customers the search has not seen, among those that keep the limits there."""
    distinct = {choice.tobytes(): choice for choice in pool}
    tried = choosing.evaluate([*distinct.values(), choosing.space.nothing()])
    holding = [e for e in tried if choosing.feasible(e, settings.buffer / 2)]
    return max(holding, key=lambda e: e.value).choice, len(distinct)


def _gain(result: SimulationResult, objective: Objective, plan: int) -> Estimate:
    value = worth(result, objective)
    return base_total(value[plan] - value[0], result.world.population, MICRO)


def _within(say: Progress, low: float, high: float) -> Progress:
    return lambda share, text: say(low + (high - low) * share, text)
