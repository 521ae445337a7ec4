"""A call centre: seats, service times, customers who give up waiting, a queue by priority (discrete events).

With one class of customers, Poisson arrivals and exponential times this is M/M/c (nobody gives up) or Erlang A.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from sim.sampling import numbered

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CallCentre:
    """Seats and how long things take, minutes."""

    seats: int
    call_minutes: float
    """Mean of exponential service times."""
    patience_minutes: float | None = None
    """Mean of the exponential time after which a waiting customer gives up; None = nobody does."""


@dataclass(frozen=True, eq=False)
class Answered:
    """What became of the calls, in the order of arrival."""

    waited: Floats
    """(M,) minutes until served or given up."""
    served: npt.NDArray[np.bool_]
    priority: npt.NDArray[np.int64]
    busy_minutes: float
    """Minutes of talk, all seats."""

    @property
    def calls(self) -> int:
        return len(self.waited)

    @property
    def abandoned(self) -> float:
        """Share of calls given up."""
        return 1.0 - float(self.served.mean()) if self.calls else 0.0

    @property
    def mean_wait(self) -> float:
        """Minutes, over all calls."""
        return float(self.waited.mean()) if self.calls else 0.0

    def within(self, minutes: float) -> float:
        """Service level: share of all calls answered within so many minutes; 1 if there are none."""
        return float((self.served & (self.waited <= minutes)).mean()) if self.calls else 1.0


def take_calls(
    centre: CallCentre, arrivals: Floats, priority: npt.NDArray[np.int64] | None = None, *, seed: int
) -> Answered:
    """Serve calls that arrive at these minutes (M,), ascending; smaller priority is served first."""
    many = len(arrivals)
    talk = -centre.call_minutes * np.log(numbered(seed, "calls: talk", many))
    patience = np.full(many, np.inf)
    if centre.patience_minutes is not None:
        patience = -centre.patience_minutes * np.log(numbered(seed, "calls: patience", many))
    classes = np.zeros(many, dtype=np.int64) if priority is None else priority
    waited, served = np.zeros(many), np.zeros(many, dtype=bool)
    env = simpy.Environment()
    seats = simpy.PriorityResource(env, centre.seats)

    def call(k: int) -> Generator[Any, Any, None]:
        with seats.request(priority=int(classes[k])) as seat:
            limit = patience[k]
            if np.isfinite(limit):
                yield seat | env.timeout(limit)
            else:
                yield seat
            waited[k] = env.now - arrivals[k]
            if seat.triggered:
                served[k] = True
                yield env.timeout(talk[k])

    def come() -> Generator[Any, Any, None]:
        for k in range(many):
            yield env.timeout(max(0.0, arrivals[k] - env.now))
            env.process(call(k))

    env.process(come())
    env.run()
    return Answered(waited, served, classes, float(talk[served].sum()))


def seats_needed(
    centre: CallCentre, arrivals: Floats, *, within_minutes: float, level: float, seed: int, most: int = 2_000
) -> int | None:
    """Fewest seats that answer ``level`` of the calls within so many minutes; None if ``most`` do not."""

    def enough(seats: int) -> bool:
        return take_calls(replace(centre, seats=seats), arrivals, seed=seed).within(within_minutes) >= level

    return fewest_seats(enough, most=most)


def fewest_seats(enough: Callable[[int], bool], *, most: int) -> int | None:
    """Fewest seats that are enough; None if ``most`` are not."""
    high = 1
    while not enough(high):
        if high >= most:
            return None
        high = min(most, 2 * high)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
