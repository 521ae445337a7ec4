"""Which unknown matters: Sobol indices, and what it is worth to know one before deciding. Statistics only.

Sobol indices: Saltelli et al. (2010), *Computer Physics Communications* 181(2), as scipy computes them. Value of
information: Raiffa and Schlaifer (1961), *Applied Statistical Decision Theory*; of a single unknown by regression on
it: Strong, Oakley and Brennan (2014), *Medical Decision Making* 34(3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.sampling import numbered

Floats = npt.NDArray[np.float64]
FOLDS = 5
"""Of the cross-validation that decides how much curvature a regression may have."""
MOST_DEGREE = 4
RESAMPLES = 200
"""Of a bootstrap."""


@dataclass(frozen=True, eq=False)
class Design:
    """Points of the unit cube at which the unknowns are set, for Sobol indices of groups of columns."""

    a: Floats
    """(n, d) first independent sample."""
    b: Floats
    """(n, d) second one."""
    ab: Floats
    """(g, n, d): A with the columns of one group taken from B."""

    @property
    def rows(self) -> Floats:
        """All points, one below the other: A, B, then one block per group."""
        return np.concatenate([self.a, self.b, self.ab.reshape(-1, self.a.shape[1])])


def saltelli_design(samples: int, groups: Sequence[Sequence[int]], seed: int) -> Design:
    """``samples`` a power of two; ``groups``: the columns of each input, together all columns once."""
    from scipy.stats import qmc

    width = sum(map(len, groups))
    points = qmc.Sobol(2 * width, scramble=False).random(samples)
    points = (points + numbered(seed, "sensitivity: shift", 2 * width)) % 1.0  # every seed another lattice
    a, b = np.array(points[:, :width]), np.array(points[:, width:])
    mixed = np.repeat(a[None], len(groups), axis=0)
    for place, columns in enumerate(groups):
        mixed[place][:, list(columns)] = b[:, list(columns)]
    return Design(a, b, mixed)


@dataclass(frozen=True, eq=False)
class Indices:
    """Shares of the variance of an outcome, with 95 % bootstrap intervals."""

    first: Floats
    """(g,) explained by the input alone."""
    total: Floats
    """(g,) in which it takes part."""
    first_interval: Floats
    """(2, g)"""
    total_interval: Floats


def sobol_shares(outcomes: Floats, design: Design, seed: int) -> Indices | None:
    """Of outcomes in the order of ``design.rows``; None where the outcome does not vary."""
    from scipy.stats import sobol_indices

    if np.ptp(outcomes) <= 1e-12 * max(1.0, float(np.abs(outcomes).max())):
        return None
    n, groups = len(design.a), len(design.ab)
    f_a, f_b, f_ab = outcomes[:n], outcomes[n : 2 * n], outcomes[2 * n :].reshape(groups, n)

    def shares(rows: npt.NDArray[np.int64]) -> Floats:
        """(2, g) first and total indices from these rows of the samples."""
        parts: dict[Literal["f_A", "f_B", "f_AB"], npt.NDArray[np.float64]] = {
            "f_A": f_a[None, rows],
            "f_B": f_b[None, rows],
            "f_AB": f_ab[:, None, rows],
        }
        found = sobol_indices(func=parts, n=n)
        return np.stack([np.ravel(found.first_order), np.ravel(found.total_order)])

    first, total = shares(np.arange(n))
    draws = np.stack([shares(_resample(n, seed, trial)) for trial in range(RESAMPLES)])
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return Indices(first, total, np.stack([low[0], high[0]]), np.stack([low[1], high[1]]))


@dataclass(frozen=True)
class Information:
    """What knowing is worth, in the unit of the outcomes."""

    best: int
    """The choice that is best on average."""
    everything: float
    """Knowing all unknowns before choosing (an upper bound)."""
    single: tuple[float, ...]
    """Knowing one input, and nothing else, before choosing."""
    single_interval: tuple[tuple[float, float], ...]
    """95 %, by bootstrap over the worlds."""
    changes: tuple[float, ...]
    """Share of the worlds in which knowing the input would change the choice."""


def value_of_information(
    worth: Floats, inputs: Floats, seed: int, *, kinds: Sequence[int] = (), resamples: int = RESAMPLES
) -> Information:
    """``worth`` (n, k): every choice in every world; ``inputs`` (n, g) in [0, 1]: what the worlds differ in.

    ``kinds``: for each input 0, or into how many equal parts its axis falls that mean different things (a choice among
    explanations). Worlds are independent draws. Differences to the best choice are regressed on one input at a time;
    the regression that predicts left-out worlds best decides, so that an input that says nothing is worth nothing.
    """
    best = int(np.argmax(worth.mean(axis=0)))
    loss = worth - worth[:, [best]]
    single, changes, spans = [], [], []
    for g in range(inputs.shape[1]):
        kind = kinds[g] if kinds else 0
        bases = _bases(inputs[:, g], kind)
        degree = _degree(loss, bases, seed)
        basis = bases[degree]
        gain, changed = _gain(loss, basis)
        picks = (_resample(len(worth), seed, trial) for trial in range(resamples))
        draws = [_gain(loss[rows], basis[rows])[0] for rows in picks]
        low, high = np.quantile(draws, [0.025, 0.975]) if degree else (0.0, 0.0)
        single.append(gain)
        changes.append(changed)
        spans.append((float(min(low, gain)), float(max(high, gain))))
    everything = float(loss.max(axis=1).mean())
    return Information(best, everything, tuple(single), tuple(spans), tuple(changes))


def _gain(loss: Floats, basis: Floats) -> tuple[float, float]:
    """(what knowing the input is worth, share of the worlds in which another choice is taken then)."""
    expected = _fitted(loss, basis, basis)
    usual = int(np.argmax(loss.mean(axis=0)))
    gain = float(expected.max(axis=1).mean() - loss[:, usual].mean())
    switched = expected.max(axis=1) > expected[:, usual] + 1e-9 * max(1.0, float(np.abs(loss).max()))
    return (gain, float(switched.mean())) if switched.any() else (0.0, 0.0)


def _bases(x: Floats, kind: int) -> list[Floats]:
    """What the outcomes are regressed on, from nothing to the most flexible: (n, terms) each."""
    constant = np.ones((len(x), 1))
    if kind:
        part = np.minimum((x * kind).astype(np.int64), kind - 1)
        return [constant, (part[:, None] == np.arange(kind)).astype(float)]
    powers: Floats = np.asarray(np.polynomial.legendre.legvander(2 * x - 1, MOST_DEGREE), dtype=np.float64)
    found: list[Floats] = [powers[:, : degree + 1] for degree in range(1, MOST_DEGREE + 1)]
    return [constant, *found]


def _fitted(y: Floats, basis: Floats, at: Floats) -> Floats:
    """Least squares on the basis, at other places (m, terms)."""
    return np.asarray(at @ np.linalg.lstsq(basis, y, rcond=None)[0])


def _degree(y: Floats, bases: Sequence[Floats], seed: int) -> int:
    """The place of the basis that predicts left-out worlds clearly best; 0: the input says nothing."""
    many = len(y)
    fold = np.argsort(numbered(seed, "information: folds", many)) % FOLDS
    misses = np.zeros((len(bases), many))
    for part in range(FOLDS):
        out = fold == part
        for place, basis in enumerate(bases):
            misses[place, out] = ((y[out] - _fitted(y[~out], basis[~out], basis[out])) ** 2).sum(axis=1)
    chosen = 0
    for place in range(1, len(bases)):
        better = misses[chosen] - misses[place]
        if better.mean() > 2 * better.std() / np.sqrt(many):
            chosen = place
    return chosen


def _resample(many: int, seed: int, trial: int) -> npt.NDArray[np.int64]:
    return np.minimum((numbered(seed, "information: bootstrap", many, trial) * many).astype(np.int64), many - 1)
