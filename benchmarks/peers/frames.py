"""Polars: a data frame of customers, one chain of expressions a day and channel."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.peers import model as m

_CHANCE = np.array(m.PER_WEEK).T / 7


def run(people: m.People, days: int, seed: int) -> np.ndarray:
    """The counts of one run."""
    rng, n = np.random.default_rng(seed), people.size
    counts = np.zeros(len(m.COUNTS))
    frame = pl.DataFrame({
        "rate": people.rate, "spend": people.spend, "recency": people.recency, "counter": people.counter,
        "fatigue": np.zeros(n), **{f"in{c}": people.subscribed[:, c] for c in range(3)},
        **{f"day{k}": np.zeros(n, dtype=np.int8) for k in range(m.WINDOW)},
    })  # fmt: skip
    for day in range(days):
        today = f"day{day % m.WINDOW}"
        frame = frame.with_columns(
            recency=pl.col("recency") + 1,
            fatigue=pl.col("fatigue") * m.FATIGUE_LEFT,
            counter=pl.col("counter") * m.COUNTER_LEFT,
            orders=pl.Series(rng.random(n)) < pl.col("rate"),
            **{today: pl.lit(0, dtype=pl.Int8)},
        ).with_columns(segment=_segment(), orders=pl.col("orders").cast(pl.Int64))
        for c in range(3):
            frame = _contact(frame, rng, c, today)
            counts[[m.SENT + c, m.OPENED + c, m.LEFT + c]] += frame.select(
                pl.col("due").sum(), pl.col("opened").sum(), pl.col("left").sum()
            ).row(0)
        frame = frame.with_columns(counter=pl.col("counter") + pl.col("orders"), recency=_reset())
        bought = frame.select(pl.col("spend").repeat_by("orders").explode(empty_as_null=False)).to_series().to_numpy()
        noise = np.exp(rng.normal(-0.5 * m.SPREAD**2, m.SPREAD, len(bought)))
        counts[m.ORDERS] += len(bought)
        counts[m.REVENUE] += float(bought @ noise)
    return counts


def _segment() -> pl.Expr:
    near, often = pl.col("recency") <= 45, pl.col("counter")
    return (
        pl.when(near & (pl.col("recency") <= 14) & (often >= 3)).then(0)
        .when(near & (often >= 1)).then(1)
        .when(near).then(2)
        .when(pl.col("recency") <= 90).then(3)
        .when(pl.col("recency") <= 180).then(4)
        .otherwise(5)
    )  # fmt: skip


def _contact(frame: pl.DataFrame, rng: np.random.Generator, c: int, today: str) -> pl.DataFrame:
    n, fatigue = frame.height, pl.col("fatigue")
    u, opening, ordering, leaving = (pl.Series(rng.random(n)) for _ in range(4))
    chance = pl.lit(pl.Series(_CHANCE[c])).gather(pl.col("segment"))
    remembered = pl.sum_horizontal([f"day{k}" for k in range(m.WINDOW)])
    return (
        frame.with_columns(due=pl.col(f"in{c}") & (u < chance) & (remembered < m.MOST))
        .with_columns(
            opened=pl.col("due") & (opening < m.OPEN[c] * (-m.DAMPING * fatigue).exp()),
            left=pl.col("due") & (leaving < m.UNSUBSCRIBE * (m.IRRITATION * fatigue).exp()),
        )
        .with_columns(
            orders=pl.col("orders") + (pl.col("opened") & (ordering < m.ORDER_IF_OPENED)).cast(pl.Int64),
            fatigue=fatigue + pl.col("due").cast(pl.Float64) * m.WEIGHT[c],
            **{f"in{c}": pl.col(f"in{c}") & ~pl.col("left"), today: pl.col(today) + pl.col("due").cast(pl.Int8)},
        )
    )


def _reset() -> pl.Expr:
    return pl.when(pl.col("orders") > 0).then(0).otherwise(pl.col("recency"))
