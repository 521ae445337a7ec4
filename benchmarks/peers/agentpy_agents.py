"""AgentPy: an agent for each customer in a list that is stepped once a day."""

from __future__ import annotations

import random
from typing import Any

import agentpy
import numpy as np

from benchmarks.peers import model as m
from benchmarks.peers.plain import customers


class _Agent(agentpy.Agent):  # type: ignore[misc]
    def day(self) -> None:
        """One day."""
        model = self.model
        self.customer.step(model.t - 1, model.draws, model.counts)


class _Model(agentpy.Model):  # type: ignore[misc]
    def setup(self) -> None:
        """Everybody on the first morning."""
        parameters: Any = self.p
        self.draws, self.counts = random.Random(parameters.seed), [0.0] * len(m.COUNTS)
        everybody = customers(parameters.people)
        self.everybody = agentpy.AgentList(self, len(everybody), _Agent)
        self.everybody.customer = agentpy.AttrIter(everybody)

    def step(self) -> None:
        """One day of everybody."""
        self.everybody.day()


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    model = _Model({"people": people, "steps": days, "seed": seed})
    model.run(display=False)
    return np.array(model.counts)
