"""The parameters of a model with dropout at orders, and everything that follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from scipy.special import expit

from sim.errors import InputError
from sim.fit._dropout import Array, Floats, count_probability, expected_orders, floats, log_branches
from sim.fit._dropout_fit import NAMES, estimate, group, objective
from sim.fit._maximize import FitResult
from sim.fit._profile import dropout_intervals


@dataclass(frozen=True)
class DropoutModel:
    """Base of `BgNbd` and `MbgNbd`: r, alpha, a, b > 0; time in weeks.

    In all methods x, t_x and age are arrays (n,) or numbers: repeat orders, weeks from the first to the last
    order (0 where x is 0), weeks from the first order to the end of observation (the T of the papers).
    """

    name: ClassVar[str]
    s: ClassVar[int]
    """1 if a customer may drop out at the first order, else 0."""

    r: float
    """Shape of the order rate over customers."""
    alpha: float
    """Rate parameter of the order rate, weeks; the mean rate is r / alpha per week."""
    a: float
    """First parameter of the dropout probability; its mean is a / (a + b)."""
    b: float
    """Second parameter of the dropout probability."""

    def __post_init__(self) -> None:
        for key in NAMES:
            value = getattr(self, key)
            if not (value > 0 and math.isfinite(value)):
                raise InputError.of(f"{self.name}.{key}", "must be a positive number", value)

    @property
    def mean_dropout(self) -> float:
        """a / (a + b): the mean probability to drop out at an order, well determined where a and b are not."""
        return self.a / (self.a + self.b)

    def log_likelihood(self, x: Array, t_x: Array, age: Array) -> Floats:
        """ln L of each customer's order times (not of the count: no x! term)."""
        return np.asarray(np.logaddexp(*self._branches(x, t_x, age)))

    def alive_probability(self, x: Array, t_x: Array, age: Array) -> Floats:
        """P(not dropped out at the end of observation | own orders), 0 .. 1."""
        alive, dropped = self._branches(x, t_x, age)
        return np.asarray(expit(alive - dropped))

    def expected_orders(self, weeks: Array) -> Floats:
        """E[X(t)]: repeat orders of a new customer within `weeks` of the first order."""
        return self._first_survival() * expected_orders(weeks, self.r, self.alpha, self.a, self.b + self.s)

    def count_probability(self, y: Array, weeks: Array) -> Floats:
        """P(X(t) = y) of a new customer, y = 0, 1, 2, ..."""
        return count_probability(y, weeks, self.r, self.alpha, self.a, self.b, self.s)

    def expected_future_orders(self, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """E[Y(t)]: orders within `weeks` after the end of observation | own orders."""
        x, t_x, age, weeks = floats(x, t_x, age, weeks)
        later = expected_orders(weeks, self.r + x, self.alpha + age, self.a, self.b + x + self.s)
        return np.asarray(self.alive_probability(x, t_x, age) * later)

    def future_count_probability(self, y: Array, weeks: Array, x: Array, t_x: Array, age: Array) -> Floats:
        """P(Y(t) = y | own orders): the exact posterior predictive of the orders after the end of observation."""
        y, weeks, x, t_x, age = floats(y, weeks, x, t_x, age)
        alive = self.alive_probability(x, t_x, age)
        later = count_probability(y, weeks, self.r + x, self.alpha + age, self.a, self.b + x + self.s, 0)
        return np.asarray(alive * later + (1 - alive) * (y == 0))

    def _branches(self, x: Array, t_x: Array, age: Array) -> tuple[Floats, Floats]:
        return log_branches(self.r, self.alpha, self.a, self.b, self.s, x, t_x, age)

    def _first_survival(self) -> float:
        """P(not dropped out at the first order)."""
        return self.b / (self.a + self.b) if self.s else 1.0


M = TypeVar("M", bound=DropoutModel)


def fit_model(
    model: type[M], x: Array, t_x: Array, age: Array, level: float | None = None, start: DropoutModel | None = None
) -> FitResult[M]:
    """Maximum likelihood of one of the models; the public `fit` of each module says what goes in.

    ``level``: of profile-likelihood intervals, None = none; ``start``: parameters to begin from, if some are near."""
    rows = group(x, t_x, age)
    found = estimate(rows, model.s, None if start is None else (start.r, start.alpha, start.a, start.b))
    parameters = model(*np.exp(found.theta).tolist())
    profile = None if level is None else dropout_intervals(objective(rows, model.s), found, level)
    return found.result(parameters, NAMES, rows.n, profile=profile)
