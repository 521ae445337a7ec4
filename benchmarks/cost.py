"""What a customer-day costs: a price for a quiet day, for a contact, for an order, fitted to measured times."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from benchmarks.case import Case, Reading, alternate
from benchmarks.worlds import full_world, no_contact
from sim.engine.tables import SAMPLED_ORDERS, SENT
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World

CONTACTS = (0.0, 0.25, 0.5, 1.0, 1.5)
"""The plan of the timed cases, times this ..."""
ORDERS = (0.25, 1.0, 4.0)
"""... for customers whose order rates are times this."""
NAMES = ("a quiet customer-day", "a contact more", "an order more")


@dataclass(frozen=True)
class Point:
    """One world: how much happens a customer-day, and what it costs."""

    contacts: float
    orders: float
    ns: float


def run(quick: bool) -> list[Reading]:
    """Price list, how well it foretells the times, and whether time grows as customers and days do."""
    points = measure(10_000 if quick else 30_000, 2 if quick else 5)
    prices, misses = fitted(points)
    span = f"{min(p.ns for p in points):.1f} to {max(p.ns for p in points):.1f} ns a day"
    note = f"{len(points)} worlds, {span}, of 0 to {max(p.contacts for p in points):.2f} contacts a day; one thread"
    readings = [
        Reading(f"cost of {name}", "ns", (price,), note=note if name == NAMES[0] else "")
        for name, price in zip(NAMES, prices, strict=True)
    ]
    readings.append(Reading("what the prices miss, of the measured time", "%", tuple(100 * misses)))
    return readings + _growth(quick)


def measure(customers: int, rounds: int) -> list[Point]:
    """Simulate worlds that differ in how much happens; processor time, medians over rounds."""
    works, happened = {}, {}
    base = full_world(customers)
    for much in CONTACTS:
        for often in ORDERS:
            started, plan = _world(base, much, often)

            def work(started: Started = started, plan: Frequencies = plan) -> object:
                return simulate(started, [plan], seed=1, threads=1, detailed=False)

            result = simulate(started, [plan], seed=1, threads=1, detailed=False)
            days = started.world.population.size * started.world.days
            works[f"{much} {often}"] = work
            happened[f"{much} {often}"] = (
                float(result.totals.lane[0, :, :, SENT].sum()) / days,
                float(result.totals.customer[0, :, 0, SAMPLED_ORDERS].sum()) / days,
            )
    seconds = alternate(works, rounds, time.process_time)
    days = customers * base.days
    return [Point(*happened[name], 1e9 * float(np.median(runs)) / days) for name, runs in seconds.items()]


def fitted(points: list[Point]) -> tuple[np.ndarray, np.ndarray]:
    """(prices of a day, a contact, an order in ns; what they miss at each point, as a share of the time)."""
    table = np.array([[1.0, p.contacts, p.orders] for p in points])
    ns = np.array([p.ns for p in points])
    prices, _ = nnls(table / ns[:, None], np.ones(len(points)))  # relative errors count alike
    return prices, table @ prices / ns - 1


def _world(base: World, much: float, often: float) -> tuple[Started, Frequencies]:
    people = replace(base.population, rate=base.population.rate * often)
    plan = replace(base.current, name="plan", per_week=np.array(base.current.per_week) * much)
    if not much:
        plan = no_contact(base)
    world = replace(base, population=people, current=plan, start="rested")
    return start_world(world, seed=1), plan


def _growth(quick: bool) -> list[Reading]:
    """Time of a customer-day by the number of customers and of weeks: constant, if time grows as they do."""
    works, days = {}, {}
    sizes = (10_000, 30_000) if quick else (10_000, 100_000, 500_000)
    for name, customers, weeks in [
        *((f"{n:,} customers x 26 weeks", n, 26) for n in sizes),
        *((f"30,000 customers x {w} weeks", 30_000, w) for w in (13, 52)),
    ]:
        world = full_world(customers, weeks)
        started = start_world(world, seed=1)

        def work(started: Started = started, world: World = world) -> object:
            return simulate(started, [world.current], seed=1, threads=1, detailed=False)

        works[name], days[name] = work, customers * world.days
    seconds = alternate(works, 1 if quick else 3, time.process_time)
    return [
        Reading(f"the full model, {name}", "ns per customer-day", tuple(1e9 * s / days[name] for s in runs))
        for name, runs in seconds.items()
    ]


CASE = Case("cost", "What a customer-day costs", run)
