"""Orders dated by the day, at most one a day: the likelihood of (M)BG/NBD is the closed one with shifted times.

A customer who orders at rate lambda a day orders on a day with probability 1 - e^-lambda, and what comes twice on a day
is one order: so exports tell it, and so the simulation lives it. Of x order days among T days, the last on day t_x,
the likelihood of lambda is

    (1 - e^-lambda)^x e^(-lambda (T - x))  =  (2 sinh(lambda / 2))^x e^(-lambda (T - x / 2))

and, as 2 sinh(lambda / 2) = lambda (1 + lambda^2 / 24 + ...), that of continuous time with T - x/2 in place of T, and
likewise t_x - x/2 in place of t_x: half a day less for each order. What is left out is a factor of 1 + lambda^2 / 24
an order, .09 % for a customer who orders once a week. With the times as they are it is a factor of 1 + lambda / 2,
7 %: who orders often then looks slower and the base more even than it is. Published estimates take them as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.orders import RepeatSummary
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

_HALF_A_DAY = 0.5 / DAYS_PER_WEEK


class History(NamedTuple):
    """What (M)BG/NBD ask of each customer, (n,) each."""

    x: Floats
    """Repeat orders."""
    t_x: Floats
    """Weeks from the first to the last order."""
    age: Floats
    """Weeks observed since the first order."""


def as_published(s: RepeatSummary) -> History:
    """The times as they are: the published method."""
    return History(s.frequency.astype(np.float64), s.recency_weeks, s.age_weeks)


def on_day_grid(s: RepeatSummary) -> History:
    """The times with which the continuous models are those of the day grid; parameters keep their meaning and units."""
    x = s.frequency.astype(np.float64)
    return History(x, s.recency_weeks - _HALF_A_DAY * x, s.age_weeks - _HALF_A_DAY * x)
