"""The models that are not simulated: published figures, and that they tell the same story as the one that is."""

import numpy as np
import pytest

from sim.errors import InputError
from sim.fit import bg_bb, bg_nbd, mbg_nbd, nbd, pareto_nbd
from sim.fit.pareto_nbd import ParetoNbd
from tests.sim.fit.conftest import CALIBRATION_END

PUBLISHED = ParetoNbd(0.553, 10.578, 0.606, 11.669)


@pytest.fixture(scope="module")
def data(histories, sample):
    later = np.zeros(len(histories))
    np.add.at(later, np.searchsorted(histories.customer, sample.customer[sample.day > CALIBRATION_END]), 1.0)
    return (histories.frequency, histories.recency_weeks, histories.age_weeks), later


@pytest.fixture(scope="module")
def pareto(data):
    return pareto_nbd.fit(*data[0])


def test_nbd(data):
    found = nbd.fit(*data[0])
    assert found.parameters.r == pytest.approx(0.385, rel=1e-3)
    assert found.parameters.alpha == pytest.approx(12.072, rel=1e-3)
    assert found.log_likelihood == pytest.approx(-9763.66, abs=0.01)
    assert found.converged


def test_pareto_nbd(pareto, data):
    p = pareto.parameters
    assert (p.r, p.alpha, p.s, p.beta) == tuple(pytest.approx(v, abs=1e-3) for v in (0.553, 10.578, 0.606, 11.669))
    assert pareto.log_likelihood == pytest.approx(-9594.974, abs=0.01)
    assert PUBLISHED.log_likelihood(*data[0]).sum() == pytest.approx(pareto.log_likelihood, abs=0.01)
    errors = [pareto.se[name] for name in pareto_nbd.NAMES]
    assert errors == [pytest.approx(v, rel=0.02) for v in (0.048, 0.843, 0.187, 6.215)]


def test_expected_orders_of_pareto_nbd():
    assert PUBLISHED.expected_orders([39, 78]) == pytest.approx([1.21300, 1.90940], abs=1e-5)
    y = np.arange(300)
    for weeks in (5.0, 39.0):
        chance = PUBLISHED.count_probability(y, weeks)
        assert chance.sum() == pytest.approx(1, abs=1e-6)
        assert (y * chance).sum() == pytest.approx(float(PUBLISHED.expected_orders(weeks)), rel=1e-4)


def test_histogram_of_pareto_nbd(pareto, data):
    """Published: chi-square 11.99 with 3 degrees of freedom."""
    x, _, age = data[0]
    expected = np.array([pareto.parameters.count_probability(float(k), age).sum() for k in range(7)])
    expected = np.append(expected, x.size - expected.sum())
    seen = np.bincount(np.minimum(x, 7))
    assert seen.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert ((seen - expected) ** 2 / expected).sum() == pytest.approx(11.99, abs=0.05)


def test_forecasts_of_the_models_agree(pareto, data):
    history, later = data
    bg, mbg = (module.fit(*history).parameters for module in (bg_nbd, mbg_nbd))
    of_pareto = pareto.parameters.expected_future_orders(39, *history)
    of_bg = bg.expected_future_orders(39, *history)
    assert np.corrcoef(of_pareto, later)[0, 1] == pytest.approx(0.6302, abs=0.0005)
    assert np.corrcoef(of_bg, later)[0, 1] == pytest.approx(0.6256, abs=0.0005)
    assert np.corrcoef(of_pareto, of_bg)[0, 1] == pytest.approx(0.9955, abs=0.0005)
    assert np.corrcoef(of_pareto, mbg.expected_future_orders(39, *history))[0, 1] > 0.98
    nothing_leaves = nbd.fit(*history).parameters.expected_future_orders(39, *history)
    assert abs(of_bg.sum() - later.sum()) < 0.5 * abs(nothing_leaves.sum() - later.sum())


def test_week_78_of_pareto_nbd(pareto, histories, sample):
    """Published: 2 % below the orders that came by week 78 of the year."""
    start = int(np.datetime64("1997-01-01", "D").astype(np.int64))
    weeks = (start + 78 * 7 - histories.first_day - 1) / 7.0
    assert int((np.bincount(sample.customer) - 1).sum()) == 4339
    forecast = pareto.parameters.expected_orders(weeks).sum()
    assert 100 * (forecast / 4339 - 1) == pytest.approx(-1.6, abs=0.1)


def test_life_probabilities_of_pareto_nbd():
    alive = PUBLISHED.alive_probability([0, 2, 2, 7], [0, 30.43, 5.0, 29.43], [38.86] * 4)
    assert (alive[1] > alive[0]) & (alive[0] > alive[2])
    assert ((alive > 0) & (alive < 1)).all()
    assert PUBLISHED.alive_probability(3, 20.0, 20.0) == pytest.approx(1)
    # alpha = beta and its two sides
    sides = [ParetoNbd(0.5, 10 + gap, 0.6, 10).log_likelihood(2, 8.0, 30.0) for gap in (-1e-6, 0, 1e-6)]
    assert sides == [pytest.approx(sides[1], abs=1e-6)] * 3


DONATIONS = [
    (0, 0, 3464), (1, 1, 1091), (1, 2, 277), (1, 3, 129), (1, 4, 78), (1, 5, 119), (1, 6, 129), (2, 2, 613), (2, 3, 255),
    (2, 4, 155), (2, 5, 173), (2, 6, 234), (3, 3, 322), (3, 4, 181), (3, 5, 225), (3, 6, 357), (4, 4, 240), (4, 5, 284),
    (4, 6, 512), (5, 5, 335), (5, 6, 728), (6, 6, 1203),
]  # fmt: skip
"""Years with a donation, the last of them, donors; six years, first donation in 1995 (Fader, Hardie and Shang 2010)."""


def test_bg_bb_on_the_donations():
    x, t_x, donors = np.array(DONATIONS).T
    assert donors.sum() == 11_104
    found = bg_bb.fit(x, t_x, 6, donors)
    p = found.parameters
    assert (p.alpha, p.beta, p.gamma, p.delta) == tuple(
        pytest.approx(v, abs=1e-3) for v in (1.2035, 0.7497, 0.6567, 2.7834)
    )
    assert found.log_likelihood == pytest.approx(-33225.58, abs=0.01)


def test_bg_bb_counts_every_sequence_once():
    """Over all sequences of four occasions the likelihoods sum to one."""
    model, total = bg_bb.BgBb(1.2, 0.75, 0.66, 2.8), 0.0
    for bits in range(16):
        bought = [k + 1 for k in range(4) if bits >> k & 1]
        total += float(np.exp(model.log_likelihood(len(bought), max(bought, default=0), 4)))
    assert total == pytest.approx(1)


def test_impossible_occasions():
    with pytest.raises(InputError, match="impossible pattern of occasions"):
        bg_bb.fit([2, 3], [2, 1], [6, 6])
