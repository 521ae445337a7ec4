"""Do the engines run the same model? Means over seeds of every count, on the same customers, against NumPy's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.peers.model import COUNTS, Engine, People


@dataclass(frozen=True)
class Agreement:
    """The largest difference between an engine and the reference, in standard errors."""

    engine: str
    count: str
    z: float
    allowed: float

    @property
    def holds(self) -> bool:
        return abs(self.z) <= self.allowed


def agreement(
    engines: Mapping[str, tuple[Engine, int]], reference: str, people: People, days: int, *, false_alarm: float = 0.001
) -> list[Agreement]:
    """``engines``: name -> (engine, seeds). All counts of all engines together raise a false alarm this rarely."""
    runs = {name: np.array([run(people, days, s) for s in range(seeds)]) for name, (run, seeds) in engines.items()}
    others = [name for name in engines if name != reference]
    allowed = float(norm.isf(false_alarm / 2 / len(COUNTS) / len(others)))
    base = runs[reference]
    spread = base.std(axis=0, ddof=1)  # of the engine with the most seeds, for all: they should be the same model
    found = []
    for name in others:
        z = (runs[name].mean(axis=0) - base.mean(axis=0)) / (spread * np.sqrt(1 / len(runs[name]) + 1 / len(base)))
        worst = int(np.abs(z).argmax())
        found.append(Agreement(name, COUNTS[worst], float(z[worst]), allowed))
    return found
