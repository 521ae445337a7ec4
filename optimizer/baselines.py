"""Plans that the found one must beat: no contact, the current policy, the best plan common to all segments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.evaluate import Evaluated, Evaluator
from sim.start import Started

_SCREENED_ABOVE = 64
"""More level vectors than this are first simulated on few customers."""
_KEPT = 24


def best_uniform(
    evaluator: Evaluator,
    few: Started,
    *,
    buffer: float,
    progress: Callable[[float], None] | None = None,
) -> Evaluated:
    """The best level vector common to all segments that satisfies the limits.

    All vectors are simulated: on the evaluator's customers, or, when there are many, on ``few`` customers first;
    of these the best that come near the limits are then simulated on all.
    """
    choices = list(evaluator.space.uniform())
    if len(choices) > _SCREENED_ABOVE:
        screen = Evaluator(
            few, evaluator.space, evaluator.limits, evaluator.tail, evaluator.objective, evaluator.threads
        )
        rough = screen.evaluate(choices, progress)
        evaluator.customer_days += screen.customer_days
        slack = 0.05
        near = [e for e in rough if bool(np.all(e.use <= evaluator.most * (1 + slack)))]
        choices = [e.choice for e in sorted(near, key=lambda e: -e.value)[:_KEPT]]
        choices.append(evaluator.space.nothing())
    feasible = [e for e in evaluator.evaluate(choices) if evaluator.feasible(e, buffer)]
    return max(feasible, key=lambda e: e.value)
