"""Pacing: when is the next regular contact of a channel due?

Credit grows by frequency / 7 of a contact a day and stops growing once a contact is due; a due contact that is
blocked stays due and goes at the first eligible day (dropping it would alias: with a gap of 4 days, 1.75 a week
would deliver 1.75 and 2 a week only 1). A send costs one contact's credit, the remainder stays. While a
segment's frequency is 0 a contact that was due is not; its credit waits for a segment with contacts. Whole numbers:
a contact is PACE = 7 x 2^20, a day earns round(frequency x 2^20), so the due day is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.engine.tables import ANCHOR, CREDIT, NEVER, PACE
from sim.jit import inlined


def credit_per_day(contacts_per_week: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """What a day earns, for frequencies of 0 to 7 a week."""
    return np.rint(np.asarray(contacts_per_week) * (PACE // 7)).astype(np.int64)


@inlined
def due_day(credit, day, rate):  # type: ignore[no-untyped-def]
    """First day after ``day`` on which ``credit`` has grown to a contact; NEVER at rate 0."""
    if rate <= 0:
        return NEVER
    if credit >= PACE:
        return day + 1
    return day + (PACE - credit + rate - 1) // rate


@inlined
def spend_credit(state, w, lane, i, day, rate, interval):  # type: ignore[no-untyped-def]
    """A contact goes out: pay for it and set the next due day; ``interval`` = PACE // rate spares a division."""
    credit = np.int64(state.pace[w, i, lane, CREDIT])
    if credit < PACE:
        credit += (day - state.pace[w, i, lane, ANCHOR]) * rate
    credit -= PACE
    state.pace[w, i, lane, CREDIT] = credit
    state.pace[w, i, lane, ANCHOR] = day
    if credit < rate:
        state.due[w, i, lane] = day + interval + (interval * rate + credit < PACE)
    else:
        state.due[w, i, lane] = due_day(credit, day, rate)


@inlined
def wait_until(state, w, lane, i, day, rate, retry_day):  # type: ignore[no-untyped-def]
    """Due but blocked: the credit stops growing, look again on ``retry_day``."""
    if state.pace[w, i, lane, CREDIT] < PACE:
        state.pace[w, i, lane, CREDIT] += (day - state.pace[w, i, lane, ANCHOR]) * rate
        state.pace[w, i, lane, ANCHOR] = day
    state.due[w, i, lane] = retry_day


@inlined
def change_rates(state, w, i, day, rates, old, new, reachable):  # type: ignore[no-untyped-def]
    """From ``day`` on other frequencies hold: carry the credit over.

    ``rates`` (phases, L, S); ``old`` and ``new`` are (phase, segment) until yesterday and from today on;
    ``reachable`` bit mask of lanes.
    """
    for lane in range(rates.shape[1]):
        if (reachable >> lane) & 1 == 0:
            state.due[w, i, lane] = NEVER
            continue
        credit = np.int64(state.pace[w, i, lane, CREDIT])
        if credit < PACE:
            credit += (day - 1 - state.pace[w, i, lane, ANCHOR]) * rates[old[0], lane, old[1]]
        state.pace[w, i, lane, CREDIT] = credit
        state.pace[w, i, lane, ANCHOR] = day - 1
        state.due[w, i, lane] = due_day(credit, day - 1, rates[new[0], lane, new[1]])
