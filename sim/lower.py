"""The one bridge from a world and its plans to the tables the kernel reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv, ndtri

from sim import draws
from sim.behaviour.fatigue import daily_decay
from sim.behaviour.orders import SPEND_BINS, spend_table
from sim.behaviour.response import dormant_table, reference_moment
from sim.engine.tables import EXTRAS, NEVER, People, Records, Tables, records
from sim.lines import lines_of
from sim.lower_capacity import lower_capacities
from sim.lower_lines import lower_lines
from sim.lower_rules import lower_rules, tolerance
from sim.periods import in_weeks, weeks_of_change
from sim.policy import Frequencies
from sim.rng import place_keys, uniforms
from sim.units import DAYS_PER_WEEK, DAYS_PER_YEAR, MICRO
from sim.world import World

_DECAY_DAYS = 4096


def lower_tables(
    world: World,
    plans: Sequence[Frequencies],
    tail: Frequencies,
    *,
    seed: int,
    first_day: int = 0,
    days: int | None = None,
    behaving: bool = True,
    detailed: bool = True,
    logging: bool = False,
) -> Tables:
    """Tables of a run of ``plans`` side by side, all under ``tail`` (a plan without periods) after the horizon.

    ``first_day``: calendar day (0 = first day of the horizon) of the run's day 0; only addresses draws.
    """
    days = world.days if days is None else days
    behaviour = world.behaviour
    rules = lower_rules(world, days, first_day)
    changes = weeks_of_change(plans, world.weeks)
    lines = lower_lines(world, [[*in_weeks(plan, changes), tail] for plan in plans], rules.floor_words)
    week = np.arange(days) // DAYS_PER_WEEK
    on = {"behaving": behaving, "detailed": detailed, "logging": logging}
    scalars, lanes = _scalars(world, {**lines.scalars, **rules.scalars, **on}), lower_capacities(world)
    extras = any(scalars[name][0] for name in EXTRAS) or scalars["order_ticks"][0] > 1
    extras = extras or len(lines.arrays["cascades"]) > 0 or lanes["capacitated"].any()
    return Tables(
        extras=np.zeros(0, dtype=np.uint8) if extras else None,
        s=scalars,
        days=records({
            "week": week.astype(np.uint64),
            "phase": (week >= world.weeks).astype(np.uint64),
            "plan": np.searchsorted([*changes[1:], world.weeks], week, side="right").astype(np.uint64),
            "season": _season(world, days),
        }),
        discount=_discount(world, int(week[-1]) + 1),
        place=_places(world, seed, first_day, days),
        lanes=records({**lines.lanes, **rules.lanes, **lanes}),
        placement=np.ones((len(plans), len(world.channels))),
        **lines.arrays,
        **rules.arrays,
        recency_borders=np.array(world.rfm.recency_borders_days, dtype=np.int64),
        frequency_borders=np.array(world.rfm.frequency_borders, dtype=np.int64),
        monetary_borders=np.array([round(b * MICRO) for b in world.rfm.monetary_borders], dtype=np.int64),
        cells=np.array(world.rfm.cells, dtype=np.int64),
        tired=np.power(daily_decay(behaviour.fatigue.half_life_days), np.arange(days + 1, dtype=np.float64)),
        dormant=dormant_table(behaviour.response.dormant_share, behaviour.response.dormant_half_life_days, _DECAY_DAYS),
        spend=spend_nodes(world.population.value_shape),
    )  # fmt: skip


def _scalars(world: World, on: Mapping[str, bool]) -> Records:
    behaviour, population = world.behaviour, world.population
    saturation = behaviour.response.saturation_orders_per_day
    newcomers = population.joined is not None and bool((population.joined > 0).any())
    numbers: dict[str, float | int | bool] = {
        "kept_from": NEVER,
        "window_days": world.rfm.window_days,
        "monetary_total": world.rfm.monetary == "total",
        "recompute_days": world.rfm.recompute_days,
        "kappa": float(behaviour.fatigue.damping),
        "growth": float(behaviour.optout.fatigue_growth),
        "relief": float(behaviour.fatigue.relief_at_order),
        "stimulus_decay": daily_decay(behaviour.response.half_life_days),
        "dormant_decay": daily_decay(behaviour.response.dormant_half_life_days),
        "saturation": 0.0 if saturation is None else float(saturation),
        "waking": float(behaviour.response.waking_share),
        "irritation": float(behaviour.fatigue.dropout_growth),
        "loyalty": float(behaviour.response.loyalty_gain),
        "loyal_days": behaviour.response.loyalty_days,
        "order_ticks": world.population.order_ticks,
        "margin": float(world.economics.margin),
        "newcomers": newcomers and on["behaving"],
        "arbitrated": world.policy.arbitration != "priority",
        "by_value": world.policy.arbitration == "value",
        **on,
    }
    return records({name: np.array([number]) for name, number in numbers.items()})


def lower_people(world: World, frailty: npt.NDArray[np.float64]) -> People:
    """Latents of all customers; ``frailty`` (N,) comes from the start, where past contacts are known."""
    population, response = world.population, world.behaviour.response
    seed, key = population.seed, population.key
    spread = np.sqrt(np.log1p(response.responsiveness_cv**2))
    responsiveness = np.exp(spread * ndtri(uniforms(seed, "latent:responsiveness", key)) - spread**2 / 2)
    reference = reference_moment(
        response.reference_shape, response.reference_orders_per_year / DAYS_PER_YEAR, response.rate_elasticity
    )
    return People(
        key=key,
        rate=population.rate,
        dropout=population.dropout,
        mean_value=population.mean_value,
        effect=responsiveness * population.order_rate**response.rate_elasticity / reference,
        frailty=frailty,
        seen=np.column_stack([_seen(world, lane) for lane in range(len(world.channels))]),
        contactable=(~holdout(world)).astype(np.uint8),
        joined=_or(population.joined, -1, population.size),
        consented=subscribed(world),
        birthday=_or(population.birthday, -1, population.size),
        household=np.arange(population.size) if population.household is None else population.household,
        tolerance=tolerance(world),
    )


def _or(given: npt.NDArray[np.int64] | None, otherwise: int, size: int) -> npt.NDArray[np.int64]:
    return np.full(size, otherwise, dtype=np.int64) if given is None else np.asarray(given, dtype=np.int64)


def holdout(world: World) -> npt.NDArray[np.bool_]:
    """Customers who are never contacted (N,): by a hash of the real customer's id, whatever the seed."""
    draw = uniforms(world.policy.holdout_salt, "holdout", world.population.base_key)
    return draw < world.policy.holdout_share


def subscribed(world: World) -> npt.NDArray[np.int64]:
    """Bit mask (N,) of the channels a customer may be contacted through on day 0."""
    population, rho = world.population, world.consent_rate_correlation
    mask = np.zeros(population.size, dtype=np.int64)
    if rho:
        rank = gammainc(population.rate_shape, population.rate * population.rate_scale_days)
        from_rate = ndtri(np.clip(rank, 1e-12, 1 - 1e-12))
    for lane, channel in enumerate(world.channels):
        u = uniforms(population.seed, f"latent:consent:{channel.name}", population.key)
        if rho:  # a normal copula: high rates go with consent when rho > 0
            given = u < channel.consent_share if channel.consent_share in (0, 1) else (
                rho * from_rate + np.sqrt(1 - rho**2) * ndtri(1 - u) > -ndtri(channel.consent_share)
            )  # fmt: skip
        else:
            given = u < channel.consent_share
        mask |= given.astype(np.int64) << lane
    return mask if world.suppressed is None else mask & ~world.suppressed


@lru_cache(maxsize=16)
def spend_nodes(shape: float) -> npt.NDArray[np.float64]:
    """Quantile nodes of Gamma(shape) with mean 1; the first and the last bin keep their conditional means."""
    n = SPEND_BINS
    nodes = np.empty(n + 1)
    nodes[:-1] = gammaincinv(shape, np.arange(n) / n) / shape
    nodes[0] = max(2.0 * gammainc(shape + 1.0, nodes[1] * shape) * n - nodes[1], 0.0)
    tail_mean = (1.0 - gammainc(shape + 1.0, nodes[-2] * shape)) * n
    nodes[-1] = max(2.0 * tail_mean - nodes[-2], nodes[-2])
    table = spend_table(nodes)
    table.setflags(write=False)
    return table


def _places(world: World, seed: int, first_day: int, days: int) -> npt.NDArray[np.uint64]:
    calendar = first_day + np.arange(days)
    streams = ["order", "spend", "dropout", "pull", "wake"]
    for line in lines_of(world):
        streams += [f"contact:{line.stream(world)}", f"complaint:{line.stream(world)}"]
    streams += [f"capacity:{capacity.name}" for capacity in world.capacities]
    return np.stack([place_keys(seed, stream, calendar) for stream in streams])


def _season(world: World, days: int) -> npt.NDArray[np.float64]:
    seasonality, day = world.behaviour.seasonality, np.arange(days)
    season = np.ones(days)
    if seasonality.by_week:
        weeks = world.first_week_of_year + day // DAYS_PER_WEEK
        season *= np.asarray(seasonality.by_week, dtype=np.float64)[weeks % len(seasonality.by_week)]
    if seasonality.by_weekday:
        weekday = (world.first_weekday + day) % DAYS_PER_WEEK
        season *= np.asarray(seasonality.by_weekday, dtype=np.float64)[weekday]
    return season


def _discount(world: World, weeks: int) -> npt.NDArray[np.float64]:
    """1 within the horizon; after it, money of the week is discounted to the end of the horizon."""
    after = np.maximum(0, np.arange(weeks) - world.weeks + 1)
    return (1.0 + world.economics.discount_per_year) ** (-after * DAYS_PER_WEEK / DAYS_PER_YEAR)


def _seen(world: World, lane: int) -> npt.NDArray[np.float64]:
    """Personal share seen: Beta around the channel's mean, or the mean itself at 0 and 1."""
    population, channel = world.population, world.channels[lane]
    if channel.seen in (0.0, 1.0):
        return np.full(population.size, channel.seen)
    concentration = world.behaviour.optout.open_concentration
    a, b = (np.uint64(place_keys(population.seed, f"latent:seen {ab}:{channel.name}", np.array([0]))[0]) for ab in "ab")
    n = population.size
    return np.asarray(
        draws.betas(
            population.key,
            a,
            b,
            np.full(n, concentration * channel.seen),
            np.full(n, concentration * (1 - channel.seen)),
        )
    )
