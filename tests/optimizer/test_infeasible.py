"""Limits that contradict each other: named, and the ways out are ways out."""

from __future__ import annotations

import re

import pytest

from optimizer.around import effects_of
from optimizer.evaluate import Evaluator
from optimizer.infeasible import conflict, feasibility_only, infeasible_words
from optimizer.limits import Limit
from optimizer.prices import under
from optimizer.settings import SearchSettings
from tests.optimizer.worlds import evaluator_of, people, small_world, space_of, with_limits

SETTINGS = SearchSettings(buffer=0.01)
FLOOR = Limit("newsletter", "contacts", least=20_000.0, channel="email")
BUDGET = Limit("budget", "cost", 90.0)
SMS = Limit("SMS capacity", "contacts_per_week", 60.0, channel="sms")


@pytest.fixture(scope="module")
def every() -> Evaluator:
    world = small_world(people(1_500, 5))
    evaluator = evaluator_of(world, space_of(world), (FLOOR, BUDGET, SMS))
    evaluator.evaluate(list(evaluator.space.all()))
    return evaluator


def explained(every: Evaluator, *limits: Limit) -> tuple[list[str], str]:
    """Conflict and words, from the plan without contacts."""
    evaluator = with_limits(every, limits)
    (nothing,) = evaluator.evaluate([evaluator.space.nothing()])
    data = feasibility_only(evaluator, effects_of(evaluator, nothing), nothing, SETTINGS)
    return conflict(evaluator, data), infeasible_words(evaluator, nothing, SETTINGS, "USD")


def possible(every: Evaluator, *limits: Limit) -> bool:
    """By enumeration; limits that are not asked about are moved out of the way."""
    names = {limit.name: limit for limit in limits}
    evaluator = under(every, [names.get(limit.name, limit.at(1e-9 if limit.least else 1e9)) for limit in every.limits])
    return any(evaluator.feasible(e) for e in evaluator.known.values())


def test_only_the_limits_that_contradict_are_named(every: Evaluator) -> None:
    assert not possible(every, FLOOR, BUDGET, SMS)
    assert possible(every, FLOOR, SMS)
    assert possible(every, BUDGET, SMS)
    names, words = explained(every, SMS, FLOOR, BUDGET)
    assert names == ["newsletter", "budget"]
    assert "'newsletter' (at least 20,000 contacts) and 'budget' (at most 90 USD) cannot be kept together" in words
    assert "SMS capacity" not in words


def test_the_ways_out_are_ways_out(every: Evaluator) -> None:
    _, words = explained(every, SMS, FLOOR, BUDGET)
    (budget,) = (float(x.replace(",", "")) for x in re.findall(r"raise 'budget' from 90 to ([\d,.]+) USD", words))
    (floor,) = (
        float(x.replace(",", "")) for x in re.findall(r"lower 'newsletter' from 20,000 to ([\d,.]+) con", words)
    )
    assert possible(every, SMS, FLOOR, Limit("budget", "cost", budget))
    assert possible(every, SMS, Limit("newsletter", "contacts", least=floor, channel="email"), BUDGET)
    assert not possible(every, SMS, FLOOR, Limit("budget", "cost", 0.85 * budget)), "and not a wasteful one"
    assert not possible(every, SMS, Limit("newsletter", "contacts", least=1.15 * floor, channel="email"), BUDGET)


def test_a_limit_that_is_impossible_alone(every: Evaluator) -> None:
    names, words = explained(every, BUDGET, Limit("newsletter", "contacts", least=1e9, channel="email"))
    assert names == ["newsletter"]
    assert "cannot be kept by any plan" in words


def test_limits_that_can_be_kept_are_no_conflict(every: Evaluator) -> None:
    names, _ = explained(every, BUDGET, SMS)
    assert names == []
