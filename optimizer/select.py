"""Selection: the best of the plans the search has met, on customers and draws it has not seen.

Luck makes the winner of a search look better than it is, and hides on which side of a limit a plan lies. So the plans
that look best, and those that may just keep the limits, run a race in two heats: many of them on some fresh customers,
the few that are still open on all of them. A heat goes on as long as a plan that was not in it is not clearly worse
than the best that surely held. Those that are close then run until it is decided (``optimizer.decide``).

The search leaves a margin below every limit, because it sees few customers. Here more are seen: a plan within it
is let through if its use, several standard errors of it added, is still allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.decide import Further, decide
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.search import best_of
from optimizer.settings import SearchSettings
from optimizer.space import Choice


@dataclass(frozen=True)
class Heat:
    """How many plans run, customer-days permitting, and how far beyond a limit they may have seemed before."""

    at_once: int
    at_most: int
    doubt: float
    """Share of a bound."""


_MANY = Heat(at_once=12, at_most=48, doubt=0.02)
_FEW = Heat(at_once=4, at_most=16, doubt=0.01)
_HEAT_DAYS = 400_000_000
"""Customer-days of a heat, if more plans than run at once would take more."""
_ERRORS = 2.0
"""Who is worse by more than so many standard errors of the difference does not run again."""
_MOST_DAYS = 600_000_000
"""Customer-days that the decision between the last plans may take, or as many as were spent before it if fewer."""


@dataclass(frozen=True)
class Selected:
    """The winner, as all fresh customers see it."""

    best: Evaluated
    candidates: int
    """Distinct plans that ran."""
    customers: int
    """Fresh customers the winner ran on."""
    rivals: int
    """Other plans of which these do not tell whether they are better, or keep the limits."""


def select(
    seen: Evaluator,
    some: Evaluator,
    every: Evaluator,
    further: Further,
    others: Sequence[Choice],
    uniform: Choice,
    settings: SearchSettings,
) -> Selected:
    """``seen``: the search's customers and plans; ``some`` of the fresh customers, all of them (``every``), and more.

    ``uniform``, the best plan common to all segments, and ``others`` run in any case. Among those that keep the limits,
    with the search's margin, on all fresh customers, the most valuable one wins.
    """
    with every.budget.regardless():
        _race(seen, some, every, [*others, uniform], settings)
    most = min(_MOST_DAYS, every.budget.spent)
    decision = decide(every, further, uniform, settings.buffer, most)
    return Selected(decision.best, len({*some.known, *every.known}), decision.customers, decision.rivals)


def _race(
    seen: Evaluator, some: Evaluator, every: Evaluator, others: Sequence[Choice], settings: SearchSettings
) -> None:
    start = [*others, seen.space.nothing()]
    seen.evaluate(start)
    if some.customers < every.customers:
        _run(seen, some, start, list(seen.known.values()), settings, _MANY)
        winner = best_of(some, list(some.known.values()), settings)
        _run(some, every, [winner.choice, *others[:1], start[-1]], list(some.known.values()), settings, _FEW)
    else:
        _run(seen, every, start, list(seen.known.values()), settings, _MANY)


def _surely_within(evaluator: Evaluator, settings: SearchSettings, room: float) -> Evaluated | None:
    """The most valuable plan with so much room below the limits that it keeps them on other customers, too."""
    within = [e for e in evaluator.known.values() if evaluator.excess(e, settings.buffer).max(initial=-1.0) <= -room]
    return max(within, key=lambda e: e.value, default=None)


def _run(
    before: Evaluator,
    now: Evaluator,
    start: Sequence[Choice],
    entered: Sequence[Evaluated],
    settings: SearchSettings,
    heat: Heat,
) -> None:
    """Simulate the plans that entered on the customers of this heat, most promising first, while it pays.

    It pays until those that wait are clearly worse than a plan that surely keeps the limits: of a better one, more
    customers may say that it does not. The best of those that surely did before runs in any case.
    """
    safe = _surely_within(before, settings, heat.doubt)
    now.evaluate([*start, *([safe.choice] if safe else [])])
    hopeful = [e for e in entered if before.excess(e, settings.buffer).max(initial=0.0) <= heat.doubt]
    waiting = sorted(hopeful, key=lambda e: -e.value)
    affordable = _HEAT_DAYS // (now.customers * now.started.world.days)
    most, ran = min(heat.at_most, max(heat.at_once, affordable)), 0
    while waiting and ran < most:
        count = min(heat.at_once, most - ran)
        part, waiting = waiting[:count], waiting[count:]
        now.evaluate([e.choice for e in part])
        ran += len(part)
        if best := _surely_within(now, settings, _FEW.doubt):
            waiting = _not_clearly_worse(before, waiting, best, heat.at_once)


def _not_clearly_worse(
    before: Evaluator, waiting: Sequence[Evaluated], best: Evaluated, at_once: int
) -> list[Evaluated]:
    """Who still waits, best first, without those of the next ones that are clearly worse; [] if all of these are."""
    compared = before.gain([e.choice for e in waiting[:at_once]], best.choice)
    hopeful = [e for e, gain, error in compared if gain >= -_ERRORS * error]
    return [*hopeful, *waiting[at_once:]] if hopeful else []
