"""The small contact model on four engines: first whether they agree, then nanoseconds per customer-day, one thread."""

from __future__ import annotations

import time
from functools import partial

from benchmarks.case import Case, Reading, alternate, ratios
from benchmarks.peers import compiled, masks, plain, processes
from benchmarks.peers.agreement import agreement
from benchmarks.peers.model import population
from benchmarks.worlds import full_world
from sim.simulate import simulate
from sim.start import start_world

DAYS = 90
SIZES = {"SimPy": 5_000, "plain Python": 10_000, "NumPy masks": 200_000, "plain Numba": 200_000}
"""Customers of the timed runs: large enough for each engine to reach its pace."""
OURS = 50_000


def run(quick: bool) -> list[Reading]:
    """Raises if an engine disagrees: times of different models are not comparable."""
    engines = {
        "SimPy": processes.run, "plain Python": plain.run, "NumPy masks": masks.run, "plain Numba": compiled.run,
    }  # fmt: skip
    seeds = {"SimPy": 4, "plain Python": 6, "NumPy masks": 200, "plain Numba": 200}
    people = population(2_000)
    checks = agreement({name: (engine, seeds[name]) for name, engine in engines.items()}, "NumPy masks", people, DAYS)
    for check in checks:
        if not check.holds:
            raise RuntimeError(
                f"{check.engine} runs another model: {check.count} is off by {check.z:.1f} standard errors"
            )
    shrink = 10 if quick else 1
    sizes = {name: size // shrink for name, size in SIZES.items()}
    everybody = population(max(sizes.values()))
    world = full_world(OURS // shrink)
    started = start_world(world, seed=1)
    works = {
        name: partial(engine, everybody.first(sizes[name]), DAYS, 1) for name, engine in engines.items()
    }  # fmt: skip
    works["ours"] = lambda: simulate(started, [world.current], seed=1, threads=1, detailed=False)
    works["ours"]()
    seconds = alternate(works, 1 if quick else 3, time.process_time)
    days = {name: sizes[name] * DAYS for name in engines} | {"ours": OURS // shrink * world.days}
    ns = {name: tuple(1e9 * s / days[name] for s in runs) for name, runs in seconds.items()}
    worst = "; ".join(f"{c.engine} {c.count} {c.z:+.1f}" for c in checks)
    agreed = f"agree with NumPy within {checks[0].allowed:.1f} standard errors of the mean (worst: {worst})"
    readings = [
        Reading(f"{name}, {sizes[name]:,} customers x {DAYS} days", "ns per customer-day", ns[name],
                note=agreed if name == "SimPy" else "")
        for name in engines
    ]  # fmt: skip
    readings += [
        Reading(f"{name} over plain Numba", "times the time", ratios(ns[name], ns["plain Numba"]))
        for name in ("SimPy", "plain Python", "NumPy masks")
    ]
    return [
        *readings,
        Reading("this project's engine, on its own richer model", "ns per customer-day", ns["ours"],
                note="4 channels, caps, frailty, dropout, spend, segments by R, F, M: not the same work, see kernel"),
        Reading("plain Numba on the small model over it", "times the time", ratios(ns["plain Numba"], ns["ours"]),
                note="above 1: the richer model is the faster one; Mesa, AgentPy, Starsim: not measured yet"),
    ]  # fmt: skip


CASE = Case("peers", "Peers: a small contact model on other engines", run)
