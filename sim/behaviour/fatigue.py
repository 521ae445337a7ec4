"""Fatigue: one stock F of contact pressure per customer, shared by all channels.

    F <- F 2^(-1 / half_life)                    every day
    F <- F + weight of the channel               at a delivered contact
    F <- F relief                                at an order
    damping of what a contact does = exp(-kappa F)

The leaky stock with exponential wear-out is the usual form (compare the recovering response of Yancey & Settles, KDD
2020); one stock rather than one per channel because the ideal level of a channel falls when the volume of the
others rises (Godfrey, Seiders & Voss 2011, J. Marketing 75(4)).
"""

from __future__ import annotations

from sim.behaviour.exponential import exponential
from sim.jit import inlined


def daily_decay(half_life_days: float) -> float:
    """Factor on a stock from one day to the next."""
    return float(2.0 ** (-1.0 / half_life_days))


@inlined
def damping(stock, kappa):  # type: ignore[no-untyped-def]
    """Factor on the effect of a contact at this fatigue."""
    return exponential(-kappa * stock)
