"""The engine once more, in plain Python: one customer, one day, one rule at a time; slow and obvious.

Written from what the model means (docstrings and fields of the domain objects), not from the kernel: every stock
decays every day, every rule looks every day at the plain list of past contact days, segments are counted from
the plain list of past orders. It reads a world, the latents of a started world and the same addressed
uniforms, and returns the same events and the same expectations.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from sim.behaviour.orders import spend_table
from sim.lower import spend_nodes
from sim.policy import Frequencies
from sim.start import Started
from sim.world import World

CONTACT, UNSUBSCRIBE, COMPLAINT, ORGANIC, STIMULATED, DROPOUT, SEGMENT = range(7)
"""Kinds of events; an event is (day, kind, channel or segment number, value)."""

Event = tuple[int, int, int, int]

# --- randomness: a uniform is a function of its place ---------------------------------------------------------

_WORD = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """SplitMix64's finalizer on a Python integer."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


@cache
def place_key(seed: int, stream: str, day: int) -> int:
    """Key of one stream on one day."""
    text = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return mix((mix(int.from_bytes(text, "little")) + _GOLDEN * day) & _WORD)


def word(key: int, seed: int, stream: str, day: int) -> int:
    """The 64 random bits of a customer, stream and day."""
    return mix(key ^ place_key(seed, stream, day))


def high(h: int) -> float:
    return (h >> 32) / 2**32


def low(h: int) -> float:
    return (h & 0xFFFFFFFF) / 2**32


def full(h: int) -> float:
    return (h >> 11) / 2**53


def uniform(key: int, seed: int, stream: str) -> float:
    """Uniform of a latent."""
    return ((word(key, seed, stream, 0) >> 11) + 0.5) / 2**53


# --- a customer -----------------------------------------------------------------------------------------------


@dataclass
class Customer:
    """Latents, and what changes; money in millionths of the currency, channels and segments by number."""

    key: int
    rate: float
    dropout: float
    mean_value: float
    effect: float
    frailty: float
    seen: list[float]
    holdout: bool
    active: bool
    segment: int
    last_order: int
    subscribed: set[int]
    contacts: dict[int, list[int]]
    """Days of past contacts, delivered or not, by channel."""
    credit: dict[int, int]
    """2^20 times seven is one contact."""
    fatigue: float
    stimulus: float
    """Stock A: stimulated orders a day of the reference customer."""
    orders: list[tuple[int, int]]
    """(day, value) of the past."""


def customer_of(started: Started, row: int) -> Customer:
    """One customer on the evening of day -1."""
    people, begin, world = started.people, started.begin, started.world
    lanes = range(len(world.channels))
    first, last = int(begin.order_from[row]), int(begin.order_to[row])
    ring = [int(bits) for bits in begin.ring[row]]
    return Customer(
        key=int(people.key[row]),
        rate=float(people.rate[row]),
        dropout=float(people.dropout[row]),
        mean_value=float(people.mean_value[row]),
        effect=float(people.effect[row]),
        frailty=float(people.frailty[row]),
        seen=[float(share) for share in people.seen[row]],
        holdout=not people.contactable[row],
        active=bool(begin.active[row]),
        segment=int(begin.segment[row]),
        last_order=int(begin.last_order[row]),
        subscribed={c for c in lanes if int(begin.subscribed[row]) >> c & 1},
        contacts={c: [-1 - k for k in range(62, -1, -1) if ring[c] >> k & 1] for c in lanes},
        credit={c: int(begin.credit[row, c]) for c in lanes},
        fatigue=float(begin.fatigue[row]),
        stimulus=float(begin.stimulus[row]),
        orders=[(int(begin.order_day[k]), int(begin.order_value[k])) for k in range(first, last)],
    )


# --- the rules ------------------------------------------------------------------------------------------------


def is_allowed(world: World, me: Customer, channel: int, day: int) -> bool:
    """May this customer get one more contact through this channel today?"""
    policy = world.policy
    if me.holdout or channel not in me.subscribed:
        return False
    if 1 <= day - me.last_order <= policy.quiet_days_after_order:
        return False
    if any(day - earlier < policy.min_gap_days for earlier in me.contacts[channel]):
        return False
    name, segment = world.channels[channel].name, world.rfm.segments[me.segment]
    for cap in policy.caps:
        if cap.channels and name not in cap.channels:
            continue
        if cap.segments and segment not in cap.segments:
            continue
        counted = [c for c, other in enumerate(world.channels) if not cap.channels or other.name in cap.channels]
        recent = sum(day - earlier < cap.rolling_days for c in counted for earlier in me.contacts[c])
        if recent >= cap.max_contacts:
            return False
    return True


def segment_of(world: World, me: Customer, day: int) -> int:
    """Segment on the morning of a day, from the plain list of orders."""
    rfm = world.rfm
    in_window = [value for at, value in me.orders[-32:] if day - rfm.window_days <= at < day]
    money = sum(in_window)
    if rfm.monetary == "mean" and in_window:
        money /= len(in_window)
    recency = day - me.last_order
    r = sum(recency <= border for border in rfm.recency_borders_days)
    f = sum(len(in_window) >= border for border in rfm.frequency_borders)
    m = sum(money >= round(border * 1e6) for border in rfm.monetary_borders)
    _, nf, nm = rfm.shape
    return rfm.cells[r * nf * nm + f * nm + m]


# --- a life ---------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """What happened to one customer under one plan."""

    events: list[Event] = field(default_factory=list)
    expected_orders: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """In the horizon, after it."""
    expected_revenue: list[float] = field(default_factory=lambda: [0.0, 0.0])
    expected_opt_outs: list[float] = field(default_factory=lambda: [0.0, 0.0])
    cost: list[float] = field(default_factory=lambda: [0.0, 0.0])
    weekly: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    """(what, week, channel or segment) -> count or expectation."""
    segments_seen: set[int] = field(default_factory=set)
    """In the horizon, the start included."""
    hazard: float = 0.0
    """Opt-out hazard met, at frailty 1."""


def live(started: Started, row: int, plan: Frequencies, tail: Frequencies, seed: int) -> Life:
    """One customer from day 0 to the end, under ``plan`` in the horizon and ``tail`` after it."""
    world, me, life = started.world, customer_of(started, row), Life()
    life.segments_seen.add(me.segment)
    week_segment = me.segment
    for day in range(world.days):
        week = day // 7
        phase = int(week >= world.weeks)
        decay_a_day(world, me)
        if day % world.rfm.recompute_days == 0:
            _update_segment(world, me, life, day, phase)
        contact_a_day(world, me, life, plan if phase == 0 else tail, seed, day)
        _order_a_day(world, me, life, seed, day, phase)
        if day % 7 == 6:
            life.weekly["customers", week, me.segment] += 1
            life.weekly[f"from {week_segment}", week, me.segment] += 1
            week_segment = me.segment
            for channel in me.subscribed:
                life.weekly["reachable", week, channel] += 1
    return life


def decay_a_day(world: World, me: Customer) -> None:
    me.fatigue *= 2 ** (-1 / world.behaviour.fatigue.half_life_days)
    me.stimulus *= 2 ** (-1 / world.behaviour.response.half_life_days)


def _update_segment(world: World, me: Customer, life: Life, day: int, phase: int) -> None:
    now = segment_of(world, me, day)
    if now != me.segment:
        me.segment = now
        life.events.append((day, SEGMENT, now, -1))
        life.weekly["changes", day // 7, 0] += 1
        if phase == 0:
            life.segments_seen.add(now)


def contact_a_day(
    world: World, me: Customer, life: Life, plan: Frequencies, seed: int, day: int, *, opting_out: bool = True
) -> None:
    """Everything due is sent if the rules allow it, in the channels' order; what is blocked stays due."""
    for channel in range(len(world.channels)):
        per_day = round(float(plan.per_week[me.segment, channel]) * 2**20)
        if per_day == 0:
            continue
        if me.credit[channel] < 7 * 2**20:  # a contact that is due earns nothing more while it waits
            me.credit[channel] += per_day
        if me.credit[channel] >= 7 * 2**20 and is_allowed(world, me, channel, day):
            me.credit[channel] -= 7 * 2**20
            me.contacts[channel].append(day)
            _send(world, me, life, channel, seed, day, opting_out)


def _send(world: World, me: Customer, life: Life, channel: int, seed: int, day: int, opting_out: bool) -> None:
    behaviour, c = world.behaviour, world.channels[channel]
    week = day // 7
    phase = int(week >= world.weeks)
    h = word(me.key, seed, f"contact:{c.name}", day)
    delivered = high(h) < c.delivered
    cost = round(c.unit_cost * 1e6) * discount(world, week)
    life.cost[phase] += cost
    life.events.append((day, CONTACT, channel, int(delivered)))
    life.weekly["sent", week, channel] += 1
    life.weekly["segment contacts", week, me.segment] += 1
    life.weekly["segment cost", week, me.segment] += cost
    if not delivered:
        return
    damping = math.exp(-behaviour.fatigue.damping * me.fatigue)
    seen = me.seen[channel] * damping
    clicked = seen * c.clicked / c.seen if c.seen > 0 else 0.0
    hazard = -math.log(1 - c.unsubscribe_per_contact) * math.exp(behaviour.optout.fatigue_growth * me.fatigue)
    opt_out = 1 - math.exp(-hazard * me.frailty)
    life.hazard += hazard
    life.expected_opt_outs[phase] += opt_out
    for what, amount in (
        ("delivered", 1),
        ("seen expected", seen),
        ("clicked expected", clicked),
        ("seen", int(high(h) < c.delivered * seen)),
        ("clicked", int(high(h) < c.delivered * clicked)),
        ("opt-outs expected", opt_out),
        ("complaints expected", c.complaint_per_contact),
    ):
        life.weekly[what, week, channel] += amount
    fade = 2 ** (-1 / behaviour.response.half_life_days)
    me.stimulus += (1 - fade) * c.orders_per_contact * damping
    me.fatigue += c.fatigue_weight
    if opting_out and low(h) < opt_out:
        me.subscribed.remove(channel)
        life.events.append((day, UNSUBSCRIBE, channel, 0))
        life.weekly["opt-outs", week, channel] += 1
    if opting_out and high(word(me.key, seed, f"complaint:{c.name}", day)) < c.complaint_per_contact:
        life.events.append((day, COMPLAINT, channel, 0))
        life.weekly["complaints", week, channel] += 1


def stimulated_chance(world: World, me: Customer, day: int) -> float:
    """Chance of a stimulated order today."""
    response = world.behaviour.response
    multiplier = me.effect
    if not me.active:
        multiplier *= response.dormant_share * 2 ** (-(day - me.last_order) / response.dormant_half_life_days)
    x, ceiling = multiplier * me.stimulus, response.saturation_orders_per_day
    if ceiling is None:
        return min(1.0, x)
    return min(1.0, multiplier * ceiling * (1 - math.exp(-x / (multiplier * ceiling)))) if multiplier > 0 else 0.0


def _order_a_day(world: World, me: Customer, life: Life, seed: int, day: int, phase: int) -> None:
    week = day // 7
    organic = 1 - math.exp(-me.rate * season(world, week)) if me.active else 0.0
    stimulated = stimulated_chance(world, me, day)
    life.expected_orders[phase] += organic + stimulated
    life.expected_revenue[phase] += (organic + stimulated) * me.mean_value * 1e6 * discount(world, week)
    life.weekly["expected orders", week, me.segment] += organic + stimulated
    chance, spend = word(me.key, seed, "order", day), word(me.key, seed, "spend", day)
    orders = [(ORGANIC, high(spend))] if high(chance) < organic else []
    orders += [(STIMULATED, low(spend))] if low(chance) < stimulated else []
    for kind, u in orders:
        value = round(me.mean_value * value_quantile(world.population.value_shape, u) * 1e6)
        me.orders.append((day, value))
        me.last_order = day
        me.fatigue *= world.behaviour.fatigue.relief_at_order
        life.events.append((day, kind, 0, value))
        life.weekly["orders" if kind == ORGANIC else "stimulated orders", week, 0] += 1
        life.weekly["revenue", week, 0] += value
    if orders and orders[0][0] == ORGANIC and full(word(me.key, seed, "dropout", day)) < me.dropout:
        me.active = False
        life.events.append((day, DROPOUT, 0, 0))
        life.weekly["dropouts", week, 0] += 1


def season(world: World, week: int) -> float:
    """Factor on organic rates in a week of the simulation."""
    factors = world.behaviour.seasonality.by_week
    return factors[(world.first_week_of_year + week) % len(factors)] if factors else 1.0


def discount(world: World, week: int) -> float:
    """1 in the horizon; money of a week after it is worth what it is at the end of that week."""
    weeks_after = max(0, week - world.weeks + 1)
    return (1 + world.economics.discount_per_year) ** (-7 * weeks_after / 365)


@cache
def _nodes(shape: float) -> list[float]:
    return [float(node) for node in spend_table(spend_nodes(shape))]


def value_quantile(shape: float, u: float) -> float:
    """Order value relative to the customer's mean: linear between the nodes of the table of quantiles."""
    nodes = _nodes(shape)
    bins = len(nodes) - 1
    k = math.floor(u * bins)
    return nodes[k] * (k + 1 - u * bins) + nodes[k + 1] * (u * bins - k)


# --- the past -------------------------------------------------------------------------------------------------


@dataclass
class Past:
    """The evening of day -1 after weeks under the current plan."""

    fatigue: float
    stimulus: float
    contacts: dict[int, list[int]]
    credit: dict[int, int]
    hazard_per_day: float


def warm_up_days(world: World) -> int:
    """Eight half-lives, four weeks and every rule's window at least; a year at most; whole weeks."""
    slowest = max(world.behaviour.fatigue.half_life_days, world.behaviour.response.half_life_days)
    windows = [world.policy.min_gap_days, *(cap.rolling_days for cap in world.policy.caps)]
    return math.ceil(min(364, max(28, round(8 * slowest), *windows)) / 7) * 7


def past(started: Started, row: int, seed: int) -> Past:
    """The current plan's contacts since the first order; segment, last order and consent stand still, nobody opts out.

    The hazard of a day is that of the last two weeks.
    """
    world, days = started.world, warm_up_days(started.world)
    me, life = customer_of(started, row), Life()
    lanes = range(len(world.channels))
    phases = [uniform(me.key, world.population.seed, f"latent:phase:{c.name}") for c in world.channels]
    me = replace(
        me,
        fatigue=0.0,
        stimulus=0.0,
        contacts={c: [] for c in lanes},
        credit={c: math.floor(phases[c] * 7 * 2**20) for c in lanes},
    )
    before = 0.0
    for day in range(max(-days, int(world.population.first_order[row])), 0):
        decay_a_day(world, me)
        if day == -14:
            before = life.hazard
        contact_a_day(world, me, life, world.current, seed, day, opting_out=False)
    return Past(me.fatigue, me.stimulus, me.contacts, me.credit, (life.hazard - before) / 14)


def simulate(started: Started, plans: Sequence[Frequencies], tail: Frequencies, *, seed: int) -> list[list[Life]]:
    """Lives by plan and customer."""
    rows = range(len(np.asarray(started.people.key)))
    return [[live(started, row, plan, tail, seed) for row in rows] for plan in plans]
