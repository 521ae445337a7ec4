"""What is written down: the events of a life and what is counted and expected along the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

CONTACT, UNSUBSCRIBE, COMPLAINT, ORGANIC, STIMULATED, DROPOUT, SEGMENT, WAKING = range(8)
"""Kinds of events; an event is (day, kind, line or segment number, value)."""

Event = tuple[int, int, int, int]


@dataclass
class Life:
    """What happened to one customer under one plan; pairs are (in the horizon, after it)."""

    events: list[Event] = field(default_factory=list)
    expected_orders: list[float] = field(default_factory=lambda: [0.0, 0.0])
    expected_revenue: list[float] = field(default_factory=lambda: [0.0, 0.0])
    expected_opt_outs: list[float] = field(default_factory=lambda: [0.0, 0.0])
    cost: list[float] = field(default_factory=lambda: [0.0, 0.0])
    discount_cost: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Expected cost of the offers' discounts on all orders ..."""
    discount_organic: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """... and of it, on organic orders, which would have come anyway."""
    weekly: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    """(what, week, line, segment or rule) -> count or expectation."""
    segments_seen: set[int] = field(default_factory=set)
    """In the horizon, the start included."""
    hazard: float = 0.0
    """Opt-out hazard met, at frailty 1."""
