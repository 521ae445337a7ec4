"""What each mechanism costs when it is on: examples of rules, campaigns and behaviour over their common ground."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.case import Case, Reading, alternate, ratios
from scenarios import load_scenario
from scenarios.world import load_base, make_world
from sim.engine.tables import SENT
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World

GROUND = "common"
"""E-mail, push and SMS under five caps; what the others extend."""
ALONE = (
    "calendar_caps", "pressure_points", "quiet", "cooldowns", "tolerance", "household", "welcome", "win_back", "vip",
    "discount_trap", "seasons", "feelings", "regular", "arbitration",
)  # fmt: skip
"""Examples in which each customer's days can be simulated one after the other."""
TOGETHER = "everything"


def _world(name: str, customers: int) -> World:
    """Copies of the example's 2,000 customers: capacities are as tight as in the example."""
    base = load_base(load_scenario(f"library:rules/{name}"))
    return make_world(base, base.population(customers, 1))


def _contacts_per_week(world: World) -> float:
    found = simulate(start_world(world, seed=1), [world.current], seed=1, threads=1)
    return float(found.totals.line[0, :, :, SENT].sum() / world.population.size / found.totals.line.shape[1])


def run(quick: bool) -> list[Reading]:
    """Processor time of one thread, start left out; ratios round by round."""
    customers, runs = (5_000, 3) if quick else (40_000, 7)
    works: dict[str, Callable[[], object]] = {}
    days = {}
    contacts = {}
    for name in (GROUND, *ALONE, "reputation", "capacity", TOGETHER):
        world = _world(name, customers)
        started = start_world(world, seed=1)
        works[name] = lambda started=started, plan=world.current: simulate(started, [plan], seed=1, threads=1)  # type: ignore[misc]
        days[name] = world.population.size * world.days
        contacts[name] = _contacts_per_week(world)
    seconds = alternate(works, runs, time.process_time)

    def row(name: str, bar: float | None = None, more: str = "") -> Reading:
        times = ratios(seconds[name], seconds[GROUND], days[GROUND] / days[name])
        return Reading(f"{name} over it", "times", times, bar=bar, note=f"{contacts[name]:.2f} contacts a week" + more)

    return [
        Reading(
            "the ground: three channels, five caps", "ns per customer-day",
            tuple(1e9 * s / days[GROUND] for s in seconds[GROUND]),
            note=f"{customers:,} customers x 12 weeks, with weekly tables; {contacts[GROUND]:.2f} contacts a week",
        ),
        *map(row, ALONE),
        row("reputation", more="; everybody stops together every week"),
        row("capacity", bar=2.5, more="; everybody stops together every day"),
        Reading(
            "everything at once", "ns per customer-day", tuple(1e9 * s / days[TOGETHER] for s in seconds[TOGETHER]),
            bar=8, note=f"{contacts[TOGETHER]:.2f} contacts a week, 18 rules, 2 capacities, 4 cascades",
        ),
        row(TOGETHER),
    ]  # fmt: skip


CASE = Case("mechanisms", "What each mechanism costs", run)
