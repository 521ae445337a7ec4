"""Do the intervals of a fit hold the truth as often as they say? Worlds made by the engine, refitted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.scenarios.recovery_worlds import NAMES, Z90, recover

pytestmark = pytest.mark.usefixtures("kernels")


def refit(worlds: int) -> np.ndarray:
    """(converged worlds, parameters) errors in standard errors; a fit that says it found no maximum promises nothing."""
    found = [each for each in (recover(seed) for seed in range(worlds)) if each.converged]
    assert len(found) >= 0.95 * worlds
    return np.array([[each.z[name] for name in NAMES] for each in found])


@pytest.mark.slow
def test_a_sample_of_worlds_is_recovered(kernels):
    """10 worlds x 6 parameters: few misses, as a binomial with chance .1 has them, and no error is absurd."""
    z = refit(10)
    misses = int((np.abs(z) > Z90).sum())
    assert misses <= stats.binom.ppf(0.9999, z.size, 0.1)
    assert np.abs(z).max() < 4.5
    assert np.abs(z).mean() > 0.4, "intervals that never miss are too wide"


@pytest.mark.proof
def test_nine_in_ten_intervals_hold_the_truth(kernels, capsys):
    """400 worlds: 90 % intervals hold the truth in 86 to 94 % of them; those of r and a/(a+b) in 82 % at least.

    These two are a little short, by theory: with three repeat orders a customer and 2,000 customers the likelihood is
    not yet a parabola. In continuous time and without any contact, textbook model and fit, it is the same (88 and 83 %
    of 80 such worlds).
    """
    z = refit(400)
    share = (np.abs(z) < Z90).mean(axis=0)
    with capsys.disabled():
        for name, cover, mean, sd in zip(NAMES, share, z.mean(axis=0), z.std(axis=0), strict=True):
            print(f"\n{name}: {cover:.1%} of {len(z)}; error {mean:+.2f} +- {sd:.2f} standard errors", end="")
    least = np.array([0.82 if name in ("r", "a/(a+b)") else 0.86 for name in NAMES])
    assert ((share >= least) & (share <= 0.94)).all()
