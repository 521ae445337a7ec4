"""Small public worlds of which every plan is simulated on fresh customers, and random limits on them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Limit, rows_of
from optimizer.space import Space
from scenarios import build, load_scenario
from scenarios.world import Base, load_base, make_world
from sim.start import start_world

WORLDS = ("two_segments", "coarse_levels", "four_segments", "mail_only", "three_channels", "three_segments")
FREE = 1e12
MEASURES = (
    Limit("budget", "cost", FREE),
    Limit("contacts a week", "contacts_per_week", FREE),
    Limit("e-mails", "contacts", FREE, channel="email"),
    Limit("list loss", "unsubscribes", FREE),
    Limit("SMS a week", "contacts_per_week", FREE, channel="sms"),
)
"""What may be limited; a set of limits is on two of them."""
FRESH_SEED = 1_000
_DRAWS = 60
"""Pairs of limits drawn for every set that is wanted: most of them leave one limit without effect."""
LEAST_LEAD = 0.01
"""Of the best plan over the best uniform one, share of its value."""


@dataclass(frozen=True)
class LimitSet:
    """Random limits of a world."""

    limits: tuple[Limit, ...]
    most: np.ndarray
    """(rows,) what may be used of all measures of the world; of those without a limit as much as one likes."""
    binding: int
    """How many of them cost something: without it a better plan keeps the others."""


@dataclass(frozen=True)
class Enumerated:
    """A world, and all its plans on fresh customers."""

    name: str
    base: Base
    space: Space
    fresh: Evaluator
    plans: list[Evaluated]

    @cached_property
    def use(self) -> np.ndarray:
        """(plans, rows)."""
        return np.array([e.use for e in self.plans])

    @cached_property
    def value(self) -> np.ndarray:
        """(plans,)."""
        return np.array([e.value for e in self.plans])

    @cached_property
    def common(self) -> np.ndarray:
        """(plans,) whether all segments get the same."""
        uniform = {choice.tobytes() for choice in self.space.uniform()}
        return np.array([e.choice.tobytes() in uniform for e in self.plans])

    def best(self, most: np.ndarray, *, uniform: bool = False) -> Evaluated:
        """The best plan, or the best one common to all segments, that uses at most ``most``."""
        fits = (self.use <= most + 1e-9).all(axis=1) & (self.common if uniform else True)
        return self.plans[int(np.argmax(np.where(fits, self.value, -np.inf)))]

    def bounds(self, limits: Sequence[Limit]) -> np.ndarray:
        """(rows,) of all measures, under some limits."""
        given = {limit.name: limit for limit in limits}
        return rows_of([given.get(one.name, one) for one in self.fresh.limits], self.fresh.weeks).bound


def enumerate_world(name: str, customers: int) -> Enumerated:
    """Simulate every plan of a world on fresh customers."""
    loaded = load_scenario(f"library:worlds/{name}")
    base = load_base(loaded)
    world = make_world(base, base.population(customers, FRESH_SEED))
    space = Space.of(world.rfm.segments, world.channel_names, build.levels(loaded))
    threads = os.cpu_count() or 1
    started = start_world(world, seed=FRESH_SEED, threads=threads)
    measures = tuple(one for one in MEASURES if one.channel is None or one.channel in world.channel_names)
    fresh = Evaluator(started, space, measures, world.current, "contribution", threads)
    return Enumerated(name, base, space, fresh, fresh.evaluate(list(space.all())))


def limit_sets(every: Enumerated, count: int, margin: float, rng: np.random.Generator) -> list[LimitSet]:
    """Many more than ``count`` sets.

    Sets under which the best plan is hardly better than the best one common to all segments are left out: regret is
    measured in that difference.
    """
    top = every.best(np.full(every.use.shape[1], np.inf))
    drawn = [_drawn(every, top, margin, rng) for _ in range(_DRAWS * count)]
    return [one for one in drawn if _tells(every, one, margin)]


def _tells(every: Enumerated, drawn: LimitSet, margin: float) -> bool:
    most = drawn.most * (1 - margin)
    best, uniform = every.best(most).value, every.best(most, uniform=True).value
    return best - uniform > LEAST_LEAD * best > 0


def _drawn(every: Enumerated, top: Evaluated, margin: float, rng: np.random.Generator) -> LimitSet:
    """Two measures, each allowed between a third and all of what the best plan without limits uses of it."""
    measures, owners = (
        every.fresh.limits,
        [limit.name for limit, _ in rows_of(every.fresh.limits, every.fresh.weeks).owner],
    )
    limits = []
    for n in rng.choice(len(measures), 2, replace=False):
        used = top.use[[name == measures[n].name for name in owners]].max()
        limits.append(replace(measures[n], most=float(max(used, 1.0) * rng.uniform(0.3, 1.1))))
    bounds = every.bounds(limits)
    best = every.best(bounds * (1 - margin)).value
    alone = [every.best(every.bounds(limits[:n] + limits[n + 1 :]) * (1 - margin)).value for n in range(2)]
    return LimitSet(tuple(limits), bounds, sum(value > best for value in alone))
