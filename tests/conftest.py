"""Settings for all tests: Hypothesis repeats itself exactly, and kernels are compiled before the first clock runs."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

settings.register_profile("exact", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=1_000)
"""A longer hunt with fresh examples: HYPOTHESIS_PROFILE=search."""
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "exact"))

# Hypothesis also draws constants that it finds in the modules loaded so far: the same test would see other worlds alone
# than among all tests. (There is no setting for this.)
providers.is_local_module_file = lambda _: False


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compile (or load from the cache) every kernel that a simulation runs."""
    from sim.simulate import simulate
    from tests.worlds import uniform_plan, world_of

    world = world_of(3, weeks=1)
    simulate(world, [uniform_plan(world, 1.0, 1.0)], seed=1, threads=1)
