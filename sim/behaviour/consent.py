"""Consent: opting out per channel, for good, with a hazard that grows under pressure.

    P(unsubscribe from c at a delivered contact) = 1 - exp(-u_c Z exp(gamma_u F))

Z ~ Gamma(k, k) is a personal frailty with mean 1. Whoever is still subscribed after a past hazard H has
Z | survived ~ Gamma(k, k + H): survivors are tolerant (Vaupel, Manton & Stallard 1979, Demography 16(3)).
"""

from __future__ import annotations

from sim.behaviour.exponential import exponential
from sim.jit import inlined


@inlined
def opt_out_probability(hazard, stock, growth):  # type: ignore[no-untyped-def]
    """Chance to unsubscribe at a delivered contact; ``hazard`` = u_c Z of a rested customer, ``stock`` F."""
    return 1.0 - exponential(-hazard * exponential(growth * stock))
