"""Maximum likelihood over positive parameters: several starts, Newton polish, errors from the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]
"""Logarithms of the parameters (k,) -> log-likelihood and its gradient (k,) in them."""
P = TypeVar("P")
MEAN_DROPOUT = "a/(a+b)"
"""Name of the mean dropout probability among intervals."""

BOUND = 9.0
"""Logarithms of parameters stay within +-9 (.0001 .. 8,100) around their scale."""
_STEP = 1e-4
_GRADIENT = 1e-7
"""Largest slope per observation at which the search counts as finished."""


@dataclass(frozen=True)
class FitResult(Generic[P]):
    """Maximum-likelihood estimate of one model."""

    parameters: P
    se: dict[str, float]
    """Standard error by parameter name, delta method from the Hessian in logarithms; NaN where not identified."""
    log_likelihood: float
    n: int
    """Customers that the likelihood is a product over."""
    converged: bool
    """The slope vanishes at the estimate and no parameter ran to its bound."""
    at_bound: tuple[str, ...]
    """Parameters that ran to the end of the range searched: the data do not determine them."""
    log_correlation: Floats
    """(k, k) correlation of the estimates' logarithms; NaN where not identified."""
    profile: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Profile-likelihood intervals by name, where they were asked for; an open end is 0 or infinite."""

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval of one parameter, symmetric in its logarithm, so always positive."""
        value = float(getattr(self.parameters, name))
        factor = float(np.exp(ndtri(0.5 + level / 2) * self.se[name] / value))
        return value / factor, value * factor


@dataclass(frozen=True)
class Optimum:
    """Where the search ended."""

    theta: Floats
    """(k,) logarithms of the parameters."""
    value: float
    log_covariance: Floats
    """(k, k) inverse of the negative Hessian in `theta`; NaN where that is not positive definite."""
    at_bound: npt.NDArray[np.bool_]
    converged: bool

    def result(
        self,
        parameters: P,
        names: Sequence[str],
        n: int,
        shift: float = 0.0,
        profile: Mapping[str, tuple[float, float]] | None = None,
    ) -> FitResult[P]:
        """As a result; `shift` is added to the log-likelihood (for data that were scaled before the search)."""
        log_se = np.sqrt(np.diag(self.log_covariance))
        return FitResult(
            parameters=parameters,
            se={name: float(getattr(parameters, name) * log_se[i]) for i, name in enumerate(names)},
            log_likelihood=self.value + shift,
            n=n,
            converged=self.converged,
            at_bound=tuple(name for name, hit in zip(names, self.at_bound, strict=True) if hit),
            log_correlation=self.log_covariance / np.outer(log_se, log_se),
            profile=profile or {},
        )


def maximize(objective: Objective, starts: Sequence[Floats], n: int) -> Optimum:
    """Best of several quasi-Newton searches, polished by Newton steps.

    Parameters
    ----------
    objective : log-likelihood and gradient in the logarithms of the parameters.
    starts : (k,) logarithms each; the bounds lie around 0, so parameters should be scaled to order one.
    n : observations, to judge the slope.
    """

    def cost(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(theta)
        return -value / n, -gradient / n

    bounds = [(-BOUND, BOUND)] * starts[0].size
    searches = [_search(cost, start, bounds) for start in starts]
    best = min(searches, key=lambda search: float(search.fun))
    theta = _newton(objective, np.asarray(best.x, dtype=np.float64))
    value, gradient = objective(theta)
    at_bound = np.abs(theta) > BOUND - 0.5
    free = ~at_bound
    flat = bool(np.all(np.abs(gradient[free]) <= _GRADIENT * n))
    covariance = _covariance(objective, theta, free)
    identified = bool(np.isfinite(np.diag(covariance)).all())
    return Optimum(theta, value, covariance, at_bound, flat and identified)


def _search(cost: Objective, start: Floats, bounds: list[tuple[float, float]]) -> OptimizeResult:
    return minimize(
        cost,
        start,
        method="L-BFGS-B",
        jac=True,
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
    )


def _newton(objective: Objective, theta: Floats) -> Floats:
    """A few Newton steps, each taken only if it does not make the likelihood worse."""
    value, gradient = objective(theta)
    for _ in range(8):
        hessian = _hessian(objective, theta)
        if np.linalg.eigvalsh(hessian).max() >= 0:
            break
        step = -np.linalg.solve(hessian, gradient)
        new = theta + step
        if np.abs(new).max() > BOUND or np.abs(step).max() < 1e-11:
            break
        new_value, new_gradient = objective(new)
        if not new_value >= value - 1e-12 * abs(value):
            break
        theta, value, gradient = new, new_value, new_gradient
    return theta


def _hessian(objective: Objective, theta: Floats) -> Floats:
    """(k, k) central differences of the analytic gradient."""
    columns = []
    for index in range(theta.size):
        step = np.zeros(theta.size)
        step[index] = _STEP
        columns.append((objective(theta + step)[1] - objective(theta - step)[1]) / (2 * _STEP))
    square = np.array(columns)
    return (square + square.T) / 2


def _covariance(objective: Objective, theta: Floats, free: npt.NDArray[np.bool_]) -> Floats:
    covariance = np.full((theta.size, theta.size), np.nan)
    information = -_hessian(objective, theta)[np.ix_(free, free)]
    if free.any() and np.linalg.eigvalsh(information).min() > 0:
        covariance[np.ix_(free, free)] = np.linalg.inv(information)
    return covariance
