"""What the assumptions leave open: the found plan in worlds drawn from the intervals and the fatigue presets.

Every number of behaviour, channels and money that has a low and a high is drawn from the triangle over them, in turn
under the scenario's own fatigue and the three presets. A world is shared by all customers and all plans, so a plan is
compared with its rivals inside each world, with paired draws. Order process and spend are those of the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.objective import Objective, worth
from scenarios import build
from scenarios.files import LIBRARY, read_toml
from scenarios.load import LoadedScenario
from scenarios.schema import Scenario
from scenarios.world import Base, make_world
from sim.policy import Frequencies
from sim.population import Population
from sim.rng import uniforms
from sim.simulate import simulate
from sim.start import start_world
from sim.units import MICRO

Part = dict[str, Any]
PRESETS = ("", "fatigue_fast", "fatigue_slow", "fatigue_none")
"""The scenario's own fatigue, and the shipped alternatives that explain the same short tests."""
OPEN = ("channels.", "fatigue.", "response.", "optout.", "economics.")


def drawn_scenario(loaded: LoadedScenario, number: int, seed: int) -> tuple[LoadedScenario, str]:
    """A scenario of the set, and the preset it stands under; number 0 to 3 are the presets as they are stated."""
    preset = PRESETS[number % len(PRESETS)]
    data = loaded.scenario.model_dump(exclude_none=True)
    if preset:
        tables, _ = read_toml(LIBRARY / f"{preset}.toml")
        for table, keys in tables.items():
            data[table].update(keys)
    if number >= len(PRESETS):
        rows = build.assumptions(loaded)
        draws = uniforms(seed, f"assumptions {number}", np.arange(len(rows), dtype=np.uint64))
        for row, draw in zip(rows, draws, strict=True):
            stated = str(row["key"]).startswith("fatigue.") and preset
            if str(row["key"]).startswith(OPEN) and "low" in row and "high" in row and not stated:
                set_value(data, str(row["key"]), triangle_quantile(float(draw), row["low"], row["value"], row["high"]))
        for channel in data["channels"].values():
            channel["clicked"]["value"] = min(channel["clicked"]["value"], channel["seen"]["value"])
    return replace(loaded, scenario=Scenario.model_validate(data)), preset or "as stated"


def doubt(
    base: Base,
    population: Population,
    plans: Sequence[Frequencies],
    *,
    tail: Frequencies,
    objective: Objective,
    seed: int,
    count: int,
    threads: int | None,
    progress: Callable[[float], None] = lambda share: None,
) -> Part:
    """``plans``: no contact first, the found plan last. Value over no contact in every world: the found plan's spread,
    and in how many worlds another one of the plans is worth more."""
    rows: list[Part] = []
    for number in range(count):
        progress(number / count)
        loaded, preset = drawn_scenario(base.loaded, number, seed)
        world = make_world(replace(base, loaded=loaded), population)
        found = simulate(
            start_world(world, seed=seed, threads=threads or 1), plans, seed=seed, tail=tail, threads=threads,
            detailed=False,
        )  # fmt: skip
        totals = worth(found, objective).sum(axis=1) * (population.scale / MICRO)
        values = {plan.name: float(total - totals[0]) for plan, total in zip(plans[1:], totals[1:], strict=True)}
        rows.append({"fatigue": preset, "stated": number < len(PRESETS), "values": values})
    name = plans[-1].name
    drawn = np.array([row["values"][name] for row in rows])
    better = {
        other.name: int(sum(row["values"][other.name] > row["values"][name] for row in rows)) for other in plans[1:-1]
    }
    low, high = (float(np.quantile(drawn, share)) for share in (0.025, 0.975))
    told = ", ".join(f"in {n} of {count} {label.replace('_', ' ')} is worth more" for label, n in better.items())
    return {
        "statement": (
            f"Over {count} worlds drawn from the intervals of the assumptions and the fatigue presets the plan is "
            f"worth {low:,.0f} to {high:,.0f} over no contact; {told}."
        ),
        "worlds": rows,
        "parameter_low": low,
        "parameter_high": high,
        "worst_decile": float(np.sort(drawn)[: max(1, len(drawn) // 10)].mean()),
        "worlds_where_better": better,
    }


def set_value(data: Part, key: str, value: float) -> None:
    """Set the number of an assumption in a dumped scenario; its origin and interval stay."""
    *path, last = key.split(".")
    table = data
    for step in path:
        table = table[step]
    table[last]["value"] = value


def triangle_quantile(draw: float, low: float, value: float, high: float) -> float:
    """The quantile of the triangle over low and high with its top at the value."""
    if low == high:
        return float(value)
    top = (min(max(value, low), high) - low) / (high - low)
    if draw < top:
        return float(low + (high - low) * np.sqrt(draw * top))
    return float(high - (high - low) * np.sqrt((1.0 - draw) * (1.0 - top)))
