"""What the kernel reads and writes: flat tuples of arrays, and the names of their columns.

Letters of shapes: N customers of the block, W worlds, S segments, L lanes (channels), D days, K weeks.
Whatever is only used to look something up is unsigned: for a signed index the compiler adds the wrap-around of
negative ones, three instructions per dimension. Money is in millionths of the currency (MICRO), expected counts
in billionths (NANO): integers add up to the same total in any order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]
U8 = npt.NDArray[np.uint8]

MICRO = 1e6
NANO = 1e9
NEVER = 2**40
"""A day that does not come."""

PACE = 7 * 2**20
"""Credit of one contact; a frequency of f a week earns f 2^20 a day."""

# columns of State.person (int64): one cache line
ACTIVE = 0
SEGMENT = 1
LAST_ORDER = 2
SEGMENT_DUE = 3
SUBSCRIBED = 4
LOG_HEAD = 5
LOG_COUNT = 6
LOG_SUM = 7
PERSON_COLUMNS = 8

# columns of State.lane (int64), per customer and lane: what belongs together lies together
DUE = 0
"""Next day on which a contact is due, or a blocked one is looked at again."""
CREDIT = 1
"""Pacing credit on the evening of day ANCHOR."""
ANCHOR = 2
RING = 3
"""Contacts of 63 days, bit k = k days before RING_DAY."""
RING_DAY = 4
"""Day of the latest contact."""
LANE_COLUMNS = 5

# what a cap remembers in State.memory, from its Tables.cap_place on
CAP_HEAD, CAP_DAYS = 0, 1
"""Place of the oldest day; the days of the latest cap_max contacts (of a cap of 0: one day that never comes)."""

# rows of Tables.place ----------------------------------------------------------------------------------------
PLACE_ORDER, PLACE_SPEND, PLACE_DROPOUT, PLACE_LANES = 0, 1, 2, 3
# ... then per lane: contact (funnel and opt-out), complaint

# columns of Out.customer (per world, customer and phase; REVENUE and COST after the horizon are discounted,
# sampled values are not) ------------------------------------------------------
ORDERS, REVENUE, COST, OPT_OUTS, SAMPLED_ORDERS, SAMPLED_REVENUE = range(6)
CUSTOMER_COLUMNS = 6

# columns of Out.lane (per world, week and lane) ---------------------------------------------------------------
(
    SENT,
    DELIVERED,
    SEEN,
    CLICKED,
    SEEN_EXPECTED,
    CLICKED_EXPECTED,
    UNSUBSCRIBED,
    UNSUBSCRIBED_EXPECTED,
    COMPLAINTS,
    COMPLAINTS_EXPECTED,
    REACHABLE,
) = range(11)
LANE_OUT_COLUMNS = 11

# columns of Out.segment (per world, week and segment) ---------------------------------------------------------
SEG_CUSTOMERS, SEG_CONTACTS, SEG_ORDERS, SEG_REVENUE, SEG_COST = range(5)
SEGMENT_OUT_COLUMNS = 5

# columns of Out.world (per world and week) ---------------------------------------------------------------------
(
    W_ORDERS,
    W_REVENUE,
    W_COST,
    W_SAMPLED_ORGANIC,
    W_SAMPLED_STIMULATED,
    W_SAMPLED_REVENUE,
    W_DROPOUTS,
) = range(7)
WORLD_OUT_COLUMNS = 7

# kinds of the event log -----------------------------------------------------------------------------------------
EV_CONTACT, EV_UNSUBSCRIBE, EV_COMPLAINT, EV_ORGANIC, EV_STIMULATED, EV_DROPOUT, EV_SEGMENT = range(7)
LOG_COLUMNS = 6
"""world, customer row, day, kind, lane (or segment), value (delivered 0/1, or order value in MICRO)."""


class Tables(NamedTuple):
    """What is the same for all customers of a run."""

    place: U64  # (3 + 2 L, D) keys of the draws, by stream and day
    week: U64  # (D,) week of each day, from 0
    phase: U64  # (D,) 0 = horizon, 1 = after the horizon
    season: F64  # (D,) factor on organic rates
    discount: F64  # (K,) factor on money of the week
    rate: I64  # (W, phases, S, L) credit a day
    interval: I64  # (W, phases, S, L) PACE // rate
    # channels, in order of precedence
    unit_cost: I64  # (L,) MICRO
    stimulus: F64  # (L,) orders per contact on the first day: (1 - d) orders_per_contact
    weight: F64  # (L,) fatigue
    delivered: F64  # (L,)
    click_of_seen: F64  # (L,)
    unsubscribe: F64  # (L,)
    complaint: F64  # (L,)
    # rules
    cap_from: U64  # (L + 1,) the caps that bind lane l stand at cap_from[l] .. cap_from[l + 1] - 1 of ...
    cap_of_lane: U64  # ... this list of caps
    cap_place: U64  # (R,) where its memory begins
    cap_lanes: I64  # (R,) bit mask of lanes that count
    cap_segments: I64  # (R,) bit mask of segments it holds for
    cap_window: I64  # (R,) days
    cap_max: I64  # (R,)
    # segments
    recency_borders: I64
    frequency_borders: I64
    monetary_borders: I64  # MICRO
    cells: I64
    # decay and spend
    dormant: F64  # g by days since the last order, of customers who have dropped out
    absence: F64  # the same one place later, after a 1 for active customers: a look-up instead of a branch
    spend: F64  # quantile nodes
    # scalars
    quiet_days: int
    window_days: int
    monetary_total: bool
    recompute_days: int
    fatigue_decay: float  # factor a day
    kappa: float
    growth: float
    relief: float
    stimulus_decay: float
    dormant_decay: float
    saturation: float  # ceiling of the reference customer, 0 = none
    behaving: bool  # False: contacts only (nobody orders or opts out), used to reach the stationary start
    detailed: bool  # book weekly tables by segment, lane and world
    logging: bool


class People(NamedTuple):
    """Latents of the customers of a block; nobody writes them."""

    key: U64  # (N,)
    rate: F64  # (N,) organic orders a day
    dropout: F64  # (N,)
    mean_value: F64  # (N,) mean order value, currency
    effect: F64  # (N,) multiplier m of the response
    frailty: F64  # (N,)
    seen: F64  # (N, L) personal share seen of delivered, rested
    contactable: U8  # (N,) 0 = holdout


class State(NamedTuple):
    """What changes, per world and customer."""

    stimulated: F64  # (W, N) rate of stimulated orders
    fading: F64  # (W, N) its factor per day
    ceiling: F64  # (W, N) of the stimulated probability; read only with saturation
    organic: F64  # (W, N) today's chance of an organic order, 0 after dropout
    sum_organic: F64  # (W, N) expected organic orders not yet booked
    sum_stimulated: F64  # (W, N)
    fatigue: F64  # (W, N)
    wake: I64  # (W, N) next day on which something is scheduled
    person: I64  # (W, N, PERSON_COLUMNS)
    lane: I64  # (W, N, L, LANE_COLUMNS)
    memory: I64  # (W, N, M) what the caps remember
    log_day: I32  # (W, N, M) ring of the latest orders
    log_value: I64  # (W, N, M) MICRO


class Out(NamedTuple):
    """Where results are added up."""

    customer: I64  # (W, N, phases, CUSTOMER_COLUMNS)
    visited: I64  # (W, N) bit mask of segments seen in phase 0
    lane: I64  # (W, K, L, LANE_OUT_COLUMNS)
    segment: I64  # (W, K, S, SEGMENT_OUT_COLUMNS)
    world: I64  # (W, K, WORLD_OUT_COLUMNS)
    flow: I64  # (W, K, S, S) from the end of the week before to the end of the week
    week_segment: I64  # (W, N) segment at the end of the week before
    log: I64  # (E, LOG_COLUMNS)
    logged: I64  # (1,)


class Scratch(NamedTuple):
    """Work space of one thread, for the customers of one block."""

    u_organic: F64  # (N,) today's order uniforms
    u_stimulated: F64  # (N,)
    organic_base: F64  # (N,) chance of an organic order if active
    hit: I64  # (N,)
    events: U64  # (N + 1,) customers to whom something may happen today
    chosen: U64  # (N + 1,) some of these
    u_funnel: F64  # (N,) per contact of a lane
    u_opt_out: F64  # (N,)
    damping: F64  # (N,)
    opt_out: F64  # (N,)
