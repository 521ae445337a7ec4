"""What may be sent: the rules of contact, and the frequencies a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from sim.checks import require, share
from sim.errors import InputError, Problem

LONGEST_WINDOW_DAYS = 63
"""Contacts before day 0 are remembered for 63 days, one bit a day."""
MOST_REMEMBERED = 256
"""Largest limit of a cap."""
ARBITRATIONS = ("priority", "arrival", "value")


@dataclass(frozen=True)
class Selection:
    """Which contacts a rule is about: those of these channels and of these message classes."""

    channels: tuple[str, ...] = ()
    """() = all."""
    classes: tuple[str, ...] = ()
    """() = all but the exempt classes (``ContactPolicy.exempt_classes``), which a rule must name to bind them."""


@dataclass(frozen=True)
class FrequencyCap:
    """At most ``max_contacts`` in any ``rolling_days`` consecutive days (today is one of them), or, with
    ``calendar``, in each calendar week (from Monday) or month."""

    name: str
    max_contacts: int
    """With ``points``: at most so many points."""
    rolling_days: int = 1
    """Ignored with ``calendar``."""
    channels: tuple[str, ...] = ()
    """Channels that count, together; () = all."""
    segments: tuple[str, ...] = ()
    """Segments it holds for; () = all. (Contacts count wherever they were made.)"""
    classes: tuple[str, ...] = ()
    """Message classes that count; () = all but the exempt ones."""
    calendar: str | None = None
    """None = rolling window, "week" or "month"."""
    points: tuple[tuple[str, int], ...] = ()
    """Pressure points of a contact by channel, whole numbers; channels not named count 1."""
    enforced: bool = True
    """False: the rule is only reported: contacts it would forbid go out and are counted as violations."""
    household: bool = False
    """Contacts to all members of the household count, and the cap holds for each of them."""

    def __post_init__(self) -> None:
        here = _named("caps", self.name)
        require(self.max_contacts >= 0, f"{here}.max_contacts", "must not be negative", self.max_contacts, ">= 0")
        require(
            self.max_contacts <= MOST_REMEMBERED, f"{here}.max_contacts", "too large to be a limit",
            self.max_contacts, f"0 to {MOST_REMEMBERED}",
        )  # fmt: skip
        _days(f"{here}.rolling_days", self.rolling_days)
        require(
            self.calendar in (None, "week", "month"), f"{here}.calendar", "unknown window", self.calendar,
            "week, month (or a rolling window)",
        )  # fmt: skip
        for channel, points in self.points:
            require(
                points >= 0 and (self.max_contacts == 0 or points <= self.max_contacts),
                f"{here}.points.{channel}",
                "pressure points of one contact",
                points,
                f"0 to max_contacts = {self.max_contacts}: with more, none could ever go out",
            )

    @property
    def selection(self) -> Selection:
        """The contacts that count and are bound."""
        return Selection(self.channels, self.classes)


@dataclass(frozen=True)
class Cooldown:
    """No contact of ``forbids`` less than ``days`` days after the latest one of ``after`` (1 = not on the same day).

    A contact on the same day forbids those that come later in the order of precedence. "Never A with B" is two
    cooldowns of one day, one each way.
    """

    name: str
    days: int
    after: Selection
    forbids: Selection
    segments: tuple[str, ...] = ()
    enforced: bool = True

    def __post_init__(self) -> None:
        _days(f"{_named('cooldowns', self.name)}.days", self.days)


@dataclass(frozen=True)
class Prerequisite:
    """Contacts of ``allows`` only if a contact of ``needs`` went out less than ``days`` days ago (1 = the same day, and
    earlier in the order of precedence)."""

    name: str
    days: int
    needs: Selection
    allows: Selection
    segments: tuple[str, ...] = ()
    enforced: bool = True

    def __post_init__(self) -> None:
        _days(f"{_named('prerequisites', self.name)}.days", self.days)


@dataclass(frozen=True)
class PersonalCap:
    """A cap whose limit is the customer's own: at most ``t`` contacts in ``rolling_days`` days, with t by customer."""

    name: str
    rolling_days: int
    shares: tuple[tuple[int, float], ...]
    """(limit t, share of customers with it), summing to 1; who has which is a hash of the customer's id."""
    channels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    enforced: bool = True

    def __post_init__(self) -> None:
        here = _named("personal_caps", self.name)
        _days(f"{here}.rolling_days", self.rolling_days)
        total = sum(part for _, part in self.shares)
        require(
            bool(self.shares) and abs(total - 1) < 1e-9 and all(part >= 0 for _, part in self.shares),
            f"{here}.shares", "shares of customers", f"sum {total:g}", "positive, summing to 1",
        )  # fmt: skip
        for limit, _ in self.shares:
            require(
                1 <= limit <= MOST_REMEMBERED, f"{here}.shares", "a personal limit", limit, f"1 to {MOST_REMEMBERED}"
            )

    @property
    def selection(self) -> Selection:
        """The contacts that count and are bound."""
        return Selection(self.channels, self.classes)


@dataclass(frozen=True)
class Floor:
    """At least ``min_contacts`` on a channel in any ``rolling_days`` days, as far as the other rules allow.

    When the count would fall below the minimum, the channel's regular contact is due at once, whatever the
    frequency; such a contact costs no pacing credit. It holds where the plan has any contact on the channel (a
    frequency above 0) in one of the segments.
    """

    name: str
    channel: str
    min_contacts: int
    rolling_days: int
    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        here = _named("floors", self.name)
        _days(f"{here}.rolling_days", self.rolling_days)
        require(
            1 <= self.min_contacts <= self.rolling_days, f"{here}.min_contacts", "a minimum in the window",
            self.min_contacts, f"1 to rolling_days = {self.rolling_days}",
        )  # fmt: skip


@dataclass(frozen=True)
class SwitchOff:
    """Regular contacts of a channel stop after so many contacts in a row without a reaction, until the next order.

    Counting starts on day 0. A reaction is the event ``reaction`` on a contact of that channel, or an order.
    """

    name: str
    after_contacts: int
    channels: tuple[str, ...] = ()
    """Counted and stopped channel by channel; () = all."""
    reaction: str = "clicked"
    """"seen" or "clicked"."""

    def __post_init__(self) -> None:
        here = _named("switch_off", self.name)
        require(1 <= self.after_contacts <= 10_000, f"{here}.after_contacts", "out of range", self.after_contacts,
                "1 to 10,000 contacts")  # fmt: skip
        require(self.reaction in ("seen", "clicked"), f"{here}.reaction", "unknown reaction", self.reaction,
                "seen, clicked")  # fmt: skip


Rule = FrequencyCap | Cooldown | Prerequisite | PersonalCap
"""What can forbid a contact today; each is one line of ``sim.lower_rules``."""


def _named(kind: str, name: str) -> str:
    require(bool(name), f"policy.{kind}", "every rule has a name", repr(name), "a text")
    return f"policy.{kind} '{name}'"


def _days(key: str, days: int) -> None:
    require(1 <= days <= LONGEST_WINDOW_DAYS, key, "window out of range", days, f"1 to {LONGEST_WINDOW_DAYS} days")


@dataclass(frozen=True)
class ContactPolicy:
    """Everything that can forbid a contact. The engine knows no other rules."""

    caps: tuple[FrequencyCap, ...] = ()
    cooldowns: tuple[Cooldown, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    personal_caps: tuple[PersonalCap, ...] = ()
    floors: tuple[Floor, ...] = ()
    switch_offs: tuple[SwitchOff, ...] = ()
    exempt_classes: tuple[str, ...] = ("transactional",)
    """Message classes that no rule binds or counts unless it names them; consent and holdout bind them too."""
    arbitration: str = "priority"
    """What goes first when rules leave room for only some of what is due to a customer on a day: "priority" =
    the order of precedence (cascade steps in the order of the cascades, then campaigns, then the channels in their
    order), "arrival" = what has been due for longer, "value" = the larger expected contribution, rested."""
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
        require(self.arbitration in ARBITRATIONS, "policy.arbitration", "unknown arbitration", self.arbitration,
                ", ".join(ARBITRATIONS))  # fmt: skip
        names = [rule.name for rule in (*self.rules, *self.floors, *self.switch_offs)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError.of("policy", "two rules share a name", ", ".join(twice), "unique names")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Everything that can forbid a contact on a day, in the order of reports."""
        return (*self.caps, *self.cooldowns, *self.prerequisites, *self.personal_caps)


@dataclass(frozen=True)
class Frequencies:
    """Contacts per week for every segment and channel: a plan as the engine sees it."""

    name: str
    segments: tuple[str, ...]
    channels: tuple[str, ...]
    per_week: npt.NDArray[np.float64] = field(compare=False)
    """(S, L) contacts per week, 0 to 7, of the channels' own regular campaign."""
    campaigns: tuple[str, ...] = ()
    """Names of the campaigns and cascades that run beside."""
    offers: tuple[tuple[str, str, str], ...] = ()
    """(segment, channel, offer): the regular contacts of this cell carry this offer."""

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
        return replace(self, name=name or self.name, per_week=table)
