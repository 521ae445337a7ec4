"""The organic model of customers who were contacted in the past: past orders less those that contacts caused.

A plain fit takes every past order for organic. Where contacts caused some, "no contact" then comes out too rich, and
contacts simulated on top are counted twice. Here the contacts of the past enter the likelihood as a known hazard.
An active customer orders at rate lambda + rho; an order was organic with chance lambda / (lambda + rho), and only an
organic order can end in dropout (probability p). Who has dropped out orders at rate rho g(R) only, R weeks after the
latest order of either kind, g(R) = share 2^(-R / half-life). So along the orders of a customer, tau the gap before
each, the weights of "active" (A) and "dropped out" (D) follow

    A <- A e^(-(lambda + rho) tau) (lambda (1 - p) + rho)
    D <- A e^(-(lambda + rho) tau) lambda p + D e^(-rho G(tau)) rho g(tau),      G(tau) = integral of g from 0 to tau

(without the last factor for the gap from the last order to the end), and L(lambda, p) = A + D. It is computed once on
a grid of (lambda, p) and averaged over the levels of rho; the parameters of the priors then maximize the sum of
ln E[L], the expectation over Gamma and Beta weights of the grid's cells. Without contacts this is (M)BG/NBD again.

rho = level lambda^eta / E_ref[lambda^eta] is constant in time: the stationary state under the declared policy, for
all who were ever customers. What it cannot know: who opted out when, and policies before the declared one. The
work grows with distinct histories: seconds for ten thousand; fit a larger base on a sample of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc

from sim.checks import require
from sim.fit._dropout_fit import NAMES
from sim.fit._dropout_model import DropoutModel
from sim.fit._maximize import FitResult, Objective, maximize
from sim.fit.bg_nbd import BgNbd
from sim.fit.mbg_nbd import MbgNbd
from sim.fit.posterior import TraitPosterior
from sim.orders import OrderLog
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

_RATE_EDGES = np.concatenate([[0.0], np.geomspace(5e-4, 8.0, 49), [np.inf]])
"""Borders of the cells of lambda, per week."""
_RATES = np.concatenate([[2.5e-4], np.sqrt(_RATE_EDGES[1:-2] * _RATE_EDGES[2:-1]), [9.0]])
_DROPOUT_EDGES = np.sin(np.linspace(0.0, np.pi / 2, 25)) ** 2
"""Borders of the cells of p, finer at both ends."""
_DROPOUTS = (_DROPOUT_EDGES[1:] + _DROPOUT_EDGES[:-1]) / 2
_AT_ONCE = 32
"""Customers whose grids are in memory together."""
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class PastContacts:
    """What the contacts of the past did, as rates of stimulated orders; how a level is reached is the caller's."""

    per_week: Floats
    """(S,) levels of stimulated orders a week, for an active customer with the response of the reference."""
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

    def __post_init__(self) -> None:
        fine = self.per_week.shape == self.weight.shape and bool((self.per_week >= 0).all())
        require(fine, "contacts.per_week", "must be levels >= 0 with a weight each", self.per_week, "numbers >= 0")
        require(
            bool(np.isclose(self.weight.sum(), 1.0)), "contacts.weight", "must sum to 1", self.weight.sum(), "shares"
        )


@dataclass(frozen=True, eq=False)
class Grid:
    """Likelihoods of the distinct histories (n,) on the cells of lambda and p: (n, J, K)."""

    alive: Floats
    """... and still active at the end."""
    dropped: Floats
    log_scale: Floats
    """(n,) logarithm of what the likelihoods were divided by."""
    count: Floats
    """(n,) customers with this history."""
    repeat: Floats
    """(n,) repeat orders."""
    row: npt.NDArray[np.intp]
    """(customers,) the distinct history of each."""

    @cached_property
    def total(self) -> Floats:
        """(n, J, K) likelihoods, active or not."""
        return self.alive + self.dropped

    def mean(self, model: DropoutModel, values: Floats, *, alive: bool | None = None) -> Floats:
        """(customers,) posterior mean of ``values`` (J, K), where ``alive`` is given within that state only, else 0."""
        w = np.outer(*_masses(np.log([model.r, model.alpha, model.a, model.b])))
        chosen = self.total if alive is None else self.alive if alive else self.dropped
        part = np.einsum("njk,jk->n", chosen, w * values)
        return np.asarray((part / np.einsum("njk,jk->n", self.total, w))[self.row])


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

    grid: Grid = field(repr=False)
    """Likelihoods of the histories; what forecasts are averages over."""

    @property
    def stimulated_share(self) -> float:
        """Share of the past repeat orders that contacts caused."""
        return 1.0 - float(self.organic_repeat_orders.sum()) / float(self.grid.repeat[self.grid.row].sum())

    def expected_future_orders(self, weeks: float) -> Floats:
        """(n,) organic orders within ``weeks`` after the end of observation: what comes without any contact."""
        rate, p = _RATES[:, None], _DROPOUTS[None, :]
        return self.grid.mean(self.organic.parameters, -np.expm1(-rate * p * weeks) / p, alive=True)


def without_contacts(orders: OrderLog, contacts: PastContacts, *, until_day: int, model: str) -> WithoutContacts:
    """Fit the organic model to orders under contacts.

    Parameters
    ----------
    orders : the log; what comes after ``until_day`` is not looked at.
    contacts : what contacts did until then; with levels of 0 the result is the plain fit.
    until_day : last day of the history, days since 1970-01-01.
    model : "bg-nbd" or "mbg-nbd" (dropout possible after the first order already).
    """
    require(model in _KINDS, "model", "unknown organic model", model, ", ".join(_KINDS))
    kind = _KINDS[model]
    grid = _likelihoods(orders, contacts, until_day, kind.s)
    found = maximize(_objective(grid), [np.log(np.array(start)) for start in _STARTS], int(grid.count.sum()))
    organic: FitResult[DropoutModel] = found.result(kind(*np.exp(found.theta).tolist()), NAMES, int(grid.count.sum()))
    traits, own = _traits(grid, organic.parameters, contacts)
    return WithoutContacts(organic, traits, own, grid)


_KINDS: dict[str, type[DropoutModel]] = {"bg-nbd": BgNbd, "mbg-nbd": MbgNbd}
_STARTS = ((0.5, 6.0, 0.8, 2.0), (1.0, 10.0, 0.5, 2.5))


def _masses(theta: Floats) -> tuple[Floats, Floats]:
    """Prior weights of the cells of lambda and of p."""
    r, alpha, a, b = np.exp(theta)
    return np.diff(gammainc(r, alpha * _RATE_EDGES)), np.diff(betainc(a, b, _DROPOUT_EDGES))


def _objective(grid: Grid) -> Objective:
    def evaluate(theta: Floats) -> tuple[float, Floats]:
        of_rate, of_p = _masses(theta)
        by_rate = np.einsum("njk,k->nj", grid.total, of_p)
        by_p = np.einsum("njk,j->nk", grid.total, of_rate)
        mean = np.maximum(np.einsum("nj,j->n", by_rate, of_rate), 1e-300)
        slopes = np.empty(4)
        for i in range(4):
            step = np.where(np.arange(4) == i, _STEP, 0.0)
            up, down = _masses(theta + step), _masses(theta - step)
            here, weights = (by_rate, 0) if i < 2 else (by_p, 1)
            change = np.einsum("nj,j->n", here, (up[weights] - down[weights]) / (2 * _STEP))
            slopes[i] = np.sum(grid.count * change / mean)
        return float(np.sum(grid.count * (np.log(mean) + grid.log_scale))), slopes

    return evaluate


def _likelihoods(orders: OrderLog, contacts: PastContacts, until_day: int, s: int) -> Grid:
    known = orders.until(until_day)
    first = np.flatnonzero(np.diff(known.customer, prepend=-1))
    number = np.diff(np.append(first, known.customer.size)) - 1
    last = known.day[first + number]
    keys = np.column_stack([number, last - known.day[first], until_day - known.day[first], np.arange(first.size)])
    keys[number <= 1, 3] = 0  # what these did is told by x, t_x and T
    _, place, row, count = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    parts = []
    for start in range(0, place.size, _AT_ONCE):
        who = place[start : start + _AT_ONCE]
        parts.append(_walk(known.day, first[who], number[who], until_day, contacts, s))
    alive, dropped, scale = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Grid(
        alive, dropped, scale, count.astype(np.float64), number[place].astype(np.float64), np.asarray(row).reshape(-1)
    )


def _walk(
    day: npt.NDArray[np.int32],
    first: npt.NDArray[np.intp],
    number: npt.NDArray[np.intp],
    until_day: int,
    contacts: PastContacts,
    s: int,
) -> tuple[Floats, Floats, Floats]:
    """The recursion of the module's text for some histories; (n, J, K) each, and the logarithm of their scale."""
    lam, p = _RATES[:, None, None], _DROPOUTS[None, :, None]
    rho = _stimulated(contacts)[:, None, :]
    half_life = contacts.dormant_half_life_days / DAYS_PER_WEEK
    alive = np.broadcast_to((1.0 - p) if s else np.ones_like(p), (first.size, lam.size, p.size, rho.shape[2])).copy()
    dropped = np.broadcast_to(p if s else np.zeros_like(p), alive.shape).copy()
    scale = np.zeros(first.size)

    def rest(tau: Floats) -> tuple[Floats, Floats]:
        quiet = contacts.dormant_share * half_life / np.log(2) * -np.expm1(-np.log(2) * tau / half_life)
        return np.exp(-(lam + rho) * tau), np.exp(-rho * quiet)

    for k in range(int(number.max()) + 1):
        going = np.flatnonzero(number > k)
        if going.size == 0:
            break
        tau = ((day[first[going] + k + 1] - day[first[going] + k]) / DAYS_PER_WEEK)[:, None, None, None]
        active, idle = rest(tau)
        reached = alive[going] * active
        response = contacts.dormant_share * np.exp2(-tau / half_life)
        dropped[going] = reached * (lam * p) + dropped[going] * (idle * rho * response)
        alive[going] = reached * (lam * (1 - p) + rho)
        top = np.maximum(alive[going].max(axis=(1, 2, 3)), dropped[going].max(axis=(1, 2, 3)))
        alive[going] /= top[:, None, None, None]
        dropped[going] /= top[:, None, None, None]
        scale[going] += np.log(top)
    tau = ((until_day - day[first + number]) / DAYS_PER_WEEK)[:, None, None, None]
    active, idle = rest(tau)
    return (
        np.einsum("njks,s->njk", alive * active, contacts.weight),
        np.einsum("njks,s->njk", dropped * idle, contacts.weight),
        scale,
    )


def _stimulated(contacts: PastContacts) -> Floats:
    """rho (J, S), per week."""
    own = (_RATES / DAYS_PER_WEEK) ** contacts.elasticity / contacts.reference_moment
    return np.asarray(own[:, None] * contacts.per_week)


def _traits(grid: Grid, model: DropoutModel, contacts: PastContacts) -> tuple[TraitPosterior, Floats]:
    ones = np.ones((_RATES.size, _DROPOUTS.size))
    lam, p = _RATES[:, None] * ones, _DROPOUTS[None, :] * ones
    mean_rho = (_stimulated(contacts) * contacts.weight).sum(axis=1)[:, None]
    own = grid.repeat[grid.row] * grid.mean(model, lam / (lam + mean_rho))
    p_alive = grid.mean(model, ones, alive=True)
    p_dropped = np.maximum(grid.mean(model, ones, alive=False), 1e-300)
    living = np.maximum(p_alive, 1e-300)
    shape = model.r + own
    trials = own + model.s
    of_alive = np.clip(grid.mean(model, p, alive=True) / living, 1e-6, 1 - 1e-6) * (model.a + model.b + trials)
    of_dropped = np.clip(grid.mean(model, p, alive=False) / p_dropped, 1e-6, 1 - 1e-6) * (model.a + model.b + trials)
    traits = TraitPosterior(
        p_alive=p_alive,
        rate_shape=shape,
        rate_alive=shape / np.maximum(grid.mean(model, lam, alive=True) / living, 1e-9),
        rate_dropped=shape / np.maximum(grid.mean(model, lam, alive=False) / p_dropped, 1e-9),
        dropout_a_alive=of_alive,
        dropout_b_alive=model.a + model.b + trials - of_alive,
        dropout_a_dropped=of_dropped,
        dropout_b_dropped=model.a + model.b + trials - of_dropped,
    )
    return traits, own
