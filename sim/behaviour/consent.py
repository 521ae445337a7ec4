"""Consent: opting out per channel, for good, and complaints, with hazards that grow under pressure.

    P(unsubscribe from c at a delivered contact) = 1 - exp(-u_c Z exp(gamma_u F))
    P(complain about it) = 1 - exp(-k_c exp(gamma_u F))

Z ~ Gamma(k, k) is a personal frailty with mean 1. Whoever is still subscribed after a past hazard H has
Z | survived ~ Gamma(k, k + H): survivors are tolerant (Vaupel, Manton & Stallard 1979, Demography 16(3)).
"""

from __future__ import annotations

from sim.behaviour.exponential import exponential
from sim.jit import inlined


@inlined
def pressed(hazard, stock, growth):  # type: ignore[no-untyped-def]
    """Chance at a delivered contact; ``hazard`` of a rested customer (u_c Z, or k_c), ``stock`` F."""
    return 1.0 - exponential(-hazard * exponential(growth * stock))
