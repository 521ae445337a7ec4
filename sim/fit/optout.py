"""How readily customers leave a channel: hazard of a message, how it grows with pressure, how people differ.

From a message log that tells who unsubscribed at which message. As the engine has it (`sim.behaviour.consent`), a
delivered message ends the subscription with probability 1 - exp(-u Z exp(gamma F)), F the fatigue at that moment, Z ~
Gamma(k, k) personal. Z is integrated out: with H the sum of u exp(gamma F) over a customer's messages so far,

    P(still here) = (1 + H / k)^-k

so that the likelihood of a history is closed. Fatigue follows from the log with assumed weights and half-life. What the
log cannot tell is said: gamma and k need pressure that differs between customers or over time, and many who left.
The log is taken to begin with the customer's first message on the channel; where it begins later, u is that of those
who had stayed until then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from sim.behaviour.fatigue import daily_decay
from sim.fit._fatigue_path import fatigue_at
from sim.fit._profile import CHI2_95
from sim.messages import DELIVERED, UNSUBSCRIBED, MessageLog

Floats = npt.NDArray[np.float64]

GROWTHS = np.round(np.arange(0.0, 0.61, 0.05), 2)
"""gamma that are tried."""
SHAPES = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 16.0, 1e6])
"""k that are tried; the last means that all are alike."""
FEW = 20
"""With fewer who left, nothing is fitted."""
MOST = 2_000_000
"""Messages used; of more, those of an even sample of customers."""


@dataclass(frozen=True)
class OptOut:
    """What one channel's log says; intervals are 95 % of the profile likelihood."""

    channel: str
    messages: int
    left: int
    hazard: float
    """u: of one message to a rested customer of frailty 1 ..."""
    hazard_low: float
    hazard_high: float
    growth: float
    """gamma: ... times exp(gamma F)."""
    growth_low: float
    growth_high: float
    growth_known: bool
    """The interval of gamma is narrower than the range tried."""
    frailty: float
    """k: small = a few leave readily and most never; 1e6 = all alike."""
    frailty_low: float
    frailty_high: float
    frailty_known: bool


@dataclass(frozen=True, eq=False)
class Risks:
    """Messages on one channel until the customer left it, sorted by customer and time."""

    first: npt.NDArray[np.int64]
    """(n + 1,) where those of each customer begin."""
    fatigue: Floats
    """(C,) at each message."""
    left: npt.NDArray[np.bool_]
    """(n,) the last message ended the subscription."""
    day: npt.NDArray[np.int32]
    """(C,) of each message."""


def risks_of(log: MessageLog, channel: str, weights: dict[str, float], half_life_days: float) -> Risks:
    """``weights``: what a delivered message of each channel adds to fatigue, in e-mails (0 where it is not named)."""
    arrived = log.sent & ((log.marks & DELIVERED) > 0) if "delivered" in log.known else log.sent
    weight = np.array([weights.get(name, 0.0) for name in log.channels])[log.channel] * arrived
    stock = fatigue_at(log.first, log.day, weight, daily_decay(half_life_days))
    mine = arrived & (log.channel == log.channels.index(channel))
    customer, fatigue, day = log.customer[mine], stock[mine], log.day[mine]
    gone = (log.marks[mine] & UNSUBSCRIBED) > 0
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    before = np.cumsum(gone) - gone
    still = before == np.repeat(before[starts], np.diff(np.append(starts, customer.size)))  # up to the first departure
    customer, fatigue, day, gone = customer[still], fatigue[still], day[still], gone[still]
    starts = np.append(np.flatnonzero(np.diff(customer, prepend=-1)), customer.size).astype(np.int64)
    return _sampled(Risks(starts, fatigue, gone[starts[1:] - 1], day))


def _sampled(risks: Risks) -> Risks:
    if risks.fatigue.size <= MOST:
        return risks
    step = -(-risks.fatigue.size // MOST)
    count = np.diff(risks.first)
    chosen = np.arange(0, count.size, step)
    rows = np.concatenate([np.arange(risks.first[i], risks.first[i + 1]) for i in chosen])
    first = np.concatenate([[0], np.cumsum(count[chosen])])
    return Risks(first, risks.fatigue[rows], risks.left[chosen], risks.day[rows])


def fit(channel: str, risks: Risks) -> OptOut | None:
    """Hazard, growth and frailty of one channel; None where too few left to say anything."""
    left = int(risks.left.sum())
    if left < FEW:
        return None
    table = np.array([[_best(risks, gamma, k) for k in SHAPES] for gamma in GROWTHS])  # (gammas, ks, 2)
    value = table[..., 0]
    at_growth, at_shape = np.unravel_index(value.argmax(), value.shape)
    growth = _inside(value.max(axis=1))
    shape = _inside(value.max(axis=0))
    hazard = float(table[at_growth, at_shape, 1])
    logs = table[..., 1][value.max() - value <= CHI2_95 / 2]
    half = 1.959964 / np.sqrt(left)
    return OptOut(
        channel=channel, messages=int(risks.fatigue.size), left=left, hazard=hazard,
        hazard_low=float(logs.min() * np.exp(-half)), hazard_high=float(logs.max() * np.exp(half)),
        growth=float(GROWTHS[at_growth]), growth_low=float(GROWTHS[growth[0]]), growth_high=float(GROWTHS[growth[1]]),
        growth_known=growth[1] < GROWTHS.size - 1, frailty=float(SHAPES[at_shape]),
        frailty_low=float(SHAPES[shape[0]]), frailty_high=float(SHAPES[shape[1]]),
        frailty_known=bool(shape[0] > 0 and shape[1] < SHAPES.size - 1),
    )  # fmt: skip


def _inside(profile: Floats) -> tuple[int, int]:
    """First and last value that the data do not speak against."""
    fine = np.flatnonzero(profile.max() - profile <= CHI2_95 / 2)
    return int(fine[0]), int(fine[-1])


def _best(risks: Risks, gamma: float, k: float) -> tuple[float, float]:
    """Greatest log-likelihood over u, and that u."""
    growth = np.exp(gamma * risks.fatigue)
    total = np.add.reduceat(growth, risks.first[:-1])
    last = growth[risks.first[1:] - 1]

    def cost(log_u: float) -> float:
        u = np.exp(log_u)
        here = -k * np.log1p(u * total / k)
        before = -k * np.log1p(u * (total - last) / k)
        gone = before[risks.left] + np.log(-np.expm1(here[risks.left] - before[risks.left]))
        return -float(here[~risks.left].sum() + gone.sum())

    rough = float(np.log(risks.left.sum() / total.sum()))
    found = minimize_scalar(cost, bounds=(rough - 3, rough + 4), method="bounded", options={"xatol": 1e-4})
    return -float(found.fun), float(np.exp(found.x))
