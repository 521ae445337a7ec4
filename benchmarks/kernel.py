"""Nanoseconds per customer-day of the full model on one core; what a second core and a second world add."""

from __future__ import annotations

import time
from dataclasses import replace

from benchmarks.case import Case, Reading, alternate, ratios
from benchmarks.worlds import contacts_per_week, full_world, no_contact, shifted
from sim.simulate import simulate
from sim.start import start_world


def run(quick: bool) -> list[Reading]:
    """Everything after the start: tables, state of day 0, all days. Simulated rules, funnel, orders, RFM included."""
    customers, runs = (20_000, 3) if quick else (100_000, 7)
    world = full_world(customers)
    quiet_world = replace(world, current=no_contact(world), start="rested")
    started, quiet = start_world(world, seed=1), start_world(quiet_world, seed=1)
    plan, other, nothing = world.current, shifted(world.current, "other"), no_contact(world)

    def work(plans, threads=1, start=started, detailed=False):  # type: ignore[no-untyped-def]
        return lambda: simulate(start, plans, seed=1, threads=threads, detailed=detailed)

    result = work([plan])()  # compiles
    rate = contacts_per_week(result)
    days = customers * world.days
    cpu = alternate(
        {
            "one": work([plan]),
            "two": work([plan, other]),
            "twins": work([plan, nothing]),
            "tables": work([plan], detailed=True),
            "quiet": work([nothing], start=quiet),
        },
        runs,
        time.process_time,
    )
    wall = alternate({"one": work([plan, nothing]), "both": work([plan, nothing], threads=2)}, runs, time.perf_counter)
    per_day = {name: tuple(1e9 * s / days for s in seconds) for name, seconds in cpu.items()}
    size = (
        f"{customers:,} customers x {world.weeks} weeks, 4 channels, {rate:.2f} contacts a week; CPU time, one thread"
    )
    return [
        Reading("full model, one world", "ns per customer-day", per_day["one"], bar=8, note=size),
        Reading("the same with weekly tables by segment", "ns per customer-day", per_day["tables"]),
        Reading("plan and no contact, both worlds", "ns per customer-day of the pair", per_day["twins"]),
        Reading("no contact, no rule met (quiet days)", "ns per customer-day", per_day["quiet"]),
        Reading("two contacted worlds over one", "times", ratios(cpu["two"], cpu["one"]), bar=2),
        Reading(
            "two threads over one", "times as fast", ratios(wall["one"], wall["both"]), bar=1.8, at_least=True,
            note="wall-clock; anything else on the machine lowers it",
        ),
    ]  # fmt: skip


CASE = Case("kernel", "Simulation kernel", run)
