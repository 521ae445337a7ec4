"""Fatigue: one stock F of contact pressure per customer, shared by all channels.

    F(t) = F(s) 2^(-(t - s) / half_life)         between contacts
    F   += weight of the channel                 at a delivered contact
    F   *= relief                                at an order
    damping of what a contact does = exp(-kappa F)

The leaky stock with exponential wear-out is the usual form (compare the recovering response of Yancey & Settles,
KDD 2020); one stock rather than one per channel because the ideal level of a channel falls when the volume
of the others rises (Godfrey, Seiders & Voss 2011, J. Marketing 75(4)).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.jit import inlined


def decay_table(half_life_days: float, days: int) -> npt.NDArray[np.float64]:
    """2^(-n / half_life) for n = 0 .. days - 1."""
    return np.exp2(-np.arange(days) / half_life_days)


@inlined
def decayed(stock, days, table):  # type: ignore[no-untyped-def]
    """The stock after so many days without contact."""
    last = table.shape[0] - 1
    return stock * table[days if days < last else last]


@inlined
def damping(stock, kappa):  # type: ignore[no-untyped-def]
    """Factor on the effect of a contact at this fatigue."""
    return math.exp(-kappa * stock)
