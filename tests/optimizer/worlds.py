"""Small worlds in which a plan matters: contacts pay at first, tire, cost money and list; some seconds to search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.space import Space
from sim.domain import Behaviour, Channel, Fatigue
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import OrganicModel, Population, synthetic
from sim.rfm import RfmScheme
from sim.start import start_world
from sim.world import World

MODEL = OrganicModel("mbg-nbd", r=0.9, alpha_weeks=9.0, a=1.0, b=5.0, p=4.0, q=4.0, gamma=30.0)
EMAIL = Channel(
    "email", unit_cost=0.01, orders_per_contact=0.006, unsubscribe_per_contact=0.002, delivered=0.97, seen=0.22,
    clicked=0.03, consent_share=0.85,
)  # fmt: skip
SMS = Channel(
    "sms", unit_cost=0.06, orders_per_contact=0.015, fatigue_weight=2.0, unsubscribe_per_contact=0.004,
    delivered=0.98, seen=1.0, clicked=0.07, consent_share=0.5,
)  # fmt: skip
LEVELS = {"email": (0.0, 0.5, 1.0, 2.0), "sms": (0.0, 0.25, 0.5, 1.0)}

TWO = RfmScheme.from_map(
    recency_borders_days=(60,), frequency_borders=(2,), monetary_borders=(30.0,),
    cell_map={"fresh": ["2**"], "cold": ["1**"]},
)  # fmt: skip
FOUR = RfmScheme.from_map(
    recency_borders_days=(45,), frequency_borders=(3,), monetary_borders=(30.0,),
    cell_map={"loyal": ["22*"], "fresh": ["21*"], "fading": ["12*"], "cold": ["11*"]},
)  # fmt: skip
THREE_ONE_EMPTY = RfmScheme.from_map(
    recency_borders_days=(60, 3_000), frequency_borders=(2,), monetary_borders=(30.0,),
    cell_map={"fresh": ["3**"], "cold": ["2**"], "nobody": ["1**"]},
)  # fmt: skip

TIRING = Behaviour(fatigue=Fatigue(half_life_days=7.0, damping=0.4))
"""The best frequency lies inside the menus, and what one channel does depends on the other."""
POLICY = ContactPolicy(caps=(FrequencyCap("3 in 7 days", 3, 7),), quiet_days_after_order=2)


def people(customers: int, seed: int) -> Population:
    return synthetic(MODEL, customers, seed=seed, tenure_days=300)


def small_world(
    population: Population | None = None,
    *,
    rfm: RfmScheme = TWO,
    channels: tuple[Channel, ...] = (EMAIL, SMS),
    weeks: int = 12,
    tail_weeks: int = 12,
    current: tuple[float, ...] = (1.0, 0.0),
    behaviour: Behaviour = TIRING,
) -> World:
    names = tuple(channel.name for channel in channels)
    table = np.tile(np.array(current[: len(channels)]), (len(rfm.segments), 1))
    return World(
        population=population if population is not None else people(1_500, 3),
        channels=channels,
        rfm=rfm,
        current=Frequencies("current", rfm.segments, names, table),
        policy=POLICY,
        behaviour=behaviour,
        weeks=weeks,
        tail_weeks=tail_weeks,
    )


def space_of(world: World, levels: dict[str, tuple[float, ...]] | None = None) -> Space:
    chosen = {name: menu for name, menu in (levels or LEVELS).items() if name in world.channel_names}
    return Space.of(world.rfm.segments, world.channel_names, chosen)


def evaluator_of(world: World, space: Space, limits: tuple[Limit, ...] = (), *, seed: int = 3) -> Evaluator:
    started = start_world(world, seed=seed, threads=2)
    return Evaluator(started, space, limits, world.current, "contribution", threads=2)


def with_limits(evaluator: Evaluator, limits: tuple[Limit, ...]) -> Evaluator:
    """The same customers and draws under other limits; nothing is known yet."""
    return replace(evaluator.elsewhere(), limits=limits)
