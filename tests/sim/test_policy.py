"""Rules and plans check themselves, and say what was given and what is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.domain import Behaviour, Channel, Economics, Fatigue, OptOut, Response, Seasonality
from sim.errors import InputError, Problem
from sim.policy import LONGEST_WINDOW_DAYS, ContactPolicy, Frequencies, FrequencyCap
from tests.worlds import flat, world_of

NAN = float("nan")
SEGMENTS, CHANNELS = ("new", "old"), ("email", "sms", "push")


# --- caps and policy ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (("", 1, 7), "every rule has a name"),
        (("x", -1, 7), r"policy.caps 'x'.max_contacts: must not be negative \(given: -1\); allowed: >= 0"),
        (("x", 1, 0), "window out of range"),
        (("x", 1, LONGEST_WINDOW_DAYS + 1), r"window out of range \(given: 64\); allowed: 1 to 63 days"),
    ],
)
def test_caps_that_are_refused(what: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FrequencyCap(*what)


def test_caps_that_are_taken() -> None:
    assert FrequencyCap("none at all", 0, 1).max_contacts == 0
    assert FrequencyCap("longest", 1, LONGEST_WINDOW_DAYS).rolling_days == 63


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"min_gap_days": 0}, "policy.min_gap_days: out of range"),
        ({"min_gap_days": 64}, "policy.min_gap_days: out of range"),
        ({"quiet_days_after_order": -1}, "policy.quiet_days_after_order: out of range"),
        ({"quiet_days_after_order": 366}, "policy.quiet_days_after_order: out of range"),
        ({"holdout_share": 1.1}, r"policy.holdout_share: is a share \(given: 1.1\); allowed: 0 to 1"),
        ({"holdout_share": NAN}, "policy.holdout_share: is a share"),
        ({"caps": (FrequencyCap("x", 1, 7), FrequencyCap("x", 2, 7))}, "two rules share a name.*x"),
    ],
)
def test_policies_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ContactPolicy(**fields)


@pytest.mark.parametrize(
    "cap", [FrequencyCap("x", 1, 7, channels=("fax",)), FrequencyCap("x", 1, 7, segments=("nobody",))]
)
def test_a_cap_on_something_unknown_is_refused_by_the_world(cap: FrequencyCap) -> None:
    with pytest.raises(InputError, match=r"policy.caps 'x': unknown channel or segment .*(fax|nobody).*email"):
        world_of(5, policy=ContactPolicy(caps=(cap,)))


# --- plans ----------------------------------------------------------------------------------------------------


def test_a_plan_cannot_be_changed() -> None:
    given_ = np.ones((2, 3))
    plan = Frequencies("plan", SEGMENTS, CHANNELS, given_)
    given_[0, 0] = 5
    assert plan.per_week[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        plan.per_week[0, 0] = 5


@pytest.mark.parametrize("bad", [-0.1, 7.001, NAN, float("inf")])
def test_a_frequency_out_of_range_is_named(bad: float) -> None:
    table = np.ones((2, 3))
    table[1, 2] = bad
    with pytest.raises(InputError, match=r"plan: old x push: frequency out of range .*0 to 7"):
        Frequencies("plan", SEGMENTS, CHANNELS, table)


def test_all_wrong_frequencies_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Frequencies("plan", SEGMENTS, CHANNELS, np.full((2, 3), 8.0))
    assert len(caught.value.problems) == 6


@pytest.mark.parametrize("shape", [(3, 2), (6,), (2, 2), (2, 3, 1)])
def test_a_table_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="one frequency per segment and channel"):
        Frequencies("plan", SEGMENTS, CHANNELS, np.ones(shape))


def test_of_takes_a_default_and_exceptions() -> None:
    plan = Frequencies.of("plan", SEGMENTS, CHANNELS, {"email": 2, "push": 1}, {"old": {"email": 0.5, "sms": 0.25}})
    assert plan.per_week.tolist() == [[2, 0, 1], [0.5, 0.25, 1]]


@pytest.mark.parametrize(
    ("default", "by_segment", "message"),
    [
        ({"fax": 1}, {}, "plan.default.fax: unknown channel .*email, sms, push"),
        ({}, {"nobody": {"email": 1}}, "plan.nobody: unknown segment .*new, old"),
        ({}, {"old": {"fax": 1}}, "plan.old.fax: unknown channel"),
        ({"email": 9}, {}, "frequency out of range"),
    ],
)
def test_of_refuses_unknown_names(default: dict[str, float], by_segment: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Frequencies.of("plan", SEGMENTS, CHANNELS, default, by_segment)


@given(st.integers(0, 1), st.integers(0, 2), st.floats(0, 7))
def test_replace_changes_one_frequency(segment: int, channel: int, per_week: float) -> None:
    plan = Frequencies.of("plan", SEGMENTS, CHANNELS, {"email": 1, "sms": 2, "push": 3})
    other = plan.replace(segment, channel, per_week, name="other")
    expected = np.tile([1.0, 2.0, 3.0], (2, 1))
    expected[segment, channel] = per_week
    assert other.per_week.tolist() == expected.tolist()
    assert plan.per_week.tolist() == np.tile([1.0, 2.0, 3.0], (2, 1)).tolist()
    assert (plan.name, other.name) == ("plan", "other")


def test_replace_keeps_campaigns_and_offers() -> None:
    offers = (("old", "email", "ten_percent"),)
    plan = replace(Frequencies.nothing(SEGMENTS, CHANNELS), campaigns=("welcome",), offers=offers)
    other = plan.replace(0, 1, 2.0)
    assert (other.name, other.campaigns, other.offers) == ("no_contact", ("welcome",), offers)


def test_nothing_is_no_contact() -> None:
    assert not Frequencies.nothing(SEGMENTS, CHANNELS).per_week.any()


def test_a_plan_for_other_segments_or_channels_is_refused() -> None:
    world = world_of(5)
    good = flat(world.rfm, world.channels, 1.0, 1.0)
    world.check_plan(good)
    with pytest.raises(InputError, match="the plan is for other segments"):
        world.check_plan(replace(good, segments=("fresh", "cold", "cooling")))
    with pytest.raises(InputError, match="the plan is for other channels"):
        world.check_plan(replace(good, channels=("sms", "email")))


# --- domain objects -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, NAN, float("inf")])
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Channel, "unit_cost"), (Channel, "orders_per_contact"), (Channel, "fatigue_weight"),
        (Channel, "unsubscribe_per_contact"), (Channel, "complaint_per_contact"), (Channel, "delivered"),
        (Channel, "seen"), (Channel, "clicked"), (Channel, "consent_share"),
        (Fatigue, "half_life_days"), (Fatigue, "damping"), (Fatigue, "relief_at_order"),
        (Response, "half_life_days"), (Response, "rate_elasticity"), (Response, "responsiveness_cv"),
        (Response, "saturation_orders_per_day"), (Response, "dormant_share"), (Response, "dormant_half_life_days"),
        (Response, "reference_shape"), (Response, "reference_orders_per_year"),
        (OptOut, "fatigue_growth"), (OptOut, "frailty_shape"), (OptOut, "open_concentration"),
        (Economics, "margin"), (Economics, "discount_per_year"),
    ],
)  # fmt: skip
def test_no_number_may_be_negative_infinite_or_missing(kind: type, key: str, value: float) -> None:
    name = {"name": "email"} if kind is Channel else {}
    with pytest.raises(InputError) as caught:
        kind(**name, **{key: value})
    assert key in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Fatigue, "half_life_days"), (Response, "half_life_days"), (Response, "saturation_orders_per_day"),
        (Response, "dormant_half_life_days"), (OptOut, "frailty_shape"), (OptOut, "open_concentration"),
    ],
)  # fmt: skip
def test_half_lives_and_shapes_are_positive(kind: type, key: str) -> None:
    with pytest.raises(InputError, match=f"{key}: must be greater than 0"):
        kind(**{key: 0.0})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "e mail"}, "a channel's name"),
        ({"name": "1st"}, "a channel's name"),
        ({"name": "x" * 41}, "a channel's name"),
        ({"name": "email", "seen": 0.2, "clicked": 0.3}, "more clicked than seen"),
        ({"name": "email", "unsubscribe_per_contact": 1.0}, "must be below 1"),
    ],
)
def test_channels_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Channel(**fields)


def test_seasonality_has_a_factor_per_week() -> None:
    assert Seasonality((1.0,) * 53).by_week[52] == 1
    with pytest.raises(InputError, match=r"one factor per week of the year .*12 values"):
        Seasonality((1.0,) * 12)
    with pytest.raises(InputError, match=r"by_week\[3\]"):
        Seasonality((1.0, 1.0, 1.0, 0.0) + (1.0,) * 48)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weeks": 0}, "horizon.weeks"),
        ({"weeks": 261}, "horizon.weeks"),
        ({"tail_weeks": -1}, "horizon.tail_weeks"),
        ({"start": "tired"}, "horizon.start: unknown start"),
        ({"consent_rate_correlation": 1.0}, "a correlation"),
        ({"consent_rate_correlation": NAN}, "a correlation"),
    ],
)
def test_worlds_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        world_of(5, **fields)


def test_two_channels_may_not_share_a_name() -> None:
    with pytest.raises(InputError, match="channel names must be unique"):
        world_of(5, (Channel("email"), Channel("email")))


def test_defaults_check_themselves() -> None:
    assert Behaviour() == Behaviour()
    assert ContactPolicy().min_gap_days == 1


# --- errors ---------------------------------------------------------------------------------------------------


def test_a_problem_reads_as_one_sentence() -> None:
    assert str(Problem("a.b", "too big", "9", "0 to 7")) == "a.b: too big (given: 9); allowed: 0 to 7"
    assert str(Problem("a.b", "missing")) == "a.b: missing"
    assert str(Problem("", "missing")) == "missing"
    error = InputError([Problem("a", "x"), Problem("b", "y")])
    assert str(error) == "a: x\nb: y"
    assert isinstance(error, ValueError)
