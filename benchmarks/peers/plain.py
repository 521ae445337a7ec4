"""Plain Python: a loop over customers inside a loop over days, lists and ``random``."""

from __future__ import annotations

import math
import random

import numpy as np

from benchmarks.peers import model as m


def segment_of(recency: int, counter: float) -> int:
    """Segment 0 to 5."""
    if recency <= 45:
        if recency <= 14 and counter >= 3:
            return 0
        return 1 if counter >= 1 else 2
    if recency <= 90:
        return 3
    return 4 if recency <= 180 else 5


class Customer:
    """One customer and the step of a day."""

    __slots__ = ("counter", "fatigue", "rate", "recency", "sent", "spend", "subscribed")

    def __init__(self, rate: float, spend: float, recency: int, counter: float, subscribed: list[bool]) -> None:
        self.rate, self.spend, self.recency, self.counter, self.subscribed = rate, spend, recency, counter, subscribed
        self.fatigue = 0.0
        self.sent = [0] * m.WINDOW
        """Contacts by day, a ring."""

    def step(self, day: int, rng: random.Random, counts: list[float]) -> None:
        """One day."""
        uniform = rng.random
        self.recency += 1
        self.fatigue *= m.FATIGUE_LEFT
        self.counter *= m.COUNTER_LEFT
        self.sent[day % m.WINDOW] = 0
        orders = 0
        plan = m.PER_WEEK[segment_of(self.recency, self.counter)]
        for c in range(3):
            if not self.subscribed[c] or uniform() >= plan[c] / 7 or sum(self.sent) >= m.MOST:
                continue
            counts[m.SENT + c] += 1
            self.sent[day % m.WINDOW] += 1
            if uniform() < m.OPEN[c] * math.exp(-m.DAMPING * self.fatigue):
                counts[m.OPENED + c] += 1
                if uniform() < m.ORDER_IF_OPENED:
                    orders += 1
            if uniform() < m.UNSUBSCRIBE * math.exp(m.IRRITATION * self.fatigue):
                self.subscribed[c] = False
                counts[m.LEFT + c] += 1
            self.fatigue += m.WEIGHT[c]
        if uniform() < self.rate:
            orders += 1
        for _ in range(orders):
            counts[m.ORDERS] += 1
            counts[m.REVENUE] += self.spend * math.exp(rng.gauss(-0.5 * m.SPREAD**2, m.SPREAD))
            self.counter += 1
            self.recency = 0


def customers(people: m.People) -> list[Customer]:
    """Objects from columns."""
    columns = (people.rate, people.spend, people.recency, people.counter, people.subscribed)
    return [Customer(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    rng, counts = random.Random(seed), [0.0] * len(m.COUNTS)
    everybody = customers(people)
    for day in range(days):
        for customer in everybody:
            customer.step(day, rng, counts)
    return np.array(counts)
