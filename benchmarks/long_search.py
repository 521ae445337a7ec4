"""Regret where not every plan can be simulated: 8 segments x 4 channels x 5 levels, two binding limits.

The best plan is the best of long searches from other starts, on other customers, with twice as many exchanges; all of
their best plans, and those of the search that is judged, are valued on the same fresh customers. Regret as in
``benchmarks.regret``: what is missing to the best one that keeps the limits there with the search's margin, over
what the best plan common to all segments misses.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from benchmarks.regret import regret
from benchmarks.worlds import SCENARIO, changes
from optimizer.calibrate import calibrate
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Limit
from optimizer.optimize import Optimization, optimize
from optimizer.search import search
from optimizer.settings import SearchSettings
from optimizer.space import Choice, Space
from scenarios import build, load_scenario
from scenarios.world import Base, load_base, make_world
from sim.start import start_world
from sim.world import World

WEEKS, BASE = 12, 20_000
SHARE = 0.6
"""What the limits allow of what the best plan without limits uses."""
LONG = SearchSettings(rounds=30, exchanges=96, next_best=16, finalists=24)
_POOL = 10
"""Plans of every long search that are valued."""


@dataclass(frozen=True)
class Question:
    """A world, its levels and limits."""

    base: Base
    world: World
    space: Space
    limits: tuple[Limit, ...]
    threads: int

    def evaluator(self, customers: int, seed: int, limits: tuple[Limit, ...] | None = None) -> Evaluator:
        """Its customers, as many and as drawn."""
        world = replace(self.world, population=self.base.population(customers, seed))
        started = start_world(world, seed=seed, threads=self.threads)
        given = self.limits if limits is None else limits
        return Evaluator(started, self.space, given, world.current, "contribution", self.threads)

    def found(self, customers: int, seed: int) -> Optimization:
        """By the search that is judged."""
        return optimize(
            self.world, self.base.population, self.space, self.limits, seed=seed, search_customers=customers,
            report_customers=1_000, price_share=0.0, tail=self.world.current, threads=self.threads,
        )  # fmt: skip


def question(customers: int) -> Question:
    """Budget and list loss at a share of what the plan of a search without limits uses."""
    loaded = load_scenario(SCENARIO, changes(BASE, WEEKS) | {"horizon.tail_weeks": WEEKS})
    base = load_base(loaded)
    world = make_world(base, base.population(1_000, 1))
    space = Space.of(world.rfm.segments, world.channel_names, build.levels(loaded))
    free = (Limit("budget", "cost", 1e12), Limit("list loss", "unsubscribes", 1e12))
    asked = Question(base, world, space, free, os.cpu_count() or 1)
    evaluator = asked.evaluator(customers, 5)
    used = search(evaluator, space.nothing(), SearchSettings(thorough=False)).best.use
    limits = tuple(replace(limit, most=float(SHARE * u)) for limit, u in zip(free, used, strict=True))
    return replace(asked, limits=limits)


def starts(space: Space, current: Choice) -> list[Choice]:
    """Where the long searches begin: nothing, today's plan, everything, and one drawn at random."""
    most = np.tile([len(levels) - 1 for levels in space.levels], (space.shape[0], 1))
    drawn = np.random.default_rng(17).integers(0, most + 1)
    return [space.nothing(), current, most, drawn]


def long_searches(asked: Question, fresh: Evaluator, customers: int, say: Callable[[str], None]) -> list[Choice]:
    """Their best plans."""
    found: dict[bytes, Choice] = {}
    for n, start in enumerate(starts(asked.space, asked.space.nearest(asked.world.current))):
        evaluator = asked.evaluator(customers, 50 + n)
        best = search(evaluator, start, replace(LONG, thorough=False)).best
        calibrate([evaluator], fresh, best.choice)
        done = search(evaluator, best.choice, LONG)
        found |= {e.choice.tobytes(): e.choice for e in done.pool[:_POOL]}
        say(f"long search {n}: {done.best.value:,.1f}, {evaluator.customer_days / 1e6:,.0f} million customer-days")
    return list(found.values())


@dataclass(frozen=True)
class Judged:
    """One search against the best known plan."""

    customers: int
    regret: float
    lead: float
    """Of the best known plan over the best uniform one, share of its value."""
    broken: bool
    binding: int
    seconds: float
    simulations: float


def judged(
    sizes: Sequence[int], seeds: Sequence[int], long: int, fresh: int, say: Callable[[str], None]
) -> list[Judged]:
    """Searches of several sizes and seeds."""
    asked = question(min(long, 5_000))
    judge, margin = asked.evaluator(fresh, 1_000), SearchSettings().buffer
    say(", ".join(f"{limit.name} {limit.bound:,.0f}" for limit in asked.limits))
    known = long_searches(asked, judge, long, say)
    runs: list[tuple[int, Optimization, float]] = []
    for size in sizes:
        for seed in seeds:
            began = time.perf_counter()
            runs.append((size, asked.found(size, seed), time.perf_counter() - began))
            say(f"search with {size:,} customers: {runs[-1][2]:.0f} s, {runs[-1][1].evaluations:.0f} simulations")
    common = [asked.space.nearest(run.fresh.plans[run.fresh.index("uniform_best")]) for _, run, _ in runs]
    plans = judge.evaluate([*known, *(run.choice for _, run, _ in runs), *common, asked.space.nothing()])
    best, uniform = _best(judge, plans, margin), _best(judge, judge.evaluate(common), margin)
    found = []
    for size, run, seconds in runs:
        mine = judge.known[run.choice.tobytes()]
        one = Judged(
            size, regret(best, mine, uniform), 1 - uniform.value / best.value, not judge.feasible(mine),
            sum(run.binding), seconds, run.evaluations,
        )  # fmt: skip
        found.append(one)
        say(
            f"{size:6,} customers: regret {100 * one.regret:6.2f} %, {'BROKEN' if one.broken else 'kept'}, "
            f"{one.binding} binding, lead of the best {100 * one.lead:.1f} %"
        )
    return found


def _best(judge: Evaluator, plans: Sequence[Evaluated], margin: float) -> Evaluated:
    return max(plans, key=lambda e: (-judge.beyond(e, margin), e.value))


def readings(ones: Sequence[Judged], quick: bool) -> list[Reading]:
    """By size of the search."""
    found = []
    for size in dict.fromkeys(one.customers for one in ones):
        mine = [one for one in ones if one.customers == size]
        bar = None if quick else (3.0 if size <= 10_000 else 1.0)
        what = f"{size:,} customers"
        note = (
            f"{min(one.binding for one in mine)} limits bind; the best known plan is worth "
            f"{100 * mine[0].lead:.1f} % more than the best uniform one"
        )
        found += [
            Reading(f"{what}: regret", "%", tuple(100 * one.regret for one in mine), bar=bar, note=note),
            Reading(
                f"{what}: plans beyond a limit on fresh customers", "plans",
                (float(sum(one.broken for one in mine)),), bar=None if quick else 0.0,
            ),
            Reading(f"{what}: time", "s", tuple(one.seconds for one in mine)),
            Reading(f"{what}: customer-days over one simulation's", "times", tuple(one.simulations for one in mine)),
        ]  # fmt: skip
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(quick: bool) -> list[Reading]:
    """10,000 and 30,000 customers in the search, two seeds; ``quick``: small."""
    sizes, seeds, long, fresh = ((2_000,), (1,), 2_000, 10_000) if quick else ((10_000, 30_000), (1, 2), 20_000, 60_000)
    return readings(judged(sizes, seeds, long, fresh, _say), quick)


def main() -> None:
    """Choose the sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_search", description=__doc__)
    parser.add_argument("--customers", type=int, action="append", help="of the search; repeatable")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--long", type=int, default=20_000, help="customers of the long searches")
    parser.add_argument("--fresh", type=int, default=60_000)
    asked = parser.parse_args()
    ones = judged(asked.customers or [10_000], asked.seed or [1], asked.long, asked.fresh, _say)
    for reading in readings(ones, quick=False):
        print(f"{reading.name:65} {max(reading.values):8.3f} {reading.unit}  {reading.note}")


CASE = Case("long-search", "Regret on a large space, against long searches from other starts", run, by_default=False)


if __name__ == "__main__":
    main()
