"""BG/NBD and MBG/NBD: published CDNOW tables, quadrature, simulation, invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln, gammaln

from sim.errors import InputError
from sim.fit import bg_nbd, mbg_nbd
from sim.fit._dropout import _expected_orders_by_quadrature, expected_orders
from sim.fit._dropout_fit import group, objective
from sim.fit.bg_nbd import BgNbd
from sim.fit.mbg_nbd import MbgNbd
from sim.orders import OrderLog, RepeatSummary

from .conftest import CALIBRATION_END

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)
MODELS = [
    PUBLISHED,
    MbgNbd(0.525, 6.183, 0.891, 1.614),
    BgNbd(0.7, 3.0, 1.4, 0.6),
    MbgNbd(2.0, 9.0, 0.3, 0.2),
]
SEEN = st.tuples(st.integers(0, 60), st.floats(0.01, 1), st.floats(0.5, 150))


def weeks(h: RepeatSummary) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return h.frequency, h.recency_weeks, h.age_weeks


# --- published numbers -------------------------------------------------------------------------------------


def test_cdnow_counts(sample: OrderLog, histories: RepeatSummary) -> None:
    later = int((sample.day > CALIBRATION_END).sum())
    assert (len(histories), int(histories.frequency.sum()), later) == (2357, 2457, 1882)
    classes = np.bincount(np.minimum(histories.frequency, 7), minlength=8)
    assert classes.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]


def test_bg_nbd_estimates_of_the_paper(histories: RepeatSummary) -> None:
    fit = bg_nbd.fit(*weeks(histories))
    m = fit.parameters
    assert [m.r, m.alpha, m.a, m.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=1e-3)
    assert list(fit.se.values()) == pytest.approx([0.0126, 0.378, 0.186, 0.705], abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fit.converged
    assert not fit.at_bound
    assert fit.n == 2357


def test_bg_nbd_likelihood_at_the_published_values(histories: RepeatSummary) -> None:
    """The research file gives weeks with two decimals."""
    x, t_x, age = weeks(histories)
    rounded = PUBLISHED.log_likelihood(x, t_x.round(2), age.round(2)).sum()
    assert rounded == pytest.approx(-9582.427, abs=1e-3)


def test_mbg_nbd_estimates(histories: RepeatSummary) -> None:
    fit = mbg_nbd.fit(*weeks(histories))
    m = fit.parameters
    assert [m.r, m.alpha, m.a, m.b] == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=1e-3)
    assert list(fit.se.values()) == pytest.approx([0.083, 0.695, 0.155, 0.537], abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-9582.13, abs=0.01)


def test_master_estimates(master: OrderLog) -> None:
    history = weeks(master.summary(CALIBRATION_END))
    fit = bg_nbd.fit(*history)
    m = fit.parameters
    assert [m.r, m.alpha, m.a, m.b] == pytest.approx([0.2516, 4.789, 0.7234, 2.161], abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-95_368.4, abs=0.05)
    assert m.expected_future_orders(39, *history).sum() == pytest.approx(16_874, abs=1)


def test_expected_orders_of_a_new_customer() -> None:
    assert PUBLISHED.expected_orders([39, 78]) == pytest.approx([1.19672, 1.86052], abs=1e-5)


def test_customers_of_the_technical_note() -> None:
    age = 38.86
    assert PUBLISHED.log_likelihood(2, 30.43, age) == pytest.approx(-9.4586, abs=5e-5)
    assert PUBLISHED.alive_probability(2, 30.43, age) == pytest.approx(0.72658, abs=1e-5)
    assert PUBLISHED.expected_future_orders(39, 2, 30.43, age) == pytest.approx(1.22603, abs=1e-5)
    assert PUBLISHED.alive_probability(7, 29.43, age) == pytest.approx(0.64176, abs=1e-5)
    assert PUBLISHED.expected_future_orders(39, 7, 29.43, age) == pytest.approx(3.33705, abs=1e-5)
    assert PUBLISHED.log_likelihood(0, 0, age) == pytest.approx(-0.55471, abs=1e-5)
    assert PUBLISHED.expected_future_orders(39, 0, 0, age) == pytest.approx(0.19510, abs=1e-5)


def test_histogram_of_repeat_orders(histories: RepeatSummary) -> None:
    expected = PUBLISHED.count_probability(np.arange(7)[:, None], histories.age_weeks).sum(axis=1)
    assert expected == pytest.approx([1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6], abs=0.1)
    classes = np.append(expected, 2357 - expected.sum())
    observed = np.bincount(np.minimum(histories.frequency, 7))
    assert ((observed - classes) ** 2 / classes).sum() == pytest.approx(4.82, abs=0.02)


def test_cumulative_orders_at_week_78(sample: OrderLog, histories: RepeatSummary) -> None:
    forecast = PUBLISHED.expected_orders(histories.age_weeks + 39).sum()
    actual = sample.n_orders - sample.n_customers
    assert actual == 4339
    assert 100 * (forecast / actual - 1) == pytest.approx(-3.98, abs=0.1)


def test_conditional_expectations_by_frequency(sample: OrderLog, histories: RepeatSummary) -> None:
    expected = PUBLISHED.expected_future_orders(39, *weeks(histories))
    actual = np.bincount(sample.customer[sample.day > CALIBRATION_END], minlength=2357)
    classes = np.minimum(histories.frequency, 7)
    means = np.bincount(classes, expected) / np.bincount(classes)
    assert means == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=1e-3)
    seen = np.bincount(classes, actual) / np.bincount(classes)
    assert seen == pytest.approx([0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=1e-3)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(0.6256, abs=5e-4)


# --- the formulas as the papers print them -----------------------------------------------------------------


@given(SEEN)
def test_bg_nbd_likelihood_as_printed(seen: tuple[int, float, float]) -> None:
    x, share, age = seen
    t_x = share * age if x else 0.0
    r, alpha, a, b = 0.243, 4.414, 0.793, 2.426
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    first = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    second = betaln(a + 1, b + x - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x) if x else -np.inf
    assert PUBLISHED.log_likelihood(x, t_x, age) == pytest.approx(front + np.logaddexp(first, second))


@given(SEEN)
def test_mbg_nbd_likelihood_as_printed(seen: tuple[int, float, float]) -> None:
    x, share, age = seen
    t_x = share * age if x else 0.0
    r, alpha, a, b = 0.525, 6.183, 0.891, 1.614
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    first = betaln(a, b + x + 1) - betaln(a, b) - (r + x) * np.log(alpha + age)
    second = betaln(a + 1, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    assert MODELS[1].log_likelihood(x, t_x, age) == pytest.approx(front + np.logaddexp(first, second))


# --- closed forms against quadrature and simulation --------------------------------------------------------


@pytest.mark.parametrize("a", [0.2, 0.9991, 0.99999, 1.0, 1.000001, 3.0])
@pytest.mark.parametrize("b", [0.1, 0.5, 0.8, 2.4, 300.0])
@pytest.mark.parametrize("r", [0.25, 40.0])
def test_expected_orders_equals_the_integral(a: float, b: float, r: float) -> None:
    t, one = np.array([0.1, 39.0, 1000.0]), np.ones(3)
    integral = _expected_orders_by_quadrature(t, r * one, 4.4 * one, a, b * one)
    assert expected_orders(t, r, 4.4, a, b) == pytest.approx(integral, rel=1e-7)


def test_expected_orders_where_the_series_overflows() -> None:
    value = expected_orders(259.957, 4.44663, 0.123646, 0.281158, 281.181)
    assert value == pytest.approx(4465.33, rel=1e-5)


def test_expected_orders_without_dropout_is_the_plain_rate() -> None:
    assert expected_orders(10.0, 2.0, 4.0, 1e-7, 50.0) == pytest.approx(10.0 * 2.0 / 4.0, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_counts_sum_to_one_and_to_the_expectation(model: BgNbd | MbgNbd) -> None:
    y = np.arange(4000)
    chance = model.count_probability(y, 6.0)
    assert chance.sum() == pytest.approx(1, abs=1e-8)
    assert (y * chance).sum() == pytest.approx(float(model.expected_orders(6.0)), rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("history", [(0, 0.0, 20.0), (1, 3.0, 20.0), (5, 18.0, 20.0)])
def test_future_counts_sum_to_one_and_to_the_expectation(
    model: BgNbd | MbgNbd, history: tuple[int, float, float]
) -> None:
    y = np.arange(4000)
    chance = model.future_count_probability(y, 9.0, *history)
    assert chance.sum() == pytest.approx(1, abs=1e-8)
    expected = float(model.expected_future_orders(9.0, *history))
    assert (y * chance).sum() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("model", [PUBLISHED, MODELS[1]])
def test_formulas_describe_the_simulated_process(model: BgNbd | MbgNbd) -> None:
    """Simulate the process event by event; compare what it does with what the formulas say, within 4 s.e."""
    n, age, ahead = 200_000, 30.0, 20.0
    rng = np.random.default_rng(20)
    rate, p = rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n)
    x, later, t_x, clock = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    died = np.where((rng.random(n) < p) & (model.s == 1), 0.0, np.inf)
    active = np.isinf(died)
    while active.any():
        clock = np.where(active, clock + rng.exponential(1, n) / rate, clock)
        early, late = active & (clock <= age), active & (clock > age) & (clock <= age + ahead)
        x, later, t_x = x + early, later + late, np.where(early, clock, t_x)
        dies = (early | late) & (rng.random(n) < p)
        died = np.where(dies, clock, died)
        active = (early | late) & ~dies

    def agree(outcome: np.ndarray, expected: np.ndarray) -> None:
        gap = outcome - expected
        assert abs(gap.mean()) <= 4 * gap.std() / np.sqrt(gap.size)

    agree(x, np.broadcast_to(model.expected_orders(age), n))
    for chosen in (x == 0, x == 1, x >= 3):
        history = x[chosen], t_x[chosen], np.full(chosen.sum(), age)
        agree(died[chosen] > age, model.alive_probability(*history))
        agree(later[chosen], model.expected_future_orders(ahead, *history))
        agree(later[chosen] == 0, model.future_count_probability(0, ahead, *history))


@pytest.mark.parametrize("s", [0, 1])
def test_gradient_is_the_slope(histories: RepeatSummary, s: int) -> None:
    evaluate = objective(group(*weeks(histories)), s)
    at = np.log([0.4, 5.0, 0.7, 2.0])
    slope = [(evaluate(at + e)[0] - evaluate(at - e)[0]) / 2e-5 for e in 1e-5 * np.eye(4)]
    assert evaluate(at)[1] == pytest.approx(slope, rel=1e-6)


# --- invariants --------------------------------------------------------------------------------------------


@given(SEEN, st.sampled_from(MODELS))
def test_alive_probability_is_one_and_falls_with_silence(seen: tuple[int, float, float], model: BgNbd) -> None:
    x, share, age = seen
    t_x = share * age if x else 0.0
    now, next_year = model.alive_probability(x, t_x, age), model.alive_probability(x, t_x, age + 52)
    assert 0 <= next_year <= now <= 1
    if x == 0 and model.s == 0:
        assert next_year == 1


@given(st.floats(0.01, 100), st.sampled_from([BgNbd, MbgNbd]))
def test_likelihood_knows_no_unit_of_time(factor: float, model: type[BgNbd]) -> None:
    x, t_x, age = np.array([0, 1, 4]), np.array([0, 5, 8.0]), np.array([9, 9, 10.0])
    weekly = model(0.3, 4, 0.8, 2).log_likelihood(x, t_x, age)
    other = model(0.3, 4 * factor, 0.8, 2).log_likelihood(x, factor * t_x, factor * age)
    assert other == pytest.approx(weekly - x * np.log(factor))


@given(st.permutations(range(6)))
def test_fit_knows_no_order_of_customers(order: list[int]) -> None:
    x = np.array([0, 0, 1, 2, 5, 3])[order]
    t_x, age = np.array([0, 0, 2, 9, 8, 3.0])[order], np.array([9, 5, 9, 10, 9, 9.0])[order]
    rows = group(x, t_x, age)
    first = group([0, 0, 1, 2, 5, 3], [0, 0, 2, 9, 8, 3.0], [9, 5, 9, 10, 9, 9.0])
    assert np.array_equal(rows.x, first.x)
    assert np.array_equal(rows.age, first.age)
    assert rows.n == 6


def test_grouping_equal_customers_changes_nothing(histories: RepeatSummary) -> None:
    rows = group(*weeks(histories))
    assert rows.n == 2357
    assert rows.x.size < 2000
    grouped = objective(rows, 0)(np.log([0.243, 4.414, 0.793, 2.426]))[0]
    assert grouped == pytest.approx(PUBLISHED.log_likelihood(*weeks(histories)).sum(), rel=1e-12)


def test_intervals_hold_the_estimate_and_are_positive(histories: RepeatSummary) -> None:
    fit = bg_nbd.fit(*weeks(histories))
    low, high = fit.interval("b")
    assert 0 < low < fit.parameters.b < high
    assert high - low == pytest.approx(2 * 1.96 * fit.se["b"], rel=0.1)


def test_standard_errors_cover_the_truth() -> None:
    """Refit data simulated from known parameters: each within 4 standard errors."""
    truth = BgNbd(0.8, 5.0, 1.0, 3.0)
    rng, n, age = np.random.default_rng(7), 4000, 60.0
    rate, p = rng.gamma(truth.r, 1 / truth.alpha, n), rng.beta(truth.a, truth.b, n)
    x, t_x = np.zeros(n), np.zeros(n)
    clock, active = rng.exponential(1, n) / rate, np.ones(n, dtype=bool)
    while (active := active & (clock <= age)).any():
        x, t_x = x + active, np.where(active, clock, t_x)
        active &= rng.random(n) >= p
        clock = np.where(active, clock + rng.exponential(1, n) / rate, clock)
    fit = bg_nbd.fit(x, t_x, np.full(n, age))
    for name, se in fit.se.items():
        assert abs(getattr(fit.parameters, name) - getattr(truth, name)) < 4 * se
    assert fit.parameters.mean_dropout == pytest.approx(truth.mean_dropout, abs=0.03)


# --- data that cannot be fitted ----------------------------------------------------------------------------


@pytest.mark.parametrize("module", [bg_nbd, mbg_nbd])
@pytest.mark.parametrize(
    ("history", "message"),
    [
        (([1], [2.0], [5.0]), "too few customers"),
        (([], [], []), "too few customers"),
        (([0, 0, 0], [0, 0, 0], [5, 6, 7]), "no customer has ordered twice"),
        (([2, 2, 2], [4, 4, 4], [5, 5, 5]), "all customers are the same"),
        (([1, 0], [0, 0], [0, 0]), "no time was observed"),
        (([1, 2], [6, 1], [5, 5]), "customer 0: x=1, t_x=6, T=5"),
        (([1, 2.5], [3, 1], [5, 5]), "impossible order history"),
        (([1, 2], [3, 1], [5, np.nan]), "impossible order history"),
        (([1, 2], [3, 1], [5]), "must be of one length"),
    ],
)
def test_data_that_cannot_be_fitted(module: object, history: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        module.fit(*history)  # type: ignore[attr-defined]


def test_customers_who_do_not_differ_are_reported_not_hidden() -> None:
    """Equal rates for all: r and alpha run away, and the result says so."""
    rng = np.random.default_rng(3)
    x = rng.poisson(4, 500)
    fit = bg_nbd.fit(x, np.where(x > 0, 9.9, 0.0), np.full(500, 10.0))
    assert fit.at_bound or not fit.converged


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_parameters_must_be_positive(bad: float) -> None:
    with pytest.raises(InputError, match=r"bg-nbd\.alpha: must be a positive number"):
        BgNbd(0.2, bad, 1, 1)
