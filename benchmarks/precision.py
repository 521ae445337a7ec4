"""How much the increment moves when only the draws change: found by repeating, not by the program's own formula."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean, stdev

from benchmarks.case import Case, Reading
from benchmarks.worlds import compare, no_contact
from scenarios import load_scenario
from scenarios.world import load_base, make_world
from sim.compare import Z95
from sim.simulate import simulate


def run(quick: bool) -> list[Reading]:
    """Current policy over no contact, contribution of 26 weeks, bundled scenario."""
    loaded = load_scenario("library:cdnow", {"horizon.tail_weeks": 0})
    customers, seeds = (20_000, 6) if quick else (loaded.scenario.base.simulated_customers, 16)
    base = load_base(loaded)
    first = make_world(base, base.population(customers, 1))

    def increment(world, seed):  # type: ignore[no-untyped-def]
        found = simulate(world, [world.current, no_contact(world)], seed=seed, detailed=False)
        return compare(found, 0, 1).contribution

    fixed = [increment(first, seed) for seed in range(101, 101 + seeds)]
    fresh = [increment(replace(first, population=base.population(customers, s)), s) for s in range(1, 1 + seeds)]
    stated = [100 * (e.ci_high - e.ci_low) / 2 / e.mean for e in fresh]
    size = f"about {customers:,} simulated customers for {first.population.base_size:,} real ones, {seeds} seeds"
    return [
        Reading("half-width of 95%, simulation draws only", "% of the increment", (_half(fixed),), bar=1,
                note=f"latents fixed; {size}: good to a quarter of itself"),
        Reading("half-width of 95%, with the draws of the latents", "% of the increment", (_half(fresh),)),
        Reading("half-width that the program states (ci)", "% of the increment", tuple(stated),
                note="should agree with the line above"),
    ]  # fmt: skip


def _half(estimates: list) -> float:
    return 100 * Z95 * stdev(e.mean for e in estimates) / mean(e.mean for e in estimates)


CASE = Case("precision", "Precision of the increment", run)
