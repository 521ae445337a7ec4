"""Regular ordering: the model with Erlang-k gaps against MBG/NBD, against brute force, and on orders of known k."""

import numpy as np
import pytest
from scipy import integrate
from scipy.special import beta, factorial, gamma

from sim.errors import InputError
from sim.fit import mbg_cnbd, mbg_nbd
from sim.fit.mbg_cnbd import MbgCnbd
from sim.fit.organic import fit_organic
from sim.fit.posterior import trait_posterior
from sim.orders import OrderLog
from tests.sim.fit.conftest import CALIBRATION_END

WEEKS = 52.0


def ticking(k, n=2_000, seed=1, weeks=WEEKS):
    """Order times of n customers within ``weeks``, in continuous time, and orders in the half-year after."""
    rng = np.random.default_rng(seed)
    rate, p = rng.gamma(2.0, 1 / 4.0, n) * k, rng.beta(1.0, 4.0, n)
    x, last, gaps, later = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    clock, active = np.zeros(n), rng.random(n) >= p
    while active.any():
        wait = rng.gamma(k, 1 / rate)
        clock = clock + wait
        inside, after = active & (clock <= weeks), active & (clock > weeks) & (clock <= weeks + 26)
        x[inside] += 1
        last[inside] = clock[inside]
        gaps[inside] += np.log(wait[inside])
        later[after] += 1
        active &= (clock <= weeks + 26) & (rng.random(n) >= p)
    return x, last, np.full(n, weeks), gaps, later


def test_one_tick_is_mbg_nbd(histories):
    x, t_x, age = histories.frequency, histories.recency_weeks, histories.age_weeks
    numbers = (0.525, 6.183, 0.891, 1.614)
    one, plain = MbgCnbd(*numbers, k=1), mbg_nbd.MbgNbd(*numbers)
    assert one.log_likelihood(x, t_x, age) == pytest.approx(plain.log_likelihood(x, t_x, age))
    assert one.alive_probability(x, t_x, age) == pytest.approx(plain.alive_probability(x, t_x, age))
    assert one.expected_future_orders(39.0, x, t_x, age) == pytest.approx(
        plain.expected_future_orders(39.0, x, t_x, age), rel=1e-6
    )


@pytest.mark.parametrize("k", [2, 3])
def test_the_likelihood_is_the_integral_over_the_traits(k):
    model, x, t_x, age = MbgCnbd(1.3, 5.0, 0.9, 2.1, k=k), 2, 9.0, 14.0
    taus = np.array([4.0, 5.0])

    j = np.arange(k)[:, None, None]
    lam, p = np.linspace(1e-9, 6.0, 1_201)[:, None], (np.arange(2_000)[None, :] + 0.5) / 2_000
    waiting = np.sum((lam * (age - t_x)) ** j / factorial(j), axis=0) * np.exp(-lam * (age - t_x))
    times = lam ** (k * x) * np.prod(taus ** (k - 1)) * np.exp(-lam * t_x) / factorial(k - 1) ** x
    prior = lam**0.3 * np.exp(-5.0 * lam) * 5.0**1.3 / gamma(1.3) * p**-0.1 * (1 - p) ** 1.1 / beta(0.9, 2.1)
    each = (1 - p) ** x * times * (p + (1 - p) * waiting) * prior
    whole = integrate.simpson(each.mean(axis=1), x=lam[:, 0])
    assert np.exp(float(model.log_likelihood(x, t_x, age, np.log(taus).sum()))) == pytest.approx(whole, rel=1e-3)


@pytest.mark.parametrize("k", [1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_the_k_that_made_the_orders_is_found(k):
    *history, later = ticking(k)
    fits = mbg_cnbd.regularity(*history)
    found = mbg_cnbd.best(fits)
    assert found.parameters.k == k
    assert found.parameters.r == pytest.approx(2.0, abs=4 * found.se["r"])
    x, t_x, age, _ = history
    forecast = found.parameters.expected_future_orders(26.0, x, t_x, age)
    assert forecast.sum() == pytest.approx(later.sum(), rel=0.08)
    assert np.corrcoef(forecast, later)[0, 1] > 0.5
    if k == 4:
        plain = fits[0].parameters
        late = age - t_x > 3 * np.maximum(t_x, 1) / np.maximum(x, 1)
        mine = (late & (x > 3)).nonzero()[0]
        assert (
            found.parameters.alive_probability(x, t_x, age)[mine].mean()
            < plain.alive_probability(x, t_x, age)[mine].mean()
        )


def test_the_orders_of_the_music_shop_are_not_regular(sample, histories):
    gaps = mbg_cnbd.log_gaps(sample, CALIBRATION_END)
    fits = mbg_cnbd.regularity(histories.frequency, histories.recency_weeks, histories.age_weeks, gaps)
    assert mbg_cnbd.best(fits).parameters.k == 1
    assert fits[0].log_likelihood == pytest.approx(-9582.13, abs=0.01)
    assert len(fits) == 2


def test_gaps_between_orders():
    log = OrderLog(
        np.array(["a", "b", "c"]),
        np.array([0, 0, 0, 1, 2, 2], dtype=np.int32),
        np.array([0, 7, 21, 3, 5, 40], dtype=np.int32),
        np.ones(6),
    )
    assert mbg_cnbd.log_gaps(log, 30).tolist() == [pytest.approx(np.log(2)), 0.0, 0.0]


def test_k_is_a_number_of_ticks(histories):
    with pytest.raises(InputError, match="must be a whole number"):
        mbg_cnbd.fit(0, histories.frequency, histories.recency_weeks, histories.age_weeks, 0.0)


def even_orders():
    """Orders nearly every four weeks, over two years."""
    rng = np.random.default_rng(3)
    n = 300
    gaps = np.maximum(rng.gamma(9, 28 / 9, (n, 60)), 1)
    day = np.cumsum(np.column_stack([rng.integers(0, 60, n), gaps]), axis=1).astype(np.int32)
    stays = np.cumprod(rng.random((n, 61)) > 0.05, axis=1).astype(bool)
    kept = (day < 730) & stays
    kept[:, 0] = True
    who = np.broadcast_to(np.arange(n)[:, None], day.shape)[kept].astype(np.int32)
    return OrderLog(np.array([f"{i:03d}" for i in range(n)]), who, day[kept], rng.gamma(5, 4, who.size))


def test_a_fit_takes_the_regular_model_where_it_tells_held_out_orders_better():
    fit = fit_organic(even_orders())
    assert fit.to_dict()["regularity"]["k"] > 2
    assert (fit.model, fit.organic.parameters.k) == ("mbg-cnbd", fit.to_dict()["regularity"]["k"])
    assert fit.choice.regular_difference > 2 * fit.choice.regular_difference_se
    assert fit.to_dict()["day_grid"]["k"] == fit.organic.parameters.k
    assert fit.irregular.parameters.name == "mbg-nbd"


def test_a_fit_tells_that_orders_are_too_even():
    fit = fit_organic(even_orders(), model="mbg-nbd")
    assert fit.model == "mbg-nbd"
    assert any("more evenly than by chance" in warning for warning in fit.warnings)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_chances_of_counts_sum_to_one_and_to_the_expectation(k):
    model = MbgCnbd(1.3, 5.0, 0.9, 2.1, k)
    for history in ((0, 0.0, 0.0), (0, 0.0, 30.0), (3, 9.0, 14.0)):
        y = np.arange(200)
        chance = model.future_count_probability(y, 20.0, *history)
        assert (chance >= -1e-12).all()
        assert chance.sum() == pytest.approx(1)
        assert (y * chance).sum() == pytest.approx(float(model.expected_future_orders(20.0, *history)), rel=1e-6)
    assert model.expected_orders(20.0) == pytest.approx((y * model.count_probability(y, 20.0)).sum(), rel=1e-6)
    plain = mbg_nbd.MbgNbd(1.3, 5.0, 0.9, 2.1)
    if k == 1:
        assert chance == pytest.approx(plain.future_count_probability(y, 20.0, *history))


def test_the_posterior_is_bayes_rule_over_traits_and_ticks():
    """Mean tick rate, dropout and ticks since the last order, by brute force over a grid."""
    k, x, t_x, age = 3, 2, 9.0, 14.0
    model = MbgCnbd(1.3, 5.0, 0.9, 2.1, k)
    got = trait_posterior(model, x, t_x, age)
    lam, p = np.linspace(1e-9, 9.0, 1_801)[:, None], (np.arange(4_000)[None, :] + 0.5) / 4_000
    prior = lam**0.3 * np.exp(-5.0 * lam) * p**-0.1 * (1 - p) ** 1.1 * (1 - p) ** x * lam ** (k * x)
    wait = lam * (age - t_x)
    active = [prior * (1 - p) * np.exp(-lam * t_x - wait) * wait**j / factorial(j) for j in range(k)]
    dropped = prior * p * np.exp(-lam * t_x)
    mass = np.array([branch.sum() for branch in (*active, dropped)])
    assert got.p_alive == pytest.approx(mass[:k].sum() / mass.sum(), rel=2e-3)
    assert got.ticks == pytest.approx(mass[:k] / mass[:k].sum(), rel=2e-3)
    for j, branch in enumerate(active):
        assert (got.rate_shape + j) / got.rate_alive == pytest.approx((lam * branch).sum() / mass[j], rel=2e-3)
    assert got.rate_shape / got.rate_dropped == pytest.approx((lam * dropped).sum() / mass[k], rel=2e-3)
    assert got.dropout_a_alive / (got.dropout_a_alive + got.dropout_b_alive) == pytest.approx(
        sum((p * branch).sum() for branch in active) / mass[:k].sum(), rel=2e-3
    )
    everything = sum((lam * branch).sum() for branch in (*active, dropped)) / mass.sum()
    assert got.mean_rate() == pytest.approx(everything, rel=2e-3)
