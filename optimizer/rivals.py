"""Other ways to choose a plan, for comparison: each gets the same customers, levels and limits as the search.

- greedy: from no contact, the single step up that gains most per share of the limits it uses, again and again
- knapsack: effects of single changes around no contact, added up and optimized once, never simulated together
- coordinate: one segment and channel after the other gets its best level, until nothing changes
- random: as many random plans as the budget of simulations allows, the best of them
- trial: every customer another plan at random, effects by regression, optimized once
- markov: a Markov chain on the segments one can see, fitted to uniform plans, optimized as a linear program. The
  segments hide that people differ: who was stimulated looks like a better customer, and is not
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from optimizer.around import effects_of, master_data
from optimizer.baselines import best_uniform
from optimizer.effects import Effects
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.objective import worth
from optimizer.settings import SearchSettings
from optimizer.solve import nearest_to_feasible, propose
from optimizer.space import Choice
from sim.engine.tables import MICRO, SEG_COST, SEG_CUSTOMERS, SEG_REVENUE
from sim.rng import uniforms

Rival = Callable[[Evaluator, SearchSettings, int], Choice]
"""(evaluator, settings, plans that may be simulated) -> choice."""
_ANY = 10_000
_ARMS = 64
"""Random plans of a trial; customers are dealt to them in turn."""


def uniform(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """The best plan common to all segments."""
    return best_uniform([evaluator], buffer=settings.buffer).choice


def greedy(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """Steps up by marginal value."""
    (now,) = evaluator.evaluate([evaluator.space.nothing()])
    rows = evaluator.rows(settings.buffer)
    for _ in range(evaluator.space.shape[0] * sum(len(levels) for levels in evaluator.space.levels)):
        table = effects_of(evaluator, now, steps=1)
        used = (rows.use(table.parts) / np.maximum(np.abs(rows.bound), 1e-9)).max(axis=-1, initial=1e-9)
        score = np.where(np.isfinite(table.value) & (table.value > 0), table.value / np.maximum(used, 1e-9), -np.inf)
        for s, c, k in zip(*np.unravel_index(np.argsort(-score, axis=None), score.shape), strict=True):
            if score[s, c, k] <= 0 or k <= now.choice[s, c]:
                continue
            (after,) = evaluator.evaluate([_with(now.choice, s, c, k)])
            if evaluator.feasible(after, settings.buffer) and after.value > now.value:
                now = after
                break
        else:
            return now.choice
    return now.choice


def knapsack(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """One table, one program, no simulation of the result."""
    (nothing,) = evaluator.evaluate([evaluator.space.nothing()])
    return _once(evaluator, effects_of(evaluator, nothing), nothing, settings)


def coordinate(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """One cell after the other."""
    (now,) = evaluator.evaluate([evaluator.space.nothing()])
    while True:
        before = now
        for s, c in np.ndindex(evaluator.space.shape):
            tried = evaluator.evaluate([_with(now.choice, s, c, k) for k in range(len(evaluator.space.levels[c]))])
            now = max(tried, key=lambda e: (-evaluator.beyond(e, settings.buffer), e.value))
        if now is before:
            return now.choice


def at_random(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """The best of random plans."""
    tried = evaluator.evaluate([evaluator.space.nothing(), *(_drawn(evaluator, n) for n in range(simulations))])
    return max(tried, key=lambda e: (-evaluator.beyond(e, settings.buffer), e.value)).choice


def trial(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """A randomized trial, and what a regression makes of it."""
    arms = [_drawn(evaluator, n) for n in range(_ARMS)]
    result = evaluator.run(arms)
    arm = np.arange(evaluator.customers) % _ARMS
    value = worth(result, evaluator.objective)[arm, np.arange(evaluator.customers)] / MICRO
    (nothing,) = evaluator.evaluate([evaluator.space.nothing()])
    shape = (*evaluator.space.shape, max(len(levels) for levels in evaluator.space.levels))
    design = np.array([_indicators(choice, shape) for choice in arms])
    scale = evaluator.started.world.population.scale * evaluator.customers
    tried = evaluator.evaluate(arms)  # of use, the trial sees the expected one
    parts = np.array([e.parts for e in tried])
    table = Effects(
        nothing.choice,
        _regress(design[arm], value, shape) * scale + _missing(evaluator, shape),
        np.zeros(shape),
        np.stack([_regress(design, parts[:, j], shape) for j in range(parts.shape[1])], axis=-1),
        np.zeros((*shape, 0)),
        np.ones(shape[0], dtype=bool),
    )
    return _once(evaluator, table, nothing, settings)


def markov(evaluator: Evaluator, settings: SearchSettings, simulations: int) -> Choice:
    """The occupancy program of a Markov chain on observable segments; the most used action of each segment."""
    actions = [choice[0] for choice in evaluator.space.uniform()]
    weeks, segments = evaluator.weeks, evaluator.space.shape[0]
    uniform_plans = [np.tile(action, (segments, 1)) for action in actions]
    result = evaluator.run(uniform_plans, detailed=True)
    first = np.bincount(evaluator.started.begin.segment, minlength=segments).astype(float)
    moves, gain, use = _chain(evaluator, result, uniform_plans, weeks)
    occupancy = _occupancy(first, moves, gain, use, evaluator.rows(settings.buffer).bound, weeks)
    return np.array([actions[int(np.argmax(occupancy[s]))] for s in range(segments)])


RIVALS: dict[str, Rival] = {
    "uniform": uniform,
    "greedy": greedy,
    "knapsack": knapsack,
    "coordinate": coordinate,
    "random": at_random,
    "trial": trial,
    "markov": markov,
}


def _once(evaluator: Evaluator, table: Effects, nothing: Evaluated, settings: SearchSettings) -> Choice:
    data = master_data(evaluator, table, nothing, evaluator.rows(settings.buffer), _ANY)
    found = propose(data) or nearest_to_feasible(data)
    return nothing.choice if found is None else found.choice


def _with(choice: Choice, s: int, c: int, k: int) -> Choice:
    changed = choice.copy()
    changed[s, c] = k
    return changed


def _drawn(evaluator: Evaluator, number: int) -> Choice:
    """A random plan; which one depends on the customers' seed and its number only."""
    segments, channels = evaluator.space.shape
    draws = uniforms(evaluator.started.seed, f"rival plan {number}", np.arange(segments * channels, dtype=np.uint64))
    levels = np.array([len(menu) for menu in evaluator.space.levels])
    return np.asarray(np.floor(draws.reshape(segments, channels) * levels).astype(np.int64))


def _indicators(choice: Choice, shape: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    marks = np.zeros(shape)
    marks[(*np.ogrid[: shape[0], : shape[1]], choice)] = 1.0
    return np.asarray(marks[:, :, 1:].ravel())


def _regress(
    design: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], shape: tuple[int, int, int]
) -> npt.NDArray[np.float64]:
    """(S, L, B) least squares effects of levels over no contact, with a whisper of ridge."""
    x = np.column_stack([np.ones(len(seen)), design])
    weight = 1e-6 * np.eye(x.shape[1])
    effects = np.linalg.solve(x.T @ x / len(seen) + weight, x.T @ seen / len(seen))
    table = np.zeros(shape)
    table[:, :, 1:] = effects[1:].reshape(shape[0], shape[1], shape[2] - 1)
    return table


def _missing(evaluator: Evaluator, shape: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """-inf where a channel has no such level."""
    none = np.zeros(shape)
    for c, levels in enumerate(evaluator.space.levels):
        none[:, c, len(levels) :] = -np.inf
    return none


def _chain(
    evaluator: Evaluator, result: object, plans: list[Choice], weeks: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Moves (A, S, S), weekly gain (A, S) of a customer and use (A, rows) of a customer and week, by action."""
    totals, margin = result.totals, evaluator.started.world.economics.margin  # type: ignore[attr-defined]
    flow = totals.flow[:, :weeks].sum(axis=1).astype(float)
    moves = flow / np.maximum(flow.sum(axis=2, keepdims=True), 1.0)
    there = np.maximum(totals.segment[:, :weeks, :, SEG_CUSTOMERS].sum(axis=1), 1)
    money = margin * totals.segment[:, :weeks, :, SEG_REVENUE] - totals.segment[:, :weeks, :, SEG_COST]
    use = np.array([e.use for e in evaluator.evaluate(plans)])
    return moves, money.sum(axis=1) / MICRO / there, use / evaluator.customers


def _occupancy(
    first: npt.NDArray[np.float64],
    moves: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    use: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    weeks: int,
) -> npt.NDArray[np.float64]:
    """(S, A) customer-weeks in each segment under each action, of the best mixed policy of the chain."""
    actions, segments = gain.shape
    size = weeks * segments * actions
    keep = lil_matrix((weeks * segments, size))
    supply = np.zeros(weeks * segments)
    for w in range(weeks):
        for s in range(segments):
            row = w * segments + s
            keep[row, row * actions : (row + 1) * actions] = 1.0
            if w == 0:
                supply[row] = first[s]
            else:
                for before in range(segments):
                    at = ((w - 1) * segments + before) * actions
                    keep[row, at : at + actions] = -moves[:, before, s]
    spent = np.tile(use.T, (1, weeks * segments)) / weeks  # (rows, size): a row's use by a customer-week
    solve: Any = linprog
    solved = solve(
        -np.tile(gain.T.ravel(), weeks), A_ub=spent if len(bound) else None, b_ub=bound if len(bound) else None,
        A_eq=keep.tocsr(), b_eq=supply, method="highs",
    )  # fmt: skip
    if solved.x is None:
        return np.tile(np.eye(1, actions), (segments, 1))  # nothing fits: no contact
    return np.asarray(solved.x.reshape(weeks, segments, actions).sum(axis=0))
