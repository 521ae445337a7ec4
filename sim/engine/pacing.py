"""Pacing: when is the next regular contact of a channel due?

Credit grows by frequency / 7 of a contact a day and stops growing once a contact is due; a due contact that is
blocked stays due and goes at the first eligible day (dropping it would alias: with a gap of 4 days, 1.75 a week
would deliver 1.75 and 2 a week only 1). A send costs one contact's credit, the remainder stays. Whole numbers:
a contact is PACE = 7 x 2^20, a day earns round(frequency x 2^20), so the due day is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.engine.tables import ANCHOR, CREDIT, DUE, NEVER, PACE
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
def spend_credit(lanes, lane, day, rate):  # type: ignore[no-untyped-def]
    """A contact has gone out: pay for it and set the next due day. ``lanes`` (LANE_ROWS, L) of the customer."""
    credit = lanes[CREDIT, lane]
    if credit < PACE:
        credit += (day - lanes[ANCHOR, lane]) * rate
    credit -= PACE
    lanes[CREDIT, lane] = credit
    lanes[ANCHOR, lane] = day
    lanes[DUE, lane] = due_day(credit, day, rate)


@inlined
def wait_until(lanes, lane, day, rate, retry_day):  # type: ignore[no-untyped-def]
    """Due but blocked: the credit stops growing, look again on ``retry_day``."""
    if lanes[CREDIT, lane] < PACE:
        lanes[CREDIT, lane] += (day - lanes[ANCHOR, lane]) * rate
        lanes[ANCHOR, lane] = day
    lanes[DUE, lane] = retry_day


@inlined
def change_rates(lanes, day, old, new, reachable):  # type: ignore[no-untyped-def]
    """From ``day`` on other frequencies hold: carry the credit over.

    ``old`` (L,) are the rates until yesterday, ``new`` (L,) from today on; ``reachable`` bit mask of lanes.
    """
    for lane in range(new.shape[0]):
        if (reachable >> lane) & 1 == 0:
            lanes[DUE, lane] = NEVER
            continue
        if lanes[CREDIT, lane] < PACE:
            lanes[CREDIT, lane] += (day - 1 - lanes[ANCHOR, lane]) * old[lane]
        lanes[ANCHOR, lane] = day - 1
        lanes[DUE, lane] = due_day(lanes[CREDIT, lane], day - 1, new[lane])


@inlined
def earliest_due(lanes):  # type: ignore[no-untyped-def]
    """First day on which any lane is due."""
    first = lanes[DUE, 0]
    for lane in range(1, lanes.shape[1]):
        first = min(first, lanes[DUE, lane])
    return first
