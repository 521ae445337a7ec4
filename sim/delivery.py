"""Delivering in time: what a sending platform and a call centre do with the contacts of a plan (discrete events).

Messages are moved in portions of a few minutes, so that a million of them cost no more than a thousand; calls are
single customers who wait, are served or give up. Time is in minutes from midnight of the first day; day 0 has the
weekday given. Randomness comes from one generator per run.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

HOUR, DAY = 60.0, 1440.0
TICK = 5.0
"""Minutes of one portion."""
Floats = npt.NDArray[np.float64]
Process = Generator[Any, Any, None]


@dataclass(frozen=True)
class Hours:
    """When something is open."""

    opens: float = 9.0
    """Hour of the day."""
    closes: float = 21.0
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """1 = Monday."""
    first_weekday: int = 1
    """Of day 0."""

    def open_on(self, day: int) -> bool:
        return (self.first_weekday - 1 + day) % 7 + 1 in self.weekdays

    def open_at(self, minute: float) -> bool:
        return self.open_on(int(minute // DAY)) and self.opens * HOUR <= minute % DAY < self.closes * HOUR

    def next_opening(self, minute: float) -> float:
        """The same minute if open, else when it opens next."""
        if self.open_at(minute):
            return minute
        day = int(minute // DAY) + (minute % DAY >= self.opens * HOUR)
        while not self.open_on(day):
            day += 1
        return day * DAY + self.opens * HOUR

    @property
    def per_week(self) -> float:
        """Open hours a week."""
        return (self.closes - self.opens) * len(self.weekdays)


@dataclass(frozen=True)
class Sender:
    """What a sending platform can do on one channel."""

    per_hour: float
    hours: Hours = field(default_factory=Hours)
    failure_share: float = 0.0
    """Attempts that fail for a passing reason and are tried again."""
    retries: int = 2
    retry_after_minutes: float = 30.0

    @property
    def attempts(self) -> float:
        """Expected attempts per message."""
        p = self.failure_share
        return sum(p**k for k in range(self.retries + 1))

    @property
    def per_week(self) -> float:
        """Messages that can be brought to an end in a week."""
        return self.per_hour * self.hours.per_week / self.attempts


@dataclass(frozen=True)
class Batch:
    """Messages that are due together."""

    due: float
    """Minute."""
    count: float
    priority: int = 0
    """Smaller goes first."""


@dataclass(frozen=True, eq=False)
class Sent:
    """What became of the batches: portions that left, and what was lost or is still waiting at the end."""

    at: Floats
    """(M,) minute at which the portion left."""
    due: Floats
    count: Floats
    priority: npt.NDArray[np.int64]
    lost: float
    waiting: float

    @property
    def total(self) -> float:
        """Messages asked for."""
        return float(self.count.sum()) + self.lost + self.waiting

    def on_time(self, within_hours: float) -> float:
        """Share of all messages that left within so many hours of being due; 1 if there were none."""
        good = float(self.count[self.at - self.due <= within_hours * HOUR + 1e-9].sum())
        return good / self.total if self.total > 0 else 1.0

    def delay_hours(self, share: float) -> float:
        """Hours within which this share of those that left did."""
        if not len(self.at):
            return 0.0
        order = np.argsort(self.at - self.due)
        reached = np.cumsum(self.count[order]) / self.count.sum()
        return float((self.at - self.due)[order][np.searchsorted(reached, min(share, reached[-1]))]) / HOUR


def deliver(sender: Sender, batches: Sequence[Batch], *, until_day: int) -> Sent:
    """Send the batches in order of priority, then age, at the platform's pace, in its hours."""
    env = simpy.Environment()
    work = _Queue()
    portions: list[tuple[float, float, float, int]] = []
    lost = [0.0]
    for batch in batches:
        env.process(_arrive(env, work, batch))
    env.process(_send(env, sender, work, portions, lost))
    env.run(until=until_day * DAY)
    rows = np.array(portions, dtype=float).reshape(-1, 4)
    asked = sum(batch.count for batch in batches)
    waiting = asked - float(rows[:, 2].sum()) - lost[0]
    waiting = waiting if waiting > 1e-6 * max(1.0, asked) else 0.0  # portions are sums of floats
    return Sent(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3].astype(np.int64), lost[0], waiting)


class _Queue:
    """Portions by priority, then by the time they were due."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, float, int, list[float]]] = []
        self._number = itertools.count()

    def add(self, priority: int, due: float, count: float, attempt: int) -> None:
        heapq.heappush(self._heap, (priority, due, next(self._number), [count, attempt]))

    def take(self, most: float) -> list[tuple[int, float, float, int]]:
        """Up to ``most`` messages: (priority, due, count, attempt)."""
        taken = []
        while self._heap and most > 1e-9:
            priority, due, _, rest = self._heap[0]
            count = min(most, rest[0])
            taken.append((priority, due, count, int(rest[1])))
            rest[0] -= count
            most -= count
            if rest[0] <= 1e-9:
                heapq.heappop(self._heap)
        return taken


def _arrive(env: simpy.Environment, work: _Queue, batch: Batch) -> Process:
    yield env.timeout(batch.due)
    work.add(batch.priority, batch.due, batch.count, 0)


def _send(
    env: simpy.Environment,
    sender: Sender,
    work: _Queue,
    portions: list[tuple[float, float, float, int]],
    lost: list[float],
) -> Process:
    """Every tick of the open hours a portion leaves; what fails comes back, or is lost after the last retry."""
    while True:
        opening = sender.hours.next_opening(env.now)
        if opening > env.now:
            yield env.timeout(opening - env.now)
        yield env.timeout(TICK)
        for priority, due, count, attempt in work.take(sender.per_hour * TICK / HOUR):
            failed = count * sender.failure_share
            portions.append((env.now, due, count - failed, priority))
            if failed and attempt < sender.retries:
                env.process(_again(env, sender, work, priority, due, failed, attempt + 1))
            else:
                lost[0] += failed


def _again(
    env: simpy.Environment, sender: Sender, work: _Queue, priority: int, due: float, count: float, attempt: int
) -> Process:
    yield env.timeout(sender.retry_after_minutes)
    work.add(priority, due, count, attempt)


def throughput_needed(sender: Sender, batches: Sequence[Batch], within_hours: float, share: float, days: int) -> float:
    """Messages an hour with which ``share`` of the messages leaves in time, to 1 %; infinite if none does."""
    from dataclasses import replace

    def reached(per_hour: float) -> bool:
        return deliver(replace(sender, per_hour=per_hour), batches, until_day=days).on_time(within_hours) >= share

    high = max(1.0, sum(batch.count for batch in batches))
    if not reached(high * HOUR / TICK):
        return float("inf")
    low, high = 0.0, high * HOUR / TICK
    while high - low > 0.01 * high:
        middle = (low + high) / 2 if low else high / 8
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
