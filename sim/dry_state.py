"""Where every customer stands on the morning of a dry run: segment, consent, what is due, past contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.engine.pacing import credit_per_day
from sim.engine.tables import PACE
from sim.lines import lines_of
from sim.lower import holdout, subscribed
from sim.policy import Frequencies
from sim.population import MICRO, Population
from sim.rfm import RfmScheme
from sim.rng import uniforms
from sim.start import Started
from sim.world import World

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Morning:
    """N customers, L lines, C channels."""

    world: World
    plan: Frequencies
    segment: Ints
    """(N,)"""
    last_order: Ints
    """(N,) day, negative."""
    held: Bools
    """(N,) in the holdout."""
    consent: Bools
    """(N, C)"""
    suppressed: Bools
    """(N, C)"""
    past: Ints
    """(N, L) contacts of the last 63 days; bit k = day -1 - k."""
    due: Bools
    """(N, L) a contact of the line is due today."""
    waiting: Bools
    """(N, L) it was due yesterday already."""

    @classmethod
    def of(cls, started: Started, plan: Frequencies, registered: Bools | None, entered: Ints | None) -> Morning:
        """From the state on the evening of day -1."""
        world, begin = started.world, started.begin
        lines, lanes = lines_of(world), np.arange(len(world.channels))
        blocked = np.zeros(world.population.size, dtype=np.int64) if world.suppressed is None else world.suppressed
        if world.population.declined is not None:
            blocked = blocked & ~world.population.declined
        consent = (subscribed(world)[:, None] >> lanes & 1).astype(np.bool_)
        suppressed = (blocked[:, None] >> lanes & 1).astype(np.bool_)
        held = holdout(world)
        reachable = (consent & ~suppressed & ~held[:, None])[:, [line.channel for line in lines]]
        past = np.zeros((world.population.size, len(lines)), dtype=np.int64)
        past[:, : begin.ring.shape[1]] = begin.ring
        rate = _rates(world, plan)[begin.segment]
        credit = _credit(world, begin.credit, reachable)
        due = (rate > 0) & (credit + rate >= PACE)
        due |= _triggered(started, plan, registered, entered)
        return cls(
            world=world,
            plan=plan,
            segment=begin.segment,
            last_order=begin.last_order,
            held=held,
            consent=consent,
            suppressed=suppressed,
            past=past,
            due=due | _below_floor(world, plan, begin.segment, past),
            waiting=(rate > 0) & (credit >= PACE),
        )


def _rates(world: World, plan: Frequencies) -> Ints:
    """(S, L) credit a day; a campaign that the plan does not name, and a cascade step, earns none."""
    lines, segments = lines_of(world), world.rfm.segments
    per_week = np.zeros((len(segments), len(lines)))
    per_week[:, : len(world.channels)] = plan.per_week
    campaigns = {campaign.name: campaign for campaign in world.program.campaigns if campaign.name in plan.campaigns}
    for number, line in enumerate(lines):
        if line.campaign in campaigns:
            campaign = campaigns[line.campaign]
            there = np.isin(segments, campaign.segments or segments)
            per_week[there, number] = campaign.per_week
    return credit_per_day(per_week)


def _credit(world: World, begun: Ints, reachable: Bools) -> Ints:
    """(N, L) pacing credit. Lines that the start knows nothing of have their phase, and so have customers who cannot be
    reached: they are due as often as the plan says, not for ever."""
    lines, key = lines_of(world), world.population.key
    phases = [
        np.floor(uniforms(world.population.seed, f"latent:phase:{line.stream(world)}", key) * PACE) for line in lines
    ]
    credit = np.column_stack(phases).astype(np.int64)
    known = np.zeros(credit.shape, dtype=np.bool_)
    known[:, : begun.shape[1]] = reachable[:, : begun.shape[1]]
    credit[known] = begun[known[:, : begun.shape[1]]]
    return credit


def _triggered(started: Started, plan: Frequencies, registered: Bools | None, entered: Ints | None) -> Bools:
    """(N, L) first steps without delay of the cascades that begin today: one for a customer, by priority."""
    world, begin = started.world, started.begin
    population = world.population
    lines = lines_of(world)
    due = np.zeros((population.size, len(lines)), dtype=np.bool_)
    free = ~holdout(world)
    for cascade in world.program.cascades:
        if cascade.name not in plan.campaigns:
            continue
        kind, segments = cascade.trigger.kind, world.rfm.segments
        if kind == "registered":
            fires = population.first_order == -1 if registered is None else registered
        elif kind == "entered_segment":
            found = entered_segments(population, world.rfm) if entered is None else entered
            fires = found == segments.index(str(cascade.trigger.segment))
        elif kind == "days_since_order":
            fires = -begin.last_order == cascade.trigger.days
        else:
            fires = np.zeros(population.size, dtype=np.bool_)
            if population.birthday is not None:
                fires = population.birthday == 0
        if cascade.segments:
            fires = fires & np.isin(begin.segment, [segments.index(name) for name in cascade.segments])
        fires = fires & free
        free = free & ~fires
        if cascade.steps[0].delay_days == 0:
            number = next(n for n, line in enumerate(lines) if line.campaign == cascade.name and line.step == 0)
            due[:, number] = fires
    return due


def entered_segments(population: Population, rfm: RfmScheme) -> Ints:
    """(N,) the segment of this morning where it is not yesterday's; -1 else, and for those who were not there."""
    counts = population.order_to - population.order_from
    place = np.repeat(population.order_from - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    row = np.repeat(np.arange(population.size), counts)
    day, value = population.order_day[place].astype(np.int64), population.order_value[place]
    earlier = day < -1
    last = np.full(population.size, -(10**6), dtype=np.int64)
    np.maximum.at(last, row[earlier], day[earlier])
    inside = earlier & (day >= -1 - rfm.window_days)
    frequency = np.bincount(row[inside], minlength=population.size)
    money = np.zeros(population.size, dtype=np.int64)
    np.add.at(money, row[inside], value[inside])
    if rfm.monetary != "total":
        money = money // np.maximum(frequency, 1)
    before = rfm.classify(-1 - last, frequency.astype(np.int64), money / MICRO)
    now = rfm.classify(*population.recency_frequency_value(rfm.window_days, total=rfm.monetary == "total"))
    was_there = last > -(10**6)
    return np.where(was_there & (before != now), now, -1)


def _below_floor(world: World, plan: Frequencies, segment: Ints, past: Ints) -> Bools:
    """(N, L) regular contacts that a floor calls for today."""
    due = np.zeros(past.shape, dtype=np.bool_)
    names = world.channel_names
    for floor in world.policy.floors:
        channel = names.index(floor.channel)
        scope = (
            np.isin(world.rfm.segments, floor.segments) if floor.segments else np.ones(len(world.rfm.segments), bool)
        )
        if not (plan.per_week[scope, channel] > 0).any():
            continue
        of_channel = [n for n, line in enumerate(lines_of(world)) if line.channel == channel]
        count = contacts_in(past[:, of_channel], floor.rolling_days).sum(axis=1)
        due[:, channel] |= scope[segment] & (count < floor.min_contacts)
    return due


def contacts_in(past: Ints, days: int) -> Ints:
    """Contacts on the ``days`` - 1 days before today."""
    mask = np.int64((1 << (days - 1)) - 1)
    return np.asarray(np.bitwise_count(past & mask), dtype=np.int64)
