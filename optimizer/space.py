"""What may be chosen: one frequency level per segment and channel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.errors import InputError
from sim.policy import Frequencies

Choice = npt.NDArray[np.int64]
"""(S, L) index of the level of each segment and channel."""


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
        return len(self.segments), len(self.channels)

    @property
    def size(self) -> int:
        """Number of plans."""
        per_segment = 1
        for levels in self.levels:
            per_segment *= len(levels)
        return int(per_segment ** len(self.segments))

    def beside(self, plan: Frequencies) -> Space:
        """The same choices, with the campaigns and offers of ``plan`` running beside."""
        return replace(self, campaigns=plan.campaigns, offers=plan.offers)

    def plan(self, choice: Choice, name: str) -> Frequencies:
        """The frequencies a choice stands for."""
        table = np.array(
            [[self.levels[c][choice[s, c]] for c in range(len(self.channels))] for s in range(len(self.segments))]
        )
        return Frequencies(name, self.segments, self.channels, table, self.campaigns, self.offers)

    def nearest(self, plan: Frequencies) -> Choice:
        """The choice whose levels are nearest to a plan's frequencies."""
        choice = self.nothing()
        for s, c in np.ndindex(choice.shape):
            choice[s, c] = int(np.argmin(np.abs(np.array(self.levels[c]) - plan.per_week[s, c])))
        return choice

    def nothing(self) -> Choice:
        """No contact."""
        return np.zeros(self.shape, dtype=np.int64)

    def uniform(self) -> Iterator[Choice]:
        """Every level vector common to all segments."""
        for vector in itertools.product(*(range(len(levels)) for levels in self.levels)):
            yield np.tile(np.array(vector, dtype=np.int64), (len(self.segments), 1))

    def vectors(self) -> list[tuple[int, ...]]:
        """All that one segment may get: a level of every channel."""
        return list(itertools.product(*(range(len(levels)) for levels in self.levels)))

    def all(self) -> Iterator[Choice]:
        """Every plan; for small spaces only."""
        cells = [range(len(self.levels[c])) for _ in self.segments for c in range(len(self.channels))]
        for vector in itertools.product(*cells):
            yield np.array(vector, dtype=np.int64).reshape(self.shape)
