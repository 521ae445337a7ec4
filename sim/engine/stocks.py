"""What a customer's fatigue and response are today. Neither is carried from day to day: between contacts and orders
both only fade, so they are worked out when somebody looks."""

from __future__ import annotations

import numpy as np

from sim.engine.tables import ACTIVE, EFFECT, FATIGUE, FATIGUE_DAY, LAST_ORDER
from sim.jit import inlined


@inlined
def fatigue_today(t, state, w, i, day):  # type: ignore[no-untyped-def]
    """The stock F on ``day``, before its contacts or between them."""
    return state.f[w, FATIGUE, i] * t.tired[np.uint64(day - state.person[w, i, FATIGUE_DAY])]


@inlined
def gain_today(t, people, state, w, i, day):  # type: ignore[no-untyped-def]
    """Multiplier of what a contact adds: the customer's own, times g(R) once dropped out."""
    asleep = 1 - state.person[w, i, ACTIVE]
    idle = np.uint64(asleep * min(max(day - state.person[w, i, LAST_ORDER], 0), t.dormant.shape[0] - 1))
    return people.f[EFFECT, i] * (1.0 - asleep + asleep * t.dormant[idle])  # without a branch nobody could predict
