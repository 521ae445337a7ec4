"""Simulating choices: value and use of many plans on the same customers, each plan once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from optimizer.limits import Limit, rows_of_limits, use_of
from optimizer.objective import Objective, worth
from optimizer.space import Choice, Space
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started
from sim.units import MICRO

_SIDE_BY_SIDE = 32
"""Plans simulated in one pass; more would leave the cache."""


@dataclass(frozen=True)
class Evaluated:
    """One simulated choice."""

    choice: Choice
    value: float
    """Value over no contact, total of the real base, currency."""
    use: npt.NDArray[np.float64]
    """(rows,) use of the limits."""


@dataclass
class Evaluator:
    """Simulates choices on one set of customers, draws and tail; remembers what it has simulated."""

    started: Started
    space: Space
    limits: tuple[Limit, ...]
    tail: Frequencies
    objective: Objective
    threads: int
    customer_days: int = 0
    known: dict[bytes, Evaluated] = field(default_factory=dict)
    _nothing: npt.NDArray[np.int64] | None = None

    @property
    def most(self) -> npt.NDArray[np.float64]:
        """(rows,) what the limits allow."""
        return rows_of_limits(self.limits, self.started.world.weeks)

    def feasible(self, evaluated: Evaluated, buffer: float = 0.0) -> bool:
        """Whether no row uses more than (1 - buffer) of what is allowed."""
        return bool(np.all(evaluated.use <= self.most * (1.0 - buffer) + 1e-9))

    def run(self, choices: Sequence[Choice], *, detailed: bool = False) -> SimulationResult:
        """Simulate choices side by side."""
        plans = [self.space.plan(choice, f"plan {n}") for n, choice in enumerate(choices)]
        self.customer_days += len(plans) * self.started.people.key.shape[0] * self.started.world.days
        return simulate(
            self.started, plans, seed=self.started.seed, tail=self.tail, threads=self.threads, detailed=detailed
        )

    def evaluate(self, choices: Sequence[Choice], progress: Callable[[float], None] | None = None) -> list[Evaluated]:
        """Value and use of each choice, in order; those known already are not simulated again."""
        new = {c.tobytes(): c for c in choices if c.tobytes() not in self.known}
        todo = list(new.values())
        for first in range(0, len(todo), _SIDE_BY_SIDE):
            part = todo[first : first + _SIDE_BY_SIDE]
            self._remember(part, self.run(part))
            if progress:
                progress(min(1.0, (first + len(part)) / len(todo)))
        return [self.known[c.tobytes()] for c in choices]

    def _remember(self, choices: Sequence[Choice], result: SimulationResult) -> None:
        nothing = self._worth_of_nothing()
        value, use = worth(result, self.objective), use_of(result, self.limits)
        scale = self.started.world.population.scale
        for n, choice in enumerate(choices):
            total = int((value[n] - nothing).sum()) * scale / MICRO
            self.known[choice.tobytes()] = Evaluated(choice.copy(), total, use[n])

    def _worth_of_nothing(self) -> npt.NDArray[np.int64]:
        if self._nothing is None:
            self._nothing = worth(self.run([self.space.nothing()]), self.objective)[0]
        return self._nothing
