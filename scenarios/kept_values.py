"""Valued plans as points of a ``PointStore``, and back: what a long command has finished and need not do again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.load import LoadedScenario
from scenarios.pointstore import PointStore, data_digests, question_digest
from scenarios.world import FrameScenario
from sim.periods import told_rates
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


def question_of(alternative: Alternative) -> list[Any]:
    """What an alternative is, whatever it is called."""
    return [alternative.loaded.scenario.model_dump_json(), *_told(alternative.chosen)]


def valued_digest(
    command: str, loaded: LoadedScenario, plan: Frequencies | None, *, seed: int, customers: int | None
) -> str:
    """Of a question about one plan (None: the current policy): what is finished of it is found again by it."""
    told = [] if plan is None else _told(plan)
    return question_digest([command, loaded.digest, data_digests(loaded), told, seed, customers])


def _told(plan: Frequencies) -> list[Any]:
    return [told_rates(plan), plan.campaigns, plan.offers]


class KeptValuer:
    """A valuer that keeps what it has simulated, and does none of it twice; ``folder`` None keeps nothing."""

    def __init__(self, valuer: Valuer, folder: Path | None) -> None:
        frame = isinstance(valuer.first, FrameScenario)
        self.valuer, self.store = valuer, PointStore(None if frame else folder)

    def __enter__(self) -> KeptValuer:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def value(self, alternative: Alternative, say: Callable[[float], None] | None = None) -> Valued:
        """The alternative simulated, or as it was kept."""
        key = question_digest(question_of(alternative))
        kept = self.store.get(key)
        if kept is not None:
            return valued_of(kept, self.valuer.population(self.valuer.base(alternative.loaded)))
        found = self.valuer.value(alternative, say=say)
        self.store.put(key, *point_of(found))
        return found


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
