"""NBD: customers who never leave (Ehrenberg 1959, Applied Statistics 8(1)). The model to beat.

Orders come at rate lambda ~ Gamma(r, rate alpha). For comparison with the others its likelihood is that of the order
times: L = G(r+x)/G(r) alpha^r / (alpha+T)^(r+x).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln

from sim.fit._dropout import Array, Floats, floats
from sim.fit._dropout_fit import group
from sim.fit._maximize import FitResult, maximize
from sim.fit._slopes import with_slopes

NAMES = ("r", "alpha")


@dataclass(frozen=True)
class Nbd:
    """r, alpha > 0; time in weeks."""

    name: ClassVar[str] = "nbd"
    r: float
    alpha: float
    """Weeks."""

    def log_likelihood(self, x: Array, t_x: Array, age: Array) -> Floats:
        """ln L of each customer's order times."""
        x, _, age = floats(x, t_x, age)
        counts = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        return np.asarray(counts - (self.r + x) * np.log(self.alpha + age))

    def expected_future_orders(self, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """E[Y(t)]: orders within ``weeks`` after the end of observation | own orders."""
        x, _, age, t = floats(x, t_x, age, weeks)
        return np.asarray((self.r + x) / (self.alpha + age) * t)


def fit(x: Array, t_x: Array, age: Array) -> FitResult[Nbd]:
    """Maximum likelihood; (n,) repeat orders, weeks to the last of them, weeks observed. InputError as for BG/NBD."""
    rows = group(x, t_x, age)

    def value(theta: Floats) -> float:
        each = Nbd(*np.exp(theta).tolist()).log_likelihood(rows.x, rows.t_x, rows.age)
        return float(np.sum(rows.count * each))

    starts = [np.log(np.array(start)) for start in ((0.5, 10.0), (1.0, 5.0))]
    found = maximize(with_slopes(value), starts, rows.n)
    return found.result(Nbd(*np.exp(found.theta).tolist()), NAMES, rows.n)
