"""Does looking elsewhere find better plans? The same question under other limits, every plan judged under all of them.

A plan found under a tighter limit fits under a looser one; if it is worth more there than the plan found there, the
search has missed it. So each limit is moved, the plan sought anew on the same customers, and all plans found are
valued side by side on fresh ones, the same for all, under the current policy after the horizon. A plan counts under
limits if it keeps them there, and leaves at least as much of the margin as the plan found there or half of the margin.
What the found plan misses to the best of them is told with its standard error: the best of several has luck in it, so
a miss of one error says little.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from optimizer.decide import Pool
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.optimize import optimize
from optimizer.settings import SearchSettings
from optimizer.shared import unrationed
from optimizer.space import Choice, Space
from scenarios import build, load_scenario
from scenarios.world import Base, load_base, make_world
from sim.start import start_world
from sim.world import World

SCENARIO = "library:cdnow"
FACTORS = (0.8, 1.2)
"""Each limit in turn is so much of itself."""
FRESH, PARTS, SEED = 235_700, 2, 901
_FREE = 1e12

_Say = Callable[[str], None]
Levels = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Found:
    """A plan, and the limits it was found under."""

    limits: tuple[Limit, ...]
    choice: Choice
    seconds: float
    """Processor time."""

    @property
    def bounds(self) -> str:
        return ", ".join(f"{limit.name} {limit.bound:,.0f}" for limit in self.limits)


@dataclass(frozen=True)
class Missed:
    """How a found plan compares with those found under other limits."""

    found: Found
    value: float
    """Over no contact, on the fresh customers."""
    share_used: float
    """Of the limit that it uses most of."""
    missed: float
    """What the best plan of other limits that fits is worth more; 0 = none is."""
    error: float
    best_found_under: str

    def line(self) -> str:
        best = f"{self.missed:7.1f} +- {self.error:5.1f} to the plan of {self.best_found_under}" if self.missed else ""
        return f"{self.found.bounds:45} value {self.value:9,.0f}, {100 * self.share_used:5.1f} % used  {best}"


def moved(limits: Sequence[Limit], factors: Sequence[float]) -> list[tuple[Limit, ...]]:
    """The limits as they are, and each of them in turn moved."""
    found = [tuple(limits)]
    for n, limit in enumerate(limits):
        found += [tuple(limit.at(factor) if m == n else one for m, one in enumerate(limits)) for factor in factors]
    return found


def search_each(
    base: Base, world: World, limits: Sequence[tuple[Limit, ...]], levels: Levels, customers: int, seed: int, say: _Say
) -> list[Found]:
    """The search's plan under each set of limits."""
    space = Space.of(world.rfm.segments, world.channel_names, levels).beside(world.current)
    found = []
    for one in limits:
        began = time.process_time()
        done = optimize(
            world, base.population, space, one, seed=seed, search_customers=customers, report_customers=1_000,
            price_share=0.0,
        )  # fmt: skip
        found.append(Found(one, done.choice, time.process_time() - began))
        say(f"{found[-1].bounds}: {found[-1].seconds:.0f} s")
    return found


def judged(base: Base, world: World, found: Sequence[Found], levels: Levels, fresh: int, parts: int) -> list[Missed]:
    """All plans on the same fresh customers, each under the limits that it was found under."""
    space = Space.of(world.rfm.segments, world.channel_names, levels).beside(world.current)
    free = tuple(replace(limit, most=_FREE) for limit in found[0].limits)
    samples = [_sample(base, world, space, free, fresh, SEED + n) for n in range(parts)]
    pool = Pool(samples[0], 0.0, samples[1:])
    return [judged_against(pool, one, found) for one in found]


def _sample(base: Base, world: World, space: Space, limits: tuple[Limit, ...], size: int, seed: int) -> Evaluator:
    threads = os.cpu_count() or 1
    alone = replace(unrationed(world), population=base.population(size, seed))
    started = start_world(alone, seed=seed, threads=threads)
    return Evaluator(started, space, limits, world.current, "contribution", threads)


def judged_against(pool: Pool, mine: Found, found: Sequence[Found]) -> Missed:
    """What ``mine`` misses to the best of all ``found`` that fits under its limits."""
    margin = SearchSettings().buffer
    own = _share_used(pool, mine.choice, mine.limits)
    allowed = min(1.0, max(own, 1.0 - margin / 2))
    others = [one for one in found if _share_used(pool, one.choice, mine.limits) <= allowed]
    gains = pool.gains([one.choice for one in others], mine.choice)
    (gain, error), best = max(zip(gains, others, strict=True), key=lambda pair: pair[0][0], default=((0.0, 0.0), mine))
    value = pool.seen(mine.choice).value
    return Missed(mine, value, own, max(gain, 0.0), error, best.bounds)


def _share_used(pool: Pool, choice: Choice, limits: Sequence[Limit]) -> float:
    """Of the limit that the plan uses most of, in its fullest week."""
    use, owners = pool.seen(choice).use, [limit.name for limit, _ in pool.first.rows().owner]
    bound = {limit.name: limit.bound for limit in limits}
    return float(max(np.array(use) / [bound[name] for name in owners]))


def read(scenario: str, factors: Sequence[float], customers: int, fresh: int, seed: int, say: _Say) -> list[Missed]:
    """Search under all limits, then judge."""
    loaded = load_scenario(scenario)
    base = load_base(loaded)
    world, levels = make_world(base, base.population(1, seed)), build.levels(loaded)
    sets = moved(build.limits(loaded), factors)
    found = search_each(base, world, sets, levels, customers, seed, say)
    ones = judged(base, world, found, levels, fresh, PARTS)
    for one in ones:
        say(one.line())
    return ones


def readings(ones: Sequence[Missed]) -> list[Reading]:
    """What was missed, the error of that, and the time."""
    value = [one.value for one in ones]
    note = f"{len(ones)} sets of limits, plans worth {min(value):,.0f} to {max(value):,.0f}"
    return [
        Reading("missed to a plan of other limits", "of the currency", tuple(one.missed for one in ones), note=note),
        Reading("its standard error", "of the currency", tuple(one.error for one in ones if one.missed)),
        Reading("plans beyond a limit", "plans", (float(sum(one.share_used > 1.0 for one in ones)),), bar=0.0),
        Reading("processor time of a search", "s", tuple(one.found.seconds for one in ones)),
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(quick: bool) -> list[Reading]:
    """The bundled scenario; ``quick``: a small world, few customers."""
    asked = ("library:worlds/three_segments", (0.8,), 1_000, 5_000) if quick else (SCENARIO, FACTORS, 30_000, FRESH)
    return readings(read(*asked, 1, _say))


def main() -> None:
    """Choose scenario and factors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moved_limits", description=__doc__)
    parser.add_argument("scenario", nargs="?", default=SCENARIO)
    parser.add_argument("--factor", type=float, action="append", help="of each limit in turn; repeatable")
    parser.add_argument("--customers", type=int, default=30_000, help="of the search")
    parser.add_argument("--fresh", type=int, default=FRESH, help="fresh customers that judge, twice")
    parser.add_argument("--seed", type=int, default=1, help="of the search")
    asked = parser.parse_args()
    ones = read(asked.scenario, asked.factor or FACTORS, asked.customers, asked.fresh, asked.seed, _say)
    for reading in readings(ones):
        print(f"{reading.name:45} {max(reading.values, default=0.0):8.1f} {reading.unit}  {reading.note}")


CASE = Case("moved-limits", "Plans found under other limits, side by side", run, by_default=False)


if __name__ == "__main__":
    main()
