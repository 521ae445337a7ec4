"""The kernel's own logs, replayed by someone who never saw it: over random policies of all families no rule is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from sim.engine.tables import EV_CONTACT, VIOLATIONS
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests.families import FAMILIES, Case, full_worlds
from tests.many import in_many_cases
from tests.replay import Found, replay
from tests.sim.same import LOG_LINES
from tests.worlds import EMAIL, LIVELY, synthetic, uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")


def lives(world: World, plans: list[Frequencies], tail: Frequencies, seed: int) -> tuple[Started, SimulationResult]:
    started = start_world(world, seed=seed)
    return started, simulate(started, plans, seed=seed, tail=tail, log_lines=LOG_LINES, threads=1)


def replayed(started: Started, result: SimulationResult) -> Iterator[tuple[int, Found, int]]:
    """World, what its log breaks, contacts read."""
    log = result.totals.log
    for w, plan in enumerate(result.plans):
        mine = log[log[:, 0] == w]
        yield w, replay(started, plan, result.tail, mine), int((mine[:, 3] == EV_CONTACT).sum())


def reported(result: SimulationResult, world: int) -> Counter[tuple[int, int]]:
    """(week, rule) -> contacts that broke a rule which is only reported, as the kernel booked them."""
    counts = result.totals.rule[world, :, : len(result.world.policy.rules), VIOLATIONS]
    return Counter({(week, n): int(k) for week, row in enumerate(counts) for n, k in enumerate(row) if k})


def without_homes(world: World, counts: Counter[tuple[int, int]]) -> Counter[tuple[int, int]]:
    homes = {n for n, rule in enumerate(world.policy.caps) if rule.household}
    return Counter({place: k for place, k in counts.items() if place[1] not in homes})


def check(case: Case, seed: int) -> int:
    """Contacts replayed; fails at the first one that breaks anything."""
    world, (*plans, tail) = case
    contacts = 0
    for w, found, read in replayed(*(run := lives(world, plans, tail, seed))):
        assert found.violations == []
        assert without_homes(world, found.reported) == without_homes(world, reported(run[1], w))
        contacts += read
    return contacts


def check_many(examples: int) -> None:
    read = []

    def broken_nowhere(case: Case, seed: int) -> None:
        read.append(check(case, seed))

    in_many_cases(broken_nowhere, full_worlds(FAMILIES), st.integers(0, 2**31), examples=examples)
    assert len(read) == examples
    assert sum(read) > 50 * examples  # there was something to break


def test_no_rule_is_broken_in_a_sample_of_policies() -> None:
    check_many(25)


@pytest.mark.slow
def test_no_rule_is_broken_under_many_policies() -> None:
    check_many(300)


@pytest.mark.proof
def test_no_rule_is_broken_under_a_thousand_policies() -> None:
    check_many(1_000)


def test_the_replay_sees_a_kernel_that_forgets_the_rules() -> None:
    seen = []

    def forgetful(case: Case, seed: int) -> None:
        world, (plan, tail) = case
        free = replace(world, policy=ContactPolicy(arbitration=world.policy.arbitration), capacities=())
        started, result = lives(free, [plan], tail, seed)
        strict = replace(started, world=world)
        seen.append(any(found.violations for _, found, _ in replayed(strict, result)))

    in_many_cases(forgetful, full_worlds(FAMILIES, plans=1), st.integers(0, 2**31), examples=10)
    assert sum(seen) >= 5


def test_a_household_cap_that_is_only_reported() -> None:
    """1 in 2 days for two who live together, one contact a day each: all but the first contact break it."""
    people = replace(synthetic(LIVELY, 2, seed=11, tenure_days=200), household=np.array([0, 0]))
    mail = replace(EMAIL, consent_share=1.0, orders_per_contact=0.0, unsubscribe_per_contact=0.0)
    cap = FrequencyCap("one", 1, 2, household=True, enforced=False)
    world = world_of(people, (mail,), policy=ContactPolicy(caps=(cap,)), weeks=1, start="rested", current=(7.0,))
    started, result = lives(world, [uniform_plan(world, 7.0)], world.current, 1)
    ((_, found, read),) = replayed(started, result)
    assert read == 14
    assert found.reported == Counter({(0, 0): 13})
    assert reported(result, 0) == found.reported
