"""A world: everything about customers and company that a plan does not choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.campaigns import Program
from sim.capacity import Capacity
from sim.checks import require
from sim.domain import Behaviour, Channel, Economics
from sim.errors import InputError
from sim.policy import ContactPolicy, Floor, Frequencies
from sim.population import Population
from sim.rfm import RfmScheme

_MOST_LINES = 62


@dataclass(frozen=True)
class World:
    """Customers, channels, behaviour, rules and money; plans are simulated in it."""

    population: Population
    channels: tuple[Channel, ...]
    """In order of precedence: on a day with room for one contact the first due channel gets it."""
    rfm: RfmScheme
    current: Frequencies
    """The plan in force until now: it shaped fatigue, pacing and the rules' memory on day 0."""
    policy: ContactPolicy = field(default_factory=ContactPolicy)
    behaviour: Behaviour = field(default_factory=Behaviour)
    economics: Economics = field(default_factory=Economics)
    program: Program = field(default_factory=Program)
    """Campaigns, cascades and offers that plans may use."""
    capacities: tuple[Capacity, ...] = ()
    timing: npt.NDArray[np.float64] | None = None
    """(S, L) factor on what a contact adds in orders, by segment and channel: the daypart that suits them; None = 1."""
    suppressed: npt.NDArray[np.int64] | None = None
    """(N,) bit mask of channels through which a customer must not be contacted, whatever the consent; None = nobody."""
    weeks: int = 26
    """Horizon."""
    tail_weeks: int = 52
    """Weeks after the horizon, in which all plans live under one common plan; their value is discounted."""
    start: str = "current_policy"
    """"current_policy": the stationary state under ``current``, and from the first known message on
    (``population.past``) only these; "rested": no contact before day 0."""
    first_week_of_year: int = 0
    """Week of the year of day 0, for the seasonality."""
    first_weekday: int = 0
    """Day of the week of day 0, 0 = Monday: for calendar windows and the seasonality."""
    first_day_of_month: int = 1
    """Day of the month of day 0 (1 to 31), and ..."""
    month_lengths: tuple[int, ...] = ()
    """... days of the months from that of day 0 on; () = 30 each. For calendar windows."""
    consent_rate_correlation: float = 0.0
    """Correlation (normal copula) between consent and the order rate."""

    def __post_init__(self) -> None:
        if self.suppressed is not None:  # a truth value means channel 0; inverting one would mean all the others
            object.__setattr__(self, "suppressed", np.asarray(self.suppressed, dtype=np.int64))
        if self.population.suppressed is not None:  # also when a world is given other customers
            object.__setattr__(self, "suppressed", self.population.suppressed)
        require(1 <= self.weeks <= 260, "horizon.weeks", "out of range", self.weeks, "1 to 260 weeks")
        require(0 <= self.tail_weeks <= 520, "horizon.tail_weeks", "out of range", self.tail_weeks, "0 to 520 weeks")
        require(
            self.start in ("current_policy", "rested"), "horizon.start", "unknown start", self.start,
            "current_policy, rested",
        )  # fmt: skip
        require(
            -1 < self.consent_rate_correlation < 1,
            "base.consent_rate_correlation",
            "a correlation",
            self.consent_rate_correlation,
            "above -1 and below 1",
        )
        names = [channel.name for channel in self.channels]
        require(
            1 <= len(names) <= 62 and len(set(names)) == len(names),
            "channels",
            "channel names must be unique",
            names,
            "1 to 62 channels",
        )
        lines = len(names) + len(self.program.campaigns) + sum(len(cascade.steps) for cascade in self.program.cascades)
        require(  # one bit each in masks of 64
            lines <= _MOST_LINES, "channels, campaigns and cascades", "too many kinds of contact", lines,
            f"at most {_MOST_LINES} channels, campaigns and steps of cascades together",
        )  # fmt: skip
        self.check_plan(self.current)
        for cap in self.policy.caps:
            unknown = [c for c in cap.channels if c not in names] + [
                s for s in cap.segments if s not in self.rfm.segments
            ]
            if unknown:
                raise InputError.of(
                    f"policy.caps '{cap.name}'",
                    "unknown channel or segment",
                    ", ".join(unknown),
                    ", ".join([*names, *self.rfm.segments]),
                )
        _one_each("floors", [(floor.name, _places(floor, self.rfm.segments)) for floor in self.policy.floors])
        _one_each("switch_offs", [(rule.name, rule.channels or names) for rule in self.policy.switch_offs])
        _side_by_side(self.population.household)

    @property
    def channel_names(self) -> tuple[str, ...]:
        return tuple(channel.name for channel in self.channels)

    @property
    def days(self) -> int:
        return 7 * (self.weeks + self.tail_weeks)

    def check_plan(self, plan: Frequencies) -> None:
        """Refuse a plan made for other segments or channels."""
        for what, given, allowed in (
            ("segments", plan.segments, self.rfm.segments),
            ("channels", plan.channels, self.channel_names),
        ):
            if tuple(given) != tuple(allowed):
                raise InputError.of(plan.name, f"the plan is for other {what}", ", ".join(given), ", ".join(allowed))


def _places(floor: Floor, segments: Iterable[str]) -> list[str]:
    return [f"{floor.channel} in segment {segment}" for segment in floor.segments or segments]


def _one_each(kind: str, rules: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Refuse two rules of a kind of which there can be only one in a place."""
    holder: dict[str, str] = {}
    for name, places in rules:
        for place in places:
            if place in holder:
                raise InputError.of(
                    f"policy.{kind} '{name}'", f"a second rule of this kind on {place}",
                    f"'{holder[place]}' and '{name}'", "one rule of this kind each",
                )  # fmt: skip
            holder[place] = name


def _side_by_side(household: npt.NDArray[np.int64] | None) -> None:
    """Refuse households whose members stand apart: what they share is kept with the first of them."""
    if household is None or not len(household):
        return
    begins = household[np.concatenate([[True], household[1:] != household[:-1]])]
    if len(begins) != len(np.unique(begins)):
        numbers, times = np.unique(begins, return_counts=True)
        raise InputError.of(
            "population.household", "members of a household must stand side by side",
            f"household {numbers[times > 1][0]} in {times[times > 1][0]} places", "population.by_household()",
        )  # fmt: skip
