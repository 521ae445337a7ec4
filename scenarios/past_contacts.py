"""Orders of the past under the contacts of the past: the part that contacts caused is taken out of the organic fit.

``base.history_contacts = "current"``: the current policy was in force all the time. What it exerted is the stimulus
of its stationary state, in which the simulation starts too; the engine is asked for it. With a message log: what each
customer was sent, day by day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sim.behaviour.response import reference_moment
from sim.domain import Behaviour, Channel, Response
from sim.fit._stimulus import ContactHistory
from sim.fit.history import PastContacts
from sim.messages import DELIVERED, MessageLog
from sim.past_messages import PastMessages
from sim.start import Started
from sim.units import DAYS_PER_WEEK, DAYS_PER_YEAR

TAKEN_OUT = "contacts of the current policy taken out"
"""Label of a fit with ``base.history_contacts = "current"``."""
LOG_TAKEN_OUT = "contacts of the message log taken out"
"""Label of a fit with a message log."""
LEVELS = 4
CUSTOMERS = 30_000
"""Simulated customers whose stimulus is looked at."""


def of_current_policy(started: Started) -> PastContacts:
    """The stationary stimulus under the current policy: by consent on average, times personal responsiveness."""
    world, response = started.world, started.world.behaviour.response
    moment = moment_of(response)
    responsiveness = started.people.effect * moment / world.population.order_rate**response.rate_elasticity
    _, pattern = np.unique(started.begin.subscribed, return_inverse=True)
    stimulus = np.bincount(pattern, started.begin.stimulus) / np.bincount(pattern)
    return past_contacts(response, DAYS_PER_WEEK * stimulus[pattern] * responsiveness)


def past_contacts(
    response: Response, stimulus: npt.NDArray[np.float64], history: ContactHistory | None = None
) -> PastContacts:
    """Levels of equal share from the stimulus of some customers (with a ``history``: from their responsiveness)."""
    groups = np.array_split(np.sort(stimulus), LEVELS)
    return PastContacts(
        level=np.array([group.mean() for group in groups]),
        weight=np.array([group.size for group in groups]) / stimulus.size,
        elasticity=response.rate_elasticity,
        reference_moment=moment_of(response),
        dormant_share=response.dormant_share,
        dormant_half_life_days=response.dormant_half_life_days,
        history=history,
    )


def moment_of(response: Response) -> float:
    """E_ref[lambda^eta] of the reference population, lambda per day."""
    mean = response.reference_orders_per_year / DAYS_PER_YEAR
    return reference_moment(response.reference_shape, mean, response.rate_elasticity)


def of_messages(log: MessageLog, channels: Sequence[Channel], behaviour: Behaviour) -> PastContacts:
    """The contacts of a message log, each with the effect that the scenario states for its channel.

    Where the log tells what was delivered, only that counts; else every message counts by its chance to arrive.
    Channels that the scenario does not know have no effect (`unknown_channels`).
    """
    known = {channel.name: channel for channel in channels}
    lanes = [known.get(name) for name in log.channels]
    told = "delivered" in log.known
    arrived = [0.0 if lane is None else 1.0 if told else lane.delivered for lane in lanes]
    effect = np.array(
        [share * lane.orders_per_contact if lane else 0.0 for share, lane in zip(arrived, lanes, strict=True)]
    )
    weight = np.array(
        [share * lane.fatigue_weight if lane else 0.0 for share, lane in zip(arrived, lanes, strict=True)]
    )
    counted = log.sent if not told else log.sent & ((log.marks & DELIVERED) > 0)
    of_channel = log.channel[counted]
    history = _history(
        behaviour,
        log.customer[counted],
        log.customer_ids.size,
        log.day[counted],
        effect[of_channel],
        weight[of_channel],
    )
    return past_contacts(behaviour.response, _responsiveness(behaviour.response.responsiveness_cv), history)


def of_past_messages(
    past: PastMessages, channels: Sequence[Channel], behaviour: Behaviour, *, as_of: int
) -> PastContacts:
    """The same of the messages a base starts from; ``as_of``: the evening before day 0, days since 1970-01-01."""
    known = {channel.name: channel for channel in channels}
    lanes = [known.get(name) for name in past.channels]
    told = past.arrived is not None
    each = [(0.0, 0.0)] * len(lanes)
    for number, lane in enumerate(lanes):
        if lane is not None:
            share = 1.0 if told else lane.delivered
            each[number] = (share * lane.orders_per_contact, share * lane.fatigue_weight)
    counted = (past.channel >= 0) if past.arrived is None else (past.channel >= 0) & past.arrived
    effect, weight = np.array(each)[past.channel[counted]].T
    history = _history(
        behaviour, past.customer[counted], len(past.first) - 1, past.day[counted] + as_of + 1, effect, weight
    )
    return past_contacts(behaviour.response, _responsiveness(behaviour.response.responsiveness_cv), history)


def _history(
    behaviour: Behaviour,
    customer: npt.NDArray[np.signedinteger[Any]],
    customers: int,
    day: npt.NDArray[np.int32],
    effect: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
) -> ContactHistory:
    return ContactHistory(
        first=np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=customers))]),
        day=day,
        effect=effect,
        weight=weight,
        half_life_days=behaviour.response.half_life_days,
        fatigue_half_life_days=behaviour.fatigue.half_life_days,
        damping=behaviour.fatigue.damping,
        relief_at_order=behaviour.fatigue.relief_at_order,
    )


def unknown_channels(log: MessageLog, channels: Sequence[Channel]) -> tuple[str, ...]:
    """Channels of the log about which the scenario says nothing."""
    known = {channel.name for channel in channels}
    return tuple(name for name in log.channels if name not in known)


def _responsiveness(cv: float) -> npt.NDArray[np.float64]:
    """Even quantiles of the lognormal with mean 1."""
    spread = float(np.sqrt(np.log1p(cv**2)))
    values = np.exp(spread * ndtri((np.arange(400) + 0.5) / 400))
    return np.asarray(values / values.mean())
