"""SimPy: a process for each customer, which wakes every day."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import simpy

from benchmarks.peers import model as m
from benchmarks.peers.plain import Customer, customers


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    environment = simpy.Environment()
    rng, counts = random.Random(seed), [0.0] * len(m.COUNTS)

    def life(customer: Customer) -> Iterator[simpy.Event]:
        while True:
            customer.step(int(environment.now), rng, counts)
            yield environment.timeout(1)

    for customer in customers(people):
        environment.process(life(customer))
    environment.run(until=days)
    return np.array(counts)
