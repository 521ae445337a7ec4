"""A trial from a message log with a holdout or arms, and the orders that followed.

Whoever was to be contacted is in the trial, contacted or held back: customers without a row in the log were not
targeted, and comparing with them compares targets with others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.fit import mbg_nbd
from sim.fit.trial import Floats, Groups, Trial
from sim.messages import HOLDOUT, MessageLog
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

HELD_BACK = "held back"
CONTACTED = "contacted"
AFTER_DAYS = 14
"""Orders this long after the last message still count: a stimulus that halves in two days is gone by then."""


def is_trial(messages: MessageLog) -> bool:
    """The log tells arms, or who was held back."""
    return len(messages.arms) > 1 or bool((messages.marks & HOLDOUT).any())


def trial_of_log(
    orders: OrderLog,
    messages: MessageLog,
    *,
    control: str | None = None,
    segments: Callable[[OrderLog, int], Groups | None] | None = None,
) -> tuple[Trial, int]:
    """Arms, outcomes and what was known before, of the customers known before the first message.

    Outcomes are orders and revenue from the day of the first message to 14 days after the last (or the end of the
    orders). Known before: orders and revenue of as long a time before it, days since the last order, and the orders
    that MBG/NBD expects given all of the past. Returns the trial and its length in days.

    Raises
    ------
    InputError
        The log has neither arms nor a holdout, or the orders do not reach back behind the first message.
    """
    if not is_trial(messages):
        raise InputError.of("messages", "have neither a holdout nor arms: they are no trial", None, "a holdout column")
    start, end = trial_days(orders, messages)
    if orders.first_day >= start:
        raise InputError.of("orders", "begin after the first message: nothing is known of the customers before it")
    names, arm = _arms(messages, control)
    before = orders.summary(start - 1)
    place = np.full(orders.n_customers, -1)
    place[before.customer] = np.arange(len(before))
    in_trial = (arm >= 0) & (place >= 0)
    who, rows = np.flatnonzero(in_trial), place[in_trial]
    days = end - start + 1
    count, money = _totals(orders, start, end)
    earlier, spent = _totals(orders, start - days, start - 1)
    history = (before.frequency, before.recency_weeks, before.age_weeks)
    expected = mbg_nbd.fit(*history).parameters.expected_future_orders(days / DAYS_PER_WEEK, *history)
    recency = (before.age_days - before.recency_days).astype(np.float64)
    groups = None if segments is None else segments(orders, start - 1)
    trial = Trial(
        arms=names,
        arm=arm[who],
        outcomes={"orders": count[who], "revenue": money[who]},
        before={
            "expected orders": expected[rows],
            "orders before": earlier[who],
            "revenue before": spent[who],
            "days since the last order": recency[rows],
        },
        groups={} if groups is None else {"segment": (groups[0], groups[1][rows])},
        contacts=_contacts(messages, start)[who],
        customer=who,
    )
    return trial, days


def trial_days(orders: OrderLog, messages: MessageLog) -> tuple[int, int]:
    """First and last day that count: from the first message in an arm to 14 days after the last message.

    Messages before the arms were formed are the past of the trial: they count for fatigue only.
    """
    in_arms = messages.arm > 0 if len(messages.arms) > 1 else np.ones(messages.day.size, dtype=bool)
    return int(messages.day[in_arms].min()), min(int(messages.day.max()) + AFTER_DAYS, orders.last_day)


def _contacts(messages: MessageLog, start: int) -> Floats:
    """(N,) contacts of each customer in the trial."""
    mine = messages.sent & (messages.day >= start)
    return np.bincount(messages.customer[mine], minlength=messages.customer_ids.size).astype(np.float64)


def _arms(messages: MessageLog, control: str | None) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Names, control first, and the arm (N,) of each customer; -1: none, or more than one, unless it was decided that
    the first message counts (then whoever is treated otherwise later stays in the arm as assigned)."""
    customer, n = messages.customer, messages.customer_ids.size
    if len(messages.arms) > 1:
        names, each = messages.arms, messages.arm.astype(np.int64) - 1
    else:
        names, each = (HELD_BACK, CONTACTED), ((messages.marks & HOLDOUT) == 0).astype(np.int64)
    customer, each = customer[each >= 0], each[each >= 0]
    if messages.decided("holdout_changes") == "first":
        arm = np.full(n, -1)
        who, first_message = np.unique(customer, return_index=True)
        arm[who] = each[first_message]
    else:
        low, high = np.full(n, len(names)), np.full(n, -1)
        np.minimum.at(low, customer, each)
        np.maximum.at(high, customer, each)
        arm = np.where((low == high) & (low >= 0), low, -1)
    first = 0 if control is None and names[0] == HELD_BACK else _control(messages, names, control)
    order = [first, *(k for k in range(len(names)) if k != first)]
    new = np.full(len(names) + 1, -1)
    new[order] = np.arange(len(names))
    return tuple(names[k] for k in order), new[arm]


def _control(messages: MessageLog, names: tuple[str, ...], control: str | None) -> int:
    if control is not None:
        if control not in names:
            raise InputError.of("control", "there is no such arm", control, ", ".join(names))
        return names.index(control)
    sent = np.bincount(messages.arm[messages.sent], minlength=len(names) + 1)[1:]
    if (sent == 0).sum() == 1:
        return int(np.argmin(sent))
    raise InputError.of("control", "which arm is the control?", None, f"one of {', '.join(names)}")


def _totals(orders: OrderLog, first: int, last: int) -> tuple[Floats, Floats]:
    """Orders and their value (N,) of each customer from one day to another."""
    inside = (orders.day >= first) & (orders.day <= last)
    who = orders.customer[inside]
    count = np.bincount(who, minlength=orders.n_customers).astype(np.float64)
    return count, np.asarray(np.bincount(who, orders.value[inside], orders.n_customers), dtype=np.float64)


def naive(orders: OrderLog, messages: MessageLog) -> tuple[float, float]:
    """Orders per customer of those contacted, and of those not: what a dashboard shows. No effect."""
    start, end = int(messages.day.min()), min(int(messages.day.max()) + AFTER_DAYS, orders.last_day)
    count, _ = _totals(orders, start, end)
    known = np.zeros(orders.n_customers, dtype=bool)
    known[orders.summary(start - 1).customer] = True
    sent = np.bincount(messages.customer[messages.sent], minlength=orders.n_customers) > 0
    return float(count[known & sent].mean()), float(count[known & ~sent].mean()) if (known & ~sent).any() else 0.0
