"""Plans that the found one must beat: no contact, the current policy, the best plan common to all segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.evaluate import Evaluated, Evaluator

_KEPT = (200, 60, 12, 4)
"""Plans kept on the way from few customers to all."""
_NEAR = 0.05
"""Share of a bound by which the few may exceed it, over the weeks on average: of a single week they know little."""


def best_uniform(
    evaluators: Sequence[Evaluator], *, buffer: float, progress: Callable[[float], None] | None = None
) -> Evaluated:
    """The best level vector common to all segments that satisfies the limits.

    All vectors are simulated on the customers of the first evaluator; of these the best that come near the limits
    on those of the next, and so on. Where no vector satisfies the limits, the one least beyond them.
    """
    first, *others = evaluators
    tried = first.evaluate(list(first.space.uniform()), progress)
    evaluator = first
    for following, kept in zip(others, _KEPT[-len(others) :] if others else (), strict=True):
        near = sorted(tried, key=lambda e: (evaluator.average_excess(e, buffer) > _NEAR, -e.value))[:kept]
        least = min(tried, key=lambda e: evaluator.beyond(e, buffer))
        evaluator = following
        choices = {e.choice.tobytes(): e.choice for e in [*near, least]}
        tried = evaluator.evaluate([*choices.values(), evaluator.space.nothing()])
    return max(tried, key=lambda e: (-evaluator.beyond(e, buffer), e.value))
