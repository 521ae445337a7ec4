"""Random worlds that mix the whole policy language, family by family.

``full_worlds`` takes the names of the families to switch on; what is not switched on is drawn as in
``tests.worlds.random_worlds``, which has none of them. A world comes with plans and, last, the common tail plan.
Households stand together; a channel has at most one floor and one switch-off.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.campaigns import CONDITIONS, Campaign, Cascade, Offer, Program, Step, Trigger
from sim.capacity import Capacity
from sim.domain import Reputation
from sim.policy import (
    ARBITRATIONS,
    ContactPolicy,
    Cooldown,
    Floor,
    Frequencies,
    FrequencyCap,
    PersonalCap,
    Prerequisite,
    Selection,
    SwitchOff,
)
from sim.population import Population
from sim.world import World
from tests.worlds import random_worlds

RULES = (
    "classes", "calendar", "points", "cooldowns", "prerequisites", "personal", "household", "reported", "floors",
    "switch_offs", "suppressed",
)  # fmt: skip
PROGRAM = ("campaigns", "cascades", "offers", "timing")
PEOPLE = ("newcomers", "birthdays", "weekdays", "pull_forward", "waking", "irritation", "loyalty", "regular")
SHARED = ("reputation", "capacity", "arbitration")
FAMILIES = (*RULES, *PROGRAM, *PEOPLE, *SHARED)

_CLASSES = ("promo", "info", "transactional")
Case = tuple[World, list[Frequencies]]


def rule_mixes(**sizes: int) -> st.SearchStrategy[Case]:
    """Every kind of rule, no program."""
    return full_worlds(RULES, **sizes)


def programs(**sizes: int) -> st.SearchStrategy[Case]:
    """Campaigns, cascades and offers under every kind of rule, with all that triggers look at."""
    return full_worlds((*RULES, *PROGRAM, "newcomers", "birthdays"), **sizes)


@st.composite
def full_worlds(
    draw: st.DrawFn, families: Collection[str] = FAMILIES, *, most_customers: int = 16, plans: int = 2
) -> Case:
    unknown = set(families) - set(FAMILIES)
    assert not unknown, unknown
    world, made = draw(random_worlds(most_customers=most_customers, plans=plans))
    on = {name: name in families for name in FAMILIES}
    if on["classes"]:
        classes = [draw(st.sampled_from(_CLASSES)) for _ in world.channels]
        channels = tuple(replace(c, message_class=k) for c, k in zip(world.channels, classes, strict=True))
        world = replace(world, channels=channels)
    world = replace(world, **draw(_calendars()))
    world = replace(world, population=draw(_populations(world.population, on)), program=draw(_programs(world, on)))
    world = replace(world, policy=draw(_policies(world, on)), behaviour=draw(_behaviours(world, on)))
    world = replace(world, **draw(_extras(world, on)))
    made = [draw(_with_program(world, plan)) for plan in made]
    return replace(world, current=draw(_with_program(world, world.current))), made


def _number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def _some(names: Collection[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """() half of the time: all."""
    few = st.lists(st.sampled_from(sorted(names)), unique=True, min_size=1, max_size=len(names)).map(tuple)
    return st.just(()) | few


@st.composite
def _calendars(draw: st.DrawFn) -> dict[str, Any]:
    lengths = draw(st.sampled_from([(), (31, 28, 31, 30, 31), (30,), (28, 31)]))
    return {
        "first_weekday": draw(st.integers(0, 6)),
        "first_day_of_month": draw(st.integers(1, lengths[0] if lengths else 30)),
        "month_lengths": lengths,
    }


# --- who ------------------------------------------------------------------------------------------------------


@st.composite
def _populations(draw: st.DrawFn, population: Population, on: dict[str, bool]) -> Population:
    n = population.size
    if on["regular"]:
        k = draw(st.integers(1, 4))
        left = np.array(draw(st.lists(st.integers(1, k), min_size=n, max_size=n)), dtype=np.int64)
        population = replace(population, rate=population.rate * k, order_ticks=k, ticks=left)
    if on["newcomers"]:
        days = st.just(-1) | st.integers(0, 40) | st.integers(0, 3)
        joined = np.array(draw(st.lists(days, min_size=n, max_size=n)), dtype=np.int64)
        population = joining(population, joined)
    if on["birthdays"]:
        dates = st.integers(0, 364) | st.integers(0, 50)
        population = replace(
            population, birthday=np.array(draw(st.lists(dates, min_size=n, max_size=n)), dtype=np.int64)
        )
    if on["household"]:
        numbers = st.integers(0, max(1, n // 2))
        homes = sorted(draw(st.lists(numbers, min_size=n, max_size=n)))  # members stand together
        population = replace(population, household=np.array(homes, dtype=np.int64))
    return population


def joining(population: Population, joined: np.ndarray) -> Population:
    """The population with newcomers: who joins on day d >= 0 has made one order, on day d - 1."""
    new = joined >= 0
    count = len(population.order_day)
    first = np.where(new, joined - 1, population.first_order)
    value = np.rint(population.mean_value * 1e6).astype(np.int64)
    return replace(
        population,
        joined=joined,
        active=population.active | new,
        first_order=first,
        last_order=np.where(new, joined - 1, population.last_order),
        order_from=np.where(new, count + np.arange(population.size), population.order_from),
        order_to=np.where(new, count + np.arange(population.size) + 1, population.order_to),
        order_day=np.concatenate([population.order_day, first.astype(np.int32)]),
        order_value=np.concatenate([population.order_value, value]),
    )


# --- what beside the plan -------------------------------------------------------------------------------------


@st.composite
def _programs(draw: st.DrawFn, world: World, on: dict[str, bool]) -> Program:
    names, segments = world.channel_names, world.rfm.segments
    offers = tuple(
        Offer(
            f"offer{k}",
            draw(st.sampled_from([0.1, 0.5, 0.0])),
            response_factor=draw(st.sampled_from([1.0, 2.5, 0.5])),
            valid_days=draw(st.integers(1, 20)),
            pull_forward_share=draw(st.sampled_from([0.0, 0.5, 1.0])) if on["pull_forward"] else 0.0,
        )
        for k in range(draw(st.integers(1, 3)) if on["offers"] else 0)
    )
    offered = st.sampled_from([None, *(offer.name for offer in offers)])
    campaigns = tuple(
        Campaign(
            f"campaign{k}",
            draw(st.sampled_from(names)),
            draw(st.sampled_from([1.0, 3.0, 7.0, 0.25, 0.0])),
            segments=draw(_some(segments)),
            message_class=draw(st.sampled_from(_CLASSES)) if on["classes"] else "info",
            response_factor=draw(st.sampled_from([1.0, 0.0, 2.0])),
            offer=draw(offered),
        )
        for k in range(draw(st.integers(1, 3)) if on["campaigns"] else 0)
    )
    cascades = tuple(
        draw(_cascades(f"cascade{k}", world, on, offered)) for k in range(draw(st.integers(1, 4)) * on["cascades"])
    )
    return Program(offers, campaigns, cascades)


@st.composite
def _cascades(
    draw: st.DrawFn, name: str, world: World, on: dict[str, bool], offered: st.SearchStrategy[str | None]
) -> Cascade:
    steps = tuple(
        Step(
            draw(st.sampled_from(world.channel_names)),
            delay_days=draw(st.integers(0, 4)),
            only_if=draw(st.sampled_from(CONDITIONS)),
            response_factor=draw(st.sampled_from([1.0, 0.5, 3.0])),
            offer=draw(offered),
            message_class=draw(st.sampled_from(_CLASSES)) if on["classes"] else "promo",
        )
        for _ in range(draw(st.integers(1, 4)))
    )
    return Cascade(
        name,
        draw(_triggers(world)),
        steps,
        segments=draw(_some(world.rfm.segments)),
        ends_with_order=draw(st.booleans()),
        patience_days=draw(st.integers(0, 6)),
        repeat_after_days=draw(st.sampled_from([1, 5, 30])),
    )


def _triggers(world: World) -> st.SearchStrategy[Trigger]:
    entered = st.sampled_from(world.rfm.segments).map(lambda name: Trigger("entered_segment", segment=name))
    waited = (st.integers(1, 12) | st.integers(1, 60)).map(lambda days: Trigger("days_since_order", days=days))
    return entered | waited | st.just(Trigger("registered")) | st.just(Trigger("birthday"))


@st.composite
def _with_program(draw: st.DrawFn, world: World, plan: Frequencies) -> Frequencies:
    """The plan with some of the world's campaigns, cascades and offers."""
    program = world.program
    running = [c.name for c in (*program.campaigns, *program.cascades) if draw(st.sampled_from([True, True, False]))]
    carried = [
        (segment, channel, draw(st.sampled_from(program.offers)).name)
        for segment in world.rfm.segments
        for channel in world.channel_names
        if program.offers and draw(st.booleans())
    ]
    return replace(plan, campaigns=tuple(running), offers=tuple(carried))


# --- rules ----------------------------------------------------------------------------------------------------


@st.composite
def _policies(draw: st.DrawFn, world: World, on: dict[str, bool]) -> ContactPolicy:
    names, segments, policy = world.channel_names, world.rfm.segments, world.policy
    windows = st.integers(1, 10) | st.integers(1, 63)

    def times(family: str, most: int) -> range:
        return range(draw(st.integers(0, most)) if on[family] else 0)

    def classes() -> tuple[str, ...]:
        return draw(_some(_CLASSES)) if on["classes"] else ()

    def selection() -> Selection:
        return Selection(draw(_some(names)), classes())

    def enforced() -> bool:
        return draw(st.sampled_from([True, True, False])) if on["reported"] else True

    return replace(
        policy,
        caps=tuple(draw(_caps(cap, world, on, classes(), enforced())) for cap in policy.caps),
        cooldowns=tuple(
            Cooldown(f"cooldown {k}", draw(windows), selection(), selection(), draw(_some(segments)), enforced())
            for k in times("cooldowns", 2)
        ),
        prerequisites=tuple(
            Prerequisite(f"needs {k}", draw(windows), selection(), selection(), draw(_some(segments)), enforced())
            for k in times("prerequisites", 2)
        ),
        personal_caps=tuple(
            PersonalCap(
                f"tolerance {k}",
                draw(windows),
                draw(st.sampled_from([((1, 0.5), (3, 0.5)), ((2, 0.2), (1, 0.3), (6, 0.5)), ((4, 1.0),)])),
                draw(_some(names)),
                classes(),
                draw(_some(segments)),
                enforced(),
            )
            for k in times("personal", 2)
        ),
        floors=tuple(
            Floor(f"floor {name} {k}", name, least, least + draw(st.integers(0, 20)), scope)
            for name in names[: draw(st.integers(0, 2)) * on["floors"]]
            for k, scope in enumerate(draw(_apart(segments)))
            for least in [draw(st.integers(1, 6))]
        ),
        switch_offs=tuple(
            SwitchOff(f"stop {name}", draw(st.integers(1, 6)), (name,), draw(st.sampled_from(["seen", "clicked"])))
            for name in names[: draw(st.integers(0, 2)) * on["switch_offs"]]
        ),
        exempt_classes=draw(st.sampled_from([("transactional",), (), ("transactional", "info")])),
        arbitration=draw(st.sampled_from(ARBITRATIONS)) if on["arbitration"] else "priority",
    )  # fmt: skip


@st.composite
def _apart(draw: st.DrawFn, names: Collection[str]) -> list[tuple[str, ...]]:
    """Scopes of one or two rules that never hold in the same segment."""
    first = draw(_some(names))
    rest = tuple(sorted(set(names) - set(first)))
    return [first, rest] if first and rest and draw(st.booleans()) else [first]


@st.composite
def _caps(
    draw: st.DrawFn, cap: FrequencyCap, world: World, on: dict[str, bool], classes: tuple[str, ...], enforced: bool
) -> FrequencyCap:
    points = {}
    if on["points"] and cap.max_contacts > 0 and draw(st.booleans()):
        points = {name: draw(st.integers(0, min(3, cap.max_contacts))) for name in world.channel_names}
    return replace(
        cap,
        calendar=draw(st.sampled_from([None, "week", "month"])) if on["calendar"] else None,
        points=tuple(points.items()),
        classes=classes,
        enforced=enforced,
        household=draw(st.booleans()) if on["household"] else False,
    )


# --- behaviour and what is shared -----------------------------------------------------------------------------


@st.composite
def _behaviours(draw: st.DrawFn, world: World, on: dict[str, bool]) -> Any:
    behaviour = world.behaviour
    if on["weekdays"]:
        by_weekday = tuple(draw(st.lists(_number(0.2, 3.0), min_size=7, max_size=7)))
        behaviour = replace(behaviour, seasonality=replace(behaviour.seasonality, by_weekday=by_weekday))
    response = replace(
        behaviour.response,
        pull_forward_share=draw(st.sampled_from([0.0, 0.4, 1.0])) if on["pull_forward"] else 0.0,
        waking_share=draw(st.sampled_from([0.0, 0.5, 1.0])) if on["waking"] else 0.0,
        loyalty_gain=draw(st.sampled_from([0.0, 0.5, 3.0])) if on["loyalty"] else 0.0,
        loyalty_days=draw(st.sampled_from([1, 5, 60])) if on["loyalty"] else 60,
    )
    growth = draw(st.sampled_from([0.0, 0.1, 1.0])) if on["irritation"] else 0.0
    fatigue = replace(behaviour.fatigue, dropout_growth=growth)
    reputation = Reputation()
    if on["reputation"]:
        reputation = Reputation(
            draw(_some(world.channel_names)),
            tolerated_damage=draw(st.sampled_from([0.01, 0.05, 0.5])),
            dead_weight=draw(st.sampled_from([0.0, 0.1, 1.0])),
            half_life_weeks=draw(st.sampled_from([0.5, 2.0, 4.0])),
        )
    return replace(behaviour, fatigue=fatigue, response=response, reputation=reputation)


@st.composite
def _extras(draw: st.DrawFn, world: World, on: dict[str, bool]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    lanes, n = len(world.channels), world.population.size
    if on["timing"] and draw(st.booleans()):
        factors = st.sampled_from([0.5, 1.0, 1.3])
        size = len(world.rfm.segments) * lanes
        made["timing"] = np.array(draw(st.lists(factors, min_size=size, max_size=size))).reshape(-1, lanes)
    if on["suppressed"] and draw(st.booleans()):
        masks = st.just(0) | st.integers(0, 2**lanes - 1)
        made["suppressed"] = np.array(draw(st.lists(masks, min_size=n, max_size=n)), dtype=np.int64)
    if on["capacity"]:
        made["capacities"] = tuple(
            draw(_capacities(f"capacity {k}", world)) for k in range(draw(st.integers(0, 2)))
        )  # fmt: skip
        made["population"] = world.population.standing_for(draw(st.sampled_from([n, 3 * n])))
    return made


@st.composite
def _capacities(draw: st.DrawFn, name: str, world: World) -> Capacity:
    size = 3 * world.population.size
    limits = st.none() | st.integers(0, size).map(float) | _number(0.0, float(size))
    names = st.lists(st.sampled_from(world.channel_names), unique=True, min_size=1).map(tuple)
    return Capacity(
        name,
        draw(names),
        per_day=draw(limits),
        per_week=draw(limits),
        weeks=draw(st.dictionaries(st.integers(0, 6), st.integers(0, 2 * size).map(float), max_size=2)),
        use_per_contact=draw(st.sampled_from([1.0, 0.5, 2.0])),
        use_per_click=draw(st.sampled_from([0.0, 3.0])),
    )
