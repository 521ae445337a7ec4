"""Statistical checks that can fail: two-sided, and refused where the sample is too small to tell.

All draws are functions of their place, so a check that passes once passes for ever; the limits are wide (about one
false alarm in ten thousand) because every new test brings new draws.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

SIGMAS = 4.0
RARE = 1e-4
"""The probability under which a result is called impossible; on both sides, where too good is bad too."""

Numbers = npt.NDArray[np.float64]


def assert_mean(values: npt.ArrayLike, expected: float, *, precise_to: float, sigmas: float = SIGMAS) -> None:
    """The mean of independent ``values`` is ``expected``, measured at least as precisely as ``precise_to``."""
    sample = np.asarray(values, dtype=np.float64)
    error = float(sample.std(ddof=1) / math.sqrt(len(sample)))
    assert_close(float(sample.mean()), expected, error, precise_to=precise_to, sigmas=sigmas)


def assert_close(found: float, expected: float, error: float, *, precise_to: float, sigmas: float = SIGMAS) -> None:
    """``found`` with standard error ``error`` is ``expected``; the error itself is at most ``precise_to``."""
    assert error <= precise_to, f"standard error {error:.3g}: the sample is too small to tell {precise_to:.3g}"
    assert abs(found - expected) <= sigmas * error, (
        f"{found:.6g} is {abs(found - expected) / max(error, 1e-300):.1f} standard errors from {expected:.6g}"
    )


def assert_share(hits: int, trials: int, expected: float, *, precise_to: float) -> None:
    """``hits`` of ``trials`` independent tries is a share of ``expected``."""
    error = math.sqrt(expected * (1 - expected) / trials)
    assert_close(hits / trials, expected, error, precise_to=precise_to)


def assert_uniform(u: Numbers, *, bins: int = 256) -> None:
    """Uniform on [0, 1): chi-square over equal bins and Kolmogorov-Smirnov, both two-sided."""
    assert len(u) >= 20 * bins, "too few values to tell"
    assert u.min() >= 0
    assert u.max() < 1
    counts = np.bincount((u * bins).astype(np.int64), minlength=bins)
    _assert_ordinary(stats.chi2.cdf(stats.chisquare(counts).statistic, bins - 1), "chi-square of the bins")
    _assert_ordinary(stats.kstest(u, "uniform").pvalue, "Kolmogorov-Smirnov")


def assert_independent(u: Numbers, v: Numbers, *, bins: int = 16) -> None:
    """Pairs (u, v) are uniform on the square, and u and v are uncorrelated."""
    assert len(u) >= 20 * bins**2, "too few values to tell"
    cell = (u * bins).astype(np.int64) * bins + (v * bins).astype(np.int64)
    counts = np.bincount(cell, minlength=bins**2)
    _assert_ordinary(stats.chi2.cdf(stats.chisquare(counts).statistic, bins**2 - 1), "chi-square of the pairs")
    correlation = float(np.corrcoef(u, v)[0, 1])
    assert abs(correlation) * math.sqrt(len(u)) < SIGMAS, f"correlation {correlation:.2g}"


def assert_same_distribution(a: Numbers, b: Numbers) -> None:
    """Two independent samples come from one distribution (Kolmogorov-Smirnov)."""
    p = stats.ks_2samp(a, b).pvalue
    assert p > RARE, f"Kolmogorov-Smirnov p = {p:.2g}"


def _assert_ordinary(p: float, what: str) -> None:
    assert RARE < p < 1 - RARE, f"{what}: p = {p:.2g}"
