"""The world, its lines and its calendar, looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.campaigns import Cascade, Offer
from sim.lines import Line, lines_of
from sim.policy import Frequencies, Selection
from sim.world import World

DAYS_OF_UNKNOWN_MONTHS = 30


@dataclass
class Setting:
    """A world with its lines by number, and which lines a selection means."""

    world: World
    lines: tuple[Line, ...]
    chosen: dict[Selection, frozenset[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> Setting:
        return cls(world, lines_of(world))

    def selected(self, selection: Selection) -> frozenset[int]:
        """Lines of the selection's channels and classes; no class named = all but the exempt ones."""
        if selection not in self.chosen:
            self.chosen[selection] = frozenset(n for n in range(len(self.lines)) if self._is_of(n, selection))
        return self.chosen[selection]

    def _is_of(self, number: int, selection: Selection) -> bool:
        line = self.lines[number]
        if selection.channels and self.channel_name(number) not in selection.channels:
            return False
        return line.message_class in selection.classes if selection.classes else not self.is_exempt(number)

    def is_exempt(self, number: int) -> bool:
        return self.lines[number].message_class in self.world.policy.exempt_classes

    def channel_name(self, number: int) -> str:
        return self.world.channels[self.lines[number].channel].name

    def precedence(self, number: int) -> tuple[int, int]:
        """Steps go before campaigns, campaigns before the channels' regular contacts; each in their order."""
        line = self.lines[number]
        return (0 if line.step is not None else 1 if line.campaign is not None else 2, number)

    def step_line(self, cascade: int, step: int) -> int:
        name = self.world.program.cascades[cascade].name
        return next(n for n, line in enumerate(self.lines) if line.campaign == name and line.step == step)

    def cascade(self, number: int) -> Cascade:
        return self.world.program.cascades[number]

    def per_week(self, plan: Frequencies, number: int, segment: int) -> float:
        """Frequency of a regular line or a campaign for a customer of this segment."""
        line = self.lines[number]
        if line.campaign is None:
            return float(plan.per_week[segment, line.channel])
        campaign = next(c for c in self.world.program.campaigns if c.name == line.campaign)
        runs = campaign.name in plan.campaigns
        return campaign.per_week if runs and self.is_in(segment, campaign.segments) else 0.0

    def is_in(self, segment: int, names: tuple[str, ...]) -> bool:
        """() = every segment."""
        return not names or self.world.rfm.segments[segment] in names

    def offer_of(self, plan: Frequencies, number: int, segment: int) -> Offer | None:
        """The offer a contact of this line carries: a regular one as the plan says, others their own."""
        line = self.lines[number]
        name = line.offer
        if line.campaign is None:
            cell = (self.world.rfm.segments[segment], self.channel_name(number))
            name = next((offer for *where, offer in plan.offers if tuple(where) == cell), None)
        return next((offer for offer in self.world.program.offers if offer.name == name), None)

    def response_factor(self, plan: Frequencies, number: int, segment: int) -> float:
        """What message, offer and time of day make of the channel's effect."""
        line, offer, timing = self.lines[number], self.offer_of(plan, number, segment), self.world.timing
        factor = line.response_factor * (offer.response_factor if offer else 1.0)
        return factor * (float(timing[segment, line.channel]) if timing is not None else 1.0)


def period(world: World, calendar: str, day: int) -> tuple[int, int]:
    """First day of the calendar week or month of a day, and first day of the next one."""
    if calendar == "week":
        monday = day - (world.first_weekday + day) % 7
        return monday, monday + 7
    first, month = 1 - world.first_day_of_month, 0
    while day < first:
        first -= DAYS_OF_UNKNOWN_MONTHS
        month -= 1
    while True:
        known = 0 <= month < len(world.month_lengths)
        length = world.month_lengths[month] if known else DAYS_OF_UNKNOWN_MONTHS
        if day < first + length:
            return first, first + length
        first += length
        month += 1


def season(world: World, day: int) -> float:
    """Factor on organic rates on a day: of the week of the year times of the weekday."""
    factor, seasonality = 1.0, world.behaviour.seasonality
    if seasonality.by_week:
        factor *= seasonality.by_week[(world.first_week_of_year + day // 7) % len(seasonality.by_week)]
    if seasonality.by_weekday:
        factor *= seasonality.by_weekday[(world.first_weekday + day) % 7]
    return factor


def discount(world: World, week: int) -> float:
    """1 in the horizon; money of a week after it is worth what it is at the end of that week."""
    weeks_after = max(0, week - world.weeks + 1)
    return (1 + world.economics.discount_per_year) ** (-7 * weeks_after / 365)
