"""Customers who come later: new registrations, with latents from the model of the base."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.checks import not_negative, require
from sim.population import OrganicModel, Population, synthetic
from sim.rng import customer_keys, uniforms
from sim.units import DAYS_PER_WEEK

FIRST_ID = 10**17
"""Ids of newcomers are numbers from here on, which no file of customers uses."""
UNKNOWN_BIRTHDAY = -1
"""In ``Population.birthday``: nothing is triggered."""


def with_newcomers(population: Population, model: OrganicModel, *, per_week: float, days: int, seed: int) -> Population:
    """The same customers, and ``per_week`` new ones a week (of the real base) over days 0 to ``days`` - 1.

    Who joins on day d has made the first order on the evening before. Newcomers have as many copies as the others;
    totals then stand for those there and those to come.
    """
    not_negative("base.new_customers_per_week", per_week)
    require(days >= 1, "days", "at least one day", days, ">= 1")
    real = round(per_week * days / DAYS_PER_WEEK)
    copies = population.copies
    people = real if copies > 1 else round(real / population.scale)
    if people == 0:
        return population
    first = synthetic(model, people, seed=seed, first_id=FIRST_ID)
    base_row = np.repeat(np.arange(people), copies)
    if copies > 1:
        first = _copied(first, model, base_row, copies, seed)
    joined = np.floor(uniforms(seed, "latent:joined", first.key) * days).astype(np.int64)
    older = int(population.base_customer.max()) + 1
    merged = _joined_up(population, first, joined, older + base_row)
    size = population.base_size + (real if copies > 1 else round(people * population.scale))
    return replace(merged, base_size=size)


def _copied(
    first: Population, model: OrganicModel, base_row: npt.NDArray[np.int64], copies: int, seed: int
) -> Population:
    """Each copy of a newcomer is a draw of its own."""
    drawn = synthetic(model, len(base_row), seed=seed, first_id=FIRST_ID)
    base_key = first.base_key[base_row]
    key = customer_keys(base_key, np.tile(np.arange(copies), len(first.key)))
    return replace(drawn, key=key, base_key=base_key)


def _joined_up(
    old: Population, new: Population, joined: npt.NDArray[np.int64], base_customer: npt.NDArray[np.int64]
) -> Population:
    offset = len(old.order_day)
    order_day = (new.order_day + np.repeat(joined, new.order_to - new.order_from)).astype(np.int32)
    both: dict[str, Any] = {
        name: np.concatenate([getattr(old, name), getattr(new, name)])
        for name in ("key", "base_key", "rate", "dropout", "active", "mean_value", "order_value")
    }
    counting = old.ticks is not None or new.ticks is not None
    joined_old = np.full(old.size, -1) if old.joined is None else old.joined
    alone = np.arange(new.size)
    return replace(
        old,
        **both,
        base_customer=np.concatenate([old.base_customer, base_customer]),
        first_order=np.concatenate([old.first_order, joined - 1]),
        last_order=np.concatenate([old.last_order, joined - 1]),
        order_from=np.concatenate([old.order_from, new.order_from + offset]),
        order_to=np.concatenate([old.order_to, new.order_to + offset]),
        order_day=np.concatenate([old.order_day, order_day]),
        joined=np.concatenate([joined_old, joined]),
        ticks=np.concatenate([old.ticks_left(), new.ticks_left()]) if counting else None,
        birthday=_filled(old.birthday, np.full(new.size, UNKNOWN_BIRTHDAY)),
        household=None if old.household is None else _filled(old.household, int(old.household.max()) + 1 + alone),
        suppressed=_filled(old.suppressed, np.zeros(new.size, dtype=np.int64)),
        declined=_filled(old.declined, np.zeros(new.size, dtype=np.int64)),
    )


def _filled(old: npt.NDArray[np.int64] | None, new: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    return None if old is None else np.concatenate([old, new])
