"""Small worlds for tests: builders with everything at hand, and random worlds with every rule on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.domain import Behaviour, Channel, Economics, Fatigue, OptOut, Response, Seasonality
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import OrganicModel, Population, synthetic
from sim.rfm import RfmScheme
from sim.world import World

CDNOW_BG = OrganicModel("bg-nbd", r=0.243, alpha_weeks=4.414, a=0.793, b=2.426, p=6.25, q=3.74, gamma=15.44)
CDNOW_MBG = OrganicModel("mbg-nbd", r=0.525, alpha_weeks=6.183, a=0.891, b=1.614, p=6.25, q=3.74, gamma=15.44)
LIVELY = OrganicModel("mbg-nbd", r=1.5, alpha_weeks=4.0, a=1.0, b=6.0, p=2.0, q=4.0, gamma=60.0)
"""Orders every few weeks, so that short runs see orders, drop-outs and changes of segment."""

EMAIL = Channel(
    "email", unit_cost=0.002, orders_per_contact=0.05, unsubscribe_per_contact=0.01, complaint_per_contact=0.005,
    delivered=0.9, seen=0.3, clicked=0.05, consent_share=0.85,
)  # fmt: skip
SMS = Channel(
    "sms", unit_cost=0.06, orders_per_contact=0.1, fatigue_weight=2.0, unsubscribe_per_contact=0.02,
    complaint_per_contact=0.01, delivered=0.95, seen=1.0, clicked=0.07, consent_share=0.5,
)  # fmt: skip
PLAIN = Channel("email", orders_per_contact=0.01)
"""Everybody consents, everything arrives, nobody opts out."""

ONE_SEGMENT = RfmScheme((30,), (2,), (20.0,), ("all",), (0,) * 8)
THREE_SEGMENTS = RfmScheme.from_map(
    recency_borders_days=(20, 60),
    frequency_borders=(2, 4),
    monetary_borders=(15.0, 30.0),
    cell_map={"fresh": ["3**"], "cooling": ["2**"], "cold": ["1**"]},
    window_days=120,
)


def uniform_plan(world: World, *per_week: float, name: str = "plan") -> Frequencies:
    """The same frequencies for all segments, channel by channel."""
    return flat(world.rfm, world.channels, *per_week, name=name)


def flat(rfm: RfmScheme, channels: tuple[Channel, ...], *per_week: float, name: str = "plan") -> Frequencies:
    table = np.tile(np.array(per_week, dtype=np.float64), (len(rfm.segments), 1))
    return Frequencies(name, rfm.segments, tuple(c.name for c in channels), table)


def world_of(
    population: Population | int = 100,
    channels: tuple[Channel, ...] = (EMAIL, SMS),
    *,
    model: OrganicModel = LIVELY,
    tenure_days: int = 200,
    rfm: RfmScheme = THREE_SEGMENTS,
    current: tuple[float, ...] | None = None,
    weeks: int = 6,
    tail_weeks: int = 0,
    **others: Any,
) -> World:
    """A world with two channels and three segments, unless told otherwise."""
    if isinstance(population, int):
        population = synthetic(model, population, seed=11, tenure_days=tenure_days)
    per_week = current if current is not None else (1.0, 0.5, 0.25, 0.25)[: len(channels)]
    return World(
        population=population,
        channels=channels,
        rfm=rfm,
        current=flat(rfm, channels, *per_week, name="current"),
        weeks=weeks,
        tail_weeks=tail_weeks,
        **others,
    )


def plain_world(population: Population | int = 100, channel: Channel = PLAIN, **others: Any) -> World:
    """One channel, one segment, no rules, a rested start: what closed forms are about."""
    others = {"rfm": ONE_SEGMENT, "start": "rested", "current": (0.0,), **others}
    return world_of(population, (channel,), **others)


def with_channel(world: World, channel: Channel, at: int) -> World:
    """The world with one more channel, in use by nobody."""
    table = np.insert(np.array(world.current.per_week), at, 0.0, axis=1)
    channels = (*world.channels[:at], channel, *world.channels[at:])
    names = tuple(c.name for c in channels)
    return replace(world, channels=channels, current=Frequencies("current", world.rfm.segments, names, table))


# --- random worlds --------------------------------------------------------------------------------------------

_NAMES = ("email", "push", "sms", "messenger")


def _number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def _per_week() -> st.SearchStrategy[float]:
    return st.sampled_from([1.0, 2.0, 0.5, 1.75, 3.0, 7.0, 0.25, 0.125, 0.0]) | _number(0.0, 7.0)


@st.composite
def channels_of(draw: st.DrawFn, name: str) -> Channel:
    seen = draw(st.sampled_from([0.0, 0.25, 0.6, 1.0]))
    return Channel(
        name,
        unit_cost=draw(st.sampled_from([0.0, 0.002, 0.06, 1.0])),
        orders_per_contact=draw(_number(0.0, 0.5)),
        fatigue_weight=draw(_number(0.0, 3.0)),
        unsubscribe_per_contact=draw(_number(0.0, 0.1)),
        complaint_per_contact=draw(st.sampled_from([0.0, 0.05])),
        delivered=draw(st.sampled_from([0.97, 0.7, 1.0, 0.0])),
        seen=seen,
        clicked=seen * draw(st.sampled_from([0.0, 0.1, 1.0])),
        consent_share=draw(st.sampled_from([0.9, 1.0, 0.5, 0.0])),
    )


@st.composite
def schemes(draw: st.DrawFn) -> RfmScheme:
    def borders(most: int) -> tuple[int, ...]:
        return tuple(sorted(draw(st.sets(st.integers(0, most), min_size=1, max_size=4))))

    recency, frequency, money = borders(90), borders(12), borders(150)
    count = draw(st.integers(1, 5))
    size = (len(recency) + 1) * (len(frequency) + 1) * (len(money) + 1)
    return RfmScheme(
        recency,
        frequency,
        tuple(float(m) for m in money),
        tuple(f"segment{k}" for k in range(count)),
        tuple(draw(st.lists(st.integers(0, count - 1), min_size=size, max_size=size))),
        window_days=draw(st.integers(7, 200)),
        monetary=draw(st.sampled_from(["mean", "total"])),
        recompute_days=draw(st.integers(1, 10)),
    )


@st.composite
def policies(draw: st.DrawFn, channels: tuple[str, ...], segments: tuple[str, ...]) -> ContactPolicy:
    def some(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names))))

    caps = tuple(
        FrequencyCap(
            f"cap {k}",
            max_contacts=draw(st.integers(0, 6) | st.integers(1, 3)),
            rolling_days=draw(st.integers(1, 14) | st.integers(1, 63)),
            channels=some(channels),
            segments=some(segments),
        )
        for k in range(draw(st.integers(0, 4)))
    )
    return ContactPolicy(
        caps=caps,
        min_gap_days=draw(st.integers(1, 6) | st.sampled_from([1, 63])),
        quiet_days_after_order=draw(st.integers(0, 8)),
        holdout_share=draw(st.sampled_from([0.0, 0.0, 0.2])),
    )


@st.composite
def behaviours(draw: st.DrawFn) -> Behaviour:
    return Behaviour(
        fatigue=Fatigue(
            half_life_days=draw(_number(0.5, 12.0)),
            damping=draw(st.sampled_from([0.0, 0.2, 0.6])),
            relief_at_order=draw(st.sampled_from([0.0, 0.5, 1.0])),
        ),
        response=Response(
            half_life_days=draw(_number(0.5, 8.0)),
            rate_elasticity=draw(st.sampled_from([0.0, 0.2, 1.0])),
            responsiveness_cv=draw(st.sampled_from([0.0, 0.5])),
            saturation_orders_per_day=draw(st.sampled_from([None, 0.05, 1.0])),
            dormant_share=draw(st.sampled_from([0.0, 0.5, 1.0])),
            dormant_half_life_days=draw(_number(3.0, 200.0)),
        ),
        optout=OptOut(
            fatigue_growth=draw(st.sampled_from([0.0, 0.15, 0.5])),
            frailty_shape=draw(st.sampled_from([0.5, 1.0, 50.0])),
            open_concentration=draw(st.sampled_from([0.5, 2.0])),
        ),
        seasonality=Seasonality(draw(st.just(()) | st.lists(_number(0.2, 3.0), min_size=52, max_size=52).map(tuple))),
    )


@st.composite
def random_worlds(draw: st.DrawFn, *, most_customers: int = 24, plans: int = 2) -> tuple[World, list[Frequencies]]:
    """A world with every rule on, and ``plans`` plans and a common tail plan for it."""
    names = tuple(draw(st.permutations(_NAMES))[: draw(st.integers(1, 4))])
    channels = tuple(draw(channels_of(name)) for name in names)
    rfm = draw(schemes())

    def plan(name: str) -> Frequencies:
        shape = (len(rfm.segments), len(channels))
        size = shape[0] * shape[1]
        rates = draw(st.lists(_per_week(), min_size=size, max_size=size))
        return Frequencies(name, rfm.segments, names, np.array(rates).reshape(shape))

    model = replace(
        LIVELY,
        model=draw(st.sampled_from(["bg-nbd", "mbg-nbd"])),
        alpha_weeks=draw(st.sampled_from([0.6, 2.0, 8.0])),
        a=draw(st.sampled_from([0.3, 2.0])),
    )
    population = synthetic(
        model,
        draw(st.integers(min(5, most_customers), most_customers)),
        seed=draw(st.integers(0, 2**31)),
        tenure_days=draw(st.sampled_from([0, 30, 400])),
    )
    world = World(
        population=population,
        channels=channels,
        rfm=rfm,
        current=plan("current"),
        policy=draw(policies(names, rfm.segments)),
        behaviour=draw(behaviours()),
        economics=Economics(discount_per_year=draw(st.sampled_from([0.0, 0.1, 0.9]))),
        weeks=draw(st.integers(2, 7)),
        tail_weeks=draw(st.integers(0, 4)),
        start=draw(st.sampled_from(["current_policy", "current_policy", "rested"])),
        first_week_of_year=draw(st.integers(0, 51)),
        consent_rate_correlation=draw(st.sampled_from([0.0, 0.4, -0.6])),
    )
    return world, [*(plan(f"plan {k}") for k in range(plans)), plan("tail")]
