"""BG/BB: buying at discrete occasions (Fader, Hardie and Shang 2010, Marketing Science 29(6), 1086-1108).

At each of n occasions a living customer buys with probability p ~ Beta(alpha, beta), having left before it with
probability theta ~ Beta(gamma, delta). With x purchases, the last at occasion t_x (0 without any), B the beta function:

    L = B(alpha+x, beta+n-x)/B(alpha, beta) B(gamma, delta+n)/B(gamma, delta)
      + sum_{i=0}^{n-t_x-1} B(alpha+x, beta+t_x-x+i)/B(alpha, beta) B(gamma+1, delta+t_x+i)/B(gamma, delta)

A simulation by days is a process of this kind: orders and dropout happen at discrete times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betaln, logsumexp

from sim.errors import InputError
from sim.fit._dropout import Array, Floats, floats
from sim.fit._maximize import FitResult, maximize
from sim.fit._slopes import with_slopes

NAMES = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class BgBb:
    """alpha, beta, gamma, delta > 0."""

    name: ClassVar[str] = "bg-bb"
    alpha: float
    beta: float
    gamma: float
    delta: float

    def log_likelihood(self, x: Array, t_x: Array, occasions: Array) -> Floats:
        """ln L of each customer's sequence of occasions with x purchases, the last at t_x."""
        x, t_x, n = floats(x, t_x, occasions)
        buying, leaving = betaln(self.alpha, self.beta), betaln(self.gamma, self.delta)
        i = np.arange(int(n.max()) if n.size else 0)
        after = t_x[..., None] + i
        left = betaln(self.alpha + x[..., None], self.beta + after - x[..., None]) + betaln(
            self.gamma + 1, self.delta + after
        )
        left = np.where(i < (n - t_x)[..., None], left, -np.inf)
        living = betaln(self.alpha + x, self.beta + n - x) + betaln(self.gamma, self.delta + n)
        return np.asarray(logsumexp(np.concatenate([living[..., None], left], axis=-1), axis=-1) - buying - leaving)


def fit(x: Array, t_x: Array, occasions: Array, count: Array = 1.0) -> FitResult[BgBb]:
    """Maximum likelihood over patterns (purchases, occasion of the last, occasions) with a number of customers each."""
    x, t_x, n, count = floats(x, t_x, occasions, count)
    valid = (x >= 0) & (t_x >= x) & (n >= t_x) & ((x > 0) | (t_x == 0)) & (count >= 0)
    if not valid.all():
        at = int(np.argmin(valid))
        given = f"row {at}: x={x[at]:g}, t_x={t_x[at]:g}, n={n[at]:g}"
        raise InputError.of("fit", "impossible pattern of occasions", given, "0 <= x <= t_x <= n, t_x = 0 where x = 0")

    def value(theta: Floats) -> float:
        return float(np.sum(count * BgBb(*np.exp(theta).tolist()).log_likelihood(x, t_x, n)))

    starts = [np.log(np.array(start)) for start in ((1.0, 1.0, 1.0, 3.0), (0.5, 2.0, 0.5, 2.0))]
    customers = int(count.sum())
    found = maximize(with_slopes(value), starts, customers)
    return found.result(BgBb(*np.exp(found.theta).tolist()), NAMES, customers)
