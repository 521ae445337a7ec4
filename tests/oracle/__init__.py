"""The engine once more, in plain Python: one customer, one day, one rule at a time; slow and obvious.

Written from what the model means (docstrings and fields of the domain objects), not from the kernel: every stock
decays every day, every rule looks every day at the plain list of past contact days, segments are counted from
the plain list of past orders. It reads a world, the latents of a started world and the same addressed
uniforms, and returns the same events and the same expectations.

``life`` is the order of the day; ``due``, ``rules``, ``contact``, ``cascades``, ``orders``, ``company`` its steps.
"""

from tests.oracle.book import (
    COMPLAINT,
    CONTACT,
    DROPOUT,
    ORGANIC,
    SEGMENT,
    STIMULATED,
    UNSUBSCRIBE,
    WAKING,
    Event,
    Life,
)
from tests.oracle.customer import Customer, customer_of, segment_of
from tests.oracle.draws import full, high, low, mix, place_key, uniform, word
from tests.oracle.life import live, simulate
from tests.oracle.past import Past, past

__all__ = [
    "COMPLAINT",
    "CONTACT",
    "DROPOUT",
    "ORGANIC",
    "SEGMENT",
    "STIMULATED",
    "UNSUBSCRIBE",
    "WAKING",
    "Customer",
    "Event",
    "Life",
    "Past",
    "customer_of",
    "full",
    "high",
    "live",
    "low",
    "mix",
    "past",
    "place_key",
    "segment_of",
    "simulate",
    "uniform",
    "word",
]
