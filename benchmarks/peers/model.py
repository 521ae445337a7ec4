"""The small contact model: its words, parameters, population and what a run counts.

One row a customer, one step a day, in this order:

 1. recency + 1; fatigue x .93; counter x (1 - 1/90); contacts of today and the six days before are remembered
 2. segment: 0 recency <= 14 and counter >= 3, 1 recency <= 45 and counter >= 1, 2 recency <= 45, 3 <= 90, 4 <= 180, 5
 3. each channel still subscribed: with probability frequency / 7, and if fewer than 3 contacts are remembered, a
    contact. Opened with p_open exp(-.35 fatigue); if opened, an order with probability .04; unsubscribed for good with
    .001 exp(.6 fatigue); then fatigue + weight
 4. an organic order with the customer's own probability
 5. each order: revenue + spend x lognormal (mean 1, sigma .5); counter + 1; recency = 0

It has no RFM borders of one's own, no capacity, no after-effect, no twins: the engine of this project does all that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CHANNELS = ("email", "push", "sms")
CONSENT = (0.90, 0.50, 0.35)
OPEN = (0.22, 0.10, 0.30)
WEIGHT = (0.25, 0.35, 0.60)
PER_WEEK = (
    (2.0, 2.0, 0.5),
    (2.5, 1.5, 0.5),
    (3.0, 1.0, 0.5),
    (2.0, 1.0, 0.25),
    (1.0, 0.5, 0.25),
    (0.5, 0.25, 0.1),
)
FATIGUE_LEFT, COUNTER_LEFT = 0.93, 1 - 1 / 90
DAMPING, IRRITATION = 0.35, 0.6
ORDER_IF_OPENED, UNSUBSCRIBE = 0.04, 0.001
SPREAD = 0.5
MOST, WINDOW = 3, 7
COUNTS = (
    "revenue", "orders", "sent email", "sent push", "sent sms", "opened email", "opened push", "opened sms",
    "left email", "left push", "left sms",
)  # fmt: skip
REVENUE, ORDERS, SENT, OPENED, LEFT = 0, 1, 2, 5, 8


@dataclass(frozen=True)
class People:
    """Columns of N customers on the first morning."""

    rate: np.ndarray
    spend: np.ndarray
    recency: np.ndarray
    counter: np.ndarray
    subscribed: np.ndarray
    """(N, 3) whether a contact is allowed."""

    @property
    def size(self) -> int:
        return len(self.rate)

    def first(self, n: int) -> People:
        """The first n customers."""
        return People(*(column[:n] for column in (self.rate, self.spend, self.recency, self.counter, self.subscribed)))


Engine = Callable[[People, int, int], np.ndarray]
"""engine(people, days, seed) -> the counts, in the order of COUNTS."""


def population(n: int, seed: int = 20_240_501) -> People:
    """N customers; the same seed always gives the same ones."""
    rng = np.random.default_rng(seed)
    rate = np.minimum(rng.gamma(0.55, 0.02, n), 0.5)
    spend = np.exp(rng.normal(3.5, 0.6, n))
    recency = np.minimum(rng.exponential(1.0 / np.maximum(rate, 1e-4)), 365).astype(np.int64)
    return People(rate, spend, recency, 90 * rate, rng.random((n, 3)) < np.array(CONSENT))
