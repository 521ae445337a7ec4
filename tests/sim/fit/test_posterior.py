"""The posterior mixture against Bayes' rule on a grid."""

from __future__ import annotations

import numpy as np
import pytest

from sim.fit.bg_nbd import BgNbd
from sim.fit.gamma_gamma import GammaGamma
from sim.fit.mbg_nbd import MbgNbd
from sim.fit.posterior import spend_posterior, trait_posterior


@pytest.mark.parametrize("model", [BgNbd(1.3, 4.4, 1.8, 2.4), MbgNbd(1.5, 6.2, 1.9, 2.6)])
@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0.0, 9.0), (1, 4.0, 12.0), (6, 11.0, 20.0)])
def test_traits_follow_bayes_rule(model: BgNbd | MbgNbd, x: int, t_x: float, age: float) -> None:
    """Prior times likelihood of (lambda, p) on a fine grid, in the two branches."""
    rate = (np.arange(3000) + 0.5) * 0.001
    p = ((np.arange(1000) + 0.5) / 1000)[:, None]
    prior = rate ** (model.r - 1) * np.exp(-model.alpha * rate) * p ** (model.a - 1) * (1 - p) ** (model.b - 1)
    k = x + model.s
    alive = prior * (1 - p) ** k * rate**x * np.exp(-rate * age)
    dropped = prior * p * (1 - p) ** (k - 1) * rate**x * np.exp(-rate * t_x) if k else np.zeros_like(alive)
    got = trait_posterior(model, [x], [t_x], [age])
    assert got.p_alive[0] == pytest.approx(alive.sum() / (alive + dropped).sum(), rel=1e-3)
    mean_rate = (rate * (alive + dropped)).sum() / (alive + dropped).sum()
    assert got.mean_rate()[0] == pytest.approx(mean_rate, rel=1e-3)
    mean = {"rate": got.rate_shape / got.rate_alive}
    mean["p"] = got.dropout_a_alive / (got.dropout_a_alive + got.dropout_b_alive)
    assert mean["rate"][0] == pytest.approx((rate * alive).sum() / alive.sum(), rel=1e-3)
    assert mean["p"][0] == pytest.approx((p * alive).sum() / alive.sum(), rel=1e-3)
    if k:
        rate_dropped = got.rate_shape / got.rate_dropped
        p_dropped = got.dropout_a_dropped / (got.dropout_a_dropped + got.dropout_b_dropped)
        assert rate_dropped[0] == pytest.approx((rate * dropped).sum() / dropped.sum(), rel=1e-3)
        assert p_dropped[0] == pytest.approx((p * dropped).sum() / dropped.sum(), rel=1e-3)


def test_one_time_buyers_are_alive_in_bg_nbd_and_may_be_gone_in_mbg_nbd() -> None:
    history = [0, 0], [0, 0], [1.0, 60.0]
    assert trait_posterior(BgNbd(0.25, 4.8, 0.7, 2.2), *history).p_alive.tolist() == [1, 1]
    new, old = trait_posterior(MbgNbd(0.64, 7.3, 0.8, 1.2), *history).p_alive
    assert 0.1 < old < new < 1.2 / (0.8 + 1.2)


def test_all_parameters_are_positive_and_of_one_length() -> None:
    got = trait_posterior(BgNbd(0.25, 4.8, 0.7, 0.2), [0, 1, 9], [0, 1, 9], [10, 10, 10])
    for array in vars(got).values():
        if array is None:  # no ticks are counted
            continue
        assert array.shape == (3,)
        assert (array > 0).all()


def test_spend_is_the_prior_without_orders_and_adds_up_with_them() -> None:
    got = spend_posterior(GammaGamma(6.25, 3.74, 15.44), [0, 4], [0.0, 30.0])
    assert got.shape == pytest.approx([3.74, 3.74 + 25])
    assert got.rate == pytest.approx([15.44, 15.44 + 120])
