"""The half-life of fatigue: the shapes it predicts, the profile, and what an interval says."""

import numpy as np
import pytest

from sim.fit import optout
from sim.fit._arm_moments import Moments
from sim.fit._optout_profile import greatest
from sim.fit._response_path import ArmContacts
from sim.fit.half_life import HALF_LIVES, distances, interval_of
from tests.sim.fit.test_optout import log_of

WEEKS = 24
DECAY = 2 ** (-1 / 7)


def contacts(days_of_arm, weeks=WEEKS):
    """One customer an arm; the first arm is the control."""
    count = [len(days) for days in days_of_arm]
    day = np.concatenate([np.asarray(days, dtype=np.int32) for days in days_of_arm])
    zeros = np.zeros(day.size, dtype=np.int64)
    return ArmContacts(
        first=np.concatenate([[0], np.cumsum(count)]), day=day, channel=zeros, weight=np.ones(day.size),
        arm=np.arange(len(count)), channels=1, arms=len(count), weeks=weeks, log_began=0,
    )  # fmt: skip


def blocks(weeks_on, per_week=7):
    day = np.arange(7 * WEEKS)
    return day[(day // (7 * weeks_on) % 2 == 0) & (day % 7 < per_week)]


def test_additions_follow_the_engines_day():
    """Three contacts, added up by hand: fatigue before each, damping, and the stimulus spread over the weeks."""
    (week,) = contacts([[], [0, 7, 8]], weeks=3).paths(7.0, 2.0).shapes(0.2, np.array([0.0]))[0, 0]
    fades = 2 ** (-1 / 2)
    stock, stimulus, by_hand = 0.0, 0.0, np.zeros(3)
    for day in range(21):
        if day in (0, 7, 8):
            stimulus += (1 - fades) * np.exp(-0.2 * stock)
            stock += 1
        by_hand[day // 7] += stimulus
        stimulus, stock = stimulus * fades, stock * DECAY
    assert week == pytest.approx(by_hand)


def test_who_comes_tired_reacts_less_at_first():
    rested, tired = contacts([[], [0, 70]]).paths(7.0, 2.0).shapes(0.2, np.array([0.0, 10.0]))[:, 0, 0]
    assert tired[0] == pytest.approx(rested[0] * np.exp(-2), rel=0.01)
    assert tired[10] == pytest.approx(rested[10], rel=0.01)


@pytest.mark.parametrize("truth", [3.0, 7.0, 21.0])
def test_without_noise_pauses_give_back_the_half_life(truth):
    made = contacts([[], blocks(1), blocks(2), blocks(4)])
    seen = 0.0053 * made.paths(truth, 2.0).shapes(0.2, np.array([2.0]))[0, 0]
    found = distances(Moments(seen, 1e-6 * np.eye(seen.size)), made, 2.0, None)
    at = int(found.distance.argmin())
    assert HALF_LIVES[at] == truth
    assert found.distance[at] < 0.1
    assert found.damping[at] == pytest.approx(0.2, rel=0.1)
    assert found.effect[at, 0] == pytest.approx(0.0053, rel=0.05)
    assert np.delete(found.distance, at).min() > 10 * found.distance[at]


def test_without_effect_of_contacts_every_half_life_fits():
    made = contacts([[], blocks(1), blocks(4)])
    noise = np.random.default_rng(1).normal(size=(2, WEEKS)) * 1e-3
    found = distances(Moments(noise, 1e-6 * np.eye(noise.size)), made, 2.0, None)
    assert np.ptp(found.distance) < 8
    assert found.distance.min() < 2 * WEEKS + 4 * np.sqrt(4 * WEEKS)


def test_likelihood_of_departures_is_that_of_the_fit():
    """At the estimate of `sim.fit.optout`, the greatest likelihood is no smaller and hardly greater."""
    risks = optout.risks_of(log_of([1, 4], 0.003, 0.15, 1.0, weeks=13, n=2_500), "email", {"email": 1.0}, 7.0)
    fit = optout.fit("email", risks)
    value, at = greatest(risks, DECAY)
    plain = optout._best(risks, fit.growth, fit.frailty)[0]
    assert -0.01 < value - plain < 3
    assert 0.3 < np.exp(at[0]) / fit.hazard < 3


def test_intervals_and_what_they_say():
    from scenarios.recovery import said

    curve = np.log(HALF_LIVES / 7) ** 2
    closed = interval_of(20 * curve)
    assert closed.determined
    assert closed.value == pytest.approx(7, rel=0.01)
    half = np.sqrt(3.841459 / 20)
    assert (closed.low, closed.high) == (
        pytest.approx(7 * np.exp(-half), rel=0.03),
        pytest.approx(7 * np.exp(half), rel=0.03),
    )
    wide = interval_of(3 * curve)
    assert (wide.open_low, wide.open_high, wide.determined) == (False, False, False)
    assert "wide enough for fast and slow recovery both" in said(wide)
    flat = interval_of(0 * curve)
    assert (flat.low, flat.high, flat.open_low, flat.open_high) == (1, pytest.approx(90), True, True)
    assert "not determined by this log; 1 days or less to 90 days or more" in said(flat)
    assert "a stop and start" in said(flat)
    assert "This log determines it" in said(closed)
