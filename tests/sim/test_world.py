"""A world refuses what the kernel could not follow: households that stand apart, two rules where there is room for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.campaigns import Campaign, Cascade, Program, Step, Trigger
from sim.errors import InputError
from sim.policy import ContactPolicy, Floor, SwitchOff
from tests.worlds import LIVELY, synthetic, world_of

ROOMS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(ROOMS)
def test_households_stand_side_by_side_or_are_refused(numbers: list[int]) -> None:
    people = replace(synthetic(LIVELY, len(numbers), seed=11, tenure_days=200), household=np.array(numbers))
    apart = len([n for k, n in enumerate(numbers) if k == 0 or n != numbers[k - 1]]) > len(set(numbers))
    if apart:
        with pytest.raises(InputError, match=r"population.household: members .* side by side \(given: household \d in"):
            world_of(people)
    else:
        assert world_of(people).population is people
    together = world_of(people.by_household()).population
    assert sorted(together.key.tolist()) == sorted(people.key.tolist())
    home = dict(zip(people.key.tolist(), numbers, strict=True))
    assert [home[key] for key in together.key.tolist()] == sorted(numbers)


def test_who_lives_alone_stays_in_place() -> None:
    people = synthetic(LIVELY, 3, seed=11)
    assert people.by_household() is people


def _program(campaigns: int, steps: int) -> Program:
    return Program(
        campaigns=tuple(Campaign(f"c{k}", "email", 0.1) for k in range(campaigns)),
        cascades=(Cascade("long", Trigger("registered"), tuple(Step("sms") for _ in range(steps))),),
    )


def test_more_kinds_of_contact_than_a_mask_has_bits_are_refused() -> None:
    assert len(world_of(3, program=_program(45, 15)).program.campaigns) == 45
    with pytest.raises(InputError, match=r"too many kinds of contact \(given: 63\); allowed: at most 62 channels"):
        world_of(3, program=_program(45, 16))


FLOORS = (Floor("often", "email", 1, 7), Floor("for the new", "email", 2, 7, ("fresh",)))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            ContactPolicy(floors=FLOORS),
            r"policy.floors 'for the new'.* on email in segment fresh \(given: 'often' and 'for the new'\)",
        ),
        (ContactPolicy(switch_offs=(SwitchOff("a", 3), SwitchOff("b", 4, ("email",)))), "policy.switch_offs 'b'"),
        (ContactPolicy(switch_offs=(SwitchOff("a", 3, ("sms",)), SwitchOff("b", 4))), "policy.switch_offs 'b'.* sms"),
    ],
)
def test_two_rules_for_one_place_are_refused(policy: ContactPolicy, message: str) -> None:
    with pytest.raises(InputError, match=message):
        world_of(3, policy=policy)


def test_one_rule_for_each_channel_and_segment_is_taken() -> None:
    floors = (replace(FLOORS[0], segments=("cold", "cooling")), FLOORS[1], Floor("texts", "sms", 1, 7))
    stops = (SwitchOff("a", 3, ("sms",)), SwitchOff("b", 4, ("email",)))
    assert world_of(3, policy=ContactPolicy(floors=floors, switch_offs=stops)).policy.floors == floors
