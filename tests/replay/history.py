"""What is known about one customer while the log is read: from the evening of day -1 on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from sim.campaigns import Cascade
from sim.lines import Line
from sim.lower import holdout
from sim.policy import Frequencies, Selection
from sim.start import Started
from sim.world import World

FULL = 7 * 2**20


@dataclass
class Scene:
    """The world, and which plan holds when."""

    started: Started
    lines: tuple[Line, ...]
    plan: Frequencies
    tail: Frequencies

    @property
    def world(self) -> World:
        return self.started.world

    def plan_of(self, day: int) -> Frequencies:
        return self.plan if day < 7 * self.world.weeks else self.tail

    def channel(self, line: int) -> str:
        return self.world.channels[self.lines[line].channel].name

    def exempt(self, line: int) -> bool:
        return self.lines[line].message_class in self.world.policy.exempt_classes

    def concerns(self, selection: Selection, line: int) -> bool:
        if selection.channels and self.channel(line) not in selection.channels:
            return False
        classes = selection.classes
        return self.lines[line].message_class in classes if classes else not self.exempt(line)

    def rank(self, line: int) -> tuple[int, int]:
        """Order of precedence."""
        of = self.lines[line]
        return (2 if of.campaign is None else 1 if of.step is None else 0, line)

    def frequency(self, line: int, segment: int, day: int) -> float:
        """Contacts a week of a regular line or a campaign."""
        plan, of = self.plan_of(day), self.lines[line]
        if of.campaign is None:
            return float(plan.per_week[segment, of.channel])
        campaign = next(c for c in self.world.program.campaigns if c.name == of.campaign)
        here = not campaign.segments or self.world.rfm.segments[segment] in campaign.segments
        return campaign.per_week if here and campaign.name in plan.campaigns else 0.0

    def cascade(self, line: int) -> Cascade:
        return next(c for c in self.world.program.cascades if c.name == self.lines[line].campaign)


@dataclass
class Contact:
    row: int
    day: int
    line: int
    delivered: bool


@dataclass
class History:
    """One customer; lists grow as the log is read."""

    row: int
    joined: int
    never: bool
    """In the holdout."""
    may: set[int]
    """Channels with consent."""
    segment: int
    orders: list[int]
    contacts: list[Contact]
    credit: dict[int, int]
    """Most pacing credit there can be, by line."""
    entered: dict[int, int] = field(default_factory=dict)
    """Day -> segment that was changed to on that morning."""
    segment_on: dict[int, int] = field(default_factory=dict)
    silent: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """Switch-off -> channel -> regular contacts for certain without reaction."""


def history_of(scene: Scene, row: int) -> History:
    world, begin = scene.world, scene.started.begin
    suppressed = 0 if world.suppressed is None else int(world.suppressed[row])
    may = int(begin.subscribed[row]) & ~suppressed
    joined = -1 if world.population.joined is None else int(world.population.joined[row])
    past = [
        Contact(row, -1 - k, line, True)
        for k in range(62, -1, -1)
        for line in range(begin.ring.shape[1])
        if int(begin.ring[row, line]) >> k & 1 and joined < 0
    ]
    segment = int(begin.segment[row])
    if joined >= 0:  # one order, on the evening before
        value = np.array([int(begin.order_value[int(begin.order_to[row]) - 1]) / 1e6])
        segment = int(world.rfm.classify(np.array([1]), np.array([1]), value)[0])
    known = range(begin.credit.shape[1]) if joined < 0 else range(0)
    return History(
        row=row,
        joined=max(0, joined),
        never=bool(holdout(world)[row]),
        may={c for c in range(len(world.channels)) if may >> c & 1},
        segment=segment,
        orders=[int(begin.last_order[row])],
        contacts=past,
        credit={n: int(begin.credit[row, n]) if n in known else FULL - 1 for n in range(len(scene.lines))},
    )
