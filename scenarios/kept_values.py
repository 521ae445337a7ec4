"""Valued plans as points of a ``PointStore``, and back: what a long command has finished and need not do again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.alternatives import Valued
from sim.policy import Frequencies
from sim.population import Population

Kept = tuple[dict[str, np.ndarray], dict[str, Any]]
"""Arrays and facts, as ``PointStore`` keeps them."""
FACTS = ("contacts", "unsubscribes", "subscriptions", "reachable", "weekly_contacts", "details")


def point_of(found: Valued) -> Kept:
    """The measures of every customer, and the totals that are not among them."""
    facts = {
        "contacts": found.contacts,
        "unsubscribes_by_channel": found.unsubscribes,
        "subscriptions": found.subscriptions,
        "reachable": found.reachable,
        "weekly_contacts": found.weekly_contacts,
        "details": found.details,
    }
    return {name: np.asarray(array) for name, array in found.measures.items()}, facts


def valued_of(kept: Kept, people: Population) -> Valued:
    """The same again; ``people``: the customers it was valued on."""
    arrays, facts = kept
    names = {"unsubscribes": "unsubscribes_by_channel"}
    told = {name: facts[names.get(name, name)] for name in FACTS}
    return Valued(people, arrays, **told)


def plan_facts(plan: Frequencies) -> dict[str, Any]:
    """A plan as facts of a point."""
    offers = [list(cell) for cell in plan.offers]
    return {"name": plan.name, "per_week": plan.per_week.tolist(), "campaigns": list(plan.campaigns), "offers": offers}


def plan_of_facts(facts: Mapping[str, Any], like: Frequencies) -> Frequencies:
    """The plan again; ``like``: any plan with its segments and channels."""
    return replace(
        like,
        name=facts["name"],
        per_week=np.array(facts["per_week"], dtype=float),
        campaigns=tuple(facts["campaigns"]),
        offers=tuple((segment, channel, offer) for segment, channel, offer in facts["offers"]),
    )
