"""Consent: opting out per channel, for good, with a hazard that grows under pressure; complaints.

    P(unsubscribe from c at a delivered contact) = 1 - exp(-u_c Z exp(gamma_u F))

Z ~ Gamma(k, k) is a personal frailty with mean 1. Whoever is still subscribed after a past hazard H has
Z | survived ~ Gamma(k, k + H): survivors are tolerant (Vaupel, Manton & Stallard 1979, Demography 16(3)).
"""

from __future__ import annotations

import math

from sim.jit import inlined

_C2, _C3, _C4, _C5, _C6 = 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720


@inlined
def hazard(per_contact, frailty, fatigue, growth):  # type: ignore[no-untyped-def]
    """Cumulative opt-out hazard of one delivered contact."""
    return per_contact * frailty * math.exp(growth * fatigue)


@inlined
def probability(h):  # type: ignore[no-untyped-def]
    """1 - exp(-h); the series where h is small, because expm1 is the slowest thing in the day."""
    if h < 0.02:
        return h * (1.0 - h * (_C2 - h * (_C3 - h * (_C4 - h * (_C5 - h * _C6)))))
    return -math.expm1(-h)
