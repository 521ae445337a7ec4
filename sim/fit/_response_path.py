"""What a trial's arms should add week by week, given a half-life and a damping of fatigue.

A contact at fatigue F adds effect x exp(-kappa F), spread over the days after it by the stimulus half-life
(`sim.behaviour.response`). Only shapes are made here: mean additions of an arm for an effect of 1. Fatigue is that of
the contacts in the log, and what was left of an unknown amount on the log's first day, the same for all: nobody starts
rested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.behaviour.fatigue import daily_decay
from sim.fit._fatigue_path import fatigue_at
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArmContacts:
    """Delivered contacts of some customers of each arm, sorted by customer and day."""

    first: npt.NDArray[np.int64]
    """(n + 1,) where those of each customer begin."""
    day: npt.NDArray[np.int32]
    """(C,) days since the trial began; negative before it."""
    channel: npt.NDArray[np.int64]
    """(C,)."""
    weight: Floats
    """(C,) what each adds to fatigue."""
    arm: npt.NDArray[np.int64]
    """(n,) of each customer."""
    channels: int
    arms: int
    weeks: int
    log_began: int
    """Day of the first message of the log, <= 0."""

    def paths(self, half_life_days: float, stimulus_half_life_days: float) -> Paths:
        """What does not depend on the damping."""
        stock = fatigue_at(self.first, self.day, self.weight, daily_decay(half_life_days))
        whose = np.repeat(self.arm, np.diff(self.first))
        inside = (self.day >= 0) & (self.day < self.weeks * DAYS_PER_WEEK)
        cell = (whose * self.channels + self.channel)[inside] * (self.weeks * DAYS_PER_WEEK) + self.day[inside]
        size = np.maximum(np.bincount(self.arm, minlength=self.arms), 1)
        since = np.arange(self.weeks * DAYS_PER_WEEK, dtype=np.float64) - self.log_began
        left: Floats = np.power(daily_decay(half_life_days), since)
        into = _into_weeks(self.weeks, daily_decay(stimulus_half_life_days))
        return Paths(stock[inside], cell, size, left, into, (self.arms, self.channels, self.weeks))


def _into_weeks(weeks: int, decay: float) -> Floats:
    """(days, weeks): share of what a contact of this day adds that falls in each week; it acts from its own day on."""
    days = np.arange(weeks * DAYS_PER_WEEK)
    later = days[None, :] - days[:, None]
    share = np.where(later >= 0, (1 - decay) * decay ** np.maximum(later, 0), 0.0)
    return np.asarray(share.reshape(days.size, weeks, DAYS_PER_WEEK).sum(axis=2))


@dataclass(frozen=True, eq=False)
class Paths:
    """Fatigue at each contact of the trial, and in which arm, channel and day it falls."""

    stock: Floats
    cell: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    left: Floats
    """(days,) what is left on each day of the fatigue of the log's first day."""
    into: Floats
    """(days, weeks)."""
    shape: tuple[int, int, int]

    def shapes(self, damping: float, at_first: Floats) -> Floats:
        """(F, channels, arms - 1, weeks): mean additions to a customer's orders, less those of the control.

        ``at_first`` (F,): fatigue on the first day of the log.
        """
        arms, channels, weeks = self.shape
        days = weeks * DAYS_PER_WEEK
        made = np.bincount(self.cell, np.exp(-damping * self.stock), arms * channels * days)
        each = made.reshape(arms, channels, days) / self.size[:, None, None]
        rested = np.exp(-damping * at_first[:, None] * self.left)
        weekly = np.einsum("acd,fd,dw->fcaw", each, rested, self.into)  # small: no threads
        return np.asarray(weekly[:, :, 1:] - weekly[:, :, :1])
