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
ORDERS_REMEMBERED = 32
"""Latest orders that F and M can count."""

NEVER = 2**30
"""A day that does not come."""

PACE = 7 * 2**20
"""Credit of one contact; a frequency of f a week earns f 2^20 a day."""

# columns of State.person (int32): half a cache line
ACTIVE = 0
SEGMENT = 1
LAST_ORDER = 2
SEGMENT_DUE = 3
LOG_HEAD = 4
LOG_COUNT = 5
PERSON_COLUMNS = 8

# columns of State.pace (int32), per customer and lane
CREDIT = 0
"""Pacing credit on the evening of day ANCHOR."""
ANCHOR = 1
PACE_COLUMNS = 2

# what a cap remembers: days of its latest contacts, newest first, 16 bits each, four to a word
ENTRY_BITS = 16
ENTRIES_PER_WORD = 4
DAY_ZERO = 1024
"""The entry of day 0. An entry of 0 is long ago; the last day that fits is 2^16 - 1 - DAY_ZERO."""
LANES_PER_GROUP = 4
"""State.due is filled up to a multiple of this with NEVER: minima are taken four at a time."""

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
    rate: I64  # (W, phases, L, S) credit a day
    interval: I64  # (W, phases, L, S) PACE // rate
    # channels, in order of precedence
    unit_cost: I64  # (L,) MICRO
    stimulus: F64  # (L,) orders per contact on the first day: (1 - d) orders_per_contact
    weight: F64  # (L,) fatigue
    delivered: F64  # (L,)
    click_of_seen: F64  # (L,)
    unsubscribe: F64  # (L,)
    complaint: F64  # (L,)
    # rules
    bind_from: U64  # (L + 1,) the rules that bind lane l stand at bind_from[l] .. bind_from[l + 1] - 1 of ...
    bind_word: U64  # ... these: the word of the memory with the day that decides,
    bind_shift: U64  # the place of that day in the word, bits,
    bind_window: I64  # (., S) and for how many days it forbids, by segment (0: never)
    count_from: U64  # (L + 1,) the memories that count contacts of lane l, likewise:
    count_word: U64  # first word
    count_words: U64  # number of words
    # the same the other way round, for the contacts before day 0
    memory_lanes: I64  # (R,) bit mask of lanes that count
    memory_days: I64  # (R,) longest window
    memory_word: U64  # (R,)
    memory_words: U64  # (R,)
    # segments
    recency_borders: I64
    frequency_borders: I64
    monetary_borders: I64  # MICRO
    cells: I64
    # decay and spend
    dormant: F64  # g by days since the last order, of customers who have dropped out
    spend: F64  # quantile nodes
    # scalars
    quiet_days: int
    kept_from: int  # from this day on the days of contacts are kept in Out.recent (NEVER: not at all)
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
    """What changes, per world and customer. What the dense passes read is one array each; what only events read
    lies together by customer, in as few bytes as it takes: a block should fit into the first-level cache."""

    stimulated: F64  # (W, N) rate of stimulated orders
    fading: F64  # (W, N) its factor per day
    gain: F64  # (W, N) multiplier of what a contact adds: the customer's own, times g(R) once dropped out
    gain_fading: F64  # (W, N) its factor per day
    ceiling: F64  # (W, N) of the stimulated probability; read only with saturation
    organic: F64  # (W, N) today's chance of an organic order, 0 after dropout
    sum_organic: F64  # (W, N) expected organic orders not yet booked
    sum_stimulated: F64  # (W, N)
    fatigue: F64  # (W, N)
    wake: I32  # (W, N) next day on which something is scheduled
    subscribed: I64  # (W, N) bit mask of lanes
    person: I32  # (W, N, PERSON_COLUMNS)
    due: I32  # (W, N, L filled up) next day on which a contact is due, or a blocked one is looked at again
    pace: I32  # (W, N, L, PACE_COLUMNS)
    memory: U64  # (W, N, M) what the caps remember
    log_day: I32  # (W, N, M) ring of the latest orders
    log_value: I64  # (W, N, M) MICRO
    log_sum: I64  # (W, N) of the ring


class Out(NamedTuple):
    """Where results are added up."""

    customer: I64  # (W, phases, CUSTOMER_COLUMNS, N)
    visited: I64  # (W, N) bit mask of segments seen in phase 0
    recent: I64  # (W, L, N) or empty: contacts from day kept_from on, bit k = k days before the end of the run
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
    hit: U8  # (N filled up to whole words,) something happens to this customer
    hit_words: U64  # the same memory, eight customers a word
    events: U64  # (N + 8,) customers to whom something may happen today
    chosen: U64  # (N + 8,) some of them
    # one place per contact of a lane, due or sent:
    segment: U64  # (N,)
    first: I64  # (N,) day from which on no rule forbids it
    blocked: U64  # (N + 8,) places of those that wait
    key: U64  # (N,)
    fatigue: F64  # (N,)
    frailty: F64  # (N,)
    seen: F64  # (N,)
    gain: F64  # (N,)
    opt_out: I64  # (N,) NANO
    money: I64  # (N,) MICRO
    weight: F64  # (N,)
    leaving: U8  # (N,)
