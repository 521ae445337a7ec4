"""Sending platforms against arithmetic, call centres against Erlang's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.call_centre import CallCentre, seats_needed, take_calls
from sim.delivery import DAY, HOUR, Batch, Hours, Sender, deliver, throughput_needed

ALWAYS = Hours(0, 24)


def poisson(per_minute: float, minutes: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, minutes, rng.poisson(per_minute * minutes)))


def erlang_c(seats: int, load: float) -> float:
    """Chance to wait in M/M/c."""
    busy = load**seats / math.factorial(seats) * seats / (seats - load)
    return busy / (sum(load**k / math.factorial(k) for k in range(seats)) + busy)


def erlang_a(seats: int, arrivals: float, talk: float, patience: float) -> float:
    """Share of customers who give up in M/M/c+M, from the birth-death chain."""
    weights = [1.0]
    for n in range(1, 2_000):
        weights.append(weights[-1] * arrivals / (min(n, seats) / talk + max(0, n - seats) / patience))
    chance = np.array(weights) / sum(weights)
    waiting = sum(max(0, n - seats) * p for n, p in enumerate(chance))
    return waiting / patience / arrivals


@pytest.mark.slow
@pytest.mark.parametrize(("seats", "arrivals", "talk"), [(1, 0.10, 6.0), (5, 0.7, 6.0), (12, 1.8, 6.0)])
def test_waiting_in_a_call_centre_is_erlangs(seats: int, arrivals: float, talk: float) -> None:
    """Means of 24 independent stretches, so that their spread is the error."""
    load = arrivals * talk
    expected = erlang_c(seats, load) / (seats / talk - arrivals)
    means = []
    for seed in range(24):
        calls = take_calls(CallCentre(seats, talk), poisson(arrivals, 8_000, seed), seed=100 + seed)
        means.append(calls.waited[len(calls.waited) // 10 :].mean())  # the start is emptier than usual
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert error < 0.12 * expected
    assert abs(np.mean(means) - expected) < 4 * error


@pytest.mark.slow
@pytest.mark.parametrize(("seats", "arrivals", "talk", "patience"), [(3, 0.6, 6.0, 4.0), (10, 1.6, 6.0, 2.0)])
def test_giving_up_is_erlang_a(seats: int, arrivals: float, talk: float, patience: float) -> None:
    expected = erlang_a(seats, arrivals, talk, patience)
    shares = []
    for seed in range(16):
        centre = CallCentre(seats, talk, patience)
        shares.append(take_calls(centre, poisson(arrivals, 8_000, seed), seed=200 + seed).abandoned)
    error = np.std(shares, ddof=1) / math.sqrt(len(shares))
    assert error < 0.05 * expected
    assert abs(np.mean(shares) - expected) < 4 * error


@pytest.mark.slow
def test_priority_is_served_first_as_cobham_says() -> None:
    """Non-preemptive M/M/c with two classes: W1 = C / (c mu) / (1 - rho1), W2 = W1 / (1 - rho)."""
    seats, talk, each = 4, 6.0, 0.28
    rho = 2 * each * talk / seats
    first = erlang_c(seats, rho * seats) * talk / seats / (1 - rho / 2)
    waits: dict[int, list[float]] = {0: [], 1: []}
    for seed in range(24):
        arrivals = poisson(2 * each, 8_000, seed)
        priority = np.random.default_rng(seed + 50).integers(0, 2, len(arrivals))
        found = take_calls(CallCentre(seats, talk), arrivals, priority, seed=300 + seed)
        for one in (0, 1):
            waits[one].append(found.waited[found.priority == one].mean())
    for one, expected in ((0, first), (1, first / (1 - rho))):
        error = np.std(waits[one], ddof=1) / math.sqrt(24)
        assert abs(np.mean(waits[one]) - expected) < 4 * error


def test_seats_needed_are_the_fewest() -> None:
    arrivals, centre = poisson(1.0, 2_000, 1), CallCentre(1, 5.0)
    seats = seats_needed(centre, arrivals, within_minutes=1, level=0.8, seed=2)
    assert seats is not None
    assert take_calls(CallCentre(seats, 5.0), arrivals, seed=2).within(1) >= 0.8
    assert take_calls(CallCentre(seats - 1, 5.0), arrivals, seed=2).within(1) < 0.8
    assert 5 < seats < 12  # a load of five
    assert seats_needed(centre, arrivals, within_minutes=1, level=0.8, seed=2, most=3) is None
    nobody = take_calls(centre, np.array([]), seed=1)
    assert (nobody.calls, nobody.abandoned, nobody.mean_wait, nobody.within(0)) == (0, 0, 0, 1)


def test_a_batch_leaves_at_the_platforms_pace() -> None:
    """1,000 messages at 100 an hour take ten hours; after five, half have left."""
    sent = deliver(Sender(100, ALWAYS), [Batch(0, 1_000)], until_day=2)
    assert (sent.total, sent.lost, sent.waiting) == (pytest.approx(1_000), 0, 0)
    assert sent.at.max() == pytest.approx(10 * HOUR)
    assert sent.on_time(5) == pytest.approx(0.5)
    assert sent.on_time(10) == pytest.approx(1)
    assert sent.delay_hours(0.5) == pytest.approx(5, abs=0.1)


def test_what_the_day_does_not_hold_waits_for_the_next_opening() -> None:
    hours = Hours(9, 11, weekdays=(1, 2, 3, 4, 5), first_weekday=5)  # a Friday
    sent = deliver(Sender(100, hours), [Batch(9 * HOUR, 300)], until_day=5)
    days = np.unique(sent.at // DAY)
    assert days.tolist() == [0, 3]  # Friday, then Monday
    assert sent.count[sent.at < DAY].sum() == pytest.approx(200)
    assert sent.on_time(2) == pytest.approx(2 / 3)
    cut = deliver(Sender(100, hours), [Batch(9 * HOUR, 300)], until_day=2)
    assert cut.waiting == pytest.approx(100)
    assert hours.per_week == 10


def test_priority_goes_first_and_the_oldest_within_it() -> None:
    batches = [Batch(0, 100, priority=1), Batch(0, 100, priority=0), Batch(30, 100, priority=0)]
    sent = deliver(Sender(100, ALWAYS), batches, until_day=1)
    last = {p: sent.at[sent.priority == p].max() for p in (0, 1)}
    assert last[0] == pytest.approx(2 * HOUR + 5, abs=5.1)  # a little of the later class left before 30 minutes
    assert last[1] == pytest.approx(3 * HOUR)


def test_failures_are_tried_again_and_then_lost() -> None:
    sender = Sender(1_000, ALWAYS, failure_share=0.2, retries=2, retry_after_minutes=30)
    sent = deliver(sender, [Batch(0, 1_000)], until_day=2)
    assert sent.lost == pytest.approx(1_000 * 0.2**3)
    assert sent.count.sum() == pytest.approx(992)
    assert sender.attempts == pytest.approx(1.24)
    assert sender.per_week == pytest.approx(1_000 * 168 / 1.24)


@pytest.mark.parametrize(("share", "within"), [(0.95, 4), (0.5, 2), (1.0, 8)])
def test_throughput_needed(share: float, within: float) -> None:
    """n messages due at opening: a share of them within T hours takes share n / T an hour."""
    batches = [Batch(9 * HOUR, 6_000)]
    needed = throughput_needed(Sender(1, Hours(9, 21)), batches, within, share, 3)
    assert needed == pytest.approx(share * 6_000 / within, rel=0.03)
    assert throughput_needed(Sender(1, Hours(12, 21)), batches, 2, 0.9, 3) == float("inf")  # closed until noon
