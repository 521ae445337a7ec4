"""Regret of the search, and of simpler ways to choose, where every plan can be simulated: small worlds, random limits.

Regret = (V* - V) / (V* - V_uniform). All three are simulated on the same fresh customers and draws; V* and V_uniform
are the best plan, and the best plan common to all segments, that keep the limits there with the search's own margin
(``benchmarks.judge``). The search's plans are judged on many fresh customers, with the standard error of the regret;
the simpler ways', which miss far more, on the first of them. A found plan must keep the limits themselves there; one
that does not is counted, and its regret is not. Every way to choose sees the same customers, none of them fresh; the
search takes further ones for its selection. Limits under which the best uniform plan is within 1 % of the best are
not counted: regret is undefined there.

It takes an hour. What is read is kept (``benchmarks.kept``): after an interruption it goes on, and
``python -m benchmarks.regret --world NAME --way NAME`` reads it by pieces.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from benchmarks.enumerated import WORLDS, Enumerated, LimitSet, enumerate_world
from benchmarks.judge import Judge, Target
from benchmarks.kept import Kept
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.optimize import optimize
from optimizer.rivals import RIVALS
from optimizer.settings import SearchSettings
from optimizer.space import Choice
from sim.start import start_world

SETS, CUSTOMERS, FRESH, SEED = 7, 4_000, 40_000, 11
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
    error: float
    """Of the regret, one standard error."""
    broken: bool
    seconds: float
    """Processor time."""
    simulations: float
    """Simulated customer-days over those of one plan on the customers of the search."""


def judge(judging: Judge, drawn: LimitSet, target: Target, way: str, customers: int, seed: int) -> Outcome:
    """Choose on customers of their own, value on the fresh ones."""
    every, began = judging.every, time.process_time()
    choice, simulations = (_search if way in OURS else _rival)(every, drawn, way, customers, seed)
    seconds = time.process_time() - began
    if way in OURS:
        (lost, error), kept = judging.regret(target, choice), judging.keeps(drawn, choice)
    else:
        best, found, uniform = (every.fresh.known[c.tobytes()] for c in (target.best, choice, target.uniform))
        lost, error = regret(best, found, uniform), 0.0
        kept = bool(np.all(found.use <= drawn.most + 1e-9))
    return Outcome(every.name, every.space.size, drawn.binding, lost, error, not kept, seconds, simulations)


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


@dataclass(frozen=True)
class Sizes:
    """How much is read."""

    sets: int = SETS
    """Of every world."""
    customers: int = CUSTOMERS
    """Of the search."""
    fresh: int = FRESH
    """The first fresh customers."""
    seed: int = 0
    """Of limits and customers."""


def outcomes(
    names: Sequence[str], ways: Sequence[str], sizes: Sizes, kept: Kept, say: Callable[[str], None]
) -> dict[str, list[Outcome]]:
    """Every way on every limit set of every world; what was read before is taken over."""
    results: dict[str, list[Outcome]] = {way: [] for way in ways}
    for name in names:
        missing = [way for way in ways if kept.get(name, "ended", way) is None]
        if missing:
            _read_world(name, missing, sizes, kept, say)
        for way in ways:
            results[way] += [Outcome(**kept.get(name, k, way)) for k in range(kept.get(name, "ended", way))]
    return results


def _read_world(name: str, ways: Sequence[str], sizes: Sizes, kept: Kept, say: Callable[[str], None]) -> None:
    every = enumerate_world(name, sizes.fresh)
    say(f"{name}: {every.space.size:,} plans on {sizes.fresh:,} fresh customers")
    judging = Judge(every, SearchSettings().buffer)
    rng = np.random.default_rng([sizes.seed, WORLDS.index(name)])
    questions = judging.questions(sizes.sets, rng)
    for way in ways:
        for k, (drawn, target) in enumerate(questions):
            if kept.get(name, k, way) is not None:
                continue
            one = judge(judging, drawn, target, way, sizes.customers, seed=10 * (k + 100 * sizes.seed) + 1)
            kept.put(name, k, way, value=asdict(one))
            say(
                f"{name:15} set {k:2} ({one.binding} binding) {way:28} regret {100 * one.regret:7.3f} +- "
                f"{100 * one.error:5.3f} %  {'BROKEN' if one.broken else 'kept  '} {one.seconds:5.1f} s "
                f"{one.simulations:6.0f} simulations"
            )
        kept.put(name, "ended", way, value=len(questions))


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
        Reading(f"{way}: processor time", "s", tuple(one.seconds for one in ones)),
    ]  # fmt: skip
    if way in OURS:
        errors = tuple(100 * one.error for one in kept if one.regret > 0)
        found.append(Reading(f"{way}: standard error of a regret above 0", "%", errors))
        small = [100 * one.regret for one in kept if one.binding == 2 and one.plans <= 256]
        name = f"{way}: worst regret, at most 256 plans, two binding limits"
        found.append(Reading(name, "%", (max(small, default=0.0),), bar=bars.get("small"), note=f"{len(small)} sets"))
    return found


def run(quick: bool) -> list[Reading]:
    """42 limit sets on six worlds, that the search was not developed on; ``quick``: 4 on the smallest ones."""
    names, sizes = (WORLDS[2:4], Sizes(2, fresh=10_000)) if quick else (WORLDS, Sizes(seed=SEED))
    kept = Kept() if quick else Kept.of("regret", sizes)
    return readings(outcomes(names, WAYS, sizes, kept, _say), quick)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Print every limit set, for a look at single ones, or to read the case by pieces."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--sets", type=int, default=SETS, help="of every world")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of the search")
    parser.add_argument("--fresh", type=int, default=FRESH, help="fresh customers that judge first, the last 16 times")
    parser.add_argument("--seed", type=int, default=SEED, help="of limits and customers")
    asked = parser.parse_args()
    sizes = Sizes(asked.sets, asked.customers, asked.fresh, asked.seed)
    results = outcomes(asked.world or WORLDS, asked.way or WAYS, sizes, Kept.of("regret", sizes), _say)
    for reading in readings(results, quick=False):
        value = f"{max(reading.values):8.3f}" if reading.values else "       -"
        print(f"{reading.name:75} {value} {reading.unit}  {reading.note}")


CASE = Case("regret", "Regret against enumeration, on fresh customers", run)


if __name__ == "__main__":
    main()
