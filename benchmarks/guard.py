"""Has something become slower? Times over those of a yardstick in the same rounds, beside the recorded last run.

The yardstick is a loop that does not change (the small contact model in plain Numba), so a slower or busier machine
slows both and cancels. ``python -m benchmarks --case guard`` records; ``python -m benchmarks --guard`` compares.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from benchmarks.case import Case, Reading, alternate, ratios
from benchmarks.peers import compiled
from benchmarks.peers.model import population
from benchmarks.worlds import changes, full_world, no_contact
from scenarios import load_scenario
from scenarios.world import load_base
from sim.simulate import simulate
from sim.start import start_world

TOLERANCE = 0.25
"""A ratio may be so much larger than the recorded one: what rounds of one run differ by on a busy machine."""
CUSTOMERS, YARDSTICK = 40_000, 20_000
ADVICE = (
    f"Slower by more than {TOLERANCE:.0%}, with machine and load cancelled. What to do:",
    "  1. Run it again, on a quieter machine if there is one: rounds on a busy one differ.",
    "  2. Run it on an older commit: whose change is it?",
    "  3. The marked stage says where to look; `python -m benchmarks --case cost` whether a quiet day, a contact or an",
    "     order has become dearer, `--case mechanisms` through which rule.",
    "  4. If it is worth its price, record it on a quiet machine: `python -m benchmarks --case guard`; say so in",
    "     CHANGELOG.md.",
)
UNRECORDED = ("nothing recorded to compare with: python -m benchmarks --case guard",)


def run(quick: bool) -> list[Reading]:
    """Draws of customers, their way to day 0, the simulation and its weekly tables, each over the yardstick."""
    customers, rounds = CUSTOMERS, 3 if quick else 9  # never fewer customers: what is paid once would weigh more
    base = load_base(load_scenario("library:small", changes(customers)))
    world, people = full_world(customers), population(YARDSTICK)
    started, plans = start_world(world, seed=1), [world.current, no_contact(world)]
    works = {
        "yardstick": lambda: compiled.run(people, 90, 1),
        "drawing customers": lambda: base.population(customers, 1),
        "the way to day 0": lambda: start_world(world, seed=1),
        "two worlds": lambda: simulate(started, plans, seed=1, threads=1, detailed=False),
        "two worlds with weekly tables": lambda: simulate(started, plans, seed=1, threads=1),
    }
    for work in works.values():
        work()  # compiles
    seconds = alternate(works, rounds, time.process_time)
    return [
        Reading(
            f"{name} over the yardstick", "times the time", ratios(runs, seconds["yardstick"], YARDSTICK / customers)
        )
        for name, runs in seconds.items()
        if name != "yardstick"
    ]


def compared(last: dict[str, Any], now: list[Reading], tolerance: float = TOLERANCE) -> tuple[list[str], bool]:
    """Lines to print, and whether something has become slower than the tolerance allows."""
    recorded = {reading["name"]: reading["median"] for reading in last.get("readings", [])}
    if not recorded:
        return list(UNRECORDED), True
    lines, slower = [f"{'over the yardstick, per customer':44} {'then':>8} {'now':>8} {'change':>8}"], False
    for reading in now:
        if reading.name not in recorded:
            lines.append(f"{reading.name:44} {'new':>8}")
            continue
        then, here = recorded[reading.name], median(reading.values)
        worse = here > then * (1 + tolerance)
        slower |= worse
        lines.append(
            f"{reading.name:44} {then:8.3g} {here:8.3g} {100 * (here / then - 1):+7.1f}%"
            + ("  slower" if worse else "")
        )
    return [*lines, "", *ADVICE] if slower else lines, slower


CASE = Case("guard", "Guard against slower code", run)
