"""Orders with known seasons, made by the engine: customers who all came on one Monday, week by week of the calendar."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED
from sim.policy import Frequencies
from sim.simulate import simulate

START = np.datetime64("2022-01-03")
"""Monday of week 1."""
ORDERS_A_YEAR = 5.0
FLAT = tuple([1.0] * 52)


@cache
def waves() -> tuple[float, ...]:
    """A slow wave, and five weeks before the end of the year that sell more still; they average 1."""
    weeks = np.arange(52)
    factor = np.exp(0.35 * np.sin(2 * np.pi * weeks / 52)) * np.where((weeks >= 46) & (weeks < 51), 1.6, 1.0)
    return tuple((factor / factor.mean()).tolist())


def lived(
    season: tuple[float, ...], *, customers: int, weeks: int, seed: int, per_week: npt.ArrayLike = 0.0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Orders and messages as a company would export them; ``per_week``: e-mails."""
    overrides = [
        'base.synthetic_model.model="mbg-nbd"', "base.synthetic_model.r=0.6", "base.synthetic_model.a=0.64",
        "base.synthetic_model.b=3.18", f"base.synthetic_model.mean_orders_per_year={ORDERS_A_YEAR}",
        f"horizon.weeks={weeks}", "horizon.tail_weeks=0", f"horizon.start={START}", 'base.start="rested"',
        f"seasonality.by_week={list(season)}",
    ]  # fmt: skip
    base = load_base(load_scenario("library:calibration", overrides))
    world = make_world(base, base.population(customers, seed).standing_for(customers))
    names = world.rfm.segments
    plan = Frequencies("past", names, world.channel_names, np.full((len(names), 1), per_week))
    log = simulate(world, [plan], seed=seed, log_lines=int(customers * weeks * (0.3 + float(per_week))) + 100_000)
    rows = log.totals.log
    bought, sent = rows[np.isin(rows[:, 3], (EV_ORGANIC, EV_STIMULATED))], rows[rows[:, 3] == EV_CONTACT]
    who = np.concatenate([np.arange(customers), bought[:, 1]])
    day = np.concatenate([np.full(customers, -1), bought[:, 2]])
    orders = pl.DataFrame({"customer_id": who, "order_date": _dates(day), "order_value": 10.0 + (who + day) % 7})
    told = {"customer_id": sent[:, 1], "sent_at": _dates(sent[:, 2]), "delivered": sent[:, 5]}
    return orders, pl.DataFrame(told).with_columns(channel=pl.lit("email"))


def _dates(day: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    return START + day.astype("timedelta64[D]")
