"""Limits measured on few customers as many would: exact for the reference plan, nearer to the truth for its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.calibrate import calibrate, calibration, moving_averages
from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from tests.optimizer.worlds import evaluator_of, people, small_world, space_of, with_limits

BASE = 10_000
LIMITS = (
    Limit("budget", "cost", 900.0),
    Limit("sms", "contacts_per_week", 1_400.0, channel="sms"),
    Limit("opt-outs per contact", "unsubscribes", 0.003, per="contacts"),
    Limit("paid", "contacts", 9_000.0, enforce="soft", price=0.01),
)


def sample(customers: int, seed: int) -> Evaluator:
    world = small_world(people(customers, seed).standing_for(BASE), weeks=4, tail_weeks=0)
    return evaluator_of(world, space_of(world), LIMITS, seed=seed)


@pytest.fixture(scope="module")
def many() -> Evaluator:
    return sample(12_000, 71)


@pytest.fixture
def few() -> Evaluator:
    return sample(500, 72)


REFERENCE = np.array([[2, 1], [1, 2]])


def neighbours() -> list[np.ndarray]:
    """All single changes."""
    found = []
    for s, c, k in np.ndindex(2, 2, 4):
        choice = REFERENCE.copy()
        choice[s, c] = k
        if k != REFERENCE[s, c]:
            found.append(choice)
    return found


def test_the_reference_plan_uses_what_it_uses_on_many(few: Evaluator, many: Evaluator) -> None:
    (here,), (there,) = few.evaluate([REFERENCE]), many.evaluate([REFERENCE])
    assert np.abs(few.excess(here) - many.excess(there)).max() > 0.01, "the sample leans to a side"
    calibrate([few], many, REFERENCE)
    np.testing.assert_allclose(few.excess(here), many.excess(there), atol=1e-9)
    np.testing.assert_allclose(few.excess(here, 0.05), many.excess(there, 0.05), atol=1e-9)
    calibrate([many], many, REFERENCE)
    assert many.calibration is None, "nobody knows better than all"


def test_neighbours_are_measured_better(few: Evaluator, many: Evaluator) -> None:
    plans = neighbours()
    true = np.array([many.excess(e) for e in many.evaluate(plans)])
    seen = few.evaluate(plans)
    raw = np.array([few.excess(e) for e in seen])
    calibrate([few], many, REFERENCE)
    better = np.array([few.excess(e) for e in seen])
    assert np.square(better - true).mean() < 0.5 * np.square(raw - true).mean()


def test_a_soft_limit_is_paid_for_as_it_is_used(few: Evaluator, many: Evaluator) -> None:
    (here,) = few.evaluate([REFERENCE])
    soft = few.rows().of(LIMITS[3])
    before = few.rows().use(here.parts)[soft]
    calibrate([few], many, REFERENCE)
    np.testing.assert_array_equal(few.rows().use(here.parts)[soft], before)


def test_what_the_reference_does_not_use_is_left_alone(few: Evaluator, many: Evaluator) -> None:
    mails = REFERENCE * [1, 0]
    found = calibration(few, many, mails)
    assert found.shape == 2 * few.evaluate([mails])[0].parts.shape
    np.testing.assert_array_equal(found[1:5], moving_averages(LIMITS, 4)[1:5])
    assert found[0, 0] != 1.0


def test_averages_are_of_neighbouring_weeks_of_one_limit() -> None:
    parts = np.array([7.0, 1.0, 2.0, 3.0, 10.0, 5.0, 6.0, 8.0])
    averaged = moving_averages(LIMITS, 4) @ parts
    np.testing.assert_allclose(averaged, [7.0, 2.0, 4.0, 4.0, 5.0, 5.0, 6.0, 8.0])
    by_week = Limit("a week", "unsubscribes", 1.0, every="week", per="contacts", weeks=(2, 7))
    rising = np.tile(np.arange(6.0), 2)
    np.testing.assert_allclose(moving_averages((by_week,), 9) @ rising, [1, 1.5, 2, 3, 3.5, 4] * 2)


def test_the_excess_of_a_ratio_is_a_share_of_it(few: Evaluator) -> None:
    (plan,) = few.evaluate([REFERENCE])
    ratio = plan.parts[5] / plan.parts[6]
    for factor in (0.5, 1.0):
        alone = with_limits(few, (Limit("ratio", "unsubscribes", factor * ratio, per="contacts"),))
        (again,) = alone.evaluate([REFERENCE])
        half = (1 + factor) / 2  # of what both sides add up to
        assert alone.beyond(again) == pytest.approx((1 - factor) / half, abs=1e-6)


def test_of_single_weeks_few_customers_know_little(few: Evaluator) -> None:
    (plan,) = few.evaluate([REFERENCE])
    budget, weeks = plan.parts[0] / 900.0 - 1, plan.parts[1:5] / 1_400.0 - 1
    ratio = few.excess(plan)[5]
    assert few.average_excess(plan) == pytest.approx(max(budget, weeks.mean(), ratio))
    assert few.excess(plan)[1:5].max() > weeks.mean()
