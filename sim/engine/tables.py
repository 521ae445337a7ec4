"""What the kernel reads and writes: flat tuples of arrays, and the names of their columns.

Letters of shapes: N customers of the block, W worlds, S segments, L lanes (channels), D days, K weeks.
Whatever is only used to look something up is unsigned: for a signed index the compiler adds the wrap-around of
negative ones, three instructions per dimension. Money is in millionths of the currency (MICRO), expected counts
in billionths (NANO): integers add up to the same total in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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
NOWHERE = -1
"""Segment of a newcomer before it is looked up first."""
DISPLACED = NEVER + 1
"""Later than any rule says: no capacity today."""

PACE = 7 * 2**20
"""Credit of one contact; a frequency of f a week earns f 2^20 a day."""

# columns of State.person (int32): less than a cache line
ACTIVE = 0
SEGMENT = 1
LAST_ORDER = 2
SEGMENT_DUE = 3
LOG_HEAD = 4
LOG_COUNT = 5
TRIGGER_DUE = 6
"""Next day on which something may trigger a cascade, or a queued one begin."""
PRESENT = 7
"""0 until a newcomer arrives."""
OFFER_ENDS = 8
"""First day after the window of the offer at hand."""
OFFER = 9
DEBT = 10
"""Organic orders that were pulled forward and will not take place."""
LOYAL_ENDS = 11
"""First morning on which the own rate is no longer raised."""
FATIGUE_DAY = 12
"""Day for which FATIGUE holds."""
TICKS = 13
"""Ticks of the customer's order clock until the next organic order; 1 = the next tick is the order."""
PERSON_COLUMNS = 14

# columns of State.cascade (int32)
RUNNING = 0
"""Number of the cascade, -1 = none."""
STEP_DUE = 1
"""Day the pending step was due first."""
QUEUE = 2
"""Bit mask of cascades that wait."""
LATEST = 3
"""Outcome of the latest contact of the run: SEEN_BIT, CLICKED_BIT."""
ENTERED = 4
"""Segment entered on the morning of day ENTERED_DAY."""
ENTERED_DAY = 5
BEGUN = 6
"""... and from here on, the day each cascade was begun last."""
SEEN_BIT, CLICKED_BIT = 1, 2

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
ROLLING, CALENDAR, PREREQUISITE = range(3)
"""Kinds of rules: forbidden for a while after the entry that decides; as long as that entry is in this calendar
period; unless the entry is recent."""
LANES_PER_GROUP = 4
"""State.due is filled up to a multiple of this with NEVER: minima are taken four at a time."""

# rows of Tables.place ----------------------------------------------------------------------------------------
PLACE_ORDER, PLACE_SPEND, PLACE_DROPOUT, PLACE_PULL, PLACE_WAKE, PLACE_LANES = range(6)
# ... then per lane: contact (funnel and opt-out), complaint

# columns of Out.customer (per world, customer and phase; REVENUE, COST and discounts after the horizon are
# discounted, sampled values are not) ---------------------------------------------------------------------------
(
    ORDERS,
    REVENUE,
    COST,
    OPT_OUTS,
    SAMPLED_ORDERS,
    SAMPLED_REVENUE,
    OFFER_COST,
    OFFER_COST_ORGANIC,
    SAMPLED_OFFER_COST,
) = range(9)
CUSTOMER_COLUMNS = 9
"""OFFER_COST is what offers take off orders, OFFER_COST_ORGANIC the part of it on organic orders."""

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

# columns of Out.rule (per world, week and rule) ----------------------------------------------------------------
BLOCKED, VIOLATIONS = range(2)
RULE_COLUMNS = 2

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
EV_CONTACT, EV_UNSUBSCRIBE, EV_COMPLAINT, EV_ORGANIC, EV_STIMULATED, EV_DROPOUT, EV_SEGMENT, EV_WAKING = range(8)
LOG_COLUMNS = 6
"""world, customer row, day, kind, lane (or segment), value (delivered 0/1, or order value in MICRO)."""


# rows of State.f ------------------------------------------------------------------------------------------------
STIMULATED, FADING, ORGANIC, SUM_ORDERS, FATIGUE, OFFERED, SUM_OFFER, SUM_OFFER_ALL = range(8)
STATE_FLOATS = 8
"""Rate of stimulated orders and its factor per day; today's chance of an organic order, 0 after dropout; expected
orders not yet booked; fatigue on day FATIGUE_DAY; discount of the offer at hand, 0 = no window is open; expected
organic (all) orders in the window times the discount, not yet booked."""

# rows of State.n (int64) ------------------------------------------------------------------------------------------
SUBSCRIBED, STOPPED, GRANTED, LOG_SUM = range(4)
STATE_NUMBERS = 4
"""Bit masks of channels: consent, switched off for want of reactions; of lanes: capacity today; sum of the orders
remembered, MICRO."""

# rows of Packed.f and Packed.n -------------------------------------------------------------------------------------
RATE, DROPOUT, MEAN_VALUE, EFFECT, FRAILTY = range(5)
CONTACTABLE, JOINED, CONSENTED, BIRTHDAY, HOUSEHOLD = range(5)

# rows of Scratch.f, .n, .u, .bytes: those with C_ hold one place per contact of a lane, due or sent -----------------
ORGANIC_BASE, C_FATIGUE, C_FRAILTY, C_SEEN, C_GAIN, C_TIRED = range(6)
SCRATCH_FLOATS = 6
C_FIRST, C_OPT_OUT, C_MONEY = range(3)
SCRATCH_NUMBERS = 3
"""Day from which on no rule forbids the contact; opt-outs in NANO; money in MICRO."""
EVENTS, CHOSEN, BLOCKED_PLACES, C_SEGMENT, C_KEY, ORDER_HASH = range(6)
SCRATCH_LISTS = 6
"""Lists: customers to whom something may happen today, some of them, places of contacts that wait. ORDER_HASH: draws
of today's organic (upper half) and stimulated orders."""
C_LEAVING, C_ARRIVED, C_OUTCOME = range(3)
SCRATCH_BYTES = 3

Records = npt.NDArray[np.void]
"""Arrays whose elements have named fields."""


EXTRAS = (
    "saturation", "loyalty", "offering", "pulling", "stopping", "households", "floored", "reported", "arbitrated",
)  # fmt: skip
"""Scalars of the tables that switch on what is compiled on demand; and order_ticks above 1."""


class Tables(NamedTuple):
    """What is the same for all customers of a run. (Few arrays with named fields rather than many arrays: each array
    that is handed to compiled code costs compilation time.)"""

    extras: U8 | None
    """(0,); None where nothing is on that is compiled on demand (``EXTRAS``, a cascade, a capacity)."""
    s: Records
    """(1,) scalars: kept_from (from this day on the days of contacts are kept in Out.recent), window_days,
    monetary_total, recompute_days, kappa, growth, relief, stimulus_decay, dormant_decay,
    saturation (ceiling of the reference customer, 0 = none), waking (chance that a stimulated order brings the organic
    process back), irritation (growth of the dropout hazard with fatigue), loyalty (what a stimulated order adds to the
    own rate, as a share), loyal_days (for how long), order_ticks (ticks of the order clock to an organic order),
    margin; and what is on: behaving (False: contacts only, nobody
    orders or opts out, used to reach the stationary start), detailed (book weekly tables), logging, factored (any
    factor other than 1), offering, pulling, stopping (switch-off), households, newcomers, floored, reported (rules that
    are only reported), arbitrated (precedence is not fixed), by_value."""
    days: Records
    """(D,) week (from 0), phase (0 = horizon, 1 = after it), plan (which of the frequencies below hold), season (factor
    on organic rates)."""
    discount: F64  # (K,) factor on money of the week
    place: U64  # (PLACE_LANES + 2 L + capacities, D) keys of the draws, by stream and day
    pace: Records
    """(W, plans, L, S) rate (credit a day), interval (PACE // rate), factor (on what a contact adds), offer (that it
    carries, 0 = none); of the floor that holds: floor_window (days, 0 = none), floor_word, floor_place (where its
    memory has the contact that decides)."""
    lanes: Records
    """(L,) channels' regular contacts, campaigns, steps of cascades: order (lane that is n-th in precedence), channel,
    unit_cost (MICRO), stimulus (orders on the first day: (1 - d) orders_per_contact), worth (on all days), weight,
    delivered, click_of_seen, unsubscribe, complaint; cascade_of (-1 = none), condition, delay (days), last_step;
    quiet (days after an order); bind_from, bind_to, count_from, count_to (its rows of bind
    and counted), bind_others (any enforced rule that is not plain); capacitated, capacity_tie (whose stream breaks
    ties)."""
    placement: F64  # (W, C) share of what is delivered that reaches the inbox, this week
    offers: Records
    """(offers + 1,) 0 = none: discount (share of the order value), days, pull (chance that a stimulated order is pulled
    forward)."""
    cascades: Records
    """(Q,) first_line, trigger (TRIGGERS of sim.campaigns), trigger_segment, trigger_days, patience, repeat_after,
    ends_with_order."""
    inside: U8  # (Q, S) segments in which the trigger counts
    runs: U8  # (W, plans, Q)
    stops: Records
    """(C,) after (contacts without reaction, 0 = never), unless_clicked (1 = clicked, 0 = seen)."""
    bind: Records
    """Rules that bind, lane by lane: word of the memory with the entry that decides, shift (its place in the word,
    bits), kind, calendar (0 week, 1 month), personal (column of Packed.tolerance, -1 = none), household, enforced, rule
    (row of Out.rule), plain (enforced, rolling, neither personal nor of a household)."""
    bind_window: I64  # (., S) for how many days it forbids, by segment (0: never)
    counted: Records
    """Memories that count, lane by lane: word (the first), words, household."""
    memory: Records
    """(R,) the memories themselves, for the contacts before day 0: days (longest window), word, words, household."""
    memory_counts: I64  # (R, L) entries a contact makes
    period: I64  # (2, D, 2) first day of this calendar week (month) and of the next
    # segments
    recency_borders: I64
    frequency_borders: I64
    monetary_borders: I64  # MICRO
    cells: I64
    # decay and spend
    tired: F64  # what is left of fatigue, by days
    dormant: F64  # g by days since the last order, of customers who have dropped out
    spend: F64  # quantile nodes


class People(NamedTuple):
    """Latents of customers; nobody writes them."""

    key: U64  # (N,)
    rate: F64  # (N,) organic orders a day
    dropout: F64  # (N,)
    mean_value: F64  # (N,) mean order value, currency
    effect: F64  # (N,) multiplier m of the response
    frailty: F64  # (N,)
    seen: F64  # (N, C) personal share seen of delivered, rested
    contactable: U8  # (N,) 0 = holdout
    joined: I64  # (N,) morning of the first day; at most 0: there from the start
    consented: I64  # (N,) bit mask of channels on that day
    birthday: I64  # (N,) first birthday from day 0 on, -1 = unknown
    household: I64  # (N,) number; members stand side by side
    tolerance: I64  # (N, personal caps) the customer's own limits

    def packed(self, blocks: int) -> Packed:
        """As the kernel reads them, cut into blocks of equal size."""
        floats = np.stack([self.rate, self.dropout, self.mean_value, self.effect, self.frailty])
        numbers = np.stack([self.contactable, self.joined, self.consented, self.birthday, self.household]).astype(
            np.int64
        )

        def cut(array: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(array.reshape(len(array), blocks, -1).swapaxes(0, 1))

        return Packed(
            self.key.reshape(blocks, -1),
            cut(floats),
            cut(numbers),
            self.seen.reshape(blocks, -1, self.seen.shape[1]),
            self.tolerance.reshape(blocks, self.key.shape[0] // blocks, -1),
        )


class Packed(NamedTuple):
    """``People`` in few arrays; one more dimension in front where there are several blocks."""

    key: U64  # (N,)
    f: F64  # (rows, N)
    n: I64  # (rows, N)
    seen: F64  # (N, C)
    tolerance: I64  # (N, personal caps)


class State(NamedTuple):
    """What changes, per world and customer. What the dense passes read is one row each; what only events read
    lies together by customer, in as few bytes as it takes: a block should fit into the first-level cache."""

    f: F64  # (W, STATE_FLOATS, N)
    n: I64  # (W, STATE_NUMBERS, N)
    wake: I32  # (W, N) next day on which something is scheduled
    person: I32  # (W, N, PERSON_COLUMNS)
    due: I32  # (W, N, L filled up) next day on which a contact is due, or a blocked one is looked at again
    pace: I32  # (W, N, L, PACE_COLUMNS)
    memory: U64  # (W, N, M) what the rules remember
    log_day: I32  # (W, N, ORDERS_REMEMBERED) ring of the latest orders
    log_value: I64  # (W, N, ORDERS_REMEMBERED) MICRO
    cascade: I32  # (W, N, BEGUN + Q), empty without cascades
    unanswered: I32  # (W, N, C) contacts since the latest reaction, empty without switch-off


class Out(NamedTuple):
    """Where results are added up."""

    customer: I64  # (W, phases, CUSTOMER_COLUMNS, N)
    visited: I64  # (W, N) bit mask of segments seen in phase 0
    recent: I64  # (W, L, N) or empty: contacts from day kept_from on, bit k = k days before the end of the run
    lane: I64  # (W, K, L, LANE_OUT_COLUMNS); REACHABLE by channel, at the channel's regular lane
    displaced: I64  # (W, K, L) contacts that waited a day for want of capacity
    requests: I64  # (W,) how many of the rows below are written
    asked: I64  # (W, E, 2) row and lane of a request
    score: F64  # (W, E)
    tie: U64  # (W, E)
    rule: I64  # (W, K, rules and the two beside, RULE_COLUMNS)
    segment: I64  # (W, K, S, SEGMENT_OUT_COLUMNS)
    world: I64  # (W, K, WORLD_OUT_COLUMNS)
    flow: I64  # (W, K, S, S) from the end of the week before to the end of the week
    week_segment: I64  # (W, N) segment at the end of the week before
    log: I64  # (E, LOG_COLUMNS)
    logged: I64  # (1,)


class Scratch(NamedTuple):
    """Work space of one thread, for the customers of one block."""

    f: F64  # (SCRATCH_FLOATS, N)
    n: I64  # (SCRATCH_NUMBERS, N)
    u: U64  # (SCRATCH_LISTS, N + 8)
    bytes: U8  # (SCRATCH_BYTES, N)
    hit: U8  # (N filled up to whole words,) something happens to this customer
    hit_words: U64  # the same memory, eight customers a word
    before: I64  # (W,) requests of the blocks before
    turn: U8  # (N, L) place of a lane among those due, where precedence is not fixed
    lane_score: F64  # (L,) scores of one customer's lanes
    lanes_in_turn: I64  # (L,) bit mask of the lanes that somebody has at this place


def records(fields: Mapping[str, Any]) -> Records:
    """Arrays of one shape as one array with named fields."""
    arrays = {name: np.asarray(values) for name, values in fields.items()}
    shape = next(iter(arrays.values())).shape
    table = np.zeros(shape, dtype=[(name, array.dtype) for name, array in arrays.items()])
    for name, array in arrays.items():
        table[name] = array
    return table


def with_fields(table: Records, **changes: Any) -> Records:
    """A copy with some fields changed."""
    table = table.copy()
    for name, values in changes.items():
        table[name] = values
    return table
