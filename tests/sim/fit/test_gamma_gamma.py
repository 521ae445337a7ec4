"""Gamma-Gamma: the CDNOW estimates, Bayes' rule by quadrature, invariants, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.errors import InputError
from sim.fit import gamma_gamma
from sim.fit.gamma_gamma import GammaGamma
from sim.orders import RepeatSummary

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)


def test_estimates_of_the_paper(histories: RepeatSummary) -> None:
    fit = gamma_gamma.fit(histories.n_positive, histories.mean_value)
    m = fit.parameters
    assert fit.n == 946
    assert [m.p, m.q, m.gamma] == pytest.approx([6.25, 3.74, 15.45], abs=0.01)
    assert list(fit.se.values()) == pytest.approx([1.19, 0.29, 4.16], abs=0.01)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert m.log_likelihood(*_buyers(histories)).sum() == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert m.mean_value == pytest.approx(35.17, abs=0.01)


def test_mean_value_of_repeat_buyers(histories: RepeatSummary) -> None:
    assert _buyers(histories)[1].mean() == pytest.approx(35.08, abs=0.01)


def test_expected_value_of_the_note() -> None:
    assert PUBLISHED.expected_value([1, 10], [40, 40]) == pytest.approx([38.54, 39.80], abs=0.005)


def test_expected_value_is_a_weighted_average() -> None:
    n, z = 3, 80.0
    weight = PUBLISHED.p * n / (PUBLISHED.p * n + PUBLISHED.q - 1)
    average = weight * z + (1 - weight) * PUBLISHED.mean_value
    assert PUBLISHED.expected_value(n, z) == pytest.approx(average)
    assert PUBLISHED.expected_value(0, 0.0) == pytest.approx(PUBLISHED.mean_value)


@pytest.mark.parametrize(("n", "z"), [(1, 12.0), (4, 33.0), (9, 90.0)])
def test_likelihood_and_posterior_by_quadrature(n: int, z: float) -> None:
    """Integrate the density of the mean, Gamma(pn, rate nu n), over nu."""
    p, q, gamma = PUBLISHED.p, PUBLISHED.q, PUBLISHED.gamma
    nu = np.linspace(1e-6, 5, 400_001)
    joint = stats.gamma.pdf(z, p * n, scale=1 / (nu * n)) * stats.gamma.pdf(nu, q, scale=1 / gamma)
    total = np.trapezoid(joint, nu)
    assert PUBLISHED.log_likelihood(n, z) == pytest.approx(np.log(total), rel=1e-8)
    shape, rate = PUBLISHED.nu_posterior(n, z)
    assert np.trapezoid(nu * joint, nu) / total == pytest.approx(float(shape / rate), rel=1e-8)
    assert np.trapezoid(p / nu * joint, nu) / total == pytest.approx(float(PUBLISHED.expected_value(n, z)))


@settings(max_examples=12, deadline=None)
@given(st.floats(0.001, 10_000))
def test_fit_knows_no_currency(factor: float) -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(1, 6, 300)
    z = rng.gamma(6 * n, 1 / n) / rng.gamma(4, 1, 300)
    one, other = gamma_gamma.fit(n, z), gamma_gamma.fit(n, factor * z)
    assert other.parameters.gamma == pytest.approx(factor * one.parameters.gamma, rel=1e-4)
    assert other.parameters.p == pytest.approx(one.parameters.p, rel=1e-4)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - 300 * np.log(factor), abs=1e-5)


def test_customers_without_value_are_left_out(histories: RepeatSummary) -> None:
    n, z = _buyers(histories)
    fit, padded = gamma_gamma.fit(n, z), gamma_gamma.fit(np.append(n, 0), np.append(z, 0.0))
    assert padded.parameters == fit.parameters
    assert padded.n == fit.n


@pytest.mark.parametrize(
    ("n", "mean", "message"),
    [
        ([0, 0, 0], [0, 0, 0], "too few customers with a repeat order"),
        ([2], [5.0], "too few customers"),
        ([2, 3], [5.0, 5.0], "all customers spend the same"),
        ([1, 1, 1], [5.0, 6.0, 7.0], "nobody has two repeat orders"),
        ([1, 2], [5.0, -6.0], "customer 1: n=2, mean=-6"),
        ([1, 2], [np.nan, 6.0], "customer 0"),
        ([1, 2], [6.0], "must be of one length"),
    ],
)
def test_data_that_cannot_be_fitted(n: list[int], mean: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gamma_gamma.fit(n, mean)


def test_endless_mean_is_infinite_not_negative() -> None:
    assert GammaGamma(6, 0.9, 15).mean_value == np.inf
    assert GammaGamma(6, 0.9, 15).expected_value(0, 0.0) == np.inf


def _buyers(h: RepeatSummary) -> tuple[np.ndarray, np.ndarray]:
    used = h.n_positive > 0
    return h.n_positive[used], h.mean_value[used]
