"""This project's engine on the small model, as nearly as its own model can say it.

The same: customers, consent, caps (3 contacts in 7 days over all channels), fatigue and what it does to opening,
ordering and opting out, segments by recency, chance of an organic order. Different, since its model is another one:

- contacts are paced, every 7 / f days as long as nothing forbids them, where the small model tosses a coin each day;
  one that a rule forbids waits, where the small model forgets it;
- frequency counts orders of the last 90 days, where the small model has a counter that fades by 1/90 a day;
- an order a contact causes does not depend on whether that contact was opened: its chance is that of both together;
- the value of an order is Gamma with the same mean and spread, not lognormal.

It draws, besides, what the small model does not have: delivery, clicks, personal propensities, expected values.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.peers import model as m
from sim.domain import Behaviour, Channel, Fatigue, OptOut, Response
from sim.engine.tables import MICRO, SAMPLED_ORDERS, SAMPLED_REVENUE, SEEN, SENT, UNSUBSCRIBED
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import Population
from sim.rfm import RfmScheme
from sim.rng import customer_keys, number_hashes
from sim.simulate import simulate
from sim.world import World

SEGMENTS = RfmScheme.from_map(
    recency_borders_days=(14, 45, 90, 180),
    frequency_borders=(1, 3),
    monetary_borders=(1e9,),
    cell_map={"0": ["53*"], "1": ["52*", "43*", "42*"], "2": ["51*", "41*"], "3": ["3**"], "4": ["2**"], "5": ["1**"]},
    window_days=90,
)
PLAN = Frequencies("plan", SEGMENTS.segments, m.CHANNELS, np.array(m.PER_WEEK))


def channels() -> tuple[Channel, ...]:
    """E-mail, push and SMS of the small model."""
    return tuple(
        Channel(name, orders_per_contact=opened * m.ORDER_IF_OPENED, fatigue_weight=weight, seen=opened,
                unsubscribe_per_contact=m.UNSUBSCRIBE)
        for name, opened, weight in zip(m.CHANNELS, m.OPEN, m.WEIGHT, strict=True)
    )  # fmt: skip


def population(people: m.People) -> Population:
    """The customers of the small model; of their past, the latest order is known."""
    n, none = people.size, np.zeros(people.size, dtype=np.int64)
    day = -1 - people.recency
    key = number_hashes(np.arange(n))
    return Population(
        seed=1, key=customer_keys(key, 0), base_customer=np.arange(n), base_key=key, base_size=n, copies=1,
        rate=-np.log1p(-people.rate), dropout=np.zeros(n), active=np.ones(n, dtype=bool), mean_value=people.spend,
        value_shape=1 / math.expm1(m.SPREAD**2), rate_shape=0.55, rate_scale_days=50.0, first_order=day, last_order=day,
        order_from=np.arange(n), order_to=np.arange(n) + 1, order_day=day.astype(np.int32),
        order_value=np.rint(people.spend * MICRO).astype(np.int64),
        suppressed=none + sum((~people.subscribed[:, c]).astype(np.int64) << c for c in range(3)),
    )  # fmt: skip


def world(people: m.People, days: int) -> World:
    """The small model's world; whole weeks."""
    return World(
        population=population(people),
        channels=channels(),
        rfm=SEGMENTS,
        current=PLAN,
        policy=ContactPolicy(caps=(FrequencyCap("3 in 7 days", m.MOST, rolling_days=m.WINDOW),)),
        behaviour=Behaviour(
            fatigue=Fatigue(half_life_days=math.log(0.5) / math.log(m.FATIGUE_LEFT), damping=m.DAMPING),
            response=Response(half_life_days=0.1, rate_elasticity=0.0, responsiveness_cv=0.0),
            optout=OptOut(fatigue_growth=m.IRRITATION, frailty_shape=1e6, open_concentration=1e6),
        ),
        weeks=-(-days // 7),
        tail_weeks=0,
        start="rested",
    )


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run, per ``days`` (the run itself has whole weeks)."""
    small = world(people, days)
    result = simulate(small, [PLAN], seed=seed, threads=1, detailed=False)
    customer, lane = result.totals.customer[0, :, 0], result.totals.lane[0].sum(axis=0)
    counts = np.concatenate([
        [customer[:, SAMPLED_REVENUE].sum() / MICRO, customer[:, SAMPLED_ORDERS].sum()],
        lane[:, SENT], lane[:, SEEN], lane[:, UNSUBSCRIBED],
    ])  # fmt: skip
    return counts * days / small.days
