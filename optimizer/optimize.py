"""The recipe: from a world, levels and limits to a plan whose value was simulated on fresh customers.

1. customers and draws of the search; the best plan common to all segments
2. sketches on few customers from several starts: table, MILP, simulation (``search``), with the value after the
   horizon counted under the current plan
3. the search on all of them from the best sketch, which is now also the plan after the horizon; what limits measure is
   corrected for what the sample has too much of (``optimizer.calibrate``)
4. the best distinct plans on the customers and draws of the selection, on more and more of them where it is close:
   limits must hold there, the best stays (``optimizer.select``, ``optimizer.decide``)
5. the report: fresh customers and draws once more, the plan beside its baselines

Capacities of the world are limits until then (``optimizer.shared``): they ration in the report only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.budget import Budget
from optimizer.calibrate import calibrate
from optimizer.errors import Infeasible
from optimizer.evaluate import Evaluator, charges, parts_over_nothing
from optimizer.infeasible import infeasible_words
from optimizer.limits import Limit, check_limits
from optimizer.objective import Objective, worth
from optimizer.prices import Price, prices
from optimizer.search import Found, Progress, holding_back
from optimizer.select import select
from optimizer.settings import SearchSettings
from optimizer.shared import capacity_limits, unrationed
from optimizer.space import Choice, Space
from optimizer.stages import (
    all_year,
    calibrated_search,
    on_fewer,
    refuse_conflict,
    scout,
    second_opinions,
    sketches,
    uniform_start,
    within,
)
from optimizer.tariffs import Tariff
from optimizer.worlds import OverWorlds, Worlds
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

_SELECTION = 4
"""Customers of the selection over those of the search, at least ..."""
_SELECTION_CUSTOMERS = 60_000
"""... and in any case: they tell which plans keep the limits."""
_OPINION = 1_000
"""Number of the customers that the search's end is looked at on once more."""
_FIRST_HEAT = 15_000
"""Customers of its first heat, at least, where there are more."""


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
    """What was promised is a number by now, luck and selection in it; the error is that of what was delivered, so the
    interval holds the promise less the true value of the plan as often as it says, however the plan was chosen."""
    fresh: SimulationResult
    """Report run: plans "no_contact", "current", "uniform_best", where there are periods "all_year" (what a short
    search finds without them), and last "plan"."""
    fresh_parts: np.ndarray
    """(W, parts) what the limits measure in the report run."""
    fresh_charges: np.ndarray
    """(W,) what the plans pay in the report run beyond what was simulated: bills over unit costs, soft limits."""
    seen_charges: np.ndarray
    """(2,) the same on the customers of the search."""
    seen: SimulationResult
    """The plan ("plan 1") against no contact ("plan 0") on the customers of the search: what was promised."""
    found: Found
    limits: tuple[Limit, ...]
    prices: tuple[Price, ...]
    """Of the hard limits; () where the search was stopped."""
    binding: tuple[bool, ...]
    """Per limit: whether it holds the plan back. Where it has prices: whether moving it that far moves the value; else
    whether it forbids something better than the plan the search ended with."""
    evaluations: float
    """Simulated customer-days over those of one simulation of the search's customers."""
    customer_days: int
    seconds: float
    candidates: int
    """Distinct plans compared on the selection's customers."""
    selection_customers: int
    """Simulated customers that the plan was selected on."""
    rivals: int
    """Of the candidates, those that may be better for all that these customers tell, or may just keep the limits."""
    customers: int
    """Simulated customers of the search."""
    over_worlds: OverWorlds | None = None
    """What the plan was chosen by, where it was chosen for many worlds."""


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
    tariffs: Sequence[Tariff] = (),
    settings: SearchSettings | None = None,
    budget: Budget | None = None,
    start: Frequencies | None = None,
    tail: Frequencies | None = None,
    worlds: Callable[[Evaluator], Worlds] | None = None,
    price_share: float = 0.05,
    currency: str = "",
    threads: int | None = None,
    keep: Callable[[Frequencies], None] | None = None,
    progress: Progress | None = None,
) -> Optimization:
    """Find the plan of ``space`` with the greatest simulated value within ``limits``.

    ``world``'s own population is only a template; ``population`` makes those of the search, the selection and
    the report, each with latent draws of its own. ``budget``: what the search may spend; when it ends early, the best
    plan so far is selected and reported. ``start``: a plan to start from as well, as of an earlier search.
    ``tail``: the plan that goes on after the horizon in all worlds; default the one that is found.
    ``worlds``: makes the question of the given evaluator in other worlds; the plan is then chosen for all of them.
    ``price_share``: how far limits are moved to find their prices, 0 = no prices. ``currency``: for messages. ``keep``:
    told the best plan so far after each stage. Raises ``Infeasible`` when no plan is found that keeps the limits.
    """
    budget = budget or Budget()
    threads = threads or os.cpu_count() or 1
    settings = settings or SearchSettings()
    limits, tariffs = (*limits, *capacity_limits(world, [limit.name for limit in limits])), tuple(tariffs)
    check_limits(limits, space.channels, space.segments, world.weeks)
    say = progress or (lambda share, text: None)

    def evaluator(customers: int, its_seed: int, tail: Frequencies) -> Evaluator:
        its_world = replace(unrationed(world), population=population(customers, its_seed))
        started = start_world(its_world, seed=its_seed, threads=threads)
        return Evaluator(started, space, limits, tail, objective, threads, tariffs, budget)

    say(0.0, "customers of the search")
    seeking = evaluator(search_customers, seed, tail or world.current)
    say(0.03, "best plan common to all segments")
    with budget.regardless():
        uniform = uniform_start(seeking, settings, say)
    given = [] if start is None else [space.nearest(start)]
    same = all_year(seeking, [uniform.choice, space.nothing()], settings, within(say, 0.12, 0.18))
    starts = [uniform.choice, space.nothing(), *same, *given]
    sketch = sketches(seeking, starts, tail, settings, within(say, 0.18 if same else 0.12, 0.3))
    refuse_conflict(scout(seeking) or seeking, sketch[-1], settings, currency)

    def told(choice: Choice) -> None:
        if keep:
            keep(space.plan(choice, "plan"))

    told(sketch[-1])
    after = tail or space.plan(sketch[-1], "plan")
    again = seeking if tail else seeking.elsewhere(tail=after)
    every = evaluator(max(_SELECTION * search_customers, report_customers, _SELECTION_CUSTOMERS), seed + 1, after)
    fewer = scout(again)

    def further(number: int, customers: int) -> Evaluator:
        return evaluator(customers, seed + 3 + number, after)

    found = calibrated_search(again, fewer, every, sketch[-1], settings, within(say, 0.3, 0.7), told)
    if not again.feasible(found.best):
        with budget.regardless():
            raise Infeasible(infeasible_words(again, found.best, settings, currency))

    told(found.best.choice)
    second = []
    if not found.stopped and space.size > settings.exhaustive:
        second = second_opinions(
            further(_OPINION, 2 * search_customers), every, found, settings, within(say, 0.7, 0.75)
        )
    say(0.75, "selection on fresh customers")
    some = on_fewer(every, every.customers // max(search_customers, _FIRST_HEAT))
    with budget.regardless():
        calibrate([some], every, found.best.choice)
    others = [found.best.choice, *second, sketch[0], *same, *given]
    selected = select(again, some, every, further, others, uniform.choice, settings)
    with budget.regardless():
        priced = _prices(again, fewer, every, found, settings, price_share, say)
    best, over_worlds = selected.best.choice, None
    if worlds:
        many = worlds(again)
        more = [] if found.stopped else many.candidates(best, settings, within(say, 0.84, 0.87))
        candidates = many.fitting(best, more, every, settings.buffer)
        best, over_worlds = many.choose(candidates, best, within(say, 0.87, 0.88))
    plan = space.plan(best, "plan")
    told(best)

    say(0.88, "report on fresh customers")
    fresh_world = replace(world, population=population(report_customers, seed + 2))
    started = start_world(fresh_world, seed=seed + 2, threads=threads)
    nothing = Frequencies.nothing(space.segments, space.channels)
    plans = [nothing, replace(world.current, name="current"), space.plan(uniform.choice, "uniform_best")]
    plans += [*(space.plan(choice, "all_year") for choice in same), plan]
    fresh = simulate(started, plans, seed=seed + 2, tail=tail or plan, threads=threads)
    with budget.regardless():
        seen = again.run([space.nothing(), best])

    seen_charges, fresh_charges = (charges(run, limits, tariffs, objective) for run in (seen, fresh))
    promised = _gain(seen, objective, 1, seen_charges)
    delivered = _gain(fresh, objective, len(plans) - 1, fresh_charges)
    days = budget.spent
    say(1.0, "done")
    return Optimization(
        plan=plan,
        choice=best,
        promised=promised,
        delivered=delivered,
        promised_minus_delivered=Estimate(promised.mean - delivered.mean, delivered.se),
        fresh=fresh,
        fresh_parts=parts_over_nothing(fresh, limits, tariffs),
        fresh_charges=fresh_charges,
        seen_charges=seen_charges,
        seen=seen,
        found=found,
        limits=limits,
        prices=tuple(priced),
        binding=_binding(limits, priced, holding_back(found, again, settings)),
        evaluations=days / (again.customers * world.days),
        customer_days=days,
        seconds=time.perf_counter() - budget.began,
        candidates=selected.candidates,
        selection_customers=selected.customers,
        rivals=selected.rivals,
        customers=again.customers,
        over_worlds=over_worlds,
    )


def _prices(
    again: Evaluator,
    fewer: Evaluator | None,
    choosing: Evaluator,
    found: Found,
    settings: SearchSettings,
    share: float,
    say: Progress,
) -> list[Price]:
    """Prices around the plan the search ended with, on the selection's customers."""
    if not share or found.stopped:
        return []
    say(0.82, "prices of the limits")
    return prices(again, choosing, found.best, found.table, settings, share=share, scout=fewer)


def _binding(limits: Sequence[Limit], priced: Sequence[Price], forbids: Sequence[bool]) -> tuple[bool, ...]:
    moves = {price.limit: price.buy.value != 0.0 or price.sell.value != 0.0 for price in priced}
    return tuple(moves.get(limit.name, forbidden) for limit, forbidden in zip(limits, forbids, strict=True))


def _gain(result: SimulationResult, objective: Objective, plan: int, paid: np.ndarray) -> Estimate:
    value = worth(result, objective)
    simulated = base_total(value[plan] - value[0], result.world.population, MICRO)
    return replace(simulated, mean=simulated.mean - float(paid[plan] - paid[0]))
