"""The world of the timed cases: the shipped base, all four channels and all rules, invented customers like CDNOW's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scenarios import load_scenario
from scenarios.world import Base, load_base, make_world, no_contact
from sim.compare import compare
from sim.engine.tables import SENT
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.world import World

SCENARIO = "library:small"
CURRENT = {"email": 1.5, "push": 1, "sms": 0.25, "messenger": 0.5}
"""Asked for, contacts a week; with consent and rules about two a week and customer arrive."""


def changes(customers: int, weeks: int = 26) -> dict[str, object]:
    """What turns ``library:small`` into this world; the keys of ``--set``."""
    return {
        "base.synthetic": customers,
        "base.simulated_customers": customers,
        "horizon.weeks": weeks,
        "horizon.tail_weeks": 0,
        "channels.push.enabled": True,
        "channels.messenger.enabled": True,
        "policy.current.default": CURRENT,
    }


def options(customers: int, weeks: int = 26) -> list[str]:
    """The same for the command line."""
    texts = []
    for key, value in changes(customers, weeks).items():
        if isinstance(value, dict):
            value = "{" + ", ".join(f"{name} = {rate}" for name, rate in value.items()) + "}"
        elif isinstance(value, bool):
            value = str(value).lower()
        texts += ["--set", f"{key}={value}"]
    return texts


def full_world(customers: int, weeks: int = 26) -> World:
    """The world itself."""
    base = load_base(load_scenario(SCENARIO, changes(customers, weeks)))
    return make_world(base, base.population(customers, 1))


def shifted(plan: Frequencies, name: str) -> Frequencies:
    """A plan of nearly the same density, another one for every segment."""
    return replace(plan, name=name, per_week=np.array(plan.per_week) * 0.99)


def contacts_per_week(result: SimulationResult, plan: int = 0) -> float:
    """Contacts of all channels, a week and customer."""
    sent = result.totals.lane[plan, :, :, SENT].sum()
    return float(sent) / result.world.population.size / result.world.weeks


__all__ = [
    "SCENARIO", "Base", "changes", "compare", "contacts_per_week", "full_world", "no_contact", "options", "shifted",
]  # fmt: skip
