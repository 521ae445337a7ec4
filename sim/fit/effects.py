"""What contacts add, from a trial: differences between arms, with intervals, by group, and whether they may be claimed.

- Difference of means against the control, standard errors of Welch.
- CUPED (Deng, Xu, Kohavi & Walker 2013): what was known before the trial takes out noise, never bias. The slope is
  common to all arms and groups; the variance it saves is told, also when it is nothing.
- Balance: before the trial, random arms differ by chance only. Where they differ by more (p < .001 over all covariates
  and arms together), they were not drawn at random, or the data were damaged since: the differences are printed as
  descriptive and no effect is claimed.
- Groups: each estimate beside the one shrunk towards what all groups have in common (`sim.fit._shrink`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from sim.fit._elasticity import Elasticity, elasticity
from sim.fit._shrink import shrink
from sim.fit.trial import Trial

Floats = npt.NDArray[np.float64]

Z95 = 1.959964
IMBALANCE_P = 0.001
FEW_IN_GROUP = 10
"""Groups in which fewer did anything say nothing about eta: their errors are not normal."""
FEW_EVENTS = 30
"""With fewer customers than this who did anything in an arm, the normal interval is a rough guess."""


@dataclass(frozen=True)
class Effect:
    """One arm against the control, on one outcome, in one group."""

    outcome: str
    arm: str
    by: str
    """Name of the grouping; "" = everybody."""
    group: str
    treated: int
    control: int
    base: float
    """Mean of the control."""
    effect: float
    """Mean of the arm less that of the control, per customer."""
    se: float
    shrunk: float
    shrunk_low: float
    shrunk_high: float
    """95 % interval after shrinkage; that of the effect itself for everybody."""
    events: int
    """Customers of the two arms who did anything."""

    @property
    def low(self) -> float:
        """95 % interval."""
        return self.effect - Z95 * self.se

    @property
    def high(self) -> float:
        return self.effect + Z95 * self.se

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"outcome": self.outcome, "arm": self.arm, "by": self.by, "group": self.group, "treated": self.treated,
                "control": self.control, "base": self.base, "effect": self.effect, "se": self.se, "low": self.low,
                "high": self.high, "shrunk": self.shrunk, "shrunk_low": self.shrunk_low,
                "shrunk_high": self.shrunk_high, "events": self.events}  # fmt: skip

    def prediction(self, treated: int, control: int) -> tuple[float, float]:
        """95 % interval of the difference in a new trial with these numbers of customers."""
        variance = self.se**2 * (1 + (self.treated / treated + self.control / control) / 2)
        half = Z95 * float(np.sqrt(variance))
        return self.effect - half, self.effect + half


@dataclass(frozen=True)
class Balance:
    """Were the arms alike before the trial?"""

    p: float
    """Chance of differences this large between arms drawn at random."""
    worst: str
    """The covariate that differs most, and where."""
    difference: float
    """... in standard deviations."""

    @property
    def random(self) -> bool:
        """Nothing speaks against random arms."""
        return self.p >= IMBALANCE_P


@dataclass(frozen=True)
class TrialEffects:
    """All that a trial says."""

    effects: tuple[Effect, ...]
    balance: Balance | None
    """None where nothing was known before the trial: nobody can tell."""
    saved: dict[str, float]
    """Outcome -> share of the variance that the covariates take out."""
    elasticities: dict[tuple[str, str], Elasticity]
    """(outcome, grouping) -> eta."""
    warnings: tuple[str, ...]

    @property
    def claimed(self) -> bool:
        """The differences are effects of the contacts, not only differences."""
        return self.balance is None or self.balance.random

    def overall(self, outcome: str, arm: str) -> Effect:
        """The effect on everybody."""
        return next(e for e in self.effects if (e.outcome, e.arm, e.by) == (outcome, arm, ""))


def trial_effects(trial: Trial) -> TrialEffects:
    """Compare every arm with the control, on every outcome, for everybody and by group."""
    effects: list[Effect] = []
    saved: dict[str, float] = {}
    elasticities: dict[tuple[str, str], Elasticity] = {}
    for name, values in trial.outcomes.items():
        adjusted, saved[name] = _adjusted(trial, values)
        everybody = np.zeros(trial.n, dtype=np.int64)
        for arm in range(1, len(trial.arms)):
            effects += _by_group(trial, name, values, adjusted, arm, "", (("everybody",), everybody))
            for by, groups in trial.groups.items():
                effects += _by_group(trial, name, values, adjusted, arm, by, groups)
        for by, groups in trial.groups.items():
            found = elasticity(*_means_by_group(trial, values, groups))  # adjusted ones would be made alike
            if found is not None:
                elasticities[name, by] = found
    balance = _balance(trial)
    return TrialEffects(tuple(effects), balance, saved, elasticities, _warnings(effects, balance))


def _adjusted(trial: Trial, values: Floats) -> tuple[Floats, float]:
    """The outcome less what the covariates explain within arms, and the share of variance that saves."""
    inner = values - _arm_means(trial, values)
    columns = [x - _arm_means(trial, x) for x in trial.before.values() if np.ptp(x) > 0]
    if not columns or not inner.any():
        return values, 0.0
    x = np.column_stack(columns)
    slope = np.linalg.lstsq(x, inner, rcond=None)[0]
    saved = 1.0 - float(np.mean((inner - x @ slope) ** 2) / np.mean(inner**2))
    centred = np.column_stack([c - c.mean() for c in trial.before.values() if np.ptp(c) > 0])
    return np.asarray(values - centred @ slope), saved


def _arm_means(trial: Trial, values: Floats) -> Floats:
    return np.asarray((np.bincount(trial.arm, values) / np.bincount(trial.arm))[trial.arm])


def _by_group(
    trial: Trial, name: str, values: Floats, adjusted: Floats, arm: int, by: str, groups: tuple[Any, Any]
) -> list[Effect]:
    names, index = groups
    rows = []
    for g, label in enumerate(names):
        treated, control = ((trial.arm == k) & (index == g) for k in (arm, 0))
        if treated.sum() < 2 or control.sum() < 2:
            continue
        a, b = adjusted[treated], adjusted[control]
        se = float(np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size))
        events = int(np.count_nonzero(values[treated]) + np.count_nonzero(values[control]))
        rows.append((label, a.size, b.size, float(values[control].mean()), float(a.mean() - b.mean()), se, events))
    if not rows:
        return []
    together = shrink(np.array([row[4] for row in rows]), np.array([max(row[5], 1e-12) for row in rows]))
    return [
        Effect(
            outcome=name, arm=trial.arms[arm], by=by, group=label, treated=n, control=m, base=base, effect=effect,
            se=se, shrunk=float(mean), shrunk_low=float(low), shrunk_high=float(high), events=events,
        )
        for (label, n, m, base, effect, se, events), mean, low, high in zip(
            rows, together.mean, together.low, together.high, strict=True
        )
    ]  # fmt: skip


def _means_by_group(trial: Trial, values: Floats, groups: tuple[Any, Any]) -> tuple[Floats, Floats, Floats, Floats]:
    """Means and standard errors: of the control (G,), and of the other arms (A, G). Without rare groups."""
    names, index = groups
    place = trial.arm * len(names) + index
    size = len(trial.arms) * len(names)
    n = np.maximum(np.bincount(place, minlength=size), 1)
    mean = np.bincount(place, values, size) / n
    variance = np.bincount(place, (values - mean[place]) ** 2, size) / np.maximum(n - 1, 1)
    shape = (len(trial.arms), len(names))
    events = np.bincount(place, values != 0, size).reshape(shape)
    told = events.min(axis=0) >= FEW_IN_GROUP
    means, errors = mean.reshape(shape)[:, told], np.sqrt(variance / n).reshape(shape)[:, told]
    return means[0], errors[0], means[1:], errors[1:]


def _balance(trial: Trial) -> Balance | None:
    covariates = {name: x for name, x in trial.before.items() if np.ptp(x) > 0}
    if not covariates:
        return None
    x = np.column_stack(list(covariates.values()))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    within = x - np.column_stack([_arm_means(trial, column) for column in x.T])
    inverse = np.linalg.pinv(within.T @ within / (trial.n - len(trial.arms)))
    counts = np.bincount(trial.arm)
    means = np.stack([x[trial.arm == k].mean(axis=0) for k in range(len(trial.arms))])
    statistic = float(sum(n * m @ inverse @ m for n, m in zip(counts, means, strict=True)))
    freedom = (len(trial.arms) - 1) * int(np.linalg.matrix_rank(within))
    gaps = means[1:] - means[0]
    arm, column = np.unravel_index(np.abs(gaps).argmax(), gaps.shape)
    worst = f"{list(covariates)[int(column)]}, {trial.arms[int(arm) + 1]} against {trial.arms[0]}"
    return Balance(float(chdtrc(freedom, statistic)), worst, float(gaps[arm, column]))


def _warnings(effects: list[Effect], balance: Balance | None) -> tuple[str, ...]:
    told = []
    if balance is None:
        told.append("nothing is known of the customers before the trial: whether the arms were alike cannot be checked")
    elif not balance.random:
        told.append(
            f"the arms differed before the trial ({balance.worst}: {balance.difference:+.2f} standard deviations; "
            f"p = {balance.p:.1g}): they were not drawn at random, or rows were lost since. The differences between "
            "them are no effects of the contacts and none is claimed; a random holdout would show them"
        )
    rare = sorted({f"{e.outcome}, {e.arm}" for e in effects if e.by == "" and e.events < FEW_EVENTS})
    if rare:
        told.append(f"fewer than {FEW_EVENTS} customers did anything ({'; '.join(rare)}): intervals are rough")
    return tuple(told)
