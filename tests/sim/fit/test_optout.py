"""Leaving a channel: hazard, pressure and frailty from logs of known truth, and silence where the log cannot tell."""

import numpy as np
import pytest

from sim.fit import optout
from sim.fit._fatigue_path import fatigue_at
from sim.messages import DELIVERED, UNSUBSCRIBED, MessageLog

HALF_LIFE = 7.0


def log_of(per_week, hazard, growth, k, weeks=26, seed=1, n=7_000):
    """E-mails at a personal frequency (drawn from ``per_week``) until the customer leaves."""
    rng = np.random.default_rng(seed)
    every = 7.0 / rng.choice(per_week, n)
    z = rng.gamma(k, 1 / k, n) if k < 1e5 else np.ones(n)
    days, marks, first = [], [], [0]
    decay = 2 ** (-1 / HALF_LIFE)
    for i in range(n):
        when = np.unique((np.arange(rng.random() * every[i], weeks * 7, every[i])).astype(np.int32))
        stock, last, gone = 0.0, when[0], False
        for j, day in enumerate(when):
            stock *= decay ** (day - last)
            last = day
            gone = rng.random() < -np.expm1(-hazard * z[i] * np.exp(growth * stock))
            if gone:
                when = when[: j + 1]
                break
            stock += 1.0
        days.append(when)
        marks.append(np.full(when.size, DELIVERED, dtype=np.uint8))
        marks[-1][-1] |= UNSUBSCRIBED * gone
        first.append(first[-1] + when.size)
    day, mark = np.concatenate(days), np.concatenate(marks)
    zeros = np.zeros(day.size, dtype=np.uint8)
    ids = np.array([f"{i:05d}" for i in range(n)])
    return MessageLog(ids, ("email",), (), ("delivered", "unsubscribed"), np.array(first), day, zeros, zeros, mark)


def fitted(log):
    return optout.fit("email", optout.risks_of(log, "email", {"email": 1.0}, HALF_LIFE))


def test_fatigue_is_a_leaking_stock():
    day = np.array([0, 0, 7, 21, 5], dtype=np.int32)
    stock = fatigue_at(np.array([0, 4, 5]), day, np.array([1.0, 2.0, 1.0, 0.0, 1.0]), 2 ** (-1 / 7))
    assert stock == pytest.approx([0, 1, 1.5, 0.625, 0])


def test_messages_count_until_the_first_departure_only():
    marks = np.array([1, 1 | UNSUBSCRIBED, 1, 1, 0, 1], dtype=np.uint8) & ~np.uint8(0)
    marks[4] = 0  # not delivered
    zeros = np.zeros(6, dtype=np.uint8)
    day = np.array([0, 1, 2, 0, 1, 2], dtype=np.int32)
    log = MessageLog(
        np.array(["a", "b"]),
        ("email",),
        (),
        ("delivered", "unsubscribed"),
        np.array([0, 3, 6]),
        day,
        zeros,
        zeros,
        marks,
    )
    risks = optout.risks_of(log, "email", {"email": 1.0}, HALF_LIFE)
    assert np.diff(risks.first).tolist() == [2, 2]
    assert risks.left.tolist() == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(("growth", "k"), [(0.0, 1e6), (0.15, 1.0), (0.30, 1e6)])
def test_truth_lies_in_the_intervals(growth, k):
    found = fitted(log_of([1, 2, 4, 6], 0.002, growth, k))
    assert found.hazard_low <= 0.002 <= found.hazard_high
    assert found.growth_low <= growth <= found.growth_high
    assert found.frailty_low <= k <= found.frailty_high
    assert found.hazard_high / found.hazard_low < 4
    if growth == 0.30:
        assert found.growth_low > 0
        assert found.growth_known


@pytest.mark.slow
def test_one_frequency_does_not_tell_pressure_from_readiness():
    """Everybody got one e-mail a week for eight weeks: many pairs of u and gamma explain that equally well."""
    found = fitted(log_of([1], 0.002, 0.15, 1.0, weeks=8))
    assert found.growth_low == 0.0
    assert found.growth_high > 0.4
    assert found.hazard_low < 0.002 < found.hazard_high


def test_too_few_departures_say_nothing():
    assert fitted(log_of([1], 1e-4, 0.0, 1e6, weeks=4, n=300)) is None
