"""How fast customers recover from contacts: the half-life of fatigue, from arms with different frequencies and pauses.

Profile of a minimum distance (Chamberlain 1984, Handbook of Econometrics II, ch. 22; Newey & West 1987, Int. Econ. Rev.
28(3), for the difference of two distances as a chi-square). The moments are the orders that each arm had more than
the control, week by week: with random arms they are effects, whatever the customers do by themselves, so that no
organic model and no coincidence of contacts and orders within a customer enters. Against them stand the additions
that `sim.fit._response_path` expects for a half-life h and a damping kappa, times an effect per channel and a common
linear trend of the response (customers leave); weights are the inverse of the covariance of the moments over
customers. For each h the other parameters are the best ones:

    Q(h) = min over kappa, F0, effects, trend of (d - s)' V^-1 (d - s)

F0 is the fatigue with which customers come to the first day of the log: unknown, since nobody starts rested.

A likelihood of the orders was not taken because it would have to believe in the timing of contacts, which companies
choose; simulated moments not, because the moments have a closed form.

Where the log tells who unsubscribed at which message, a second profile is the likelihood of those departures
(`sim.fit.optout`), whose hazard grows with the same fatigue; the two are added. Values of h whose sum lies within 3.84
of the smallest are the 95 % interval; an end at the border of the range tried is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from sim.behaviour.fatigue import daily_decay
from sim.fit import optout
from sim.fit._arm_moments import Moments, contacts_of, moments_of, weekly_orders, who_of
from sim.fit._optout_profile import greatest
from sim.fit._profile import CHI2_95
from sim.fit._response_path import ArmContacts
from sim.fit.trial import Trial
from sim.fit.trial_log import trial_days, trial_of_log
from sim.messages import MessageLog
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

HALF_LIVES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 21.0, 30.0, 45.0, 60.0, 90.0])
"""Days that are tried."""
DAMPINGS = np.concatenate([[0.0], np.geomspace(0.01, 1.5, 15)])
AT_FIRST = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
"""Fatigue on the log's first day."""
MOST_WEEKS = 60
MOST_CUSTOMERS = 400_000
MOST_MESSAGES = 6_000_000
FAST_TO_SLOW = 7.0
"""Ratio of the slow preset (21 days) to the fast one (3): an interval that holds both decides nothing."""


@dataclass(frozen=True, eq=False)
class HalfLife:
    """The profile over `HALF_LIVES`: distances above the best one; arrays are (H,)."""

    from_orders: Floats
    """(H,) distance of the orders, above its smallest."""
    from_optouts: Floats | None
    """(H,) twice the log-likelihood of the departures, below its greatest; None where the log does not tell them."""
    damping: Floats
    """(H,) best kappa at each half-life, of the orders."""
    effect: Floats
    """(H, channels) best orders per contact of a rested customer at each half-life."""
    misfit: float
    """Smallest distance of the orders, chi-square if the model holds ..."""
    freedom: int
    channels: tuple[str, ...]
    weeks: int
    customers: int

    @property
    def profile(self) -> Floats:
        """(H,) both together, above the smallest."""
        total = self.from_orders if self.from_optouts is None else self.from_orders + self.from_optouts
        return np.asarray(total - total.min())

    @property
    def interval(self) -> Interval:
        """95 %, of everything the log tells."""
        return interval_of(self.profile)


@dataclass(frozen=True)
class Interval:
    """Half-lives that the data do not speak against, days."""

    value: float
    low: float
    high: float
    open_low: bool
    """Even the shortest half-life that was tried fits."""
    open_high: bool

    @property
    def determined(self) -> bool:
        """Closed on both sides, and too narrow to hold fast and slow recovery both."""
        return not (self.open_low or self.open_high) and self.high < FAST_TO_SLOW * self.low

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "open_low": self.open_low,
                "open_high": self.open_high, "determined": self.determined}  # fmt: skip


def interval_of(profile: Floats) -> Interval:
    """Where a profile stays below 3.84; between the values tried it is interpolated without overshoot."""
    fine = np.linspace(np.log(HALF_LIVES[0]), np.log(HALF_LIVES[-1]), 1_001)
    curve = PchipInterpolator(np.log(HALF_LIVES), profile)(fine)
    curve -= curve.min()
    inside = np.flatnonzero(curve <= CHI2_95)
    low, high = int(inside[0]), int(inside[-1])
    days = np.exp(fine)
    return Interval(
        float(days[curve.argmin()]), float(days[low]), float(days[high]), bool(low == 0), bool(high == fine.size - 1)
    )


def half_life(
    orders: OrderLog,
    messages: MessageLog,
    *,
    weights: Mapping[str, float],
    stimulus_half_life_days: float,
    control: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> HalfLife:
    """Profile of the half-life of fatigue from a log with random arms (`sim.fit.trial_log`).

    ``weights``: what a delivered message of each channel adds to fatigue, in e-mails (0 where it is not named);
    assumed, as is the half-life of the stimulus.
    """
    trial, _ = trial_of_log(orders, messages, control=control)
    start, end = trial_days(orders, messages)
    weeks = min((end - start + 1) // DAYS_PER_WEEK, MOST_WEEKS)
    trial, messages = _sampled(trial, messages)
    moments = moments_of(trial, weekly_orders(orders, trial, start, weeks))
    contacts = contacts_of(messages, trial, weights, start, weeks)
    found = distances(moments, contacts, stimulus_half_life_days, progress)
    return HalfLife(
        from_orders=found.distance - found.distance.min(),
        from_optouts=_departures(messages, weights),
        damping=found.damping,
        effect=found.effect,
        misfit=float(found.distance.min()),
        freedom=moments.difference.size - found.effect.shape[1] - 4,
        channels=messages.channels,
        weeks=weeks,
        customers=trial.n,
    )


def _sampled(trial: Trial, messages: MessageLog) -> tuple[Trial, MessageLog]:
    """The trial and its messages; of a large one an even sample of the customers."""
    who = who_of(trial)
    count = np.diff(messages.first)
    step = max(-(-trial.n // MOST_CUSTOMERS), -(-int(count[who].sum()) // MOST_MESSAGES), 1)
    rows = np.arange(0, trial.n, step)
    before = {name: x[rows] for name, x in trial.before.items()}
    fewer = Trial(trial.arms, trial.arm[rows], {}, before, customer=who[rows])
    member = np.zeros(count.size, dtype=bool)
    member[who[rows]] = True
    inside = member[messages.customer]
    log = replace(
        messages, first=np.concatenate([[0], np.cumsum(np.where(member, count, 0))]), day=messages.day[inside],
        channel=messages.channel[inside], arm=messages.arm[inside], marks=messages.marks[inside],
    )  # fmt: skip
    return fewer, log


@dataclass(frozen=True, eq=False)
class Distances:
    """The best fit at each half-life."""

    distance: Floats
    """(H,)."""
    damping: Floats
    """(H,)."""
    effect: Floats
    """(H, channels)."""


def distances(
    moments: Moments, contacts: ArmContacts, stimulus_half_life_days: float, progress: Callable[[float], None] | None
) -> Distances:
    """Smallest distance at each half-life, over dampings, effects and trend."""
    root = np.linalg.inv(np.linalg.cholesky(moments.covariance))
    seen = np.einsum("mn,n->m", root, moments.difference.ravel())
    middle = np.linspace(-0.5, 0.5, contacts.weeks)
    best = np.full(HALF_LIVES.size, np.inf)
    damping, effect = np.zeros(HALF_LIVES.size), np.zeros((HALF_LIVES.size, contacts.channels))
    for h, days in enumerate(HALF_LIVES):
        paths = contacts.paths(float(days), stimulus_half_life_days)

        tried = [_nearest(paths.shapes(float(kappa), AT_FIRST), middle, root, seen) for kappa in DAMPINGS]
        k = int(np.argmin([distance for distance, _ in tried]))
        finer = np.linspace(DAMPINGS[max(k - 1, 0)], DAMPINGS[min(k + 1, DAMPINGS.size - 1)], 9)
        again = [(_nearest(paths.shapes(float(kappa), AT_FIRST), middle, root, seen), kappa) for kappa in finer]
        (best[h], found), damping[h] = min(again, key=lambda one: one[0][0])
        effect[h] = found[:-1]
        if progress is not None:
            progress((h + 1) / HALF_LIVES.size)
    return Distances(best, damping, effect)


def _nearest(shapes: Floats, middle: Floats, root: Floats, seen: Floats) -> tuple[float, Floats]:
    """Smallest distance over effects, trend and the fatigue at first, and the effects and trend.

    ``root``: inverse of the Cholesky factor of the moments' covariance; ``seen``: the moments times it.
    """
    trend = (shapes.sum(axis=1) * middle)[:, None]
    columns = np.concatenate([shapes, trend], axis=1).reshape(len(shapes), -1, seen.size)
    scaled = np.einsum("mn,fin->fim", root, columns)  # many small products: threads would only wait for each other
    square = np.einsum("fim,fjm->fij", scaled, scaled)
    square += 1e-12 * np.trace(square, axis1=1, axis2=2)[:, None, None] * np.eye(square.shape[1])
    found = np.linalg.solve(square, np.einsum("fim,m->fi", scaled, seen)[:, :, None])[:, :, 0]
    distance = ((seen - np.einsum("fi,fim->fm", found, scaled)) ** 2).sum(axis=1)
    best = int(distance.argmin())
    return float(distance[best]), found[best]


def _departures(messages: MessageLog, weights: Mapping[str, float]) -> Floats | None:
    """(H,) twice the log-likelihood of departures below its greatest, channels together; None: too few or not told."""
    if "unsubscribed" not in messages.known:
        return None
    total, told = np.zeros(HALF_LIVES.size), False
    for channel in messages.channels:
        start: Floats | None = None
        for h, days in enumerate(HALF_LIVES):
            risks = optout.risks_of(messages, channel, dict(weights), float(days))
            if int(risks.left.sum()) < optout.FEW:
                break
            decay = daily_decay(float(days))
            tried = [greatest(risks, decay), *([] if start is None else [greatest(risks, decay, start)])]
            value, start = max(tried, key=lambda one: one[0])
            total[h] += 2 * value
            told = True
    return total.max() - total if told else None
