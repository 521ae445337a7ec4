"""Worlds so plain that a reader can say day by day what happens: everything arrives, nobody tires, opts out or orders
unless told so, and at 7 a week a contact of every channel is due every day from day 0 on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.domain import Behaviour, Channel, Fatigue, OptOut, Response
from sim.policy import ContactPolicy, Frequencies
from sim.population import Population, synthetic
from sim.start import start_world
from sim.world import World
from tests import oracle
from tests.sim.same import assert_same
from tests.worlds import LIVELY, ONE_SEGMENT, flat, world_of

CALM = Behaviour(
    fatigue=Fatigue(damping=0.0),
    response=Response(responsiveness_cv=0.0, rate_elasticity=0.0),
    optout=OptOut(fatigue_growth=0.0),
)
"""Every active customer responds like the reference customer, and nobody tires."""
MAIL, TEXT = Channel("mail"), Channel("text")
DAILY = 7.0


def people(n: int = 1, *, rate: float = 0.0, dropout: float = 0.0, mean_value: float = 50.0) -> Population:
    """All alike; each made one order on day -1."""
    drawn = synthetic(replace(LIVELY, p=200.0), n, seed=3)
    return replace(
        drawn,
        rate=np.full(n, rate),
        dropout=np.full(n, dropout),
        mean_value=np.full(n, mean_value),
        active=np.ones(n, dtype=bool),
    )


def world(*channels: Channel, who: Population | int = 1, weeks: int = 3, **others: Any) -> World:
    """A rested start in one segment."""
    others = {"rfm": ONE_SEGMENT, "start": "rested", "behaviour": CALM, **others}
    channels = channels or (MAIL,)
    who = people(who) if isinstance(who, int) else who
    return world_of(who, channels, current=(0.0,) * len(channels), weeks=weeks, **others)


def under(policy: ContactPolicy, *channels: Channel, **others: Any) -> World:
    return world(*channels, policy=policy, **others)


def lives_in(
    place: World, *per_week: float, tail: Frequencies | None = None, seed: int = 1, **plan: Any
) -> list[oracle.Life]:
    """Under the same plan in all segments; default: daily on every channel. The kernel must find the same."""
    rates = per_week or (DAILY,) * len(place.channels)
    chosen = replace(flat(place.rfm, place.channels, *rates), **plan)
    assert_same(place, [chosen, tail or chosen], seed)
    return oracle.simulate(start_world(place, seed=seed), [chosen], tail or chosen, seed=seed)[0]


def days(life: oracle.Life, line: int = 0, until: int = 10_000) -> list[int]:
    """Days of contacts of a line, before day ``until``."""
    return [day for day, kind, lane, _ in life.events if kind == oracle.CONTACT and lane == line and day < until]


def weekly(lives: Sequence[oracle.Life], what: str, place: int = 0) -> list[float]:
    """A count by week, over all customers."""
    weeks = 1 + max(week for life in lives for _, week, _ in life.weekly)
    return [sum(life.weekly[what, week, place] for life in lives) for week in range(weeks)]
