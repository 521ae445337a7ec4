"""Real customers by their orders: each simulated one is a draw from the own posterior; all at once or in parts.

What is the same for all draws (summaries, posteriors) is worked out once for the whole base. A customer's draws have
an address of their own, so a part of the customers is the same as those rows of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.engine.tables import ORDERS_REMEMBERED
from sim.fit._dropout_model import DropoutModel
from sim.fit.day_grid import on_day_grid
from sim.fit.gamma_gamma import GammaGamma
from sim.fit.mbg_cnbd import MbgCnbd
from sim.fit.posterior import SpendPosterior, TraitPosterior, spend_posterior, trait_posterior
from sim.orders import OrderLog
from sim.population import MICRO, Population
from sim.rng import customer_keys, id_hashes, place_keys, uniforms


@dataclass(frozen=True, eq=False)
class RealCustomers:
    """The real base: past orders, and what they say about each customer; arrays are (n,), n real customers."""

    organic: DropoutModel
    spend_model: GammaGamma
    traits: TraitPosterior
    spend: SpendPosterior
    base_key: npt.NDArray[np.uint64]
    """Hash of the id."""
    order_from: npt.NDArray[np.int64]
    order_to: npt.NDArray[np.int64]
    order_day: npt.NDArray[np.int32]
    """(orders,) days, negative, ascending per customer."""
    order_value: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls,
        orders: OrderLog,
        organic: DropoutModel,
        spend_model: GammaGamma,
        *,
        as_of: int,
        traits: TraitPosterior | None = None,
    ) -> RealCustomers:
        """``as_of``: last day of the history, days since 1970-01-01; the next day is day 0. ``traits``: what is known
        of the customers of ``orders.summary(as_of)``, where it is more than their orders alone say
        (`sim.fit.history`)."""
        history = orders.until(as_of)
        summary = history.summary(as_of)
        everybody = np.arange(len(summary))
        return cls(
            organic=organic,
            spend_model=spend_model,
            traits=traits or trait_posterior(organic, *on_day_grid(summary)),
            spend=spend_posterior(spend_model, summary.n_positive, summary.mean_value),
            base_key=id_hashes(summary.customer_ids),
            order_from=np.searchsorted(history.customer, everybody, side="left"),
            order_to=np.searchsorted(history.customer, everybody, side="right"),
            order_day=(history.day - (as_of + 1)).astype(np.int32),
            order_value=history.value,
        )

    def simulated(self, customers: int, seed: int) -> SimulatedCustomers:
        """``customers``: wanted number of simulated ones; a base smaller than that is copied (the same number of copies
        each), a larger one is sampled by a hash of the ids. Totals always stand for the whole base."""
        base_size = len(self.base_key)
        chosen = np.arange(base_size)
        if customers < base_size:
            lot = uniforms(seed, "latent:sample", self.base_key)
            chosen = np.sort(np.argsort(lot, kind="stable")[:customers])
        return SimulatedCustomers(self, chosen, max(1, round(customers / base_size)), seed)


@dataclass(frozen=True, eq=False)
class SimulatedCustomers:
    """Who is simulated: these real customers, so many copies each, side by side."""

    real: RealCustomers
    chosen: npt.NDArray[np.int64]
    """Rows of the real base, ascending."""
    copies: int
    seed: int

    @property
    def size(self) -> int:
        """Simulated customers."""
        return len(self.chosen) * self.copies

    def part(self, start: int, stop: int | None) -> Population:
        """The copies of the chosen customers ``start`` to ``stop`` - 1 (None = to the end)."""
        real, chosen = self.real, self.chosen[start:stop]
        row = np.repeat(chosen, self.copies)
        key = customer_keys(real.base_key[row], np.tile(np.arange(self.copies), len(chosen)))
        first, last = real.order_from[row], real.order_to[row]
        orders = slice(int(first[0]), int(last[-1]))
        active, rate, dropout, since = self._traits(key, row)
        ticks = real.organic.k if isinstance(real.organic, MbgCnbd) else 1
        return Population(
            seed=self.seed,
            key=key,
            base_customer=row,
            base_key=real.base_key[row],
            base_size=len(real.base_key),
            copies=self.copies,
            rate=rate,
            dropout=dropout,
            active=active,
            mean_value=self._mean_values(key, row),
            value_shape=real.spend_model.p,
            rate_shape=real.organic.r,
            rate_scale_days=real.organic.alpha * 7.0,
            first_order=real.order_day[first].astype(np.int64),
            last_order=real.order_day[last - 1].astype(np.int64),
            order_from=np.maximum(first, last - ORDERS_REMEMBERED) - orders.start,
            order_to=last - orders.start,
            order_day=real.order_day[orders],
            order_value=np.rint(real.order_value[orders] * MICRO).astype(np.int64),
            order_ticks=ticks,
            ticks=ticks - since if ticks > 1 else None,
        )

    def _traits(
        self, key: npt.NDArray[np.uint64], row: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Active on day 0, ticks a day, chance to drop out after an order, ticks since the last order."""
        from sim import draws

        known = self.real.traits
        active = uniforms(self.seed, "latent:active", key) < known.p_alive[row]

        def given(alive: npt.NDArray[np.float64], dropped: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.where(active, alive[row], dropped[row])

        since = np.zeros(len(row), dtype=np.int64)
        if known.ticks is not None:
            drawn = uniforms(self.seed, "latent:ticks", key)[:, None] >= np.cumsum(known.ticks, axis=1)[row, :-1]
            since = np.where(active, drawn.sum(axis=1), 0)
        per_week = draws.gammas(
            key, self._place("rate"), known.rate_shape[row] + since, given(known.rate_alive, known.rate_dropped)
        )
        dropout = draws.betas(
            key,
            self._place("dropout a"),
            self._place("dropout b"),
            given(known.dropout_a_alive, known.dropout_a_dropped),
            given(known.dropout_b_alive, known.dropout_b_dropped),
        )
        return active, per_week / 7.0, dropout, since

    def _mean_values(self, key: npt.NDArray[np.uint64], row: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        from sim import draws

        nu = draws.gammas(key, self._place("value"), self.real.spend.shape[row], self.real.spend.rate[row])
        return np.asarray(self.real.spend_model.p / nu)

    def _place(self, stream: str) -> np.uint64:
        return np.uint64(place_keys(self.seed, f"latent:{stream}", np.array([0]))[0])
