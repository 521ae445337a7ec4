"""Worlds drawn from the assumptions, each simulated under every choice on the same customers with the same luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.objective import worth
from scenarios.outcome import Part, estimate
from scenarios.pointstore import PointStore, question_digest
from scenarios.unknowns import Unknown, scenario_at
from scenarios.world import Base, make_world, no_contact
from sim.compare import Estimate, base_total
from sim.policy import Frequencies
from sim.population import Population
from sim.simulate import simulate
from sim.start import start_world
from sim.units import MICRO

Floats = npt.NDArray[np.float64]


class WorldValue(NamedTuple):
    """One world."""

    value: Floats
    """(K,) value of every choice over no contact, horizon and tail, real base, currency."""
    error: Floats
    """(K + 1, K + 1) standard errors of the differences between choices, customer by customer; the last is no
    contact."""

    def over_nothing(self, choice: int) -> Part:
        """The value of a choice, with its interval."""
        return estimate(Estimate(float(self.value[choice]), float(self.error[choice, -1])))

    def lead(self, choice: int) -> Part:
        """Over the best of the other choices, with its interval."""
        others = [k for k in range(len(self.value)) if k != choice]
        rival = max(others, key=lambda k: float(self.value[k]))
        return estimate(Estimate(float(self.value[choice] - self.value[rival]), float(self.error[choice, rival])))


@dataclass(frozen=True, eq=False)
class Worlds:
    """Values any world drawn from the assumptions."""

    base: Base
    population: Population
    choices: Sequence[Frequencies]
    axes: Sequence[Unknown]
    seed: int
    threads: int
    store: PointStore

    def value(self, point: Sequence[float]) -> WorldValue:
        """The world at a point of the axes; kept in the store."""
        key = question_digest([[float(place).hex() for place in point]])
        kept = self.store.get(key)
        if kept is not None and "error" in kept[0]:
            return WorldValue(kept[0]["value"], kept[0]["error"])
        found = self._simulated(point)
        self.store.put(key, found._asdict(), {})
        return found

    def _simulated(self, point: Sequence[float]) -> WorldValue:
        loaded = scenario_at(self.base.loaded, self.axes, point)
        world = make_world(replace(self.base, loaded=loaded), self.population)
        started = start_world(world, seed=self.seed, threads=self.threads)
        found = simulate(
            started, [*self.choices, no_contact(world)], seed=self.seed, tail=world.current, threads=self.threads,
            detailed=False,
        )  # fmt: skip
        each = worth(found, "contribution")
        totals = each.sum(axis=1) * (self.population.scale / MICRO)
        error = [[base_total(one - other, self.population, MICRO).se for other in each] for one in each]
        return WorldValue(np.asarray(totals[:-1] - totals[-1]), np.array(error))
