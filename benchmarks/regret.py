"""Regret of the search, and of simpler ways to choose, where every plan can be simulated: small worlds, random limits.

Regret = (V* - V) / (V* - V_uniform). All three are simulated on the same fresh customers and draws; V* and V_uniform
are the best plan, and the best plan common to all segments, that keep the limits there with the search's own margin.
A found plan must keep the limits themselves there; one that does not is counted, and its regret is not. Every way to
choose sees the same customers, none of them fresh; the search takes further ones for its selection.
Limits under which the best uniform plan is within 1 % of the best are not counted: regret is undefined there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from benchmarks.enumerated import WORLDS, Enumerated, LimitSet, enumerate_world, limit_sets
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.optimize import optimize
from optimizer.rivals import RIVALS
from optimizer.settings import SearchSettings
from optimizer.space import Choice
from sim.start import start_world

SETS, CUSTOMERS, FRESH = 7, 4_000, 40_000
OURS: dict[str, SearchSettings] = {
    "default": SearchSettings(),
    "stepwise": SearchSettings(exhaustive=0),
    "stepwise, without exchanges": SearchSettings(exhaustive=0, exchanges=0),
}
"""The search as it is; as for spaces too large to simulate whole; the same without its last step."""
WAYS = (*OURS, *RIVALS)
_RIVAL_PLANS = 180
"""Plans that a way without an end of its own may simulate: about as many customer-days as the search takes."""


@dataclass(frozen=True)
class Outcome:
    """How a found plan did on fresh customers."""

    world: str
    plans: int
    """Of the world."""
    binding: int
    regret: float
    broken: bool
    seconds: float
    simulations: float
    """Simulated customer-days over those of one plan on the customers of the search."""


def judge(every: Enumerated, drawn: LimitSet, way: str, customers: int, seed: int) -> Outcome:
    """Choose on customers of their own, value on the fresh ones."""
    began = time.perf_counter()
    choice, simulations = (_search if way in OURS else _rival)(every, drawn, way, customers, seed)
    seconds = time.perf_counter() - began
    margin = SearchSettings().buffer
    found = every.fresh.known[choice.tobytes()]
    best = every.best(drawn.most * (1 - margin))
    uniform = every.best(drawn.most * (1 - margin), uniform=True)
    broken = bool(np.any(found.use > drawn.most + 1e-9))
    lost = regret(best, found, uniform)
    return Outcome(every.name, every.space.size, drawn.binding, lost, broken, seconds, simulations)


def _search(every: Enumerated, drawn: LimitSet, way: str, customers: int, seed: int) -> tuple[Choice, float]:
    template = every.fresh.started.world
    done = optimize(
        template, every.base.population, every.space, drawn.limits, seed=seed, search_customers=customers,
        report_customers=1_000, settings=OURS[way], price_share=0.0, tail=template.current,
    )  # fmt: skip
    return done.choice, done.evaluations


def _rival(every: Enumerated, drawn: LimitSet, way: str, customers: int, seed: int) -> tuple[Choice, float]:
    world = replace(every.fresh.started.world, population=every.base.population(customers, seed))
    threads = every.fresh.threads
    started = start_world(world, seed=seed, threads=threads)
    evaluator = Evaluator(started, every.space, drawn.limits, world.current, "contribution", threads)
    choice = RIVALS[way](evaluator, SearchSettings(), _RIVAL_PLANS)
    return choice, evaluator.customer_days / (customers * world.days)


def regret(best: Evaluated, found: Evaluated, uniform: Evaluated) -> float:
    """0 = as good as the best; 1 = as good as the best uniform plan. (Below 0: it used the margin.)"""
    lost = best.value - found.value
    return 0.0 if lost <= 0 else lost / max(best.value - uniform.value, 1e-9 * abs(best.value))


def outcomes(
    names: Sequence[str], sets: int, customers: int, fresh: int, say: Callable[[str], None], ways: Sequence[str],
    seed: int = 0,
) -> dict[str, list[Outcome]]:  # fmt: skip
    """Every way on every limit set of every world; ``seed``: of limits and customers."""
    results: dict[str, list[Outcome]] = {way: [] for way in ways}
    for number, name in enumerate(names):
        every = enumerate_world(name, fresh)
        say(f"{name}: {every.space.size:,} plans on {fresh:,} fresh customers")
        rng = np.random.default_rng([seed, number])
        for k, drawn in enumerate(limit_sets(every, sets, SearchSettings().buffer, rng)):
            for way in ways:
                one = judge(every, drawn, way, customers, seed=10 * (k + 100 * seed) + 1)
                results[way].append(one)
                say(
                    f"{name:15} set {k:2} ({one.binding} binding) {way:28} regret {100 * one.regret:7.3f} %  "
                    f"{'BROKEN' if one.broken else 'kept  '} {one.seconds:5.1f} s {one.simulations:6.0f} simulations"
                )
    return results


def readings(results: dict[str, list[Outcome]], quick: bool) -> list[Reading]:
    """Mean and worst regret, violations, time."""
    return [reading for way, ones in results.items() for reading in _of_way(way, ones, quick)]


def _of_way(way: str, ones: Sequence[Outcome], quick: bool) -> list[Reading]:
    kept = [one for one in ones if not one.broken]
    lost = [100 * one.regret for one in kept]
    ours = not quick and way in OURS and "without" not in way
    bars = {"mean": 1.0, "worst": 10.0, "small": 2.0, "broken": 0.0} if ours else {}
    two = sum(one.binding == 2 for one in ones)
    found = [
        Reading(
            f"{way}: mean regret", "%", (float(np.mean(lost)),) if lost else (), bar=bars.get("mean"),
            note=f"{len(ones)} limit sets, {two} with two binding limits",
        ),
        Reading(f"{way}: worst regret", "%", (max(lost),) if lost else (), bar=bars.get("worst")),
        Reading(
            f"{way}: plans beyond a limit on fresh customers", "plans",
            (float(len(ones) - len(kept)),), bar=bars.get("broken"),
        ),
        Reading(f"{way}: time", "s", tuple(one.seconds for one in ones)),
    ]  # fmt: skip
    if way in OURS:
        small = [100 * one.regret for one in kept if one.binding == 2 and one.plans <= 256]
        name = f"{way}: worst regret, at most 256 plans, two binding limits"
        found.append(Reading(name, "%", (max(small, default=0.0),), bar=bars.get("small"), note=f"{len(small)} sets"))
    return found


def run(quick: bool) -> list[Reading]:
    """42 limit sets on six worlds; ``quick``: 4 on the smallest ones."""
    names, sets, fresh = (WORLDS[2:4], 2, 10_000) if quick else (WORLDS, SETS, FRESH)
    seed = 0 if quick else 1  # sets the search was not developed on
    return readings(outcomes(names, sets, CUSTOMERS, fresh, _say, WAYS, seed), quick)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Print every limit set, for a look at single ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--sets", type=int, default=SETS, help="of every world")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of the search")
    parser.add_argument("--fresh", type=int, default=FRESH, help="fresh customers that judge")
    parser.add_argument("--seed", type=int, default=0, help="of limits and customers")
    asked = parser.parse_args()
    results = outcomes(
        asked.world or WORLDS, asked.sets, asked.customers, asked.fresh, _say, asked.way or WAYS, asked.seed
    )
    for reading in readings(results, quick=False):
        value = f"{max(reading.values):8.3f}" if reading.values else "       -"
        print(f"{reading.name:75} {value} {reading.unit}  {reading.note}")


CASE = Case("regret", "Regret against enumeration, on fresh customers", run)


if __name__ == "__main__":
    main()
