"""Regret of the search where every plan can be simulated: small public worlds under random limits.

Regret = (V* - V) / (V* - V_uniform). All three are simulated on the same fresh customers and draws; V* and V_uniform
are the best plan, and the best plan common to all segments, that keep the limits there with the search's own margin.
A found plan must keep the limits themselves there. Limits are drawn until half of the sets hold back by both limits.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Limit, rows_of
from optimizer.optimize import optimize
from optimizer.search import SearchSettings
from optimizer.space import Space
from scenarios import build, load_scenario
from scenarios.world import Base, load_base, make_world
from sim.start import start_world

WORLDS = ("two_segments", "coarse_levels", "four_segments", "mail_only", "three_channels", "three_segments")
TWO = (Limit("budget", "cost", 1e12), Limit("SMS capacity", "contacts_per_week", 1e12, channel="sms"))
MAILS = (Limit("mails", "contacts", 1e12), Limit("list loss", "unsubscribes", 1e12))
FRESH_SEED = 1_000


@dataclass(frozen=True)
class Enumerated:
    """A world, and all its plans on fresh customers."""

    name: str
    base: Base
    space: Space
    fresh: Evaluator
    plans: list[Evaluated]

    @property
    def measures(self) -> tuple[Limit, ...]:
        return self.fresh.limits

    def best(self, most: np.ndarray, plans: Sequence[Evaluated] | None = None) -> Evaluated:
        """The best of the plans that use at most ``most``."""
        fitting = [e for e in (self.plans if plans is None else plans) if np.all(e.use <= most + 1e-9)]
        return max(fitting, key=lambda e: e.value)

    def uniform(self) -> list[Evaluated]:
        common = {choice.tobytes() for choice in self.space.uniform()}
        return [e for e in self.plans if e.choice.tobytes() in common]


def enumerate_world(name: str, customers: int) -> Enumerated:
    """Simulate every plan of a world on fresh customers."""
    loaded = load_scenario(f"library:worlds/{name}")
    base = load_base(loaded)
    world = make_world(base, base.population(customers, FRESH_SEED))
    space = Space.of(world.rfm.segments, world.channel_names, build.levels(loaded))
    threads = os.cpu_count() or 1
    started = start_world(world, seed=FRESH_SEED, threads=threads)
    measures = TWO if "sms" in world.channel_names else MAILS
    fresh = Evaluator(started, space, measures, world.current, "contribution", threads)
    return Enumerated(name, base, space, fresh, fresh.evaluate(list(space.all())))


@dataclass(frozen=True)
class LimitSet:
    """Random limits of a world."""

    limits: tuple[Limit, ...]
    binding: int
    """How many of them cost something: without it a better plan keeps the others."""


def limit_sets(every: Enumerated, count: int, buffer: float, rng: np.random.Generator) -> Iterator[LimitSet]:
    """``count`` sets, at least half of them with two binding limits."""
    weeks = every.fresh.started.world.weeks
    top = every.best(np.full(len(rows_of(every.measures, weeks).bound), np.inf)).use
    sets = [_drawn(every, top, weeks, buffer, rng) for _ in range(40 * count)]
    two = [drawn for drawn in sets if drawn.binding == 2][: (count + 1) // 2]
    yield from [*two, *[drawn for drawn in sets if drawn.binding == 1]][:count]


def _drawn(every: Enumerated, top: np.ndarray, weeks: int, buffer: float, rng: np.random.Generator) -> LimitSet:
    limits, first = [], 0
    for limit in every.measures:
        rows = len(rows_of([limit], weeks).bound)
        limits.append(replace(limit, most=float(top[first : first + rows].max() * rng.uniform(0.3, 1.1))))
        first += rows
    best = every.best(rows_of(limits, weeks).bound * (1 - buffer)).value
    free = [replace(limit, most=1e12) for limit in limits]
    without = [[*limits[:n], free[n], *limits[n + 1 :]] for n in range(len(limits))]
    binding = [every.best(rows_of(rest, weeks).bound * (1 - buffer)).value > best for rest in without]
    return LimitSet(tuple(limits), sum(binding))


@dataclass(frozen=True)
class Outcome:
    """How a found plan did on fresh customers."""

    world: str
    binding: int
    regret: float
    broken: bool
    seconds: float
    simulations: float


def judge(every: Enumerated, drawn: LimitSet, settings: SearchSettings, customers: int, seed: int) -> Outcome:
    """Search on customers of their own, value on the fresh ones."""
    template = every.fresh.started.world
    began = time.perf_counter()
    done = optimize(
        template, every.base.population, every.space, drawn.limits, seed=seed, search_customers=customers,
        report_customers=1_000, settings=settings, price_share=0.0, tail=template.current,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    most = rows_of(drawn.limits, template.weeks).bound
    found = every.fresh.known[done.choice.tobytes()]
    best = every.best(most * (1 - settings.buffer))
    uniform = every.best(most * (1 - settings.buffer), every.uniform())
    broken = bool(np.any(found.use > most + 1e-9))
    return Outcome(every.name, drawn.binding, regret(best, found, uniform), broken, seconds, done.evaluations)


def regret(best: Evaluated, found: Evaluated, uniform: Evaluated) -> float:
    """0 = as good as the best; 1 = as good as the best uniform plan. (Below 0: it used the margin.)"""
    lost = best.value - found.value
    return 0.0 if lost <= 0 else lost / max(best.value - uniform.value, 1e-9 * abs(best.value))


WAYS: dict[str, SearchSettings] = {
    "default": SearchSettings(),
    "stepwise": SearchSettings(exhaustive=0),
    "stepwise, without exchanges": SearchSettings(exhaustive=0, exchanges=0, slack=(), next_best=0),
}


def outcomes(
    names: Sequence[str], sets: int, customers: int, fresh: int, say: Callable[[str], None], ways: Sequence[str]
) -> dict[str, list[Outcome]]:
    """Every way of searching on every limit set of every world."""
    results: dict[str, list[Outcome]] = {way: [] for way in ways}
    for number, name in enumerate(names):
        every = enumerate_world(name, fresh)
        for k, drawn in enumerate(limit_sets(every, sets, SearchSettings().buffer, np.random.default_rng(number))):
            for way in ways:
                one = judge(every, drawn, WAYS[way], customers, seed=10 * k + 1)
                results[way].append(one)
                say(
                    f"{name:15} set {k:2} ({one.binding} binding) {way:28} regret {100 * one.regret:7.3f} %  "
                    f"{'BROKEN' if one.broken else 'kept  '} {one.seconds:5.1f} s {one.simulations:6.0f} simulations"
                )
    return results


def readings(results: dict[str, list[Outcome]], quick: bool) -> list[Reading]:
    """Mean and worst regret, violations, time."""
    found = []
    for way, ones in results.items():
        lost = [100 * one.regret for one in ones]
        small = [100 * one.regret for one in ones if one.binding == 2 and one.world in WORLDS[:4]]
        bars = {} if quick or "without" in way else {"mean": 1.0, "worst": 10.0, "small": 2.0, "broken": 0.0}
        note = f"{len(ones)} limit sets, {sum(one.binding == 2 for one in ones)} with two binding limits"
        found += [
            Reading(f"{way}: mean regret", "%", (float(np.mean(lost)),), bar=bars.get("mean"), note=note),
            Reading(f"{way}: worst regret", "%", (max(lost),), bar=bars.get("worst")),
            Reading(
                f"{way}: worst regret, at most 256 plans, two binding limits", "%", (max(small, default=0.0),),
                bar=bars.get("small"),
            ),
            Reading(
                f"{way}: plans beyond a limit on fresh customers", "plans",
                (float(sum(one.broken for one in ones)),), bar=bars.get("broken"),
            ),
            Reading(f"{way}: time", "s", tuple(one.seconds for one in ones)),
        ]  # fmt: skip
    return found


def run(quick: bool) -> list[Reading]:
    """48 limit sets on six worlds; ``quick``: 12 on small samples."""
    sets, customers, fresh = (2, 4_000, 10_000) if quick else (8, 20_000, 60_000)
    return readings(outcomes(WORLDS, sets, customers, fresh, lambda text: None, tuple(WAYS)), quick)


def main() -> None:
    """Print every limit set, for a look at single ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument("--way", action="append", choices=list(WAYS))
    parser.add_argument("--sets", type=int, default=8)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--fresh", type=int, default=60_000)
    asked = parser.parse_args()
    ways = asked.way or list(WAYS)
    results = outcomes(
        asked.world or WORLDS, asked.sets, asked.customers, asked.fresh,
        lambda text: print(text, file=sys.stderr, flush=True), ways,
    )  # fmt: skip
    for reading in readings(results, quick=False):
        print(f"{reading.name:75} {max(reading.values):8.3f} {reading.unit}  {reading.note}")


CASE = Case("regret", "Regret against enumeration, on fresh customers", run)


if __name__ == "__main__":
    main()
