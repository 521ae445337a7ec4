"""Exchanges that may pay although no single change does, ranked by the table of effects.

Pairs of changes, the next best plans of the program, also for limits a little tighter and looser than they are,
segments that get each other's levels, and in small spaces the best of all that whole segments may get. Where there are
many, fewer customers sort them out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from optimizer.around import bundles_of, master_data
from optimizer.effects import Effects
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Rows
from optimizer.settings import SearchSettings
from optimizer.solve import propose_several
from optimizer.space import Choice

_NEAR = 0.1
"""Share of a limit by which a pair of changes may exceed it by the table: channels that tire the same people use less
together than the sum of what each uses alone."""
_FAR = 0.25
"""Share of a limit by which a plan may exceed it by the table and yet be worth a simulation."""


def exchange_choices(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, settings: SearchSettings
) -> list[Choice]:
    """Pairs of changes that should pay, the program's next best plans, its plans for limits moved a little, and
    segments that change places."""
    if not settings.exchanges:
        return []
    rows = evaluator.rows(settings.buffer)
    use, now = rows.use(table.parts), rows.use(incumbent.parts)
    choices = promising_pairs(use, table, now, rows.bound, settings.exchanges)
    choices += promising_pairs(use, table, now, rows.bound + _NEAR * np.abs(rows.bound), settings.exchanges // 2)
    for trust in (3, 1000):
        choices += _programs(evaluator, table, incumbent, rows, trust, settings)
    choices += swapped_segments(evaluator, table, incumbent, rows)
    choices += whole_segments(evaluator, incumbent, rows, settings)
    return list({c.tobytes(): c for c in choices if (c != incumbent.choice).any()}.values())


def _programs(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, rows: Rows, trust: int, settings: SearchSettings
) -> list[Choice]:
    """The next best plans of the program over a table, and those for limits moved a little."""
    choices = []
    for factor in (1.0, *settings.slack):
        moved = Rows(rows.matrix, rows.bound + (factor - 1.0) * np.abs(rows.bound), rows.owner)
        data = master_data(evaluator, table, incumbent, moved, trust, settings.sure / 2)
        count = settings.next_best if factor == 1.0 else min(3, settings.next_best)
        choices += [proposal.choice for proposal in propose_several(data, count)]
    return choices


def whole_segments(evaluator: Evaluator, incumbent: Evaluated, rows: Rows, settings: SearchSettings) -> list[Choice]:
    """Several segments get other levels on several channels at once: the program over the table of all that each may
    get. Where that is too much to simulate, nothing."""
    vectors = evaluator.space.vectors()
    segments, channels = evaluator.space.shape
    if channels == 1 or segments * (len(vectors) - 1) > settings.bundles:
        return []
    table = bundles_of(evaluator, incumbent)
    found = _programs(evaluator, table, incumbent, rows, 1000, settings)
    return [np.array([vectors[n] for n in chosen[:, 0]], dtype=np.int64) for chosen in found]


def swapped_segments(evaluator: Evaluator, table: Effects, incumbent: Evaluated, rows: Rows) -> list[Choice]:
    """Two segments get each other's levels (or two periods of a segment): more cells than a pair of changes, and the
    table, which adds up single changes, is far off for them; so all are tried that do not exceed the limits by far."""
    choices = []
    for a, b in itertools.combinations(range(len(incumbent.choice)), 2):
        choice = incumbent.choice.copy()
        choice[[a, b]] = choice[[b, a]]
        alike = not evaluator.space.differ_in_one(a, b) or bool((choice == incumbent.choice).all())
        if alike or not (table.visited[a] and table.visited[b]):
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
        return finalists(scout, scout.evaluate(new), settings, settings.finalists)
    return new


def finalists(scout: Evaluator, rough: Sequence[Evaluated], settings: SearchSettings, count: int) -> list[Choice]:
    """The best plans among those that keep, or nearly keep, the limits on few customers."""
    near = sorted(rough, key=lambda e: (scout.beyond(e, settings.buffer) > 0.03, -e.value))
    least_beyond = sorted(rough, key=lambda e: scout.beyond(e, settings.buffer))[: count // 4]
    chosen = {e.choice.tobytes(): e.choice for e in [*near[:count], *least_beyond]}
    return list(chosen.values())


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
