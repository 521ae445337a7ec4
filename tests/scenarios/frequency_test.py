"""Logs of frequency tests made by the engine: random arms, each under a policy of its own, the truth known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED, EV_UNSUBSCRIBE
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import Population
from sim.simulate import simulate
from sim.start import start_world
from sim.world import World

START = np.datetime64("2024-03-01")
TENURE = 400


@dataclass(frozen=True)
class Arm:
    """E-mails a week; with ``weeks_on``, so many weeks of them and then as many without, again and again."""

    per_week: float
    weeks_on: int = 0

    @property
    def policy(self) -> ContactPolicy:
        if not self.weeks_on:
            return ContactPolicy()
        most = round(self.per_week * self.weeks_on)
        return ContactPolicy(caps=(FrequencyCap("pause", most, rolling_days=14 * self.weeks_on),))


@dataclass(frozen=True)
class MadeLog:
    """Orders and messages as a company would export them."""

    orders: pl.DataFrame
    messages: pl.DataFrame


def world_for(customers: int, weeks: int, seed: int, more: Sequence[str] = ()) -> World:
    """Customers with 400 days of orders, rested, reached by e-mail only."""
    overrides = [f"horizon.weeks={weeks}", "horizon.tail_weeks=0", f"base.tenure_days={TENURE}"]
    base = load_base(load_scenario("library:calibration", [*overrides, *more]))
    return make_world(base, base.population(customers, seed).standing_for(customers))


def make(arms: Mapping[str, Arm], *, customers: int, weeks: int, seed: int, more: Sequence[str] = ()) -> MadeLog:
    """A log of ``arms`` (the first is the control: its messages are due every week and held back)."""
    world = world_for(customers, weeks, seed, more)
    arm = np.random.default_rng(seed).integers(0, len(arms), customers)
    orders, sent = [_past(world.population)], [_held_back(np.flatnonzero(arm == 0), next(iter(arms)), weeks)]
    for k, (name, setting) in enumerate(arms.items()):
        mine = np.flatnonzero(arm == k)
        log = _lived(replace(world, population=world.population.sample(mine)), setting, seed)
        log[:, 1] = mine[log[:, 1]]
        came = log[np.isin(log[:, 3], (EV_ORGANIC, EV_STIMULATED))]
        orders.append(np.column_stack([came[:, 1], came[:, 2]]))
        contacts, left = (log[log[:, 3] == event] for event in (EV_CONTACT, EV_UNSUBSCRIBE))
        gone = np.isin(contacts[:, 1] * 10_000 + contacts[:, 2], left[:, 1] * 10_000 + left[:, 2])
        sent.append(_messages(contacts[:, 1], contacts[:, 2], name, gone))
    who, day = np.concatenate(orders).T
    bought = {"customer_id": who, "order_date": START + day.astype("timedelta64[D]"), "order_value": 5.0 + who % 7}
    return MadeLog(pl.DataFrame(bought), pl.concat(sent))


def _lived(world: World, arm: Arm, seed: int) -> np.ndarray:
    """All come to day 0 by the same past; the blocks of an arm count from there.

    (Had the caps that make them been in force before, customers would come in every phase of a block, and those who come
    from a pause would not have survived much: fatigue and readiness to leave would differ by phase.)
    """
    started = start_world(replace(world, policy=ContactPolicy()), seed=seed)
    begin = started.begin._replace(ring=np.zeros_like(started.begin.ring))
    started = replace(started, world=replace(started.world, policy=arm.policy), begin=begin)
    table = np.full((len(world.rfm.segments), 1), arm.per_week)
    plan = Frequencies("arm", world.rfm.segments, world.channel_names, table)
    lines = int(world.population.size * world.weeks * (arm.per_week + 2)) + 100_000
    return simulate(started, [plan], seed=seed, log_lines=lines).totals.log


def _past(p: Population) -> np.ndarray:
    who = np.repeat(np.arange(p.size), p.order_to - p.order_from)
    day = p.order_day[np.concatenate([np.arange(a, b) for a, b in zip(p.order_from, p.order_to, strict=True)])]
    return np.column_stack([who, day.astype(np.int64)])


def _held_back(who: np.ndarray, arm: str, weeks: int) -> pl.DataFrame:
    frame = _messages(np.tile(who, 2), np.repeat([0, 7 * weeks - 1], who.size), arm, np.zeros(2 * who.size, bool))
    return frame.with_columns(holdout=pl.lit(1))


def _messages(who: np.ndarray, day: np.ndarray, arm: str, gone: np.ndarray) -> pl.DataFrame:
    told = {
        "customer_id": who.astype(np.int64), "sent_at": START + day.astype("timedelta64[D]"), "arm": [arm] * who.size,
        "unsubscribed": gone.astype(np.int32),
    }  # fmt: skip
    return pl.DataFrame(told).with_columns(channel=pl.lit("email"), holdout=pl.lit(0))
