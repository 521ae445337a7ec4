"""Do the intervals of a fit hold the truth as often as they say? Worlds made by the engine, refitted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.scenarios.recovery_worlds import NAMES, Recovered, recover

pytestmark = pytest.mark.usefixtures("kernels")


def refit(worlds: int) -> list[Recovered]:
    """Those that converged; a fit that says it found no maximum promises nothing."""
    found = [each for each in (recover(seed) for seed in range(worlds)) if each.converged]
    assert len(found) >= 0.95 * worlds
    return found


@pytest.mark.slow
def test_a_sample_of_worlds_is_recovered(kernels):
    """10 worlds x 6 parameters: few misses, as a binomial with chance .1 has them, and no error is absurd."""
    found = refit(10)
    z = np.array([[each.z[name] for name in NAMES] for each in found])
    misses = sum(not each.inside[name] for each in found for name in NAMES)
    assert misses <= stats.binom.ppf(0.9999, z.size, 0.1)
    assert np.abs(z).max() < 4.5
    assert np.abs(z).mean() > 0.4, "intervals that never miss are too wide"


@pytest.mark.proof
def test_nine_in_ten_intervals_hold_the_truth(kernels, capsys):
    """400 worlds: 90 % intervals hold the truth in 86 to 94 % of them, and no estimate is off to one side.

    A bias of a third of a standard error would be seen (it is seven standard errors of the mean error).
    """
    found = refit(400)
    share = {name: float(np.mean([each.inside[name] for each in found])) for name in NAMES}
    z = {name: np.array([each.z[name] for each in found]) for name in NAMES}
    with capsys.disabled():
        for name in NAMES:
            error = f"{z[name].mean():+.2f} +- {z[name].std():.2f} standard errors"
            print(f"\n{name}: {share[name]:.1%} of {len(found)}; error {error}", end="")
    assert all(0.86 <= each <= 0.94 for each in share.values()), share
    assert all(abs(each.mean()) < 0.33 for each in z.values())
