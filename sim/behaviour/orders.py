"""Organic orders: (modified) BG/NBD on a day grid, Gamma-Gamma spend, seasonality.

While active a customer orders on a day with probability 1 - exp(-lambda sigma_t); after each organic order he or
she drops out with probability p (Fader, Hardie & Lee 2005, Marketing Science 24(2)). Regular customers order at every
k-th tick of a clock that ticks at rate lambda and starts anew with each organic order (Erlang-k gaps: Platzer &
Reutterer 2016, Marketing Science 35(5)); k = 1 is BG/NBD. No contact touches this process. An order's value is the
customer's mean times a Gamma draw with mean 1 (Fader & Hardie 2013, Gamma-Gamma), read from a quantile table at a
uniform addressed by customer and day.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.jit import inlined

SPEND_BINS = 4096


def spend_table(
    quantiles: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Nodes (SPEND_BINS + 1,) of a piecewise linear quantile function with mean exactly 1.

    ``quantiles``: the distribution's quantiles at 0/n .. (n - 1)/n and, as the last, the value that gives the
    last bin its conditional mean.
    """
    nodes = np.asarray(quantiles, dtype=np.float64)
    return np.asarray(nodes / ((nodes[1:] + nodes[:-1]).mean() / 2.0))


@inlined
def spend_factor(u, table):  # type: ignore[no-untyped-def]
    """Order value relative to the customer's mean, at uniform ``u``."""
    place = u * (table.shape[0] - 1)
    k = int(place)
    return table[k] + (place - k) * (table[k + 1] - table[k])


@inlined
def organic_probability(rate_per_day, season):  # type: ignore[no-untyped-def]
    """Chance that an active customer's clock ticks on a day; with k = 1 each tick is an order."""
    return -math.expm1(-rate_per_day * season)


@inlined
def ticks_probability(any_tick, ticks):  # type: ignore[no-untyped-def]
    """Chance of so many ticks or more on a day, of a Poisson number of them; ``any_tick``: chance of one or more."""
    if ticks == 1 or any_tick == 1.0:  # 37 ticks a day or more
        return any_tick
    exactly = 1.0 - any_tick
    mean = -math.log(exactly)
    left = any_tick
    for n in range(1, ticks):
        exactly *= mean / n
        left -= exactly
    return max(left, 0.0)


@inlined
def ticks_of(u, any_tick, most):  # type: ignore[no-untyped-def]
    """Ticks of a day at uniform ``u``, but ``most`` at most."""
    ticks = 0
    while ticks < most and u < ticks_probability(any_tick, ticks + 1):
        ticks += 1
    return ticks
