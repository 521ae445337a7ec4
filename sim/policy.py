"""What may be sent: the rules of contact, and the frequencies a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.checks import require, share
from sim.errors import InputError, Problem

LONGEST_WINDOW_DAYS = 63
"""Contacts before day 0 are remembered for 63 days, one bit a day."""


@dataclass(frozen=True)
class FrequencyCap:
    """At most ``max_contacts`` in any ``rolling_days`` consecutive days (today is one of them)."""

    name: str
    max_contacts: int
    rolling_days: int
    channels: tuple[str, ...] = ()
    """Channels that count, together; () = all."""
    segments: tuple[str, ...] = ()
    """Segments it holds for; () = all."""

    def __post_init__(self) -> None:
        require(bool(self.name), "policy.caps", "every cap has a name", repr(self.name), "a text")
        here = f"policy.caps '{self.name}'"
        require(self.max_contacts >= 0, f"{here}.max_contacts", "must not be negative", self.max_contacts, ">= 0")
        require(
            1 <= self.rolling_days <= LONGEST_WINDOW_DAYS,
            f"{here}.rolling_days",
            "window out of range",
            self.rolling_days,
            f"1 to {LONGEST_WINDOW_DAYS} days",
        )


@dataclass(frozen=True)
class ContactPolicy:
    """Everything that can forbid a contact. The engine knows no other rules."""

    caps: tuple[FrequencyCap, ...] = ()
    min_gap_days: int = 1
    """Days from one contact to the next on the same channel (1 = daily is allowed)."""
    quiet_days_after_order: int = 0
    """Full days without contact after the day of an order."""
    holdout_share: float = 0.0
    """Share of customers who are never contacted, chosen by a hash of their id and ``holdout_salt``."""
    holdout_salt: int = 0

    def __post_init__(self) -> None:
        require(
            1 <= self.min_gap_days <= LONGEST_WINDOW_DAYS,
            "policy.min_gap_days",
            "out of range",
            self.min_gap_days,
            f"1 to {LONGEST_WINDOW_DAYS} days",
        )
        require(
            0 <= self.quiet_days_after_order <= 365,
            "policy.quiet_days_after_order",
            "out of range",
            self.quiet_days_after_order,
            "0 to 365 days",
        )
        share("policy.holdout_share", self.holdout_share)
        names = [cap.name for cap in self.caps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError.of("policy.caps", "two caps share a name", ", ".join(twice), "unique names")


@dataclass(frozen=True)
class Frequencies:
    """Contacts per week for every segment and channel: a plan as the engine sees it."""

    name: str
    segments: tuple[str, ...]
    channels: tuple[str, ...]
    per_week: npt.NDArray[np.float64] = field(compare=False)
    """(S, L) contacts per week, 0 to 7."""

    def __post_init__(self) -> None:
        rates = np.array(self.per_week, dtype=np.float64)
        if rates.shape != (len(self.segments), len(self.channels)):
            raise InputError.of(
                self.name, "one frequency per segment and channel", rates.shape,
                f"shape {(len(self.segments), len(self.channels))}",
            )  # fmt: skip
        bad = [
            Problem(
                f"{self.name}: {self.segments[s]} x {self.channels[c]}",
                "frequency out of range",
                f"{rates[s, c]:g}",
                "0 to 7 contacts a week (at most one a day and channel)",
            )
            for s, c in np.argwhere(~((rates >= 0) & (rates <= 7)))
        ]
        if bad:
            raise InputError(bad)
        rates.setflags(write=False)
        object.__setattr__(self, "per_week", rates)

    @classmethod
    def nothing(cls, segments: Sequence[str], channels: Sequence[str]) -> Frequencies:
        """The plan without contacts."""
        zero = np.zeros((len(segments), len(channels)))
        return cls("no_contact", tuple(segments), tuple(channels), zero)

    @classmethod
    def of(
        cls,
        name: str,
        segments: Sequence[str],
        channels: Sequence[str],
        default: Mapping[str, float],
        by_segment: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Frequencies:
        """From a default for all segments and exceptions; unknown names are refused."""
        table = np.zeros((len(segments), len(channels)))
        for where, row in [("default", default), *(by_segment or {}).items()]:
            if where != "default" and where not in segments:
                raise InputError.of(f"{name}.{where}", "unknown segment", where, ", ".join(segments))
            for channel, per_week in row.items():
                if channel not in channels:
                    raise InputError.of(f"{name}.{where}.{channel}", "unknown channel", channel, ", ".join(channels))
                rows = slice(None) if where == "default" else list(segments).index(where)
                table[rows, list(channels).index(channel)] = per_week
        return cls(name, tuple(segments), tuple(channels), table)

    def replace(self, segment: int, channel: int, per_week: float, name: str | None = None) -> Frequencies:
        """The same plan with one frequency changed."""
        table = np.array(self.per_week)
        table[segment, channel] = per_week
        return Frequencies(name or self.name, self.segments, self.channels, table)
