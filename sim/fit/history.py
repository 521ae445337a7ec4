"""The organic model of customers who were contacted in the past: past orders less those that contacts caused.

A plain fit takes every past order for organic. Where contacts caused some, "no contact" then comes out too rich, and
contacts simulated on top are counted twice. Here the contacts of the past enter the likelihood as a known hazard.
On each day an active customer orders organically with chance 1 - e^-lambda and through contacts with 1 - e^-rho, and a
day with either is one order, as exports tell it and the simulation lives it. Only an organic order can end in dropout
(probability p). Who has dropped out orders through contacts only, at rho g(R), R the time since the latest order of
either kind, g(R) = share 2^(-R / half-life). So along the orders of a customer, tau days from one to the next, the
weights of "active" (A) and "dropped out" (D) follow

    A <- A e^(-(lambda + rho) (tau - 1)) [ (1 - e^-lambda) (1 - p) + e^-lambda (1 - e^-rho) ]
    D <- A e^(-(lambda + rho) (tau - 1)) (1 - e^-lambda) p + D e^(-rho G(tau - 1)) (1 - e^(-rho g(tau)))

(in the gap from the last order to the end all tau days are quiet), G the sum of g over the days, and L(lambda, p) = A +
D. It is computed once on a grid of (lambda, p) and averaged over the levels of rho; the parameters of the priors then
maximize the sum of ln E[L], the expectation over Gamma and Beta weights of the grid's cells. Without contacts this is
(M)BG/NBD on the day grid (`sim.fit.day_grid`).

rho = level lambda^eta / E_ref[lambda^eta]. Without a message log it is constant in time: the stationary state under the
declared policy, for all who were ever customers; what that cannot know is who opted out when, and policies before
the declared one. With a log it is the stimulus of the contacts that each customer had, day by day, and rho (tau - 1)
becomes the sum of rho over those days. The level then is the customer's responsiveness.

The parameters of a large base are fitted to an even sample of it; every customer's own traits are exact.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.fit._cells import DROPOUTS, RATES, cells, likelihood, means, orders_within
from sim.fit._dropout_fit import NAMES
from sim.fit._dropout_model import DropoutModel
from sim.fit._maximize import FitResult, maximize
from sim.fit._profile import dropout_intervals
from sim.fit._stimulus import ContactHistory, contact_gaps, steady_gaps
from sim.fit._walk import Gaps, walk
from sim.fit.bg_nbd import BgNbd
from sim.fit.mbg_nbd import MbgNbd
from sim.fit.posterior import TraitPosterior
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

_AT_ONCE = 2_048
"""Histories whose grids are in memory together."""
_MOST_FITTED = 25_000
"""Distinct histories that the parameters are fitted to: 10 kB of memory and a tenth of a millisecond each."""


@dataclass(frozen=True, eq=False)
class PastContacts:
    """What the contacts of the past did, as rates of stimulated orders; how a level is reached is the caller's."""

    level: Floats
    """(S,) stimulated orders a week of an active customer with the response of the reference; with a ``history``:
    multiples of its stimulus."""
    weight: Floats
    """(S,) shares of customers at each level; their sum is 1."""
    elasticity: float
    """eta: the level of a customer grows with the own order rate as lambda^eta."""
    reference_moment: float
    """E_ref[lambda^eta], lambda per day, of the reference population."""
    dormant_share: float
    """Response of a customer who has dropped out, relative to an active one, right after the latest order ..."""
    dormant_half_life_days: float
    """... halving every so many days since."""
    history: ContactHistory | None = None
    """The contacts themselves, of the customers of the order log; None = a steady stimulus."""

    def __post_init__(self) -> None:
        fine = self.level.shape == self.weight.shape and bool((self.level >= 0).all())
        require(fine, "contacts.level", "must be levels >= 0 with a weight each", self.level, "numbers >= 0")
        require(
            bool(np.isclose(self.weight.sum(), 1.0)), "contacts.weight", "must sum to 1", self.weight.sum(), "shares"
        )


@dataclass(frozen=True, eq=False)
class Histories:
    """The distinct histories of a base, and who has which."""

    gaps: Gaps
    count: Floats
    """(n,) customers with this history."""
    repeat: Floats
    """(n,) repeat orders."""
    row: npt.NDArray[np.intp]
    """(customers,) the distinct history of each."""
    at_first: bool
    """Dropout is possible at the first order."""
    contacts: PastContacts

    def sample(self) -> npt.NDArray[np.intp]:
        """The histories that the parameters are fitted to: all, or an even sample."""
        n = self.count.size
        return np.unique(np.linspace(0, n - 1, min(n, _MOST_FITTED)).round().astype(np.intp))

    def grids(self, rows: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        """Likelihoods of some histories, active and dropped out (n, J, K), and the logarithm of their scale (n,)."""
        shape = (rows.size, RATES.size, DROPOUTS.size)
        alive, dropped, scale = np.empty(shape), np.empty(shape), np.empty(rows.size)
        own = _stimulated(self.contacts)
        walk(self.gaps.take(rows), RATES, DROPOUTS, own, self.contacts.weight, self.at_first, alive, dropped, scale)
        return alive, dropped, scale

    def parts(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """All histories, a few at a time: which ones, and their likelihoods, active and dropped out."""
        slices = [slice(at, min(at + _AT_ONCE, self.count.size)) for at in range(0, self.count.size, _AT_ONCE)]
        waiting: deque[tuple[slice, Future[tuple[Floats, Floats, Floats]]]] = deque()
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # the recursion runs outside the interpreter's lock
            for part in slices:
                waiting.append((part, pool.submit(self.grids, np.arange(part.start, part.stop))))
                if len(waiting) > (os.cpu_count() or 1):
                    yield _done(*waiting.popleft())
            while waiting:
                yield _done(*waiting.popleft())


def _done(part: slice, grids: Future[tuple[Floats, Floats, Floats]]) -> tuple[slice, Floats, Floats]:
    alive, dropped, _ = grids.result()
    return part, alive, dropped


@dataclass(frozen=True, eq=False)
class WithoutContacts:
    """The organic model and what is known of each customer, past contacts taken into account."""

    organic: FitResult[DropoutModel]
    traits: TraitPosterior
    """(n,) in the order of ``orders.summary(until_day)``: chance to be active and means of lambda and p are those of
    the grid, spreads those of as many organic orders as are expected."""
    organic_repeat_orders: Floats
    """(n,) expected number of organic ones among the repeat orders, as if the customer was active at each (so a little
    too many where dormant customers react)."""

    histories: Histories = field(repr=False)
    """What forecasts are averages over."""

    @property
    def stimulated_share(self) -> float:
        """Share of the past repeat orders that contacts caused."""
        h = self.histories
        return 1.0 - float(self.organic_repeat_orders.sum()) / float(h.repeat[h.row].sum())

    def own_chance(self) -> Floats:
        """(m,) chance of each repeat order, by customer and day, to be organic; for the mean rate of its customer."""
        gaps = self.histories.gaps.take(self.histories.row.astype(np.int64))
        orders = np.ones(gaps.rate.size, dtype=bool)
        orders[gaps.first[1:] - 1] = False  # the last gap ends in no order
        rate = np.repeat(self.traits.mean_rate(), np.diff(gaps.first))[orders]
        contacts = self.histories.contacts
        own = (rate / DAYS_PER_WEEK) ** contacts.elasticity / contacts.reference_moment
        pushed = own * float(contacts.level @ contacts.weight) * gaps.rate[orders]
        return np.asarray(np.expm1(-rate / DAYS_PER_WEEK) / np.expm1(-(rate + pushed) / DAYS_PER_WEEK))

    def expected_future_orders(self, weeks: float) -> Floats:
        """(n,) organic orders within ``weeks`` after the end of observation: what comes without any contact."""
        w, later = cells(self.organic.parameters), orders_within(weeks)
        mean = np.empty(self.histories.count.size)
        for part, alive, dropped in self.histories.parts():
            mean[part] = means(alive, w * later) / (means(alive, w) + means(dropped, w))
        return np.asarray(mean[self.histories.row])


def without_contacts(
    orders: OrderLog, contacts: PastContacts, *, until_day: int, model: str, level: float | None = None
) -> WithoutContacts:
    """Fit the organic model to orders under contacts.

    Parameters
    ----------
    orders : the log; what comes after ``until_day`` is not looked at.
    contacts : what contacts did until then; with levels of 0 the result is the plain fit.
    until_day : last day of the history, days since 1970-01-01.
    model : "bg-nbd" or "mbg-nbd" (dropout possible after the first order already).
    level : of profile-likelihood intervals of the parameters; None = none.
    """
    require(model in _KINDS, "model", "unknown organic model", model, ", ".join(_KINDS))
    kind = _KINDS[model]
    histories = _histories(orders, contacts, until_day, bool(kind.s))
    sample = histories.sample()
    count = histories.count[sample]
    alive, dropped, scale = histories.grids(sample)
    alive += dropped
    n = int(count.sum())
    objective = likelihood(alive, scale, count)
    found = maximize(objective, [np.log(np.array(start)) for start in _STARTS], n)
    profile = None if level is None else dropout_intervals(objective, found, level)
    organic: FitResult[DropoutModel] = found.result(kind(*np.exp(found.theta).tolist()), NAMES, n, profile=profile)
    traits, own = _traits(histories, organic.parameters)
    return WithoutContacts(organic, traits, own, histories)


def known_traits(orders: OrderLog, contacts: PastContacts, organic: DropoutModel, *, until_day: int) -> TraitPosterior:
    """What is known of each customer of ``orders.summary(until_day)``, past contacts taken into account."""
    return _traits(_histories(orders, contacts, until_day, bool(organic.s)), organic)[0]


_KINDS: dict[str, type[DropoutModel]] = {"bg-nbd": BgNbd, "mbg-nbd": MbgNbd}
_STARTS = ((0.5, 6.0, 0.8, 2.0), (1.0, 10.0, 0.5, 2.5))


def _histories(orders: OrderLog, contacts: PastContacts, until_day: int, at_first: bool) -> Histories:
    known = orders.until(until_day)
    starts = np.append(np.flatnonzero(np.diff(known.customer, prepend=-1)), known.day.size).astype(np.int64)
    number = np.diff(starts) - 1
    idle = (contacts.dormant_share, contacts.dormant_half_life_days / DAYS_PER_WEEK)
    if contacts.history is not None:  # everybody was contacted on other days
        present = np.unique(orders.customer[orders.day <= until_day]).astype(np.intp)
        gaps = contact_gaps(known, contacts.history.take(present), until_day, idle)
        everybody = np.arange(number.size)
        return Histories(gaps, np.ones(number.size), number.astype(np.float64), everybody, at_first, contacts)
    last = known.day[starts[1:] - 1]
    keys = np.column_stack([number, last - known.day[starts[:-1]], until_day - known.day[starts[:-1]], starts[:-1]])
    keys[number <= 1, 3] = 0  # what these did is told by x, t_x and T
    _, place, row, count = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    gaps = steady_gaps(known.day.astype(np.int64), starts, until_day, idle).take(place)
    counts, repeat = count.astype(np.float64), number[place].astype(np.float64)
    return Histories(gaps, counts, repeat, np.asarray(row).reshape(-1), at_first, contacts)


def _stimulated(contacts: PastContacts) -> Floats:
    """(J, S): the level times the customer's response, lambda^eta / E_ref[lambda^eta]."""
    own = (RATES / DAYS_PER_WEEK) ** contacts.elasticity / contacts.reference_moment
    return np.asarray(own[:, None] * contacts.level)


def _traits(histories: Histories, model: DropoutModel) -> tuple[TraitPosterior, Floats]:
    w = cells(model)
    lam, p = np.broadcast_to(RATES[:, None], w.shape), np.broadcast_to(DROPOUTS[None, :], w.shape)
    multiplier = (_stimulated(histories.contacts) * histories.contacts.weight).sum(axis=1)
    n = histories.count.size
    own, p_alive, rate_alive, rate_dropped, of_alive, of_dropped = np.empty((6, n))
    for part, alive, dropped in histories.parts():
        living, gone = np.maximum(means(alive, w), 1e-300), np.maximum(means(dropped, w), 1e-300)
        p_alive[part] = living / (living + gone)
        rate_alive[part], rate_dropped[part] = means(alive, w * lam) / living, means(dropped, w * lam) / gone
        of_alive[part], of_dropped[part] = means(alive, w * p) / living, means(dropped, w * p) / gone
        alive += dropped
        own[part] = _organic_orders(np.einsum("njk,jk->nj", alive, w), multiplier, histories.gaps, part)
    shape, trials = model.r + own, own + model.s
    size = model.a + model.b + trials
    a_alive, a_dropped = (np.clip(mean, 1e-6, 1 - 1e-6) * size for mean in (of_alive, of_dropped))
    each = (
        p_alive, shape, shape / np.maximum(rate_alive, 1e-9), shape / np.maximum(rate_dropped, 1e-9),
        a_alive, size - a_alive, a_dropped, size - a_dropped,
    )  # fmt: skip
    return TraitPosterior(*(values[histories.row] for values in each)), np.asarray(own[histories.row])


def _organic_orders(by_rate: Floats, multiplier: Floats, gaps: Gaps, part: slice) -> Floats:
    """Expected organic ones among the repeat orders of some histories; ``by_rate`` (n, J) weights of lambda."""
    first = gaps.first[part.start : part.stop + 1]
    orders = np.ones(int(first[-1] - first[0]), dtype=bool)
    orders[first[1:] - 1 - first[0]] = False  # the last gap ends in no order
    whose = np.repeat(np.arange(first.size - 1), np.diff(first))[orders]
    rate = gaps.rate[first[0] : first[-1]][orders]
    weights = by_rate / by_rate.sum(axis=1, keepdims=True)
    pushed = multiplier * rate[:, None]
    chance = np.expm1(-RATES / DAYS_PER_WEEK) / np.expm1(-(RATES + pushed) / DAYS_PER_WEEK)
    organic = np.sum(weights[whose] * chance, axis=1)
    return np.asarray(np.bincount(whose, organic, first.size - 1), np.float64)
