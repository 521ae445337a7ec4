"""Organic orders: (modified) BG/NBD on a day grid, Gamma-Gamma spend, seasonality.

While active a customer orders on a day with probability 1 - exp(-lambda sigma_t); after each organic order he or
she drops out with probability p (Fader, Hardie & Lee 2005, Marketing Science 24(2)). No contact touches this
process. An order's value is the customer's mean times a Gamma draw with mean 1 (Fader & Hardie 2013,
Gamma-Gamma), read from a quantile table at a uniform addressed by customer and day.
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
    """Chance that an active customer orders on a day."""
    return -math.expm1(-rate_per_day * season)
