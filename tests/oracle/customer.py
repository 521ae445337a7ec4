"""A customer: latents, and what changes; money in millionths of the currency, channels and segments by number."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.campaigns import Offer
from sim.start import Started
from sim.world import World
from tests.oracle.draws import uniform
from tests.oracle.setting import Setting

FULL = 7 * 2**20
"""Pacing credit of one contact; a frequency of f a week earns f 2^20 a day."""


@dataclass
class Run:
    """A cascade on its way."""

    cascade: int
    step: int
    due: int
    """Day on which the step is due."""
    seen: bool = False
    """What the latest contact of this run was."""
    clicked: bool = False


@dataclass
class Customer:
    row: int
    key: int
    base_key: int
    rate: float
    dropout: float
    mean_value: float
    effect: float
    frailty: float
    seen: list[float]
    holdout: bool
    joined: int
    """First day; -1 for those who have been there before."""
    birthday: int | None
    active: bool
    segment: int
    last_order: int
    subscribed: set[int]
    """Channels with consent that are not suppressed."""
    contacts: dict[int, list[int]]
    """Days of past contacts, delivered or not, by line."""
    credit: dict[int, int]
    """By line."""
    fatigue: float
    stimulus: float
    """Stock A: stimulated orders a day of the reference customer."""
    orders: list[tuple[int, int]]
    """(day, value) of the past."""
    full_since: dict[int, int] = field(default_factory=dict)
    """By line: day its credit became full; missing = before day 0."""
    week_segment: int = -1
    """Segment at the end of the week before."""
    run: Run | None = None
    queue: set[int] = field(default_factory=set)
    begun: dict[int, int] = field(default_factory=dict)
    """By cascade: day it last began."""
    offer: Offer | None = None
    offer_until: int = -1
    """Last day of the offer's window."""
    debt: int = 0
    ticks: int = 1
    """Of the order clock, until the next organic order."""
    loyal_until: int = -1
    """Organic orders that were borrowed by stimulated ones."""
    silent: dict[tuple[int, int], int] = field(default_factory=dict)
    """(switch-off, channel) -> regular contacts since the latest reaction."""
    stopped: set[int] = field(default_factory=set)
    """Regular lines switched off until the next order."""
    family: list[Customer] = field(default_factory=list, repr=False, compare=False)
    """All members of the household, this one included."""


def customer_of(started: Started, row: int) -> Customer:
    """One customer on the evening of day -1 (who joins later: on the evening before)."""
    people, begin, world = started.people, started.begin, started.world
    who = world.population
    setting = Setting.of(world)
    lanes = range(len(world.channels))
    first, last = int(begin.order_from[row]), int(begin.order_to[row])
    suppressed = 0 if world.suppressed is None else int(world.suppressed[row])
    joined = -1 if who.joined is None else max(-1, int(who.joined[row]))
    remembered = [int(bits) for bits in begin.ring[row]] + [0] * len(setting.lines)
    key = int(people.key[row])
    me = Customer(
        row=row,
        key=key,
        base_key=int(who.base_key[row]),
        rate=float(people.rate[row]),
        dropout=float(people.dropout[row]),
        mean_value=float(people.mean_value[row]),
        effect=float(people.effect[row]),
        frailty=float(people.frailty[row]),
        seen=[float(people.seen[row][c]) for c in lanes],
        holdout=not people.contactable[row],
        joined=joined,
        birthday=None if who.birthday is None else int(who.birthday[row]),
        active=bool(begin.active[row]),
        segment=int(begin.segment[row]),
        last_order=int(begin.last_order[row]),
        subscribed={c for c in lanes if int(begin.subscribed[row]) >> c & 1 and not suppressed >> c & 1},
        contacts={n: [-1 - k for k in range(62, -1, -1) if remembered[n] >> k & 1] for n in range(len(setting.lines))},
        credit=phases(setting, key),
        fatigue=float(begin.fatigue[row]),
        stimulus=float(begin.stimulus[row]),
        ticks=int(begin.ticks[row]),
        orders=[(int(begin.order_day[k]), int(begin.order_value[k])) for k in range(first, last)],
    )
    if joined < 0:  # the pacing of who is new starts at its phase
        me.credit |= {n: int(begin.credit[row, n]) for n in me.credit if n < begin.credit.shape[1]}
    me.family = [me]
    return me


def phases(setting: Setting, key: int) -> dict[int, int]:
    """Pacing credit of a rested start: spread evenly, by line."""
    seed = setting.world.population.seed
    return {
        n: math.floor(uniform(key, seed, f"latent:phase:{line.stream(setting.world)}") * FULL)
        for n, line in enumerate(setting.lines)
        if line.step is None
    }


def bring_together(world: World, people: list[Customer]) -> None:
    """Everybody knows the members of the own household, in the order of their rows."""
    household = world.population.household
    for me in people:
        same = [other for other in people if household is not None and household[other.row] == household[me.row]]
        me.family = same or [me]


def segment_of(world: World, me: Customer, day: int) -> int:
    """Segment on the morning of a day, from the plain list of orders."""
    rfm = world.rfm
    in_window = [value for at, value in me.orders[-32:] if day - rfm.window_days <= at < day]
    money: float = sum(in_window)
    if rfm.monetary == "mean" and in_window:
        money /= len(in_window)
    recency = day - me.last_order
    r = sum(recency <= border for border in rfm.recency_borders_days)
    f = sum(len(in_window) >= border for border in rfm.frequency_borders)
    m = sum(money >= round(border * 1e6) for border in rfm.monetary_borders)
    _, nf, nm = rfm.shape
    return rfm.cells[r * nf * nm + f * nm + m]
