"""NumPy: columns and masks, one pass a day over all customers."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import model as m


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    rng = np.random.default_rng(seed)
    n = people.size
    counts = np.zeros(len(m.COUNTS))
    recency, counter = people.recency.copy(), people.counter.copy()
    subscribed, fatigue = people.subscribed.T.copy(), np.zeros(n)
    sent, remembered = np.zeros((m.WINDOW, n), dtype=np.int8), np.zeros(n, dtype=np.int8)
    chance = np.array(m.PER_WEEK).T.copy() / 7
    for day in range(days):
        recency += 1
        fatigue *= m.FATIGUE_LEFT
        counter *= m.COUNTER_LEFT
        today = sent[day % m.WINDOW]
        remembered -= today
        today[:] = 0
        segment = np.searchsorted((45, 90, 180), recency) + 2
        near = segment == 2
        segment[near & (counter >= 1)] = 1
        segment[near & (recency <= 14) & (counter >= 3)] = 0
        orders = (rng.random(n) < people.rate).astype(np.int64)
        for c in range(3):
            due = subscribed[c] & (rng.random(n) < chance[c][segment]) & (remembered < m.MOST)
            who = np.flatnonzero(due)
            tired = fatigue[who]
            opened = who[rng.random(len(who)) < m.OPEN[c] * np.exp(-m.DAMPING * tired)]
            left = who[rng.random(len(who)) < m.UNSUBSCRIBE * np.exp(m.IRRITATION * tired)]
            orders[opened[rng.random(len(opened)) < m.ORDER_IF_OPENED]] += 1
            subscribed[c][left] = False
            fatigue[who] += m.WEIGHT[c]
            today[who] += 1
            remembered[who] += 1
            counts[[m.SENT + c, m.OPENED + c, m.LEFT + c]] += len(who), len(opened), len(left)
        buyers = np.repeat(np.arange(n), orders)
        noise = np.exp(rng.normal(-0.5 * m.SPREAD**2, m.SPREAD, len(buyers)))
        counts[m.ORDERS] += len(buyers)
        counts[m.REVENUE] += float(people.spend[buyers] @ noise)
        counter += orders
        recency[orders > 0] = 0
    return counts
