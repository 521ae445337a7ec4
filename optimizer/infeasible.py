"""Which limits contradict each other, and what would be the least to give up: in the user's words."""

from __future__ import annotations

from optimizer.evaluate import Evaluator
from optimizer.search import Found


def infeasible_words(evaluator: Evaluator, found: Found) -> str:
    """Lines that name the conflicting limits."""
    rows = evaluator.rows()
    over = rows.use(found.best.parts) > rows.bound
    names = list(dict.fromkeys(owner.name for (owner, _), beyond in zip(rows.owner, over, strict=True) if beyond))
    return "no plan was found that keeps all limits together; the nearest one exceeds: " + ", ".join(names)
