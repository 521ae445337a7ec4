"""Plain Numba: the loop of plain Python compiled, customer by customer, with Numba's own generator."""

# ruff: noqa: NPY002 - compiled code knows only the old calls

from __future__ import annotations

import math

import numba
import numpy as np

from benchmarks.peers import model as m

CHANCE, OPEN, WEIGHT = np.array(m.PER_WEEK) / 7, np.array(m.OPEN), np.array(m.WEIGHT)


@numba.njit
def _run(rate, spend, recency, counter, subscribed, days, seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)
    counts = np.zeros(11)
    sent = np.zeros(m.WINDOW, dtype=np.int64)
    for i in range(rate.shape[0]):
        fatigue, remembered = 0.0, 0
        since, many = recency[i], counter[i]
        sent[:] = 0
        for day in range(days):
            since += 1
            fatigue *= m.FATIGUE_LEFT
            many *= m.COUNTER_LEFT
            slot = day % m.WINDOW
            remembered -= sent[slot]
            sent[slot] = 0
            if since <= 45:
                segment = 0 if since <= 14 and many >= 3 else (1 if many >= 1 else 2)
            else:
                segment = 3 if since <= 90 else (4 if since <= 180 else 5)
            orders = 0
            for c in range(3):
                if not subscribed[i, c] or np.random.random() >= CHANCE[segment, c] or remembered >= m.MOST:
                    continue
                counts[m.SENT + c] += 1
                sent[slot] += 1
                remembered += 1
                if np.random.random() < OPEN[c] * math.exp(-m.DAMPING * fatigue):
                    counts[m.OPENED + c] += 1
                    if np.random.random() < m.ORDER_IF_OPENED:
                        orders += 1
                if np.random.random() < m.UNSUBSCRIBE * math.exp(m.IRRITATION * fatigue):
                    subscribed[i, c] = False
                    counts[m.LEFT + c] += 1
                fatigue += WEIGHT[c]
            if np.random.random() < rate[i]:
                orders += 1
            for _ in range(orders):
                counts[m.ORDERS] += 1
                counts[m.REVENUE] += spend[i] * math.exp(np.random.normal(-0.5 * m.SPREAD**2, m.SPREAD))
                many += 1.0
                since = 0
    return counts


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    return _run(
        people.rate, people.spend, people.recency, people.counter, people.subscribed.copy(), days, seed
    )  # fmt: skip
