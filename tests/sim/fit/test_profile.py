"""Profile-likelihood intervals: against standard errors where these are exact, and against roots where they are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from sim.fit import mbg_nbd
from sim.fit._dropout_model import fit_model
from sim.fit._maximize import maximize
from sim.fit._profile import CHI2_95, profile_intervals
from sim.fit.day_grid import on_day_grid
from sim.fit.mbg_nbd import MbgNbd
from tests.sim.fit.test_day_grid import TRUTH, lived


def test_of_a_parabola_they_are_those_of_the_standard_errors():
    covariance = np.array([[0.5, 0.3, 0.0], [0.3, 0.4, -0.1], [0.0, -0.1, 0.2]])
    inverse, top = np.linalg.inv(covariance), np.array([0.3, -1.0, 2.0])

    def parabola(theta):
        return -float((theta - top) @ inverse @ (theta - top)) / 2, -inverse @ (theta - top)

    found = maximize(parabola, [np.zeros(3)], 1)
    contrasts = {"first": np.array([1.0, 0, 0]), "difference": np.array([1.0, -1.0, 0])}
    for name, (low, high) in profile_intervals(parabola, found, contrasts, 0.95).items():
        c = contrasts[name]
        half = math.sqrt(CHI2_95 * (c @ covariance @ c))
        assert (low, high) == (pytest.approx(c @ top - half, abs=1e-3), pytest.approx(c @ top + half, abs=1e-3))


def negative_binomial(counts):
    """Its log-likelihood in the logarithms of shape and rate (exposure 1), and the gradient."""
    from scipy.special import gammaln, psi

    def value(theta):
        r, alpha = np.exp(theta)
        each = gammaln(r + counts) - gammaln(r) + r * np.log(alpha) - (r + counts) * np.log1p(alpha)
        to_r = psi(r + counts) - psi(r) + np.log(alpha) - np.log1p(alpha)
        to_alpha = r / alpha - (r + counts) / (1 + alpha)
        return float(each.sum()), np.array([to_r.sum() * r, to_alpha.sum() * alpha])

    return value


def test_of_a_bent_likelihood_they_end_where_the_profile_does():
    """Few negative binomial counts: each end of r by a root of the profile, the other parameter sought for each r."""
    rng = np.random.default_rng(3)
    likelihood = negative_binomial(rng.poisson(rng.gamma(0.8, 1.5, 60)))
    found = maximize(likelihood, [np.zeros(2)], 60)
    low, high = profile_intervals(likelihood, found, {"r": np.array([1.0, 0.0])}, 0.95)["r"]

    def beyond(log_r):
        best = minimize_scalar(lambda log_alpha: -likelihood(np.array([log_r, log_alpha]))[0], bounds=(-6, 8))
        return 2 * (found.value + best.fun) - CHI2_95

    assert low == pytest.approx(brentq(beyond, found.theta[0] - 3, found.theta[0]), abs=0.01)
    assert high == pytest.approx(brentq(beyond, found.theta[0], found.theta[0] + 5), abs=0.01)
    assert high - found.theta[0] > 1.05 * (found.theta[0] - low), "the longer side is above"


def test_an_end_that_the_data_leave_open_is_infinite():
    """Counts hardly more spread than Poisson: r may be as large as one likes."""
    likelihood = negative_binomial(np.array([0, 1, 1, 2, 2, 3, 4, 1, 0, 2, 5, 0, 2, 1]))
    found = maximize(likelihood, [np.zeros(2)], 14)
    low, high = profile_intervals(likelihood, found, {"r": np.array([1.0, 0.0])}, 0.95)["r"]
    assert math.isfinite(low)
    assert high == math.inf


def test_a_fit_carries_them_on_request():
    history = on_day_grid(lived(TRUTH, 3_000, 364, seed=2))
    assert mbg_nbd.fit(*history).profile == {}
    fit = fit_model(MbgNbd, *history, 0.95)
    assert set(fit.profile) == {"r", "alpha", "a", "b", "a/(a+b)"}
    for name in ("r", "alpha"):
        (low, high), wald = fit.profile[name], fit.interval(name)
        assert low < getattr(fit.parameters, name) < high
        assert (low, high) == (pytest.approx(wald[0], rel=0.1), pytest.approx(wald[1], rel=0.1))
    low, high = fit.profile["a/(a+b)"]
    assert 0 < low < fit.parameters.mean_dropout < high < 1
