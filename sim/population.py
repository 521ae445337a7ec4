"""Who: the customers of a simulation, real ones drawn from their own posterior, or synthetic ones.

A simulated customer carries what no contact changes: the organic order rate, the dropout probability, whether
he or she is still active, the mean order value, and the past orders. What depends on channels and
behaviour (consent, responsiveness, frailty) is added where a world is lowered to tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.engine.tables import ORDERS_REMEMBERED
from sim.order_models import MODELS, MOST_TICKS
from sim.past_messages import PastMessages
from sim.rng import customer_keys, number_hashes, place_keys, uniforms

MICRO = 1_000_000


@dataclass(frozen=True)
class Population:
    """N simulated customers standing for ``base_size`` real ones; day 0 is the first simulated day."""

    seed: int
    """Seed of the latent draws."""
    key: npt.NDArray[np.uint64]
    """(N,) address of the customer's draws: hash of id and copy."""
    base_customer: npt.NDArray[np.int64]
    """(N,) row of the real customer this one is a copy of."""
    base_key: npt.NDArray[np.uint64]
    """(N,) hash of the real customer's id alone: the same for all copies (holdout)."""
    base_size: int
    """Customers all totals stand for."""
    copies: int
    """Copies of each real customer; 1 for a synthetic base or a subsample."""
    rate: npt.NDArray[np.float64]
    """(N,) ticks of the order clock a day while active; with ``order_ticks`` 1 these are the organic orders."""
    dropout: npt.NDArray[np.float64]
    """(N,) chance to drop out after an organic order."""
    active: npt.NDArray[np.bool_]
    """(N,) not yet dropped out."""
    mean_value: npt.NDArray[np.float64]
    """(N,) mean order value, in the currency."""
    value_shape: float
    """Shape p of the Gamma distribution of one customer's order values."""
    rate_shape: float
    """Shape r of the prior of the order rates ..."""
    rate_scale_days: float
    """... and its rate alpha, in days."""
    first_order: npt.NDArray[np.int64]
    """(N,) day of the first order, negative."""
    last_order: npt.NDArray[np.int64]
    """(N,) day of the last order, negative."""
    order_from: npt.NDArray[np.int64]
    """(N,) the customer's past orders are order_from .. order_to - 1 in the two arrays below; the latest 32 at most,
    which is what segments look at, before day 0 as after it."""
    order_to: npt.NDArray[np.int64]
    order_day: npt.NDArray[np.int32]
    """Days of past orders, negative, ascending per customer."""
    order_value: npt.NDArray[np.int64]
    """Their values in millionths of the currency."""
    order_ticks: int = 1
    """Ticks of a customer's clock to an organic order (k of MBG/CNBD-k): 1 = irregular."""
    ticks: npt.NDArray[np.int64] | None = None
    """(N,) how many of them are still to come before the next organic order, 1 to ``order_ticks``; None = all."""
    joined: npt.NDArray[np.int64] | None = None
    """(N,) morning of the first day a customer is there; up to 0 for those present at the start, None = all are. Who
    joins later has made the first order on the evening before (it belongs to the past and is not booked)."""
    birthday: npt.NDArray[np.int64] | None = None
    """(N,) first birthday from day 0 on, 0 to 364; it returns every 365 days. None = unknown: nothing triggers."""
    household: npt.NDArray[np.int64] | None = None
    """(N,) number of the household; None = everybody lives alone. A customer's copies live in different households.
    In a world its members stand side by side (``by_household``)."""
    suppressed: npt.NDArray[np.int64] | None = None
    """(N,) bit mask of channels through which a customer must not be contacted; becomes ``World.suppressed``."""
    declined: npt.NDArray[np.int64] | None = None
    """(N,) the part of ``suppressed`` that is want of consent by a draw, not by a file; reports tell it apart."""
    past: PastMessages | None = None
    """Known messages to the real customers, by ``base_customer``; newcomers (``joined`` from 0 on) have none."""

    @property
    def size(self) -> int:
        return len(self.key)

    @property
    def scale(self) -> float:
        """Real customers per simulated one."""
        return self.base_size / self.size

    @property
    def order_rate(self) -> npt.NDArray[np.float64]:
        """(N,) organic orders a day while active, in the long run."""
        return self.rate / self.order_ticks

    def ticks_left(self) -> npt.NDArray[np.int64]:
        """(N,) ``ticks``, known or not."""
        return np.full(self.size, self.order_ticks) if self.ticks is None else self.ticks

    def standing_for(self, base_size: int) -> Population:
        """The same customers as a sample of a base of another size."""
        return replace(self, base_size=base_size)

    def sample(self, rows: npt.NDArray[np.int64]) -> Population:
        """Some of the customers, standing for the whole base; each by itself, copies or not."""
        return replace(self._at(rows), copies=1)

    def by_household(self) -> Population:
        """The same customers with the members of a household side by side, as a world wants them."""
        return self if self.household is None else self._at(np.argsort(self.household, kind="stable"))

    def cut(self, start: int, stop: int) -> Population:
        """The customers from ``start`` to before ``stop`` with their own past orders only, standing for the whole
        base."""
        part = self._at(np.arange(start, stop))
        orders = part.order_to - part.order_from
        ends = np.cumsum(orders)
        place = np.repeat(part.order_from - (ends - orders), orders) + np.arange(int(orders.sum()))
        return replace(
            part,
            order_from=ends - orders,
            order_to=ends,
            order_day=self.order_day[place],
            order_value=self.order_value[place],
        )

    def _at(self, rows: npt.NDArray[np.int64]) -> Population:
        given = {name: getattr(self, name) for name in _PER_CUSTOMER}
        return replace(self, **{name: array[rows] for name, array in given.items() if array is not None})

    def recency_frequency_value(
        self, window_days: int, *, total: bool = False
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """R (days), F (orders) and M (mean or total, currency) on the morning of day 0, (N,) each."""
        inside = self.order_day >= -window_days
        count = np.concatenate([[0], np.cumsum(inside)])
        value = np.concatenate([[0], np.cumsum(np.where(inside, self.order_value, 0))])
        frequency = count[self.order_to] - count[self.order_from]
        money = value[self.order_to] - value[self.order_from]
        if not total:
            money = money // np.maximum(frequency, 1)
        return -self.last_order, frequency.astype(np.int64), money / MICRO


_PER_CUSTOMER = (
    "key", "base_customer", "base_key", "rate", "dropout", "active", "mean_value", "first_order", "last_order",
    "order_from", "order_to", "ticks", "joined", "birthday", "household", "suppressed", "declined",
)  # fmt: skip
"""The arrays of shape (N,); past orders are shared."""


@dataclass(frozen=True)
class OrganicModel:
    """(M)BG/NBD or MBG/CNBD-k and Gamma-Gamma parameters; rates per week, money in the currency."""

    model: str
    """"bg-nbd", "mbg-nbd" (dropout possible after the first order already) or "mbg-cnbd" (that, and regular gaps)."""
    r: float
    alpha_weeks: float
    a: float
    b: float
    p: float
    q: float
    gamma: float
    k: int = 1
    """Ticks to an order; above 1 in "mbg-cnbd" only, where r and alpha are of the ticks."""

    def __post_init__(self) -> None:
        require(self.model in MODELS, "model", "unknown organic model", self.model, ", ".join(MODELS))
        most = MOST_TICKS if self.model == "mbg-cnbd" else 1
        require(1 <= self.k <= most, "model.k", f"out of range for {self.model}", self.k, f"1 to {most}")
        for key in ("r", "alpha_weeks", "a", "b", "p", "q", "gamma"):
            value = getattr(self, key)
            require(0 < value < np.inf, f"model.{key}", "must be greater than 0", value, "a finite number > 0")


def synthetic(model: OrganicModel, customers: int, *, seed: int, tenure_days: int = 0, first_id: int = 0) -> Population:
    """A made-up base: latents drawn from the model.

    ``tenure_days`` 0: everybody made the first order on day -1. Otherwise first orders are spread evenly over
    the last ``tenure_days`` days and organic orders since then are simulated, without contacts. ``first_id``: number
    of the first customer; a customer is the same with any number of others.
    """
    from sim import draws
    from sim.behaviour import past_orders

    require(customers >= 1, "base.synthetic", "at least one customer", customers, ">= 1")
    require(0 <= tenure_days <= 3650, "base.tenure_days", "out of range", tenure_days, "0 to 3650 days")
    base_key = number_hashes(np.arange(first_id, first_id + customers))
    key = customer_keys(base_key, 0)
    n = customers

    def place(stream: str) -> np.uint64:
        return np.uint64(place_keys(seed, f"latent:{stream}", np.array([0]))[0])

    rate = draws.gammas(key, place("rate"), np.full(n, model.r), np.full(n, model.alpha_weeks * 7.0))
    dropout = draws.betas(key, place("dropout a"), place("dropout b"), np.full(n, model.a), np.full(n, model.b))
    nu = draws.gammas(key, place("value"), np.full(n, model.q), np.full(n, model.gamma))
    mean_value = model.p / nu
    first = -1 - np.floor(uniforms(seed, "latent:first order", key) * max(tenure_days, 1)).astype(np.int64)
    active = np.ones(n, dtype=bool)
    if model.model != "bg-nbd":
        active = uniforms(seed, "latent:active", key) >= dropout
    places = np.stack([place_keys(seed, f"history:{s}", -np.arange(max(tenure_days, 1) + 1)) for s in "od"])
    active_now, counts, days, ticks = past_orders.history(key, places, rate, dropout, active, first, model.k)
    order_to = np.cumsum(counts)
    order_from = order_to - counts
    value_place = place("past value")
    values = draws.gammas(
        np.repeat(key, counts) ^ (days.astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)),
        value_place,
        np.full(len(days), model.p),
        np.repeat(nu, counts),
    )
    return Population(
        seed=seed,
        key=key,
        base_customer=np.arange(n),
        base_key=base_key,
        base_size=n,
        copies=1,
        rate=rate,
        dropout=dropout,
        active=active_now,
        mean_value=mean_value,
        value_shape=model.p,
        rate_shape=model.r,
        rate_scale_days=model.alpha_weeks * 7.0,
        first_order=first,
        last_order=days[order_to - 1].astype(np.int64),
        order_from=np.maximum(order_from, order_to - ORDERS_REMEMBERED),
        order_to=order_to,
        order_day=days,
        order_value=np.rint(values * MICRO).astype(np.int64),
        order_ticks=model.k,
        ticks=ticks if model.k > 1 else None,
    )
