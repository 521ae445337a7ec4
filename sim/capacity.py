"""What is shared between customers: how many contacts a channel can carry on a day and in a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.checks import not_negative, require


@dataclass(frozen=True)
class Capacity:
    """A resource used by contacts (and by what contacts cause), limited per day and per week of the real base.

    Weeks count from day 0, seven days each. On a day, contacts that the rules allow are granted in the order of
    ``ContactPolicy.arbitration`` ("priority": the longest due first, as in "arrival"; "value": the larger expected
    contribution), ties by a hash of customer, channel and day, until the resource is used up; what is not granted
    waits and is counted as displaced. Never more than the limit is used, on any day and in any week.
    """

    name: str
    channels: tuple[str, ...]
    """Channels whose contacts use it."""
    per_day: float | None = None
    """None = no daily limit."""
    per_week: float | None = None
    """None = no weekly limit."""
    weeks: Mapping[int, float] = field(default_factory=dict)
    """Exceptions: week of the simulation (0 = the first) -> limit of that week."""
    use_per_contact: float = 1.0
    use_per_click: float = 0.0
    """Use caused by the response, for example calls: per click of a rested customer of average propensity."""

    def __post_init__(self) -> None:
        here = f"capacities '{self.name}'"
        require(bool(self.name), "capacities", "every capacity has a name", repr(self.name), "a text")
        require(bool(self.channels), f"{here}.channels", "which channels use it", self.channels, "at least one channel")
        for key, limit in (("per_day", self.per_day), ("per_week", self.per_week)):
            if limit is not None:
                not_negative(f"{here}.{key}", limit)
        not_negative(f"{here}.use_per_contact", self.use_per_contact)
        not_negative(f"{here}.use_per_click", self.use_per_click)
        require(self.use_per_contact + self.use_per_click > 0, f"{here}.use_per_contact", "contacts use it",
                self.use_per_contact, "above 0 (or use_per_click above 0)")  # fmt: skip
        for week, limit in self.weeks.items():
            require(week >= 0, f"{here}.weeks", "a week of the simulation", week, "0 = the first week, and later")
            not_negative(f"{here}.weeks.{week}", limit)
