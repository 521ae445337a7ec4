"""The search: table of exact effects, MILP, simulate the proposals, accept or shrink; then exchanges.

Effects of single changes are exact but do not add up (segments and channels share customers and fatigue), so
each round proposes several plans of different boldness (trust regions) from one table and simulates them all.
It ends when neither a single change nor any of the most promising exchanges improves on the incumbent: pairs ranked
by the table, the next best plans of the program, also for limits a little tighter and looser than they are, and
segments that get each other's levels.
Plans beyond the limits are compared by how far they are beyond; so a start that breaks them is first brought within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer.budget import Stopped
from optimizer.effects import Effects, effects_table
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.formulation import MasterData, TariffData
from optimizer.limits import Rows, tolerance
from optimizer.solve import nearest_to_feasible, propose, propose_several
from optimizer.space import Choice
from optimizer.tariffs import cost_columns

Progress = Callable[[float, str], None]

_FAR = 0.25
"""Share of a limit by which a plan may exceed it by the table and yet be worth a simulation."""


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
    """Exchanges of two simulated before the search may end; 0 = it ends without any exchange, wider ones included."""
    next_best: int = 8
    """Before the end, so many of the program's next best plans are simulated for each width of trust region."""
    slack: tuple[float, ...] = (0.97, 1.03, 1.06)
    """... and its plans for limits changed by these factors: effects do not add up exactly, so the best plan within the
    limits may look a little beyond them, or the other way round."""
    exhaustive: int = 1_024
    """Spaces of at most so many plans are simulated whole."""
    sure: float = 1.0
    """A plan is accepted if it gains more than so many standard errors of the gain: on few customers many changes
    look good by luck, and adding them up would leave the best plan behind."""
    thorough: bool = True
    """Every table holds all levels, and exchanges are tried before the end. Else, after the first table, neighbouring
    levels only: a sketch."""
    finalists: int = 12
    """Of many candidates, so many are simulated on all customers; the others are sorted out on fewer."""


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
            plans = _finalists(scout, rough, settings, 4 * settings.finalists)
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


def _finalists(scout: Evaluator, rough: Sequence[Evaluated], settings: SearchSettings, count: int) -> list[Choice]:
    """The best plans among those that keep, or nearly keep, the limits on few customers."""
    near = sorted(rough, key=lambda e: (scout.beyond(e, settings.buffer) > 0.03, -e.value))
    least_beyond = sorted(rough, key=lambda e: scout.beyond(e, settings.buffer))[: count // 4]
    chosen = {e.choice.tobytes(): e.choice for e in [*near[:count], *least_beyond]}
    return list(chosen.values())


def _finish(found: Found, evaluator: Evaluator, settings: SearchSettings, say: Progress) -> Found:
    feasible = [e for e in evaluator.known.values() if evaluator.feasible(e, settings.buffer)]
    found.pool = sorted(feasible, key=lambda e: -e.value)[:10]
    say(1.0, "search done")
    return found


def effects_of(evaluator: Evaluator, incumbent: Evaluated, steps: int | None = None) -> Effects:
    """The table around a plan, made once; ``steps``: only so many levels up or down."""
    key = incumbent.choice.tobytes(), steps
    if key not in evaluator.tables:
        evaluator.tables[key] = effects_table(
            evaluator.started,
            evaluator.space,
            incumbent.choice,
            evaluator.run([incumbent.choice]),
            evaluator.limits,
            tail=evaluator.tail,
            objective=evaluator.objective,
            threads=evaluator.threads,
            tariffs=evaluator.tariffs,
            steps=steps,
            spend=evaluator.spend,
        )
    return evaluator.tables[key]


def master_data(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, rows: Rows, trust: int, doubt: float = 0.0
) -> MasterData:
    """The program over a table; ``doubt``: standard errors taken off the value of each change."""
    on_rows = cost_columns(evaluator.limits, evaluator.tariffs, evaluator.weeks) @ rows.matrix.T
    tariffs = tuple(
        TariffData(
            tariff, evaluator.unit_costs[n], table.volume[..., n], float(incumbent.volume[n]), on_rows[n],
            evaluator.objective == "contribution",
        )
        for n, tariff in enumerate(evaluator.tariffs)
    )  # fmt: skip
    return MasterData(
        table.value - doubt * table.value_se, rows.use(table.parts), incumbent.choice,
        rows.use(incumbent.plain_parts), rows.bound, trust,
        prices=rows.prices(), tariffs=tariffs,
    )  # fmt: skip


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


def exchange_choices(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, settings: SearchSettings
) -> list[Choice]:
    """Pairs of changes that should pay, the program's next best plans, its plans for limits moved a little, and
    segments that change places."""
    if not settings.exchanges:
        return []
    rows = evaluator.rows(settings.buffer)
    choices = promising_pairs(rows.use(table.parts), table, rows.use(incumbent.parts), rows.bound, settings.exchanges)
    for factor in (1.0, *settings.slack):
        moved = Rows(rows.matrix, rows.bound + (factor - 1.0) * np.abs(rows.bound), rows.owner)
        for trust in (3, 1000):
            data = master_data(evaluator, table, incumbent, moved, trust, settings.sure / 2)
            count = settings.next_best if factor == 1.0 else min(2, settings.next_best)
            choices += [proposal.choice for proposal in propose_several(data, count)]
    choices += swapped_segments(evaluator, table, incumbent, rows)
    return list({c.tobytes(): c for c in choices if (c != incumbent.choice).any()}.values())


def swapped_segments(evaluator: Evaluator, table: Effects, incumbent: Evaluated, rows: Rows) -> list[Choice]:
    """Two segments get each other's levels: more cells than a pair of changes, and the table, which adds up single
    changes, is far off for them; so all are tried that do not exceed the limits by far."""
    choices = []
    for a, b in zip(*np.triu_indices(len(incumbent.choice), 1), strict=True):
        choice = incumbent.choice.copy()
        choice[[a, b]] = choice[[b, a]]
        if not (table.visited[a] and table.visited[b]) or (choice == incumbent.choice).all():
            continue
        change = sum(table.parts[s, c, choice[s, c]] for s in (a, b) for c in range(choice.shape[1]))
        over = rows.use(incumbent.parts + change) - rows.bound
        if np.all(over <= _FAR * np.abs(rows.bound)):
            choices.append(choice)
    return choices


def promising_of(
    evaluator: Evaluator, scout: Evaluator | None, choices: Sequence[Choice], settings: SearchSettings
) -> list[Choice]:
    """Of the choices that were not simulated yet those that are worth it, as far as fewer customers tell."""
    new = [c for c in choices if c.tobytes() not in evaluator.known]
    if scout is not None and len(new) > settings.finalists:
        return _finalists(scout, scout.evaluate(new), settings, settings.finalists)
    return new


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


def promising_pairs(use: np.ndarray, table: Effects, use_now: np.ndarray, most: np.ndarray, count: int) -> list[Choice]:
    """Pairs of changes of two cells that the table expects to fit, by the sum of their effects.

    ``use`` (S, L, B, rows): change of each row's use; ``use_now`` and ``most`` (rows,).
    """
    cells = [
        (int(s), int(c), int(k))
        for s, c, k in np.argwhere(np.isfinite(table.value))
        if k != table.incumbent[s, c] and table.visited[s]
    ]
    if len(cells) < 2 or count == 0:
        return []
    value = np.array([table.value[cell] for cell in cells])
    used = np.array([use[cell] for cell in cells])
    a, b = np.triu_indices(len(cells), 1)
    place = np.array([s * use.shape[1] + c for s, c, _ in cells])
    other_cell = place[a] != place[b]
    a, b = a[other_cell], b[other_cell]
    fits = np.ones(len(a), dtype=bool)
    for j in range(used.shape[1]):  # row by row: pairs x rows would not fit in memory for large spaces
        fits &= use_now[j] + used[a, j] + used[b, j] <= most[j] + 1e-9
    a, b = a[fits], b[fits]
    ranked = np.argsort(-(value[a] + value[b]), kind="stable")[:count]
    choices = []
    for n in ranked:
        choice = table.incumbent.copy()
        for s, c, k in (cells[a[n]], cells[b[n]]):
            choice[s, c] = k
        choices.append(choice)
    return choices


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
