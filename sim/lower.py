"""The one bridge from a world and its plans to the tables the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv, ndtri

from sim import draws
from sim.behaviour.fatigue import daily_decay
from sim.behaviour.orders import SPEND_BINS, spend_table
from sim.behaviour.response import dormant_table, reference_moment
from sim.engine.pacing import credit_per_day
from sim.engine.tables import NEVER, PACE, People, Tables
from sim.lower_rules import lower_rules
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
    """Tables of a run of ``plans`` side by side, all under ``tail`` after the horizon.

    ``first_day``: calendar day (0 = first day of the horizon) of the run's day 0; only addresses draws.
    """
    days = world.days if days is None else days
    channels, behaviour = world.channels, world.behaviour
    stimulus_decay = daily_decay(behaviour.response.half_life_days)
    dormant = dormant_table(behaviour.response.dormant_share, behaviour.response.dormant_half_life_days, _DECAY_DAYS)
    rates = np.stack([credit_per_day(np.stack([plan.per_week.T, tail.per_week.T])) for plan in plans])
    week = np.arange(days) // DAYS_PER_WEEK
    saturation = behaviour.response.saturation_orders_per_day
    return Tables(
        place=_places(world, seed, first_day, days),
        week=week.astype(np.uint64),
        phase=(week >= world.weeks).astype(np.uint64),
        season=_season(world, days),
        discount=_discount(world, int(week[-1]) + 1),
        rate=rates,
        interval=np.where(rates > 0, PACE // np.maximum(rates, 1), 0),
        unit_cost=np.array([round(c.unit_cost * MICRO) for c in channels], dtype=np.int64),
        stimulus=np.array([(1.0 - stimulus_decay) * c.orders_per_contact for c in channels]),
        weight=np.array([c.fatigue_weight for c in channels], dtype=np.float64),
        delivered=np.array([c.delivered for c in channels], dtype=np.float64),
        click_of_seen=np.array([c.clicked / c.seen if c.seen > 0 else 0.0 for c in channels]),
        unsubscribe=np.array([-np.log1p(-c.unsubscribe_per_contact) for c in channels]),
        complaint=np.array([c.complaint_per_contact for c in channels], dtype=np.float64),
        **lower_rules(world),
        recency_borders=np.array(world.rfm.recency_borders_days, dtype=np.int64),
        frequency_borders=np.array(world.rfm.frequency_borders, dtype=np.int64),
        monetary_borders=np.array([round(b * MICRO) for b in world.rfm.monetary_borders], dtype=np.int64),
        cells=np.array(world.rfm.cells, dtype=np.int64),
        dormant=dormant,
        spend=spend_nodes(world.population.value_shape),
        quiet_days=world.policy.quiet_days_after_order,
        kept_from=NEVER,
        window_days=world.rfm.window_days,
        monetary_total=world.rfm.monetary == "total",
        recompute_days=world.rfm.recompute_days,
        fatigue_decay=daily_decay(behaviour.fatigue.half_life_days),
        kappa=float(behaviour.fatigue.damping),
        growth=float(behaviour.optout.fatigue_growth),
        relief=float(behaviour.fatigue.relief_at_order),
        stimulus_decay=stimulus_decay,
        dormant_decay=daily_decay(behaviour.response.dormant_half_life_days),
        saturation=0.0 if saturation is None else float(saturation),
        behaving=behaving,
        detailed=detailed,
        logging=logging,
    )


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
        effect=responsiveness * population.rate**response.rate_elasticity / reference,
        frailty=frailty,
        seen=np.column_stack([_seen(world, lane) for lane in range(len(world.channels))]),
        contactable=(~holdout(world)).astype(np.uint8),
    )


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
    return mask


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
    streams = ["order", "spend", "dropout"]
    for channel in world.channels:
        streams += [f"contact:{channel.name}", f"complaint:{channel.name}"]
    return np.stack([place_keys(seed, stream, calendar) for stream in streams])


def _season(world: World, days: int) -> npt.NDArray[np.float64]:
    by_week = world.behaviour.seasonality.by_week
    if not by_week:
        return np.ones(days)
    weeks = world.first_week_of_year + np.arange(days) // DAYS_PER_WEEK
    return np.asarray(by_week, dtype=np.float64)[weeks % len(by_week)]


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
