"""Past messages as the memory of the rules: who was contacted on which of the last 63 days, through what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.engine.pacing import credit_per_day
from sim.engine.tables import PACE
from sim.errors import InputError
from sim.policy import LONGEST_WINDOW_DAYS
from sim.start import Started

Ints = npt.NDArray[np.int64]
NAMES = ("customer_id", "sent_at", "channel")


def contact_bits(
    path: Path, columns: Mapping[str, str], ids: npt.NDArray[np.str_], channels: Sequence[str], as_of: dt.date
) -> Ints:
    """(N, C) contacts of each customer until ``as_of``: bit k = k days before it. Other customers are passed over, and
    so are channels that the scenario has not (or has disabled)."""
    import polars as pl

    from sim.fit._table import read_table

    opened = read_table(path)
    named = {name: columns.get(name, name) for name in NAMES}
    for name, column in named.items():
        if column not in opened.frame.columns:
            where = f"{opened.where} ({name})"
            raise InputError.of(where, "has no column of this name", column, ", ".join(opened.frame.columns))
    frame = opened.frame.select(pl.col(column).cast(pl.String).alias(name) for name, column in named.items())
    day = frame["sent_at"].str.strip_chars().str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    bad = np.flatnonzero(day.is_null().to_numpy())
    if len(bad):
        where = f"{opened.where}, {opened.row_names([int(bad[0])])[0]}"
        raise InputError.of(where, "is not a day", frame["sent_at"][int(bad[0])], "a time like 2025-06-30 09:15")
    age = (as_of - dt.date(1970, 1, 1)).days - day.cast(pl.Int32).to_numpy().astype(np.int64)
    customer = _index(frame["customer_id"].fill_null("").str.strip_chars().to_numpy().astype(np.str_), ids)
    lane = _index(frame["channel"].fill_null("").str.strip_chars().to_numpy().astype(np.str_), np.array(channels))
    known = (customer >= 0) & (lane >= 0) & (age >= 0) & (age < LONGEST_WINDOW_DAYS)
    bits = np.zeros((len(ids), len(channels)), dtype=np.int64)
    np.bitwise_or.at(bits, (customer[known], lane[known]), np.int64(1) << age[known])
    return bits


def with_past_messages(started: Started, bits: Ints) -> Started:
    """The same morning, with the contacts that really were: memory of the rules, pacing and fatigue follow from them.

    Fatigue counts each contact with its channel's share delivered; pacing earns since the latest contact, from the
    phase it had where there is none.
    """
    world, begin = started.world, started.begin
    mine = bits[world.population.base_customer]
    lanes = len(world.channels)
    decay = 0.5 ** (1 / world.behaviour.fatigue.half_life_days)
    ages = np.arange(LONGEST_WINDOW_DAYS)
    faded = (mine[:, :, None] >> ages & 1) @ decay ** (ages + 1.0)
    weight = np.array([channel.fatigue_weight * channel.delivered for channel in world.channels])
    rate = credit_per_day(world.current.per_week)[begin.segment]
    since = np.bitwise_count((mine & -mine) - 1).astype(np.int64)
    ring, credit = np.array(begin.ring), np.array(begin.credit)
    ring[:, :lanes] = mine
    credit[:, :lanes] = np.where(mine != 0, np.minimum(PACE, since * rate), credit[:, :lanes])
    return replace(started, begin=begin._replace(ring=ring, credit=credit, fatigue=faded @ weight))


def _index(given: npt.NDArray[np.str_], known: npt.NDArray[np.str_]) -> Ints:
    """Place of each text among the known ones; -1 = not there."""
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], given), len(known) - 1)
    return np.where(known[order[at]] == given, order[at], -1).astype(np.int64)
