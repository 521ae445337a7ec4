"""A plan for many worlds: the worlds that the assumptions leave open, and what choosing for all of them says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.evaluate import Evaluator
from optimizer.shared import unrationed
from optimizer.worlds import Criterion, OverWorlds, Worlds
from scenarios.doubt import drawn_scenario
from scenarios.schema import Optimize
from scenarios.world import Base, make_world
from sim.start import start_world

WORDS: dict[str, str] = {"mean": "mean", "worst_decile": "worst tenth", "regret": "greatest regret"}
MOST_CUSTOMERS = 3_000
"""Simulated in every world; differences between plans are paired, and far smaller than those between worlds."""


def worlds_of(base: Base, ask: Optimize, seed: int) -> Callable[[Evaluator], Worlds]:
    """The question of an evaluator on some of its customers, in each of the drawn worlds."""

    def make(evaluator: Evaluator) -> Worlds:
        step = max(1, evaluator.customers // MOST_CUSTOMERS)
        rows = np.arange(evaluator.customers)[::step]
        population = evaluator.started.take_sample(rows).world.population
        evaluators = []
        for number in range(ask.worlds):
            loaded, _ = drawn_scenario(base.loaded, number, seed)
            world = unrationed(make_world(replace(base, loaded=loaded), population))
            started = start_world(world, seed=evaluator.started.seed, threads=evaluator.threads)
            evaluators.append(evaluator.elsewhere(started))
        return Worlds(evaluators, _criterion(ask))

    return make


def _criterion(ask: Optimize) -> Criterion:
    if ask.under == "stated":
        raise ValueError("one world is stated: there is nothing to choose by")
    return ask.under


def worlds_part(found: OverWorlds, unit: str) -> dict[str, Any]:
    """``over_worlds`` of result.json: the plan, and the one that is best where the stated numbers are right."""
    chosen, stated = found.merits(found.chosen), found.merits(found.stated)
    worlds, candidates = found.value.shape
    same = found.chosen == found.stated
    words = ", ".join(f"{WORDS[name]} {chosen[name]:,.0f} (instead of {stated[name]:,.0f})" for name in chosen)
    alone = ", ".join(f"{WORDS[name]} {number:,.0f}" for name, number in chosen.items())
    return {
        "statement": (
            f"Chosen by its {WORDS[found.criterion]} over {worlds} worlds drawn from the intervals of the assumptions "
            f"and the fatigue presets, among {candidates} plans, in {unit} over no contact: "
            + (
                f"{alone}. The plan that is best for the stated numbers is the same."
                if same
                else f"{words}: the numbers in brackets are of the plan that is best if the stated numbers are right."
            )
        ),
        "criterion": found.criterion,
        "worlds": worlds,
        "candidates": candidates,
        "plan": chosen,
        "stated_plan": stated,
        "same_plan": same,
        "values": found.value[:, found.chosen].tolist(),
        "stated_plan_values": found.value[:, found.stated].tolist(),
    }
