"""The evening of day -1 after the messages that are known: what a log changes about where customers stand.

What came before the log is the stationary state of the current plan (`sim.start`), on the evening before its first day.
From then on only the log counts: the memory of the rules, pacing since the latest contact, fatigue, stimulus, and the
hazard of leaving that was met. It is the same for all plans that are compared, that of no contact included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.behaviour.fatigue import daily_decay
from sim.engine.begin import Begin
from sim.engine.pacing import credit_per_day
from sim.engine.tables import PACE
from sim.past_messages import PastMessages
from sim.past_stocks import live_through
from sim.policy import LONGEST_WINDOW_DAYS
from sim.world import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Survived(NamedTuple):
    """What the messages of a log tell of a customer's tolerance; (N,) each."""

    hazard: Floats
    """Of leaving, met at the messages, for frailty 1."""
    left: Ints
    """Channels the customer has left all the same."""


def after_messages(world: World, begin: Begin, past: PastMessages) -> tuple[Begin, Survived]:
    """``begin``: on the evening before the first day of the log, but for the segment and the orders. Newcomers have no
    past."""
    population = world.population
    lanes = _lanes(world, past)
    present = np.ones(population.size, dtype=np.bool_) if population.joined is None else population.joined < 0
    known = population.base_customer[present]
    start = int(known.min(initial=len(past.left) - 1))
    past = past.between(start, int(known.max(initial=start)) + 1)  # these may be a part of the base
    row = np.where(present, population.base_customer - start, 0)
    bits = np.zeros((population.size, len(world.channels)), dtype=np.int64)
    of_log = past.days_of(LONGEST_WINDOW_DAYS)
    for number, lane in enumerate(lanes):
        if lane >= 0:
            bits[:, lane] = np.where(present, of_log[row, number], 0)
    fatigue, stimulus, met = begin.fatigue.copy(), begin.stimulus.copy(), np.zeros(population.size)
    _live_through(world, begin, past, lanes, np.where(present, row, -1), (fatigue, stimulus, met))
    channels_left = past.left[:, lanes >= 0].sum(axis=1)
    told = begin._replace(
        ring=_remembered(begin.ring, bits, past),
        credit=_credit(world, begin, bits),
        fatigue=fatigue,
        stimulus=stimulus,
    )
    return told, Survived(met, np.where(present, channels_left[row], 0))


def _lanes(world: World, past: PastMessages) -> Ints:
    """(C of the log,) place of each channel in the world; -1 = the world does not have it."""
    place = {name: lane for lane, name in enumerate(world.channel_names)}
    return np.array([place.get(name, -1) for name in past.channels], dtype=np.int64)


def _remembered(ring: Ints, bits: Ints, past: PastMessages) -> Ints:
    """(N, L) days of contact. Those before the log stand where its length has moved them to."""
    length = -past.first_day
    kept = np.int64((1 << max(0, LONGEST_WINDOW_DAYS - length)) - 1)
    moved = (np.asarray(ring) & kept) << np.int64(min(length, LONGEST_WINDOW_DAYS))
    moved[:, : bits.shape[1]] |= bits
    return moved


def _credit(world: World, begin: Begin, bits: Ints) -> Ints:
    """(N, L) pacing earns since the latest contact; a line without one keeps its phase."""
    rate = credit_per_day(world.current.per_week)[begin.segment]
    since = np.bitwise_count((bits & -bits) - 1).astype(np.int64)
    credit = np.array(begin.credit)
    regular = credit[:, : bits.shape[1]]
    credit[:, : bits.shape[1]] = np.where((bits != 0) & (rate > 0), np.minimum(PACE, since * rate), regular)
    return credit


def _live_through(
    world: World, begin: Begin, past: PastMessages, lanes: Ints, row: Ints, stocks: tuple[Floats, Floats, Floats]
) -> None:
    """``row`` (N,) of the real customer, -1 = no messages."""
    behaviour, channels = world.behaviour, world.channels
    decay, fading = daily_decay(behaviour.fatigue.half_life_days), daily_decay(behaviour.response.half_life_days)
    days = np.arange(-past.first_day + 1, dtype=np.float64)
    begins, ends = np.where(row >= 0, past.first[row], 0), np.where(row >= 0, past.first[row + 1], 0)
    delivered = np.array([channel.delivered for channel in channels])
    lane = np.where(past.channel >= 0, lanes[past.channel], -1)
    share = np.where(lane >= 0, delivered[lane], 0.0) if past.arrived is None else past.arrived.astype(np.float64)
    effect = np.tile([(1.0 - fading) * channel.orders_per_contact for channel in channels], (row.size, 1))
    if world.timing is not None:
        effect = effect * world.timing[begin.segment]
    live_through(
        (begins, ends, past.day, lane, share),
        (begin.order_from, begin.order_to, begin.order_day),
        (
            np.array([channel.fatigue_weight for channel in channels]),
            -np.log1p(-np.array([channel.unsubscribe_per_contact for channel in channels])),
            effect,
        ),
        (
            past.first_day - 1,
            behaviour.fatigue.damping,
            behaviour.optout.fatigue_growth,
            behaviour.fatigue.relief_at_order,
        ),
        decay**days,
        fading**days,
        *stocks,
    )
