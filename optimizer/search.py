"""The search: table of exact effects, MILP, simulate the proposals, accept or shrink; then exchanges of two.

Effects of single changes are exact but do not add up (segments and channels share customers and fatigue), so
each round proposes several plans of different boldness (trust regions) from one table and simulates them all.
It ends when neither a single change nor any of the most promising exchanges of two improves on the incumbent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from optimizer.effects import Effects, effects_table
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.formulation import MasterData
from optimizer.limits import row_owner
from optimizer.solve import propose
from optimizer.space import Choice

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class SearchSettings:
    """How hard to search."""

    rounds: int = 12
    """Most rounds of table, MILP and simulation."""
    buffer: float = 0.01
    """Share of every limit left unused, so that it holds on other customers too."""
    trust: tuple[int, ...] = (1, 2, 4, 8, 16, 1000)
    """Trust regions tried in every round: most cells changed at once."""
    exchanges: int = 48
    """Exchanges of two simulated before the search may end."""
    slack: tuple[float, ...] = (0.97, 1.03, 1.06)
    """Before the end, the table's plans for limits changed by these factors are simulated too: effects do not add up
    exactly, so the best plan within the limits may look a little beyond them, or the other way round."""
    exhaustive: int = 1_024
    """Spaces of at most so many plans are simulated whole."""


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
    one_opt: bool = False
    """No single feasible change improves (on the search's customers)."""
    exchanges_tried: int = 0
    """Exchanges of two simulated at the end without an improvement."""
    exhaustive: bool = False
    """Every plan of the space was simulated."""
    table: Effects | None = None
    """The last effects table, around ``best``."""
    customer_days: int = 0


def search(evaluator: Evaluator, start: Choice, settings: SearchSettings, progress: Progress | None = None) -> Found:
    """Improve ``start`` until nothing does; a start beyond the limits is first brought within them."""
    say = progress or (lambda share, text: None)
    if evaluator.space.size <= settings.exhaustive:
        return _all_plans(evaluator, settings, say)
    incumbent = evaluator.evaluate([start])[0]
    found = Found(incumbent)
    steps: int | None = None  # first all levels, then neighbours only, and all levels again before the end
    for n in range(1, settings.rounds + 1):
        say((n - 1) / settings.rounds, f"round {n}: effects of single changes")
        table = _table(evaluator, incumbent, found, steps)
        better, how = _bolder_plans(evaluator, table, incumbent, settings), "milp"
        if better is None and steps is not None:
            table, steps = _table(evaluator, incumbent, found, None), None
            better = _bolder_plans(evaluator, table, incumbent, settings)
        if better is None:
            found.one_opt = True
            say((n - 0.5) / settings.rounds, f"round {n}: exchanges of two")
            better, how = _exchanges(evaluator, table, incumbent, settings, found), "exchange"
        accepted = better is not None
        changed = int((better.choice != incumbent.choice).sum()) if better else 0
        found.steps.append(Step(n, (better or incumbent).value, changed, accepted, how))
        if better is None:
            break
        incumbent, found.one_opt, found.exchanges_tried, steps = better, False, 0, 1
    found.best = incumbent
    return _finish(found, evaluator, settings, say)


def _all_plans(evaluator: Evaluator, settings: SearchSettings, say: Progress) -> Found:
    """Simulate the whole space."""
    tried = evaluator.evaluate(list(evaluator.space.all()), lambda share: say(share, "every plan of the space"))
    holding = [e for e in tried if evaluator.feasible(e, settings.buffer)]
    best = max(holding, key=lambda e: e.value)
    found = Found(best, [Step(1, best.value, 0, True, "exhaustive")], one_opt=True, exhaustive=True)
    return _finish(found, evaluator, settings, say)


def _finish(found: Found, evaluator: Evaluator, settings: SearchSettings, say: Progress) -> Found:
    feasible = [e for e in evaluator.known.values() if evaluator.feasible(e, settings.buffer)]
    found.pool = sorted(feasible, key=lambda e: -e.value)[:10]
    found.customer_days += evaluator.customer_days
    say(1.0, "search done")
    return found


def _table(evaluator: Evaluator, incumbent: Evaluated, found: Found, steps: int | None) -> Effects:
    result = evaluator.run([incumbent.choice])
    table = effects_table(
        evaluator.started,
        evaluator.space,
        incumbent.choice,
        result,
        evaluator.limits,
        tail=evaluator.tail,
        objective=evaluator.objective,
        threads=evaluator.threads,
        steps=steps,
    )
    found.table = table
    found.customer_days += table.simulated
    return table


def _bolder_plans(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, settings: SearchSettings
) -> Evaluated | None:
    """The best simulated proposal of all trust regions, if it improves."""
    most = evaluator.most * (1.0 - settings.buffer)
    proposals: dict[bytes, Choice] = {}
    for trust in settings.trust:
        data = MasterData(table.value, table.use, incumbent.choice, incumbent.use, most, trust)
        proposal = propose(data)
        if proposal is not None and (proposal.choice != incumbent.choice).any():
            proposals[proposal.choice.tobytes()] = proposal.choice
    return _best(evaluator, list(proposals.values()), incumbent, settings)


def _exchanges(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, settings: SearchSettings, found: Found
) -> Evaluated | None:
    """The best of the most promising pairs of changes, ranked by the table and simulated."""
    most = evaluator.most * (1.0 - settings.buffer)
    choices = promising_pairs(table, incumbent, most, settings.exchanges)
    found.exchanges_tried = len(choices)
    for factor in settings.slack:
        for trust in (2, 4, 1000):
            proposal = propose(
                MasterData(table.value, table.use, incumbent.choice, incumbent.use, most * factor, trust)
            )
            if proposal is not None:
                choices.append(proposal.choice)
    return _best(evaluator, choices, incumbent, settings)


def holding_back(found: Found, evaluator: Evaluator, settings: SearchSettings) -> tuple[bool, ...]:
    """Per limit: does it forbid something better than the plan the search ended with?

    From the last table: a single change that gains more than twice its standard error and exceeds the limit. Of a
    space that was simulated whole: a plan that is worth more and exceeds no other limit.
    """
    most, weeks = evaluator.most * (1.0 - settings.buffer), evaluator.started.world.weeks
    rows = [limit for limit, _ in row_owner(evaluator.limits, weeks)]
    return tuple(
        _forbids(found, evaluator, most, np.array([owner == limit for owner in rows])) for limit in evaluator.limits
    )


def _forbids(found: Found, evaluator: Evaluator, most: np.ndarray, mine: np.ndarray) -> bool:
    if found.table is not None:
        beyond = (found.best.use + found.table.use > most + 1e-9)[..., mine].any(axis=-1)
        return bool((beyond & (found.table.value > 2.0 * found.table.value_se) & (found.table.value > 0)).any())
    return any(
        e.value > found.best.value and bool(np.all((e.use <= most + 1e-9)[~mine])) for e in evaluator.known.values()
    )


def promising_pairs(table: Effects, incumbent: Evaluated, most: np.ndarray, count: int) -> list[Choice]:
    """Pairs of changes of two cells that the table expects to fit, by the sum of their effects."""
    cells = [
        (int(s), int(c), int(k))
        for s, c, k in np.argwhere(np.isfinite(table.value))
        if k != incumbent.choice[s, c] and table.visited[s]
    ]
    if len(cells) < 2:
        return []
    value = np.array([table.value[cell] for cell in cells])
    use = np.array([table.use[cell] for cell in cells])
    a, b = np.triu_indices(len(cells), 1)
    other_cell = np.array([cells[i][:2] != cells[j][:2] for i, j in zip(a, b, strict=True)])
    a, b = a[other_cell], b[other_cell]
    fits = np.ones(len(a), dtype=bool)
    for j in range(use.shape[1]):  # row by row: pairs x rows would not fit in memory for large spaces
        fits &= incumbent.use[j] + use[a, j] + use[b, j] <= most[j] + 1e-9
    a, b = a[fits], b[fits]
    ranked = np.argsort(-(value[a] + value[b]), kind="stable")[:count]
    choices = []
    for n in ranked:
        choice = incumbent.choice.copy()
        for s, c, k in (cells[a[n]], cells[b[n]]):
            choice[s, c] = k
        choices.append(choice)
    return choices


def _best(
    evaluator: Evaluator, choices: list[Choice], incumbent: Evaluated, settings: SearchSettings
) -> Evaluated | None:
    feasible = [e for e in evaluator.evaluate(choices) if evaluator.feasible(e, settings.buffer)]
    best = max(feasible, key=lambda e: e.value, default=None)
    if best is not None and not evaluator.feasible(incumbent, settings.buffer):
        return best
    return best if best is not None and best.value > incumbent.value + 1e-6 * abs(incumbent.value) else None
