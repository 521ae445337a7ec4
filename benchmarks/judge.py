"""The best plan of a world under limits, and what a found plan misses to it, on very many fresh customers.

All plans of a world run on the first fresh customers. These are too few to tell two plans apart that differ by a few
thousandths: then the best of all is picked by luck, and a found plan that is as good looks worse. So those that may be
best under a set of limits run on others, four times as many, and those that may still be best on sixteen times as many;
these judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benchmarks.enumerated import LEAST_LEAD, Enumerated, LimitSet, limit_sets
from optimizer.decide import Pool
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.space import Choice
from sim.start import start_world

_SEED = 500_000
_PARTS = 4
"""Samples, each of so many times the first fresh customers; the last stage pools them."""
_ROUGHLY = 0.05
"""Share of the best plan's value; who is so much worse on the first customers needs no closer look."""
_STAGES = ((0.02, 4.0), (0.01, 3.0))
"""Share of a bound, and standard errors of a difference, by which a plan may be on the wrong side: on the first
customers, on the first sample."""


@dataclass(frozen=True)
class Target:
    """What a plan is measured against."""

    best: Choice
    uniform: Choice


@dataclass
class Judge:
    """Of one world."""

    every: Enumerated
    margin: float

    @cached_property
    def samples(self) -> list[Evaluator]:
        """Other fresh customers."""
        fresh, made = self.every.fresh, []
        for n in range(_PARTS):
            population = self.every.base.population(_PARTS * fresh.customers, _SEED + n)
            world = replace(fresh.started.world, population=population)
            made.append(fresh.elsewhere(start_world(world, seed=_SEED + n, threads=fresh.threads)))
        return made

    @cached_property
    def pools(self) -> list[Pool]:
        """The first fresh customers; the first sample; all samples."""
        first, *others = self.samples
        return [Pool(self.every.fresh, self.margin), Pool(first, self.margin), Pool(first, self.margin, others)]

    def questions(self, count: int, rng: np.random.Generator) -> list[tuple[LimitSet, Target]]:
        """``count`` sets of limits, two thirds of them with two binding ones where the draws give so many."""
        drawn = limit_sets(self.every, count, self.margin, rng)
        two = self._asked([one for one in drawn if one.binding == 2], -(-2 * count // 3))
        return [*two, *self._asked([one for one in drawn if one.binding == 1], count - len(two))]

    def _asked(self, drawn: Sequence[LimitSet], count: int) -> list[tuple[LimitSet, Target]]:
        """The first ones under which the best plan leads the best uniform one on the many customers, too."""
        asked: list[tuple[LimitSet, Target]] = []
        for one in drawn:
            if len(asked) < count and self.leads(target := self.target(one)):
                asked.append((one, target))
        return asked

    def leads(self, target: Target) -> bool:
        """Whether the best plan is worth enough more than the best uniform one."""
        ((behind, _),) = self.pools[-1].gains([target.uniform], target.best)
        return -behind > LEAST_LEAD * self.pools[-1].seen(target.best).value > 0

    def target(self, drawn: LimitSet) -> Target:
        """The best plan, and the best one common to all segments, that keep the limits with the margin."""
        every, most = self.every, drawn.most * (1 - self.margin)
        return Target(self._best(most, np.ones(len(every.plans), dtype=bool)), self._best(most, every.common))

    def regret(self, target: Target, found: Choice) -> tuple[float, float]:
        """What is missing to the best, over what the best uniform plan misses, and its standard error."""
        (missing, error), (lead, _) = self.pools[-1].gains([found, target.uniform], target.best)
        return max(0.0, missing / lead), error / -lead

    def keeps(self, drawn: LimitSet, found: Choice) -> bool:
        """The limits themselves, on the first fresh customers and on the many."""
        return all(_over(pool.seen(found), drawn.most) <= 1e-9 for pool in (self.pools[0], self.pools[-1]))

    def _best(self, most: npt.NDArray[np.float64], among: npt.NDArray[np.bool_]) -> Choice:
        plans = [e for e, wanted in zip(self.every.plans, among, strict=True) if wanted]
        near, _ = _STAGES[0]
        least = max((e.value for e in plans if _over(e, most) <= -near), default=-np.inf)
        choices = [e.choice for e in plans if e.value >= least - _ROUGHLY * abs(least) and _over(e, most) <= near]
        for pool, (near, errors) in zip(self.pools, _STAGES, strict=False):
            choices = _open(pool, choices, most, near, errors)
        seen = [self.pools[-1].seen(choice) for choice in choices]
        return max(seen, key=lambda e: (-max(0.0, _over(e, most)), e.value)).choice


def _over(e: Evaluated, most: npt.NDArray[np.float64]) -> float:
    """Greatest use over what is allowed, share of it; negative = room."""
    return float(((e.use - most) / most).max())


def _open(
    pool: Pool, choices: Sequence[Choice], most: npt.NDArray[np.float64], near: float, errors: float
) -> list[Choice]:
    """Plans that may keep the limits and are not clearly worse than the best that surely does."""
    seen = [e for e in (pool.seen(choice) for choice in choices) if _over(e, most) <= near]
    surely = [e for e in seen if _over(e, most) <= -near]
    if not surely:
        return [e.choice for e in seen] or list(choices)
    best = max(surely, key=lambda e: e.value)
    gains = pool.gains([e.choice for e in seen], best.choice)
    return [e.choice for e, (gain, error) in zip(seen, gains, strict=True) if gain >= -errors * error]
