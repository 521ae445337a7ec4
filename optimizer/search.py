"""The search: table of exact effects, MILP, simulate the proposals, accept or shrink; then exchanges.

Effects of single changes are exact but do not add up (segments and channels share customers and fatigue), so
each round proposes several plans of different boldness (trust regions) from one table and simulates them all.
It ends when neither a single change nor any of the most promising exchanges (``optimizer.exchanges``) improves on the
incumbent.
Plans beyond the limits are compared by how far they are beyond; so a start that breaks them is first brought within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer.around import effects_of, master_data
from optimizer.budget import Stopped
from optimizer.effects import Effects
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.exchanges import exchange_choices, finalists, promising_of
from optimizer.limits import Rows, tolerance
from optimizer.settings import SearchSettings
from optimizer.solve import nearest_to_feasible, propose
from optimizer.space import Choice

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Step:
    """One accepted or final round."""

    round: int
    value: float
    changed: int
    accepted: bool
    how: str


@dataclass
class Found:
    """Where a search ended."""

    best: Evaluated
    steps: list[Step] = field(default_factory=list)
    pool: list[Evaluated] = field(default_factory=list)
    """Best distinct feasible plans met, best first."""
    path: list[Evaluated] = field(default_factory=list)
    """The start and every accepted plan, in order."""
    one_opt: bool = False
    """No single feasible change improves (on the search's customers)."""
    exchanges_tried: int = 0
    """Exchanges simulated at the end without an improvement."""
    exhaustive: bool = False
    """Every plan of the space was simulated."""
    table: Effects | None = None
    """The last effects table, around ``best``."""
    stopped: str = ""
    """Why it ended before its end, "" if it did not."""

    def after(self, earlier: Found | None) -> Found:
        """With the course of an earlier search, which this one has carried on."""
        if earlier is None:
            return self
        return replace(self, steps=[*earlier.steps, *self.steps], path=[*earlier.path, *self.path[1:]])


def search(
    evaluator: Evaluator,
    start: Choice,
    settings: SearchSettings,
    progress: Progress | None = None,
    scout: Evaluator | None = None,
) -> Found:
    """Improve ``start`` until nothing does, or the evaluator's budget ends.

    ``scout``: the same question on fewer customers, to sort out candidates before all customers are simulated.
    """
    say = progress or (lambda share, text: None)
    if evaluator.space.size <= settings.exhaustive:
        return _all_plans(evaluator, scout, settings, say)
    with evaluator.budget.regardless():
        found = Found(evaluator.evaluate([start])[0])
    found.path.append(found.best)
    try:
        _climb(found, evaluator, scout, settings, say)
    except Stopped as why:
        found.stopped, found.one_opt = str(why), False
    except KeyboardInterrupt:
        evaluator.budget.interrupted = True
        found.stopped, found.one_opt = evaluator.budget.over(), False
    return _finish(found, evaluator, settings, say)


def _climb(
    found: Found, evaluator: Evaluator, scout: Evaluator | None, settings: SearchSettings, say: Progress
) -> None:
    steps: int | None = None
    for n in range(1, settings.rounds + 1):
        incumbent = found.best
        say((n - 1) / settings.rounds, f"round {n}: effects of single changes")
        table = found.table = effects_of(evaluator, incumbent, steps)
        better, how = _bolder_plans(evaluator, table, incumbent, settings), "milp"
        if better is None and settings.thorough:
            found.one_opt = True
            say((n - 0.5) / settings.rounds, f"round {n}: exchanges")
            better, how = _exchanges(evaluator, scout, table, incumbent, settings, found), "exchange"
        accepted = better is not None
        changed = int((better.choice != incumbent.choice).sum()) if better else 0
        found.steps.append(Step(n, (better or incumbent).value, changed, accepted, how))
        if better is None:
            return
        found.best, found.one_opt, found.exchanges_tried = better, False, 0
        found.path.append(better)
        steps = None if settings.thorough else 1


def _all_plans(evaluator: Evaluator, scout: Evaluator | None, settings: SearchSettings, say: Progress) -> Found:
    """Simulate the whole space: on few customers, then the plans that may be best on all."""
    plans = list(evaluator.space.all())
    with evaluator.budget.regardless():
        found = Found(evaluator.evaluate([plans[0]])[0])
    try:
        if scout is not None:
            rough = scout.evaluate(plans, lambda share: say(0.7 * share, "every plan of the space"))
            plans = finalists(scout, rough, settings, 4 * settings.finalists)
        evaluator.evaluate(plans, lambda share: say(0.7 + 0.3 * share, "the best of them on all customers"))
        found.one_opt = found.exhaustive = True
    except Stopped as why:
        found.stopped = str(why)
    except KeyboardInterrupt:
        evaluator.budget.interrupted = True
        found.stopped = evaluator.budget.over()
    found.best = best_of(evaluator, list(evaluator.known.values()), settings)
    found.steps.append(Step(1, found.best.value, 0, True, "exhaustive"))
    return _finish(found, evaluator, settings, say)


def _finish(found: Found, evaluator: Evaluator, settings: SearchSettings, say: Progress) -> Found:
    feasible = [e for e in evaluator.known.values() if evaluator.feasible(e, settings.buffer)]
    found.pool = sorted(feasible, key=lambda e: -e.value)[:10]
    say(1.0, "search done")
    return found


def _bolder_plans(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, settings: SearchSettings
) -> Evaluated | None:
    """The best simulated proposal of all trust regions, if it improves."""
    rows = evaluator.rows(settings.buffer)
    proposals: dict[bytes, Choice] = {}
    for trust in settings.trust:
        data = master_data(evaluator, table, incumbent, rows, trust, settings.sure / 2)
        proposal = propose(data) or nearest_to_feasible(data)
        if proposal is not None and (proposal.choice != incumbent.choice).any():
            proposals[proposal.choice.tobytes()] = proposal.choice
    return _improving(evaluator, list(proposals.values()), incumbent, settings)


def _exchanges(
    evaluator: Evaluator,
    scout: Evaluator | None,
    table: Effects,
    incumbent: Evaluated,
    settings: SearchSettings,
    found: Found,
) -> Evaluated | None:
    """The best of the most promising exchanges, ranked by the table and simulated."""
    choices = exchange_choices(evaluator, table, incumbent, settings)
    found.exchanges_tried = len(choices)
    choices = promising_of(evaluator, scout, choices, settings)
    return _improving(evaluator, choices, incumbent, settings)


def holding_back(found: Found, evaluator: Evaluator, settings: SearchSettings) -> tuple[bool, ...]:
    """Per limit: does it forbid something better than the plan the search ended with?

    From the last table: a single change that gains more than twice its standard error and exceeds the limit. Of a
    space that was simulated whole: a plan that is worth more and exceeds no other limit.
    """
    rows = evaluator.rows(settings.buffer)
    return tuple(_forbids(found, evaluator, rows, rows.of(limit)) for limit in evaluator.limits)


def _forbids(found: Found, evaluator: Evaluator, rows: Rows, mine: np.ndarray) -> bool:
    if not mine.any():
        return False
    allowed = rows.bound + tolerance(rows.bound)
    if found.table is not None:
        table = found.table
        beyond = (rows.use(found.best.parts + table.parts) > allowed)[..., mine].any(axis=-1)
        return bool((beyond & (table.value > 2.0 * table.value_se) & (table.value > 0)).any())
    return any(
        e.value > found.best.value and bool(np.all((rows.use(e.parts) <= allowed)[~mine]))
        for e in evaluator.known.values()
    )


def best_of(evaluator: Evaluator, tried: Sequence[Evaluated], settings: SearchSettings) -> Evaluated:
    """The most valuable plan within the limits; if there is none, the one least beyond them."""
    return max(tried, key=lambda e: (-evaluator.beyond(e, settings.buffer), e.value))


def _improving(
    evaluator: Evaluator, choices: list[Choice], incumbent: Evaluated, settings: SearchSettings
) -> Evaluated | None:
    """The best of the choices, if it is better than the incumbent beyond the error of the difference."""
    if not choices:
        return None
    tried = evaluator.gain(choices, incumbent.choice)
    best = best_of(evaluator, [e for e, _, _ in tried], settings)
    over, over_now = (evaluator.beyond(e, settings.buffer) for e in (best, incumbent))
    if over != over_now:
        return best if over < over_now else None
    surely = [
        (e, gain) for e, gain, error in tried
        if gain > max(settings.sure * error, 1e-6 * abs(incumbent.value))
        and evaluator.beyond(e, settings.buffer) == over
    ]  # fmt: skip
    return max(surely, key=lambda pair: pair[1])[0] if surely else None
