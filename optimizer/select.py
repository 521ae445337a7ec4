"""Selection: the best of the plans the search has met, on customers and draws it has not seen.

Luck makes the winner of a search look better than it is, and hides on which side of a limit a plan lies. So the plans
that look best, and those that may just keep the limits, run a race in two heats: many of them on some fresh customers,
the few that are still open on all of them. A heat goes on as long as a plan that was not in it promises more than
the best that held.

The search leaves a margin below every limit, because it sees few customers. Here more are seen: a plan within it
is let through if its use, several standard errors of it added, is still allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.evaluate import Evaluated, Evaluator
from optimizer.search import best_of
from optimizer.settings import SearchSettings
from optimizer.space import Choice


@dataclass(frozen=True)
class Heat:
    """How many plans run, and how far beyond a limit they may have seemed before."""

    at_once: int
    at_most: int
    doubt: float
    """Share of a bound."""


_MANY = Heat(at_once=12, at_most=48, doubt=0.02)
_FEW = Heat(at_once=4, at_most=16, doubt=0.01)
_ERRORS = 2.0
"""Who is worse by more than so many standard errors of the difference does not run again."""
_SAFE = 4.0
"""Standard errors of a plan's use that must fit below a limit: 2.8 on other customers, as many as there were here."""
_GROUPS = 10
"""Groups of customers that the standard error is taken from."""


@dataclass(frozen=True)
class Selected:
    """The winner, as all fresh customers see it, and how many distinct plans ran."""

    best: Evaluated
    candidates: int


def select(
    seen: Evaluator, some: Evaluator, every: Evaluator, others: Sequence[Choice], settings: SearchSettings
) -> Selected:
    """``seen``: the search's customers and plans; ``some`` of the fresh customers, and all of them (``every``).

    ``others``: plans that run in any case. Among those that keep the limits, with the search's margin, on all fresh
    customers, the most valuable one wins.
    """
    start = [*others, seen.space.nothing()]
    seen.evaluate(start)
    if some.customers < every.customers:
        _run(seen, some, start, list(seen.known.values()), settings, _MANY)
        winner = best_of(some, list(some.known.values()), settings)
        _run(some, every, [winner.choice, *others[:1], start[-1]], _open(some, winner), settings, _FEW)
    else:
        _run(seen, every, start, list(seen.known.values()), settings, _MANY)
    return Selected(_safest(every, settings), len({*some.known, *every.known}))


def _safest(every: Evaluator, settings: SearchSettings) -> Evaluated:
    """The most valuable plan that keeps the limits, with the search's margin or with a smaller one that is enough."""
    best = best_of(every, list(every.known.values()), settings)
    better = [e for e in every.known.values() if e.value > best.value and every.feasible(e)]
    for e in sorted(better, key=lambda e: -e.value):
        if np.all(every.excess(e) + _SAFE * spread(every, e.choice) <= 0.0):
            return e
    return best


def spread(evaluator: Evaluator, choice: Choice) -> npt.NDArray[np.float64]:
    """(hard rows,) standard error of a plan's use, in shares of the bounds, from groups of the customers."""
    rows = np.arange(evaluator.customers)
    groups = [
        evaluator.elsewhere(evaluator.started.take_sample(rows[n::_GROUPS])) for n in range(min(_GROUPS, len(rows)))
    ]
    seen = np.array([group.excess(group.evaluate([choice])[0]) for group in groups])
    return np.asarray(seen.std(axis=0, ddof=1) / np.sqrt(len(groups)))


def _open(some: Evaluator, winner: Evaluated) -> list[Evaluated]:
    """Who is not clearly worse than the winner of a heat."""
    compared = some.gain([e.choice for e in some.known.values()], winner.choice)
    return [e for e, gain, error in compared if gain >= -_ERRORS * error]


def _run(
    before: Evaluator,
    now: Evaluator,
    start: Sequence[Choice],
    entered: Sequence[Evaluated],
    settings: SearchSettings,
    heat: Heat,
) -> None:
    """Simulate the plans that entered on the customers of this heat, most promising first, while it pays."""
    now.evaluate(start)
    hopeful = [e for e in entered if before.excess(e, settings.buffer).max(initial=0.0) <= heat.doubt]
    waiting = sorted(hopeful, key=lambda e: -e.value)
    ran = 0
    while waiting and ran < heat.at_most:
        part, waiting = waiting[: heat.at_once], waiting[heat.at_once :]
        now.evaluate([e.choice for e in part])
        ran += len(part)
        best = best_of(now, list(now.known.values()), settings)
        if now.feasible(best, settings.buffer):
            (held,) = before.evaluate([best.choice])
            waiting = [e for e in waiting if e.value > held.value]
