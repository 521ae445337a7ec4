"""Choosing a plan for many worlds: parameters are uncertain, and the plan must be right before they are known.

A world is one draw of all uncertain parameters, shared by all customers and plans. Candidates are the best plans that
the search in the stated world has met, and those that short searches find in each of the others. All are valued in
every world, over no contact, on the same customers with the same draws; one of them is chosen by

- mean: the greatest mean over the worlds,
- worst_decile: the greatest mean over the tenth of the worlds in which it is worth least,
- regret: the least greatest loss against the best candidate of a world (Savage 1951).

Limits must hold in the stated world: costs and reactions that differ between worlds are not limited there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from optimizer.evaluate import Evaluator
from optimizer.search import Progress, search
from optimizer.settings import SearchSettings
from optimizer.space import Choice

Criterion = Literal["mean", "worst_decile", "regret"]
_ROUNDS = 2
"""Of a short search in a world: it starts from the plan for the stated one."""
_LIKELY = 12
"""Of the plans that ran in the selection, so many are valued in every world."""


def merit(value: npt.NDArray[np.float64], criterion: Criterion) -> npt.NDArray[np.float64]:
    """(C,) how good each candidate is by ``criterion``, more is better; ``value`` (K, C) of K worlds."""
    if criterion == "mean":
        return np.asarray(value.mean(axis=0))
    if criterion == "worst_decile":
        few = math.ceil(len(value) / 10)
        return np.asarray(np.sort(value, axis=0)[:few].mean(axis=0))
    return np.asarray(-(value.max(axis=1, keepdims=True) - value).max(axis=0))


@dataclass(frozen=True)
class OverWorlds:
    """Candidates in all worlds, and which one is chosen."""

    criterion: Criterion
    value: npt.NDArray[np.float64]
    """(K, C) over no contact, of the real base."""
    stated: int
    """The candidate that would be chosen if the stated world were certain ..."""
    chosen: int
    """... and the one that is."""

    def merits(self, candidate: int) -> dict[str, float]:
        """By each criterion; regret as a loss, positive."""
        found = {name: float(merit(self.value, name)[candidate]) for name in get_args(Criterion)}
        return found | {"regret": -found["regret"]}


@dataclass
class Worlds:
    """The same question in each of the worlds, on few customers."""

    evaluators: Sequence[Evaluator]
    criterion: Criterion

    def candidates(self, start: Choice, settings: SearchSettings, say: Progress) -> list[Choice]:
        """What short searches from ``start`` find, each in its world."""
        short = replace(settings, rounds=_ROUNDS, thorough=False, exhaustive=0)
        found: dict[bytes, Choice] = {}
        for n, evaluator in enumerate(self.evaluators):
            say(n / len(self.evaluators), f"plans for world {n + 1} of {len(self.evaluators)}")
            with evaluator.budget.regardless():
                choice = search(evaluator, start, short).best.choice
            found[choice.tobytes()] = choice
        return list(found.values())

    def fitting(self, best: Choice, found: Sequence[Choice], every: Evaluator, buffer: float) -> list[Choice]:
        """Candidates that keep the limits on all of the selection's customers: ``best``, what was ``found`` in other
        worlds, and the most valuable others that ran there."""
        with every.budget.regardless():
            every.evaluate(found)
        held = [e for e in every.known.values() if every.feasible(e, buffer)]
        likely = sorted(held, key=lambda e: -e.value)[:_LIKELY]
        new = {choice.tobytes() for choice in found}
        chosen = [best, *(e.choice for e in held if e.choice.tobytes() in new), *(e.choice for e in likely)]
        return list({choice.tobytes(): choice for choice in chosen}.values())

    def choose(self, candidates: Sequence[Choice], stated: Choice, say: Progress) -> tuple[Choice, OverWorlds]:
        """The best candidate by the criterion; ``stated``: one of them. Ties go to it, else to the first."""
        rows = []
        for n, evaluator in enumerate(self.evaluators):
            say(n / len(self.evaluators), "candidates in every world")
            with evaluator.budget.regardless():
                rows.append([e.value for e in evaluator.evaluate(candidates)])
        value = np.array(rows)
        merits = merit(value, self.criterion)
        plain = next(n for n, choice in enumerate(candidates) if (choice == stated).all())
        best = plain if merits[plain] >= merits.max() else int(np.argmax(merits))
        return candidates[best], OverWorlds(self.criterion, value, plain, best)
