"""Some customers of a started world: everything that is known of a customer goes with the customer."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from sim.population import synthetic
from sim.start import start_world
from tests.worlds import LIVELY, world_of

N = 12


def test_a_sample_takes_everything_of_its_customers() -> None:
    number = np.arange(N)
    people = replace(
        synthetic(LIVELY, N, seed=3, tenure_days=100),
        joined=number - 5, birthday=10 * number, household=number // 3, suppressed=number % 4,
    )  # fmt: skip
    started = start_world(world_of(people, start="rested"), seed=1)
    rows = np.array([1, 4, 10])
    world = started.take_sample(rows).world
    assert (world.population.size, world.population.base_size) == (3, N)
    assert world.suppressed is not None
    assert world.suppressed.tolist() == [1, 0, 2]
    taken = []
    for field in fields(people):
        whole, part = getattr(people, field.name), getattr(world.population, field.name)
        if isinstance(whole, np.ndarray) and whole.shape == (N,) and field.name not in ("order_day", "order_value"):
            assert part.tolist() == whole[rows].tolist(), field.name
            taken.append(field.name)
    assert {"key", "base_customer", "rate", "joined", "birthday", "household", "suppressed"} <= set(taken)


def test_a_sample_without_such_knowledge() -> None:
    started = start_world(world_of(N, start="rested"), seed=1)
    world = started.take_sample(np.array([0, 2])).world
    assert (world.suppressed, world.population.joined, world.population.household) == (None, None, None)
