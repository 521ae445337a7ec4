"""Twin worlds: the simulator agrees with the exact chain, the program proves what enumeration finds, and the search
finds what is proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from optimizer.evaluate import Evaluator
from optimizer.limits import Limit, parts_of, rows_of
from optimizer.search import search
from optimizer.settings import SearchSettings
from optimizer.solve import prove
from optimizer.space import Choice, Space
from optimizer.twin import Followed, check_twin, enumerate_plans, twin_of
from sim.compare import total_value
from sim.domain import Behaviour, Channel, Fatigue, Response
from sim.errors import InputError
from sim.policy import ContactPolicy, FrequencyCap
from sim.simulate import simulate
from sim.start import start_world
from tests.fuzzy import assert_close
from tests.optimizer.twins import LEVELS, Case, case, limits_of, twin_world

NAMES = tuple(LEVELS)
SAME = 1e-6
"""Relative: what the solver's own tolerances leave."""


def agree(name: str, customers: int, seed: int, weeks: int, plans: int, *, precise_to: float) -> None:
    """Value and use of random plans, simulated and followed; errors from the spread between customers."""
    small = case(name, 600, seed, weeks)
    started = start_world(twin_world(customers, seed, weeks=weeks, channels=small.world.channels), seed=seed, threads=2)
    limits, rng = limits_of(small), np.random.default_rng(seed)
    choices = [_random(small.space, rng) for _ in range(plans)]
    scale = customers / 600  # the twin is that of 600 customers, in the same proportions
    result = simulate(
        started, [small.space.plan(c, f"{n}") for n, c in enumerate([small.space.nothing(), *choices])], seed=seed,
        threads=2, detailed=False,
    )  # fmt: skip
    parts = parts_of(result, limits)
    for n, choice in enumerate(choices, 1):
        exact = small.twin.follow(choice, limits)
        found = total_value(result, n, 0)
        assert_close(found.mean / scale, exact.value, found.se / scale, precise_to=precise_to * abs(exact.value) + 0.5)
        # a customer gets at most 7 contacts a week and channel: at most so much spread in what he or she uses
        for part, use in zip(parts[n], exact.parts, strict=True):
            assert part / scale == pytest.approx(use, rel=8 / customers**0.5, abs=4 * 7 * scale**-0.5)


def _random(space: Space, rng: np.random.Generator) -> Choice:
    levels = [rng.integers(len(menu), size=len(space.segments)) for menu in space.levels]
    choice = np.array(levels, dtype=np.int64).T
    return choice if choice.any() else _random(space, rng)


@pytest.mark.parametrize("name", NAMES)
def test_the_simulator_agrees_with_the_twin(name: str) -> None:
    agree(name, 60_000, seed=1, weeks=2, plans=4, precise_to=0.02)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("name", NAMES)
def test_the_simulator_agrees_with_the_twin_closely(name: str, seed: int) -> None:
    agree(name, 1_200_000, seed=seed, weeks=4, plans=6, precise_to=0.005)


def bounded(every: Sequence[tuple[Choice, Followed]], limits: Sequence[Limit], weeks: int, seed: int) -> list[Limit]:
    """Random bounds: shares of what the best plan without limits uses."""
    top, rng, first = max(every, key=lambda one: one[1].value)[1], np.random.default_rng(seed), 0
    found = []
    for limit in limits:
        rows = len(rows_of([limit], weeks).bound)
        found.append(replace(limit, most=float(top.parts[first : first + rows].max() * rng.uniform(0.25, 1.05))))
        first += rows
    return found


def proved(small: Case, every: Sequence[tuple[Choice, Followed]], limits: Sequence[Limit]) -> bool:
    """The program's optimum is that of enumeration; returns whether the limits bind."""
    fitting = [followed.value for _, followed in every if small.twin.keeps(followed, limits)]
    proof = prove(small.twin, limits)
    assert proof is not None
    best = max(fitting)
    assert proof.value == pytest.approx(best, rel=SAME)
    assert proof.bound == pytest.approx(best, rel=SAME)
    followed = small.twin.follow(proof.choice, limits)
    assert followed.value == pytest.approx(proof.value, rel=SAME)
    assert small.twin.keeps(followed, [limit.at(1 + SAME) for limit in limits])
    return best < max(followed.value for _, followed in every)


def test_the_program_proves_what_enumeration_finds() -> None:
    small = case(NAMES[0])
    limits = limits_of(small)
    every = list(enumerate_plans(small.twin, limits))
    assert len(every) == small.space.size == 27
    assert sum(proved(small, every, bounded(every, limits, 1, seed)) for seed in range(3)) >= 2


@pytest.mark.proof
@pytest.mark.parametrize("weeks", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_program_proves_what_enumeration_finds_under_many_limits(name: str, weeks: int) -> None:
    small = case(name, weeks=weeks)
    limits = limits_of(small)
    every = list(enumerate_plans(small.twin, limits))
    count = 12 if weeks == 1 else 3
    assert sum(proved(small, every, bounded(every, limits, weeks, seed)) for seed in range(count)) >= count // 2


def test_limits_that_nothing_keeps_have_no_proof() -> None:
    small = case(NAMES[0])
    assert prove(small.twin, [Limit("few", "contacts", 1.0), Limit("many", "contacts", least=2.0)]) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_search_finds_plans_as_good_as_the_proved_ones(name: str) -> None:
    """Found step by step on simulated customers, valued on the twin: what is lost is the luck of those customers."""
    small, customers = case(name), 60_000
    every = list(enumerate_plans(small.twin, limits_of(small)))
    started = start_world(twin_world(customers, 3, channels=small.world.channels), seed=3, threads=2)
    for seed in range(4):
        limits = bounded(every, limits_of(small), 1, seed)
        fitting = [one.value for _, one in every if small.twin.keeps(one, [limit.at(0.98) for limit in limits])]
        real = tuple(limit.at(customers / 600) for limit in limits)
        evaluator = Evaluator(started, small.space, real, small.world.current, "contribution", threads=2)
        settings = SearchSettings(buffer=0.0, exhaustive=0)
        found = search(evaluator, small.space.nothing(), settings).best.choice
        followed = small.twin.follow(found, limits)
        assert small.twin.keeps(followed, [limit.at(1.01) for limit in limits])
        assert followed.value >= 0.997 * max(fitting)


def test_the_chain_keeps_its_customers() -> None:
    """Chances add up to 1 but for those who have opted out of every channel; nobody is made up."""
    small = case(NAMES[1])
    twin = small.twin
    leaving = 1.0 - twin.step.sum(axis=2)
    assert leaving.min() > -1e-12
    assert leaving[0].max() < 1e-12, "without contacts nobody leaves"
    consented = 1 - (1 - 0.6) * (1 - 1.0)
    assert twin.start.sum() == pytest.approx(600 * consented)
    assert twin.value[0].max() == 0.0 == twin.value[0].min()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tail_weeks": 4}, "horizon.tail_weeks"),
        ({"start": "current_policy"}, "horizon.start"),
        ({"policy": ContactPolicy(caps=(FrequencyCap("1 in 3 days", 1, 3),))}, "policy"),
        ({"behaviour": Behaviour()}, "response.half_life_days"),
        ({"behaviour": Behaviour(fatigue=Fatigue(relief_at_order=0.5))}, "fatigue.relief_at_order"),
        (
            {"behaviour": Behaviour(response=Response(half_life_days=0.01, responsiveness_cv=0.5))},
            "response.responsiveness_cv",
        ),
    ],
)
def test_worlds_without_a_twin_are_refused(change: dict[str, object], named: str) -> None:
    small = case(NAMES[0])
    with pytest.raises(InputError, match=named):
        check_twin(replace(small.world, **change), small.space)


def test_too_many_states_are_refused() -> None:
    world = twin_world(60, channels=(Channel("email", orders_per_contact=0.01, delivered=0.5),))
    lasting = replace(world, behaviour=replace(world.behaviour, fatigue=Fatigue(half_life_days=7.0)))
    space = Space.of(world.rfm.segments, ("email",), {"email": (0.0, 0.875, 7.0)})
    with pytest.raises(InputError, match="too many states"):
        twin_of(lasting, space)
