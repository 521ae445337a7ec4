"""Response: what delivered contacts add in orders.

Each customer carries the rate x of stimulated orders per day. A delivered contact through channel c adds

    (1 - d) orders_per_contact_c  m  g(R)  exp(-kappa F)          d = 2^(-1 / half_life)

so that, summed over all days, a rested reference customer orders ``orders_per_contact`` more; the rate then fades
by d a day. m is the customer's own multiplier, responsiveness x lambda^eta / E_ref[lambda^eta], with a fixed
reference population: randomized e-mail (Hillstrom 2008) shows an absolute uplift almost flat over recency
while the base rate halves, hence a small eta and no scaling with the base at hand. g is 1 for an active
customer; one who has dropped out reacts with dormant_share 2^(-R / dormant_half_life), R days since the last order.

The chance of a stimulated order on a day is min(1, x), or, with a ceiling K on the reference customer's rate,
m g K (1 - exp(-x / (m g K))). Stimulated orders never run the dropout draw: if they did, promotions would kill
customers.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.jit import inlined

NEGLIGIBLE = 1e-15
"""A stimulated rate below this is nothing (checked weekly)."""


def dormant_table(share: float, half_life_days: float, days: int) -> npt.NDArray[np.float64]:
    """g by days since the last order, for customers who have dropped out."""
    return share * np.exp2(-np.arange(days) / half_life_days)


def reference_moment(shape: float, mean_per_day: float, eta: float) -> float:
    """E[lambda^eta] over the reference population lambda ~ Gamma(shape) with the given mean, per day."""
    scale = mean_per_day / shape
    return float(math.exp(math.lgamma(shape + eta) - math.lgamma(shape)) * scale**eta)


@inlined
def order_probability(rate, ceiling, saturating):  # type: ignore[no-untyped-def]
    """Chance of a stimulated order on a day with stimulated rate ``rate``."""
    if saturating:
        if ceiling <= 0.0:
            return 0.0
        return min(1.0, -ceiling * math.expm1(-rate / ceiling))
    return min(1.0, rate)
