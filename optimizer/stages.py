"""Stages of the recipe, from few customers to all: the best uniform plan, sketches, the calibrated search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from optimizer.around import effects_of
from optimizer.baselines import best_uniform
from optimizer.calibrate import calibrate
from optimizer.errors import Infeasible
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.infeasible import conflict, feasibility_only, infeasible_words
from optimizer.search import Found, Progress, best_of, search
from optimizer.settings import SearchSettings
from optimizer.space import Choice
from sim.policy import Frequencies

_SCREEN_CUSTOMERS = (400, 1_000)
_SKETCH_CUSTOMERS = 3_000
_SKETCH_ROUNDS = 6
_SCOUTS = 4
_CLEARLY = 0.05
"""A sketch beyond the limits by more than this share makes us look for a contradiction."""
_CALIBRATIONS = 3
"""Most times the search goes on because its plan tells better what everybody uses."""


def calibrated_search(
    again: Evaluator,
    fewer: Evaluator | None,
    every: Evaluator,
    start: Choice,
    settings: SearchSettings,
    say: Progress,
    told: Callable[[Choice], None] = lambda choice: None,
) -> Found:
    """The search, its limits measured as many customers measure them under the plan it is at; where its own plan
    tells something else, and another plan then looks better, it goes on from there. ``told``: the best so far."""
    samples = [again, *([fewer] if fewer else [])]
    calibrate(samples, every, start)
    found: Found | None = None
    for each in _passes(again, settings):
        found = search(again, found.best.choice if found else start, each, say, fewer).after(found)
        for _ in range(_CALIBRATIONS):
            told(found.best.choice)
            calibrate(samples, every, found.best.choice)
            better = best_of(again, list(again.known.values()), settings)
            if found.stopped or not _surely_better(again, better, found.best, settings):
                break
            found = search(again, better.choice, each, say, fewer).after(found)
        if found.stopped:
            break
    assert found is not None
    return found


def second_opinions(
    other: Evaluator, every: Evaluator, found: Found, settings: SearchSettings, say: Progress
) -> list[Choice]:
    """Plans that a search reaches from the end of the first one on other customers.

    On its own customers a search ends where they cannot tell any longer which neighbour is better, and what it has
    picked among the neighbours so far is partly their luck. Others are lucky elsewhere; the selection tells."""
    with other.budget.regardless():
        calibrate([other], every, found.best.choice)
    ended = search(other, found.best.choice, replace(settings, exchanges=0), say)
    return [ended.best.choice]


def _passes(again: Evaluator, settings: SearchSettings) -> list[SearchSettings]:
    """Exchanges cost most, so they wait until the measure of the limits has settled."""
    whole = again.space.size <= settings.exhaustive
    return [settings] if whole or not settings.exchanges else [replace(settings, exchanges=0), settings]


def _surely_better(again: Evaluator, one: Evaluated, other: Evaluated, settings: SearchSettings) -> bool:
    """Beyond the error of the difference; or it keeps the limits better."""
    if one is other or again.budget.over():
        return False
    if again.beyond(one, settings.buffer) < again.beyond(other, settings.buffer):
        return True
    (_, gain, error), *_ = again.gain([one.choice], other.choice)
    return gain > settings.sure * error


def uniform_start(seeking: Evaluator, settings: SearchSettings, say: Progress) -> Evaluated:
    """The best uniform plan: all of them on few customers, the best on more and more."""
    n = seeking.customers
    steps = {max(1, n // few) for few in (*_SCREEN_CUSTOMERS, _SKETCH_CUSTOMERS)}
    steps |= {4 if n >= 4 * _SKETCH_CUSTOMERS else 1, 1}
    evaluators = [on_fewer(seeking, step) for step in sorted(steps, reverse=True)]
    return best_uniform(
        evaluators,
        buffer=settings.buffer,
        progress=lambda share: say(0.03 + 0.09 * share, "best plan common to all segments"),
    )


def sketches(
    seeking: Evaluator, wanted: Sequence[Choice], tail: Frequencies | None, settings: SearchSettings, say: Progress
) -> list[Choice]:
    """Plans that short searches reach on few customers from several starts (the current plan goes on after the
    horizon), and from the best of them on more customers (now it goes on itself)."""
    if tail and seeking.space.size <= settings.exhaustive:
        return [wanted[0]]  # the search looks at every plan anyway
    few = on_fewer(seeking, max(1, seeking.customers // _SKETCH_CUSTOMERS))
    short = replace(settings, rounds=_SKETCH_ROUNDS, thorough=False)
    starts = {c.tobytes(): c for c in wanted}
    found = [search(few, start, short, within(say, 0.0, 0.5)) for start in starts.values()]
    first = max((f.best for f in found), key=lambda e: (-few.beyond(e, settings.buffer), e.value)).choice
    more = on_fewer(seeking, _SCOUTS).elsewhere(tail=tail or seeking.space.plan(first, "plan"))
    if more.customers <= few.customers:
        return [first]
    return [first, search(more, first, short, within(say, 0.5, 1.0)).best.choice]


def all_year(seeking: Evaluator, wanted: Sequence[Choice], settings: SearchSettings, say: Progress) -> list[Choice]:
    """Where the space has periods: the best plan without them that short searches on few customers find, from the first
    period of each of ``wanted``; else nothing. The search by period starts from it too."""
    space = seeking.space
    if not space.periods:
        return []
    few = on_fewer(seeking, max(1, seeking.customers // _SKETCH_CUSTOMERS))
    plain = replace(few.elsewhere(), space=space.by_period(()))
    short = replace(settings, rounds=_SKETCH_ROUNDS, thorough=False)
    found = [search(plain, choice[: len(space.segments)], short, say).best for choice in wanted]
    return [space.in_every_period(best_of(plain, found, settings).choice)]


def refuse_conflict(few: Evaluator, choice: Choice, settings: SearchSettings, currency: str) -> None:
    """Limits that contradict each other are told before the long search."""
    with few.budget.regardless():
        (nearest,) = few.evaluate([choice])
        if few.beyond(nearest) <= _CLEARLY:
            return
        table = effects_of(few, nearest)
        if conflict(few, feasibility_only(few, table, nearest, settings)):
            raise Infeasible(infeasible_words(few, nearest, settings, currency))


def scout(evaluator: Evaluator) -> Evaluator | None:
    """The same on a quarter of the customers, where that leaves enough of them."""
    return on_fewer(evaluator, _SCOUTS) if evaluator.customers >= _SCOUTS * _SKETCH_CUSTOMERS else None


def on_fewer(seeking: Evaluator, step: int) -> Evaluator:
    """The same on one of ``step`` customers."""
    if step <= 1:
        return seeking
    return seeking.elsewhere(seeking.started.take_sample(np.arange(seeking.customers)[::step]))


def within(say: Progress, low: float, high: float) -> Progress:
    return lambda share, text: say(low + (high - low) * share, text)
