"""Mesa: an agent for each customer, stepped once a day by the model."""

from __future__ import annotations

import random

import mesa
import numpy as np

from benchmarks.peers import model as m
from benchmarks.peers.plain import Customer, customers


class _Agent(mesa.Agent):  # type: ignore[misc]
    def __init__(self, model: _Model, customer: Customer) -> None:
        super().__init__(model)
        self.customer = customer

    def step(self) -> None:
        """One day."""
        model = self.model
        self.customer.step(model.day, model.draws, model.counts)


class _Model(mesa.Model):  # type: ignore[misc]
    def __init__(self, people: m.People, seed: int) -> None:
        super().__init__(seed=seed)
        self.draws, self.counts, self.day = random.Random(seed), [0.0] * len(m.COUNTS), 0
        for customer in customers(people):
            _Agent(self, customer)

    def step(self) -> None:
        """One day of everybody."""
        self.agents.do("step")
        self.day += 1


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    model = _Model(people, seed)
    for _ in range(days):
        model.step()
    return np.array(model.counts)
