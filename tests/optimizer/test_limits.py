"""Use of limits against counts made by hand from the log of a small simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.limits import Limit, check_limits, row_owner, rows_of_limits, use_of
from sim.engine.tables import EV_CONTACT, NANO, OPT_OUTS
from sim.errors import InputError
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from tests.optimizer.worlds import EMAIL, SMS, people, small_world, space_of

WEEKS = 4
LIMITS = (
    Limit("budget", "cost", 9.0),
    Limit("sms budget", "cost", 8.0, channel="sms"),
    Limit("mails", "contacts", 7.0, channel="email"),
    Limit("sms a week", "contacts_per_week", 6.0, channel="sms"),
    Limit("list", "unsubscribes", 5.0),
    Limit("all a week", "contacts_per_week", 4.0),
)


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    population = people(80, 5)
    world = small_world(population.standing_for(10 * population.size), weeks=WEEKS, tail_weeks=2)
    space = space_of(world)
    plans = [space.plan(np.array(rows), str(n)) for n, rows in enumerate([[[3, 3], [1, 2]], [[0, 1], [2, 0]]])]
    return simulate(world, plans, seed=5, threads=1, log_lines=20_000)


def sends(result: SimulationResult) -> np.ndarray:
    """(plans, weeks of the horizon, channels) contacts counted one by one from the log, of the real base."""
    counted = np.zeros((2, WEEKS, 2))
    for world, _, day, kind, lane, _ in result.totals.log:
        if kind == EV_CONTACT and day < 7 * WEEKS:
            counted[world, day // 7, lane] += 10
    return counted


def test_the_log_is_worth_counting(result: SimulationResult) -> None:
    counted = sends(result)
    assert (counted.sum(axis=(1, 2)) > 500).all()
    assert (counted.sum(axis=(0, 1)) > 300).all()


def test_use_is_what_the_log_says(result: SimulationResult) -> None:
    counted, use = sends(result), use_of(result, LIMITS)
    gone = result.totals.customer[:, :, 0, OPT_OUTS].sum(axis=1) / NANO * 10
    assert use.shape == (2, 1 + 1 + 1 + WEEKS + 1 + WEEKS)
    for plan in range(2):
        email, sms = counted[plan].T
        by_hand = [
            email.sum() * EMAIL.unit_cost + sms.sum() * SMS.unit_cost,
            sms.sum() * SMS.unit_cost,
            email.sum(),
            *sms,
            gone[plan],
            *(email + sms),
        ]
        np.testing.assert_allclose(use[plan], by_hand, rtol=1e-12)


def test_no_contact_uses_nothing(result: SimulationResult) -> None:
    world = result.world
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    use = use_of(simulate(world, [nothing], seed=5, tail=nothing, threads=1), LIMITS)
    assert not use.any()


def test_rows_of_limits_and_their_owners() -> None:
    most = rows_of_limits(LIMITS, WEEKS)
    np.testing.assert_array_equal(most, [9, 8, 7, 6, 6, 6, 6, 5, 4, 4, 4, 4])
    owners = [(limit.name, week) for limit, week in row_owner(LIMITS, WEEKS)]
    assert owners[2:8] == [
        ("mails", None), ("sms a week", 1), ("sms a week", 2), ("sms a week", 3), ("sms a week", 4), ("list", None),
    ]  # fmt: skip
    assert len(owners) == len(most)


def test_no_limits_are_no_rows(result: SimulationResult) -> None:
    assert use_of(result, ()).shape == (2, 0)
    assert rows_of_limits((), WEEKS).shape == (0,)


def test_bad_limits_are_refused() -> None:
    with pytest.raises(InputError, match="must not be negative"):
        Limit("budget", "cost", -1.0)
    with pytest.raises(InputError, match="must not be negative"):
        Limit("budget", "cost", float("nan"))
    with pytest.raises(InputError, match="every limit has a name"):
        Limit("", "cost", 1.0)
    with pytest.raises(InputError, match="unknown channel"):
        check_limits([replace(LIMITS[1], channel="fax")], ("email", "sms"))
    with pytest.raises(InputError, match="share a name"):
        check_limits([LIMITS[0], replace(LIMITS[0], most=1.0)], ("email", "sms"))
