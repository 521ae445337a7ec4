"""How often the printed interval of (promised - delivered) holds the truth, the choice of the plan included.

Every run draws its own customers, limits and seeds, on search samples so small that luck decides which plan wins: what
was promised is then too high, and the interval has to say by how much. The truth is what the promised value exceeds the
plan's value on very many other customers by; their own error is told.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.case import Case, Reading
from optimizer.limits import Limit
from optimizer.optimize import optimize
from optimizer.space import Space
from scenarios import build, load_scenario
from scenarios.world import load_base, make_world
from sim.compare import total_value
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.start import start_world

WORLDS = ("two_segments", "coarse_levels", "four_segments", "three_segments")
RUNS, AT_LEAST = 40, 36
TRUTH_SEED = 900_000


@dataclass(frozen=True)
class Held:
    """One run."""

    world: str
    promised: float
    delivered: float
    truth: float
    truth_se: float
    low: float
    high: float

    @property
    def covers(self) -> bool:
        return self.low <= self.promised - self.truth <= self.high


def run_once(name: str, number: int, search: int, report: int, truth: int) -> Held:
    """An optimization on customers of its own, and its plan on very many others."""
    loaded = load_scenario(f"library:worlds/{name}")
    base = load_base(loaded)
    world = make_world(base, base.population(search, 1))
    space = Space.of(world.rfm.segments, world.channel_names, build.levels(loaded))
    rng = np.random.default_rng(number)
    limits = (
        Limit("budget", "cost", 2_400 * rng.uniform(0.4, 1.5)),
        Limit("SMS capacity", "contacts_per_week", 2_500 * rng.uniform(0.4, 1.5), channel="sms"),
    )
    done = optimize(
        world, base.population, space, limits, seed=100 * number + 7, search_customers=search,
        report_customers=report, price_share=0.0, tail=world.current,
    )  # fmt: skip
    threads = os.cpu_count() or 1
    many = replace(world, population=base.population(truth, TRUTH_SEED + number))
    started = start_world(many, seed=TRUTH_SEED + number, threads=threads)
    nothing = Frequencies.nothing(space.segments, space.channels)
    real = total_value(
        simulate(started, [nothing, done.plan], seed=TRUTH_SEED + number, threads=threads, detailed=False), 1, 0
    )
    gap = done.promised_minus_delivered
    return Held(name, done.promised.mean, done.delivered.mean, real.mean, real.se, gap.ci_low, gap.ci_high)


def cover(runs: int, search: int, report: int, truth: int, say: Callable[[str], None]) -> list[Held]:
    """``runs`` runs, over the worlds in turn."""
    held = []
    for number in range(runs):
        one = run_once(WORLDS[number % len(WORLDS)], number, search, report, truth)
        held.append(one)
        say(
            f"{number:3} {one.world:15} promised {one.promised:8.0f} delivered {one.delivered:8.0f} truth "
            f"{one.truth:8.0f} +- {1.96 * one.truth_se:4.0f}  interval {one.low:7.0f} .. {one.high:7.0f} of "
            f"{one.promised - one.truth:7.0f} {'holds' if one.covers else 'MISSES'}"
        )
    return held


def readings(held: list[Held]) -> list[Reading]:
    count = sum(one.covers for one in held)
    lead = [100 * (one.promised - one.truth) / one.truth for one in held if one.truth > 0]
    wide = [100 * (one.high - one.low) / 2 / one.truth for one in held if one.truth > 0]
    error = math.fsum((one.truth_se * 3.92 / (one.high - one.low)) ** 2 for one in held) / len(held)
    note = f"of {len(held)}; by chance alone 36 or more of 40 with probability .95"
    full = len(held) == RUNS
    return [
        Reading("intervals that hold the truth", "runs", (float(count),), note=note),
        Reading("intervals that miss it", "runs", (float(len(held) - count),), bar=4.0 if full else None),
        Reading("promised above the truth, median", "%", (float(np.median(lead)),), note="luck of the search's sample"),
        Reading("half-width of the interval, median", "% of the truth", (float(np.median(wide)),)),
        Reading("error of the truth itself, share of the interval's variance", "%", (100 * error,)),
    ]


def run(quick: bool) -> list[Reading]:
    """40 optimizations; ``quick``: 4."""
    sizes = (4, 1_500, 2_000, 20_000) if quick else (RUNS, 2_000, 4_000, 60_000)
    return readings(cover(*sizes, say=lambda text: None))


def main() -> None:
    """Print every run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--report", type=int, default=4_000)
    parser.add_argument("--truth", type=int, default=60_000)
    asked = parser.parse_args()
    held = cover(
        asked.runs, asked.customers, asked.report, asked.truth, lambda text: print(text, file=sys.stderr, flush=True)
    )
    for reading in readings(held):
        print(f"{reading.name:65} {max(reading.values):8.3f} {reading.unit}  {reading.note}")


CASE = Case("coverage", "The interval of promised minus delivered", run, by_default=False)


if __name__ == "__main__":
    main()
