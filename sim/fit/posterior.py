"""What is known of each customer after their own orders: the exact posterior of the latent traits.

The posterior of (lambda, p) is a mixture of two branches (`sim.fit._dropout`), within each of which lambda and p are
independent; the chance of the first branch is P(alive):

    alive    lambda ~ Gamma(r+x, alpha+T)     p ~ Beta(a, b+k)
    dropped  lambda ~ Gamma(r+x, alpha+t_x)   p ~ Beta(a+1, b+k-1)

with k = x in BG/NBD and x+1 in MBG/NBD. In MBG/CNBD-k lambda is the rate of ticks, k of them to an order: where dropped
out, x becomes k x, and "alive" falls into branches by the ticks j since the last order, with k x + j. Order value:
nu ~ Gamma(q + p n, gamma + sum of the n values). Nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.fit._dropout import Array, Floats, floats
from sim.fit._dropout_model import DropoutModel
from sim.fit.gamma_gamma import GammaGamma
from sim.fit.mbg_cnbd import MbgCnbd


@dataclass(frozen=True, eq=False)
class TraitPosterior:
    """Mixture posterior of order rate and dropout probability; all arrays are (n,), time in weeks."""

    p_alive: Floats
    """Weight of the branch "alive", 0 .. 1; 1 in BG/NBD for a customer without a repeat order."""
    rate_shape: Floats
    """Gamma shape of lambda, both branches; with ticks, each of them since the last order adds 1 if alive."""
    rate_alive: Floats
    """Gamma rate of lambda if alive, weeks."""
    rate_dropped: Floats
    """Gamma rate of lambda if dropped out, weeks."""
    dropout_a_alive: Floats
    dropout_b_alive: Floats
    """Beta parameters of p if alive."""
    dropout_a_dropped: Floats
    dropout_b_dropped: Floats
    """Beta parameters of p if dropped out; of no meaning, but positive, where `p_alive` is 1 for certain."""

    ticks: Floats | None = None
    """(n, k) P(j ticks since the last order | alive); None = none are counted (k = 1)."""

    def mean_rate(self) -> Floats:
        """E[lambda | own orders], per week, over both branches."""
        since = 0.0 if self.ticks is None else self.ticks @ np.arange(self.ticks.shape[-1])
        alive, dropped = (self.rate_shape + since) / self.rate_alive, self.rate_shape / self.rate_dropped
        return np.asarray(self.p_alive * alive + (1 - self.p_alive) * dropped)


@dataclass(frozen=True, eq=False)
class SpendPosterior:
    """Gamma posterior of nu, the rate of a customer's order values; arrays are (n,)."""

    shape: Floats
    rate: Floats
    """Currency."""


def trait_posterior(model: DropoutModel, x: Array, t_x: Array, age: Array) -> TraitPosterior:
    """Posterior of each customer's order rate and dropout probability.

    Parameters
    ----------
    model : fitted BG/NBD, MBG/NBD or MBG/CNBD-k.
    x, t_x, age : (n,) repeat orders, weeks from first to last order, weeks observed.
    """
    x, t_x, age = floats(x, t_x, age)
    k = x + model.s
    everyone = np.ones_like(x)
    clock = model if isinstance(model, MbgCnbd) and model.k > 1 else None
    ticks = 1 if clock is None else clock.k
    return TraitPosterior(
        p_alive=model.alive_probability(x, t_x, age),
        rate_shape=model.r + ticks * x,
        rate_alive=model.alpha + age,
        rate_dropped=model.alpha + t_x,
        dropout_a_alive=model.a * everyone,
        dropout_b_alive=model.b + k,
        dropout_a_dropped=(model.a + 1) * everyone,
        dropout_b_dropped=model.b + np.maximum(k - 1, 0.0),
        ticks=None if clock is None else clock.ticks_done(x, t_x, age),
    )


def spend_posterior(model: GammaGamma, n: Array, mean: Array) -> SpendPosterior:
    """Posterior of each customer's nu given the mean of n orders of positive value; the prior where n is 0."""
    return SpendPosterior(*model.nu_posterior(*floats(n, mean)))
