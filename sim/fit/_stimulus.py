"""The stimulus that past contacts exerted in the gaps between orders: steady, or contact by contact.

Contact by contact it follows the engine's day (`sim.behaviour`): fatigue and stimulus fade; a contact adds
(1 - d) effect exp(-kappa F) to the stimulus and its weight to the fatigue; an order relieves fatigue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.behaviour.fatigue import daily_decay
from sim.fit._walk import Gaps
from sim.jit import allocating_kernel
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContactHistory:
    """Every known past contact of the customers of an order log, and what it did to a rested reference customer."""

    first: npt.NDArray[np.int64]
    """(N + 1,) where the contacts of each customer begin."""
    day: npt.NDArray[np.int32]
    """(C,) days since 1970-01-01, ascending per customer."""
    effect: Floats
    """(C,) orders that the contact adds, over all days, at rest; 0 for one that was not delivered."""
    weight: Floats
    """(C,) what it adds to fatigue, in e-mails; 0 for one that was not delivered."""
    half_life_days: float
    """Of the stimulus."""
    fatigue_half_life_days: float
    damping: float
    """kappa: at fatigue F a contact has exp(-kappa F) of its effect."""
    relief_at_order: float = 1.0

    def take(self, customers: npt.NDArray[np.intp]) -> ContactHistory:
        """The contacts of some customers."""
        count = np.diff(self.first)[customers]
        first = np.concatenate([[0], np.cumsum(count)])
        rows = np.arange(first[-1]) + np.repeat(self.first[customers] - first[:-1], count)
        return replace(self, first=first, day=self.day[rows], effect=self.effect[rows], weight=self.weight[rows])


def steady_gaps(day: npt.NDArray[np.int64], first: npt.NDArray[np.int64], end: int, idle: tuple[float, float]) -> Gaps:
    """Gaps under a stimulus of one order a week; ``day``: the orders of the histories, of which each begins at
    ``first`` (n + 1,).

    ``idle``: response of a customer who has dropped out at the latest order, and its half-life in weeks.
    """
    share, half_life = idle
    until = np.append(day[1:], 0)
    until[first[1:] - 1] = end
    weeks = (until - day) / DAYS_PER_WEEK
    faded, decay = np.exp2(-weeks / half_life), 2.0 ** (-1.0 / (DAYS_PER_WEEK * half_life))
    quiet = share / DAYS_PER_WEEK * decay * (1.0 - faded) / (1.0 - decay)  # summed over the days
    return Gaps(first, weeks, weeks, np.ones(weeks.size), quiet, share * faded)


def contact_gaps(orders: OrderLog, contacts: ContactHistory, end: int, idle: tuple[float, float]) -> Gaps:
    """Gaps of every customer of ``orders`` (none after ``end``) under the contacts they had."""
    first = np.append(np.flatnonzero(np.diff(orders.customer, prepend=-1)), orders.day.size).astype(np.int64)
    share, half_life = idle
    made = [np.zeros(orders.day.size) for _ in range(5)]
    _expose(
        first,
        orders.day,
        end,
        contacts.first,
        contacts.day,
        contacts.effect,
        contacts.weight,
        np.array(
            [
                daily_decay(contacts.half_life_days),
                daily_decay(contacts.fatigue_half_life_days),
                contacts.damping,
                contacts.relief_at_order,
                share,
                2.0 ** (-1.0 / (DAYS_PER_WEEK * half_life)),
            ]
        ),
        *made,
    )
    return Gaps(first, *made)


@allocating_kernel
def _expose(first, order_day, end, contact_first, contact_day, effect, weight, numbers, weeks, exposure, rate, idle_exposure, idle_rate):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
    """Day by day from the first order (or an earlier contact) to ``end``."""
    decay, fatigue_decay, kappa, relief, idle_share, idle_decay = numbers
    for i in range(first.size - 1):
        c, c_end = contact_first[i], contact_first[i + 1]
        gap, last = first[i], first[i + 1] - 1
        start = order_day[gap]
        stimulus, fatigue, idle = 0.0, 0.0, idle_share
        day = min(start, contact_day[c]) if c < c_end else start
        while day <= end:
            while c < c_end and contact_day[c] <= day:
                stimulus += (1.0 - decay) * effect[c] * np.exp(-kappa * fatigue)
                fatigue += weight[c]
                c += 1
            if day > start:
                idle *= idle_decay
                exposure[gap] += stimulus
                idle_exposure[gap] += stimulus * idle
                weeks[gap] += 1.0 / 7.0
                if gap < last and day == order_day[gap + 1]:
                    rate[gap] = 7.0 * stimulus
                    idle_rate[gap] = 7.0 * stimulus * idle
                    gap += 1
                    idle = idle_share
                    fatigue *= relief
            stimulus *= decay
            fatigue *= fatigue_decay
            day += 1
