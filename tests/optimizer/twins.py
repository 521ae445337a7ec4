"""Small worlds that have an exact twin: two kinds of customers, segments by recency, an e-mail and an SMS."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from optimizer.limits import Limit
from optimizer.space import Space
from optimizer.twin import Twin, twin_of
from sim.domain import Behaviour, Channel, Fatigue, OptOut, Response
from sim.policy import Frequencies
from sim.population import Population
from sim.rfm import RfmScheme
from sim.world import World
from tests.optimizer.worlds import people

RFM = RfmScheme.from_map(
    recency_borders_days=(2, 4), frequency_borders=(1,), monetary_borders=(1.0,),
    cell_map={"hot": ["3**"], "warm": ["2**"], "cold": ["1**"]},
)  # fmt: skip
EMAIL = Channel(
    "email", unit_cost=0.02, orders_per_contact=0.004, fatigue_weight=1.0, unsubscribe_per_contact=0.02, delivered=0.9,
)  # fmt: skip
SMS = Channel(
    "sms", unit_cost=0.25, orders_per_contact=0.03, fatigue_weight=2.0, unsubscribe_per_contact=0.05, consent_share=0.6,
)  # fmt: skip
BEHAVIOUR = Behaviour(
    fatigue=Fatigue(half_life_days=math.log(2) / math.log(25), damping=1.5),  # a day leaves 4 %
    response=Response(
        half_life_days=0.01, responsiveness_cv=0.0, rate_elasticity=0.3, dormant_share=0.4, dormant_half_life_days=1e12
    ),
    optout=OptOut(fatigue_growth=0.4, frailty_shape=1e9),
)
RATES, DROPOUTS, VALUES = np.array([0.02, 0.25]), np.array([0.1, 0.3]), np.array([40.0, 25.0])
"""By kind: the seldom and dear, the frequent and fickle."""


def two_kinds(customers: int, seed: int) -> Population:
    """Half of each kind; the latest order was one to six days ago, and some have dropped out."""
    made = people(customers, seed)
    n = np.arange(customers)
    kind, last = n % 2, -1 - n // 2 % 6
    day, value = np.array(last, dtype=np.int32), np.full(customers, 30_000_000, dtype=np.int64)
    return replace(
        made, rate=RATES[kind], dropout=DROPOUTS[kind], mean_value=VALUES[kind], active=n % 5 > 0, first_order=last,
        last_order=last, order_from=n, order_to=n + 1, order_day=day, order_value=value,
    )  # fmt: skip


def twin_world(customers: int, seed: int = 1, *, weeks: int = 1, channels: tuple[Channel, ...] = (EMAIL, SMS)) -> World:
    names = tuple(channel.name for channel in channels)
    return World(
        population=two_kinds(customers, seed), channels=channels, rfm=RFM,
        current=Frequencies.nothing(RFM.segments, names), behaviour=BEHAVIOUR, weeks=weeks, tail_weeks=0, start="rested",
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A world with a twin."""

    world: World
    space: Space
    twin: Twin


LEVELS = {
    "one channel, three paces": {"email": (0.0, 3.5, 7.0)},
    "two channels, on or off": {"email": (0.0, 7.0), "sms": (0.0, 7.0)},
}


def case(name: str, customers: int = 600, seed: int = 1, weeks: int = 1) -> Case:
    levels = LEVELS[name]
    channels = tuple(channel for channel in (EMAIL, SMS) if channel.name in levels)
    world = twin_world(customers, seed, weeks=weeks, channels=channels)
    space = Space.of(RFM.segments, world.channel_names, levels)
    return Case(world, space, twin_of(world, space))


def limits_of(case: Case) -> tuple[Limit, ...]:
    """Measures of two limits, not yet bounded."""
    if len(case.world.channels) == 2:
        return (Limit("budget", "cost", 1e12), Limit("SMS capacity", "contacts_per_week", 1e12, channel="sms"))
    return (Limit("mails", "contacts", 1e12), Limit("list loss", "unsubscribes", 1e12))
