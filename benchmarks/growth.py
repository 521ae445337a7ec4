"""Time grows as customers and days do, memory does not: from the draws of the customers to the sums, on one thread.

Every size runs in a process of its own: ``python -m benchmarks.growth CUSTOMERS WEEKS`` is that process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.case import Case, Reading, measured
from benchmarks.worlds import SCENARIO, changes
from scenarios import load_scenario
from scenarios.parts import parts_of
from scenarios.world import load_base, make_world, no_contact
from sim.stream import Ask, Job, on_threads, simulate_stream

CUSTOMERS = (10_000, 100_000, 1_000_000, 10_000_000)
WEEKS = (13, 26, 52, 104)
USUAL_WEEKS, FEW = 26, 100_000
"""Weeks while customers grow; customers while weeks grow."""
PER_DAY = "ns per customer-day of the pair"


def run(quick: bool) -> list[Reading]:
    """Plan and no contact, weekly tables included; processor time."""
    sizes = [(n, USUAL_WEEKS) for n in (CUSTOMERS[:2] if quick else CUSTOMERS)]
    sizes += [(FEW, weeks) for weeks in WEEKS if weeks != USUAL_WEEKS]
    found = {(n, weeks): _measure(n, weeks, 1 if quick or n > 1_000_000 else 3) for n, weeks in sizes}
    names = {size: f"{size[0]:,} customers x {size[1]} weeks" for size in sizes}
    times = [Reading(names[size], PER_DAY, done.per_day(*size)) for size, done in found.items()]
    memory = [Reading(f"{names[size]}: peak memory", "MB", done.peak_mb) for size, done in found.items()]
    return times + [_day_more(found, *weeks) for weeks in pairwise(WEEKS)] + memory


@dataclass(frozen=True)
class Measured:
    """Several runs of one size."""

    seconds: tuple[float, ...]
    """Processor time of one thread."""
    peak_mb: tuple[float, ...]

    def per_day(self, customers: int, weeks: int) -> tuple[float, ...]:
        """Nanoseconds for both worlds of a customer on a day."""
        return tuple(1e9 * s / (customers * 7 * weeks) for s in self.seconds)


def _day_more(found: Mapping[tuple[int, int], Measured], fewer: int, more: int) -> Reading:
    """The price of a later day: what is paid once for a customer, the draws and the way to day 0, is not in it."""
    pairs = zip(found[FEW, more].seconds, found[FEW, fewer].seconds, strict=True)
    days = FEW * 7 * (more - fewer)
    return Reading(f"a day more, {fewer} to {more} weeks", PER_DAY, tuple(1e9 * (a - b) / days for a, b in pairs))


def _measure(customers: int, weeks: int, runs: int) -> Measured:
    line = [sys.executable, "-m", "benchmarks.growth", str(customers), str(weeks)]
    done = [measured(line) for _ in range(runs)]
    return Measured(tuple(json.loads(one.output)["seconds"] for one in done), tuple(one.peak_mb for one in done))


def simulated(customers: int, weeks: int) -> float:
    """Processor seconds of one simulation, once all is compiled."""
    base = load_base(load_scenario(SCENARIO, changes(customers, weeks)))

    def once(many: int) -> float:
        source = parts_of(base, many, seed=1)
        world = make_world(base, source.part(0).cut(0, 1))
        job = Job(world, source, (Ask((world.current, no_contact(world)), world.current),), seed=1)
        began = time.process_time()
        simulate_stream(job, on_threads(1))
        return time.process_time() - began

    once(1_000)  # compiles
    return once(customers)


CASE = Case("growth", "Growth with customers and days", run, by_default=False)

if __name__ == "__main__":
    print(json.dumps({"seconds": simulated(*map(int, sys.argv[1:]))}))
