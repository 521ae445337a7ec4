"""The small contact model on other engines and on ours: first whether they agree, then processor time, one thread.

``pip install 'contactpolicy[peers]'`` brings the other engines; one that is not installed is left out, and said so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np

from benchmarks.case import Case, Reading, alternate, ratios
from benchmarks.peers.agreement import agreement
from benchmarks.peers.model import COUNTS, Engine, People, population
from benchmarks.worlds import full_world
from sim.simulate import simulate
from sim.start import start_world

DAYS = 91
REFERENCE, YARDSTICK = "NumPy masks", "Mesa"
OURS = "this project"
FULL = 50_000
"""Customers of our full model."""


@dataclass(frozen=True)
class Peer:
    """An engine; a size large enough to reach its pace, and seeds enough to see whether it agrees."""

    module: str
    size: int
    seeds: int


PEERS = {
    "SimPy": Peer("processes", 5_000, 5),
    "plain Python": Peer("plain", 10_000, 6),
    "Mesa": Peer("mesa_agents", 10_000, 5),
    "AgentPy": Peer("agentpy_agents", 10_000, 5),
    "Polars": Peer("frames", 100_000, 25),
    "Starsim": Peer("starsim_arrays", 100_000, 12),
    REFERENCE: Peer("masks", 200_000, 200),
    "plain Numba": Peer("compiled", 200_000, 200),
}


def run(quick: bool) -> list[Reading]:
    """Raises if an engine disagrees: times of different models are not comparable."""
    engines, missing = _installed()
    agreed = _check(engines)
    shrink = 10 if quick else 1
    sizes = {name: PEERS[name].size // shrink for name in engines} | {OURS: 200_000 // shrink}
    engines |= {OURS: _engine("ours")}
    everybody = population(max(sizes.values()))
    world = full_world(FULL // shrink)
    started = start_world(world, seed=1)
    works = {name: partial(engine, everybody.first(sizes[name]), DAYS, 1) for name, engine in engines.items()}
    works["full"] = lambda: simulate(started, [world.current], seed=1, threads=1, detailed=False)
    for name in ("plain Numba", OURS, "full"):
        works[name]()  # compiles
    seconds = alternate(works, 1 if quick else 3, time.process_time)
    days = {name: sizes[name] * DAYS for name in engines} | {"full": FULL // shrink * world.days}
    ns = {name: tuple(1e9 * s / days[name] for s in runs) for name, runs in seconds.items()}
    notes = {next(iter(engines)): "; ".join([agreed, *missing]), OURS: _differences(everybody.first(20_000 // shrink))}
    readings = [
        Reading(f"{name}, {sizes[name]:,} customers x {DAYS} days", "ns per customer-day", ns[name],
                note=notes.get(name, ""))
        for name in engines
    ]  # fmt: skip
    readings.append(
        Reading(f"{OURS}, its full model", "ns per customer-day", ns["full"],
                note="4 channels, all rules, frailty, dropout, segments by R, F, M: see the case kernel")
    )  # fmt: skip
    return readings + _ratios(ns)


def _ratios(ns: Mapping[str, tuple[float, ...]]) -> list[Reading]:
    """Each engine beside ours, and ours beside the yardstick, round by round."""
    readings = [
        Reading(f"{name} over {OURS}", "times the time", ratios(runs, ns[OURS]))
        for name, runs in ns.items()
        if name not in (OURS, "full")
    ]
    if YARDSTICK in ns:
        readings += [
            Reading(f"{name} beside {YARDSTICK}", "times as fast", ratios(ns[YARDSTICK], runs))
            for name, runs in ns.items()
            if name not in (YARDSTICK, "full")
        ]
    return readings


def _installed() -> tuple[dict[str, Engine], list[str]]:
    """Engines at hand, and what to say of those that are not."""
    engines, missing = {}, []
    for name, peer in PEERS.items():
        try:
            engines[name] = _engine(peer.module)
        except ImportError as error:
            missing.append(f"{name} is not installed ({error}): pip install 'contactpolicy[peers]'")
    return engines, missing


def _engine(module: str) -> Engine:
    engine: Engine = import_module(f"benchmarks.peers.{module}").run
    return engine


def _check(engines: Mapping[str, Engine]) -> str:
    checks = agreement(
        {name: (engine, PEERS[name].seeds) for name, engine in engines.items()}, REFERENCE, population(2_000), DAYS
    )
    for check in checks:
        if not check.holds:
            raise RuntimeError(
                f"{check.engine} runs another model: {check.count} is off by {check.z:.1f} standard errors"
            )
    worst = "; ".join(f"{c.engine} {c.count} {c.z:+.1f}" for c in checks)
    return f"agree with NumPy within {checks[0].allowed:.1f} standard errors of the mean (worst: {worst})"


def _differences(people: People) -> str:
    """How far our model is from the small one, as it says it (benchmarks/peers/ours.py tells why)."""
    counts = [
        np.mean([_engine(module)(people, DAYS, seed) for seed in range(8)], axis=0) for module in ("ours", "masks")
    ]
    apart = ", ".join(f"{name} {100 * (a / b - 1):+.0f}%" for name, a, b in zip(COUNTS, *counts, strict=True))
    return f"the small model in our words, with paced contacts that wait where the others toss coins: {apart}"


CASE = Case("peers", "Peers: a small contact model on other engines", run)
