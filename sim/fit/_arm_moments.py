"""What random arms did more than the control, by week, and the contacts they had: data of `sim.fit.half_life`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.fit._response_path import ArmContacts
from sim.fit.trial import Trial
from sim.messages import DELIVERED, MessageLog
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

MOST_PER_ARM = 4_000
"""Customers of an arm whose contacts stand for all of it."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Orders that each arm had more than the control, by week, and their covariance."""

    difference: Floats
    """(A, W)."""
    covariance: Floats
    """(A W, A W)."""


def moments_of(trial: Trial, weekly: Floats) -> Moments:
    """Differences by week, less what was known of the customers before (no bias, less noise)."""
    arms, weeks = len(trial.arms), weekly.shape[1]
    size = np.bincount(trial.arm, minlength=arms)
    within = weekly - _means(weekly, trial.arm, size)[trial.arm]
    known = [x for x in trial.before.values() if np.ptp(x) > 0]
    adjusted = weekly
    if known:
        x = np.column_stack(known)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        inside = x - _means(x, trial.arm, size)[trial.arm]
        slope = np.linalg.lstsq(inside, within, rcond=None)[0]
        adjusted, within = weekly - x @ slope, within - inside @ slope
    spread = within.T @ within / (trial.arm.size - arms)
    mean = _means(adjusted, trial.arm, size)
    noise = np.diag(1.0 / size[1:]) + 1.0 / size[0]
    return Moments(mean[1:] - mean[0], np.kron(noise, spread + 1e-12 * np.eye(weeks)))


def weekly_orders(orders: OrderLog, trial: Trial, start: int, weeks: int) -> Floats:
    """(n, W) orders of each customer of the trial in each week of it."""
    who = who_of(trial)
    place = np.full(orders.n_customers, -1)
    place[who] = np.arange(who.size)
    week = (orders.day - start) // DAYS_PER_WEEK
    row = place[orders.customer]
    mine = (row >= 0) & (orders.day >= start) & (week < weeks)
    return np.bincount(row[mine] * weeks + week[mine], minlength=who.size * weeks).reshape(-1, weeks).astype(np.float64)


def contacts_of(
    messages: MessageLog, trial: Trial, weights: Mapping[str, float], start: int, weeks: int
) -> ArmContacts:
    """Delivered contacts of an even sample of each arm, those before the trial included."""
    chosen = [np.flatnonzero(trial.arm == k) for k in range(len(trial.arms))]
    rows = np.sort(np.concatenate([mine[:: -(-mine.size // MOST_PER_ARM)] for mine in chosen]))
    customers = who_of(trial)[rows]
    arrived = messages.sent & ((messages.marks & DELIVERED) > 0) if "delivered" in messages.known else messages.sent
    order = np.argsort(customers)
    customers, arm = customers[order], trial.arm[rows][order]
    is_mine = np.zeros(messages.customer_ids.size, dtype=bool)
    is_mine[customers] = True
    inside = arrived & is_mine[messages.customer]
    count = np.bincount(messages.customer[inside], minlength=is_mine.size)[customers]
    each = np.array([weights.get(name, 0.0) for name in messages.channels])
    return ArmContacts(
        first=np.concatenate([[0], np.cumsum(count)]),
        day=messages.day[inside] - np.int32(start),
        channel=messages.channel[inside].astype(np.int64),
        weight=each[messages.channel[inside]],
        arm=arm,
        channels=len(messages.channels),
        arms=len(trial.arms),
        weeks=weeks,
        log_began=int(messages.day.min()) - start,
    )


def _means(values: Floats, arm: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> Floats:
    return np.stack([values[arm == k].mean(axis=0) for k in range(size.size)])


def who_of(trial: Trial) -> npt.NDArray[np.intp]:
    assert trial.customer is not None, "trials of a log know their customers"
    return trial.customer
