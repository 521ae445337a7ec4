"""What may be chosen: one frequency level per segment and channel, or per period, segment and channel.

A choice has a row for each segment (R = S), or for each segment in each period (R = P S; the segments of the first
period come first). Table, program and search know rows and channels, whatever the rows stand for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.errors import InputError
from sim.periods import Period, PeriodPlan, during
from sim.policy import Frequencies

Choice = npt.NDArray[np.int64]
"""(R, L) index of the level of each row and channel."""


@dataclass(frozen=True)
class Space:
    """Segments x channels x levels; level 0 of every channel is no contact."""

    segments: tuple[str, ...]
    channels: tuple[str, ...]
    levels: tuple[tuple[float, ...], ...]
    """Per channel, ascending contacts per week, the first 0."""
    campaigns: tuple[str, ...] = ()
    """Campaigns and cascades that run beside every plan of the space."""
    offers: tuple[tuple[str, str, str], ...] = ()
    """(segment, channel, offer) that every plan of the space carries."""
    periods: tuple[Period, ...] = ()
    """Periods decided one by one; () = the same plan all the time."""

    def __post_init__(self) -> None:
        for channel, levels in zip(self.channels, self.levels, strict=True):
            require(
                len(levels) >= 1 and levels[0] == 0 and list(levels) == sorted(set(levels)) and levels[-1] <= 7,
                f"optimize.levels_per_week.{channel}",
                "levels must ascend from 0",
                list(levels),
                "ascending contacts per week, 0 first, at most 7",
            )

    @classmethod
    def of(cls, segments: Sequence[str], channels: Sequence[str], levels: Mapping[str, Sequence[float]]) -> Space:
        """Levels by channel name; 0 is added, a channel without levels stays silent."""
        unknown = [name for name in levels if name not in channels]
        if unknown:
            raise InputError.of(
                f"optimize.levels_per_week.{unknown[0]}", "unknown channel", unknown[0], ", ".join(channels)
            )
        menus = tuple(tuple(sorted({0.0, *map(float, levels.get(name, ()))})) for name in channels)
        return cls(tuple(segments), tuple(channels), menus)

    @property
    def shape(self) -> tuple[int, int]:
        """(R, L)"""
        return len(self.segments) * max(1, len(self.periods)), len(self.channels)

    def segment_of(self, row: int) -> int:
        """Number of the segment that a row of a choice is about."""
        return row % len(self.segments)

    def differ_in_one(self, row: int, other: int) -> bool:
        """Whether two rows are of the same period or of the same segment."""
        return row // len(self.segments) == other // len(self.segments) or self.segment_of(row - other) == 0

    @property
    def size(self) -> int:
        """Number of plans."""
        per_row = 1
        for levels in self.levels:
            per_row *= len(levels)
        return int(per_row ** self.shape[0])

    def beside(self, plan: Frequencies) -> Space:
        """The same choices, with the campaigns and offers of ``plan`` running beside."""
        return replace(self, campaigns=plan.campaigns, offers=plan.offers)

    def by_period(self, periods: Sequence[Period]) -> Space:
        """The same choices in every period anew; without periods, once."""
        return replace(self, periods=tuple(periods))

    def in_every_period(self, choice: Choice) -> Choice:
        """A choice of this space without periods, made in each of them."""
        return np.tile(choice, (max(1, len(self.periods)), 1))

    def plan(self, choice: Choice, name: str) -> Frequencies:
        """The frequencies a choice stands for."""
        table = np.column_stack([np.array(levels)[choice[:, c]] for c, levels in enumerate(self.levels)])
        if self.periods:
            tables = table.reshape(len(self.periods), len(self.segments), len(self.channels))
            return PeriodPlan.by(name, self.segments, self.channels, self.periods, tables, self.campaigns, self.offers)
        return Frequencies(name, self.segments, self.channels, table, self.campaigns, self.offers)

    def nearest(self, plan: Frequencies) -> Choice:
        """The choice whose levels are nearest to a plan's frequencies."""
        choice = self.nothing()
        rates = np.concatenate([during(plan, period) for period in self.periods]) if self.periods else plan.per_week
        for row, c in np.ndindex(choice.shape):
            choice[row, c] = int(np.argmin(np.abs(np.array(self.levels[c]) - rates[row, c])))
        return choice

    def nothing(self) -> Choice:
        """No contact."""
        return np.zeros(self.shape, dtype=np.int64)

    def uniform(self) -> Iterator[Choice]:
        """Every level vector common to all rows."""
        for vector in itertools.product(*(range(len(levels)) for levels in self.levels)):
            yield np.tile(np.array(vector, dtype=np.int64), (self.shape[0], 1))

    def vectors(self) -> list[tuple[int, ...]]:
        """All that one segment may get: a level of every channel."""
        return list(itertools.product(*(range(len(levels)) for levels in self.levels)))

    def all(self) -> Iterator[Choice]:
        """Every plan; for small spaces only."""
        cells = [range(len(levels)) for _ in range(self.shape[0]) for levels in self.levels]
        for vector in itertools.product(*cells):
            yield np.array(vector, dtype=np.int64).reshape(self.shape)
