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
from sim.messages import read_messages
from sim.orders import OrderLog
from sim.policy import LONGEST_WINDOW_DAYS
from sim.start import Started

Ints = npt.NDArray[np.int64]
PASSED_OVER = {"future": "drop", "unknown_marks": "as_no"}
"""Of what may be odd in a message log: a morning does not know the future, and only asks who was contacted."""


def contact_bits(
    path: Path, columns: Mapping[str, str], orders: OrderLog, channels: Sequence[str], as_of: dt.date
) -> Ints:
    """(N, C) contacts of each customer until ``as_of``: bit k = k days before it. Messages to other customers, and
    through channels that are not among these, are passed over; so are those that were held back."""
    from sim.fit._message_rows import channel_key

    log = read_messages(path, orders, columns=columns, decisions=PASSED_OVER)
    last = (as_of - dt.date(1970, 1, 1)).days
    bits = np.zeros((orders.n_customers, len(channels)), dtype=np.int64)
    keys = [channel_key(name) for name in channels]
    for lane, key in enumerate(keys):
        if key not in log.channels:
            continue
        if keys.count(key) > 1:
            alike = ", ".join(name for name, other in zip(channels, keys, strict=True) if other == key)
            raise InputError.of(
                "base.messages", f"{key!r} may be several channels", alike, "names that are not synonyms"
            )
        contacts = log.contact_days(key, since=last - LONGEST_WINDOW_DAYS + 1)
        customer = np.repeat(np.arange(orders.n_customers), np.diff(contacts.first))
        age = last - contacts.day.astype(np.int64)
        past = age >= 0
        np.bitwise_or.at(bits[:, lane], customer[past], np.int64(1) << age[past])
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
