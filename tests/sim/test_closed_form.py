"""The engine against formulas: BG/NBD without contacts, one contact's worth, opt-outs, spend."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import integrate, special, stats

from sim.behaviour.orders import SPEND_BINS
from sim.behaviour.response import reference_moment
from sim.domain import Behaviour, Fatigue, OptOut, Response, Seasonality
from sim.engine import tables as columns
from sim.fit.mbg_cnbd import MbgCnbd
from sim.fit.mbg_nbd import MbgNbd
from sim.lower import lower_people, spend_nodes
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import OrganicModel, Population, synthetic
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.units import DAYS_PER_YEAR, MICRO
from sim.world import World
from tests.fuzzy import assert_close, assert_mean, assert_share
from tests.worlds import CDNOW_BG, CDNOW_MBG, EMAIL, LIVELY, PLAIN, SMS, plain_world, uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")

Numbers = npt.NDArray[np.float64]

FIRST, AFTER = 0, 1
"""Phases: the horizon, and after it."""


def nobody(world: World) -> Frequencies:
    return Frequencies.nothing(world.rfm.segments, world.channel_names)


def expected_orders(found: npt.NDArray[np.int64]) -> Numbers:
    return found[..., columns.ORDERS] / 1e9


# --- organic orders: BG/NBD on a grid of days -----------------------------------------------------------------


def orders_given(rate: Numbers, dropout: Numbers, days: int) -> Numbers:
    """E[orders in so many days | lambda, p] of an active customer: sum of q (1 - q p)^t, q = 1 - exp(-lambda)."""
    q = -np.expm1(-rate)
    return -np.expm1(days * np.log1p(-q * dropout)) / dropout


def orders_per_customer(model: OrganicModel, days: int) -> float:
    """The same over lambda ~ Gamma and p ~ Beta: exact in p (Gauss-Jacobi), adaptive in lambda's quantile."""
    nodes, weights = special.roots_jacobi(days // 2 + 20, model.b - 1, model.a - 1)
    p, weights = (nodes + 1) / 2, weights / weights.sum()
    active = 1 - p if model.model == "mbg-nbd" else np.ones_like(p)

    def at(u: float) -> float:
        rate = special.gammaincinv(model.r, u) / (7 * model.alpha_weeks)
        return float(weights @ (active * orders_given(rate, p, days)))

    return float(integrate.quad(at, 0, 1, epsabs=1e-10, epsrel=1e-10, limit=400)[0])


@pytest.mark.parametrize(("days", "published"), [(273, 1.18767), (546, 1.84889)])
def test_quadrature_of_the_closed_form(days: int, published: float) -> None:
    """Below the continuous-time values 1.19672 and 1.86052, because a day holds one order at most."""
    assert orders_per_customer(CDNOW_BG, days) == pytest.approx(published, abs=1e-5)


def organic_run(
    model: OrganicModel, customers: int, weeks: int, *, seed: int, first_id: int = 0
) -> tuple[Population, Any]:
    population = synthetic(model, customers, seed=seed, first_id=first_id)
    world = plain_world(population, weeks=weeks // 2, tail_weeks=weeks - weeks // 2)
    found = simulate(world, [nobody(world)], seed=seed, threads=2, detailed=False).totals.customer[0]
    return population, found


@pytest.mark.parametrize("model", [CDNOW_BG, CDNOW_MBG], ids=lambda m: m.model)
def test_no_contact_is_bg_nbd(model: OrganicModel) -> None:
    """A sample; the full proof is below. Half the weeks fall after the horizon: only money is discounted there."""
    population, found = organic_run(model, 60_000, 78, seed=1)
    expected = expected_orders(found)
    for days, orders in ((273, expected[:, FIRST]), (546, expected.sum(axis=1))):
        assert_mean(orders, orders_per_customer(model, days), precise_to=0.02)
        given = population.active * orders_given(population.rate, population.dropout, days)
        assert_mean(orders - given, 0.0, precise_to=0.01)
    sampled = found[..., columns.SAMPLED_ORDERS]
    assert_mean(sampled.sum(axis=1) - expected.sum(axis=1), 0.0, precise_to=0.01)


def regular_orders_given(rate: Numbers, dropout: Numbers, ticks: int, days: int) -> Numbers:
    """E[orders in so many days | lambda, p] of an active customer whose clock begins: day by day, by ticks still to come.
    An order needs the ticks that are left within a day; what ticks beyond it is lost."""
    left = np.zeros((ticks + 1, len(rate)))
    left[ticks] = 1.0
    orders = np.zeros(len(rate))
    for _ in range(days):
        after = np.zeros_like(left)
        for wanted in range(1, ticks + 1):
            for done in range(wanted):
                after[wanted - done] += left[wanted] * stats.poisson.pmf(done, rate)
            ordering = left[wanted] * stats.poisson.sf(wanted - 1, rate)
            orders += ordering
            after[ticks] += ordering * (1 - dropout)
        left = after
    return orders


def test_no_contact_is_mbg_cnbd() -> None:
    """Regular customers: each against the chain of days, all together against the formula of continuous time."""
    model = OrganicModel("mbg-cnbd", r=1.2, alpha_weeks=1.5, a=0.8, b=3.0, p=4.0, q=4.0, gamma=30.0, k=3)
    population, found = organic_run(model, 30_000, 52, seed=4)
    orders = expected_orders(found).sum(axis=1)
    given = population.active * regular_orders_given(population.rate, population.dropout, 3, 364)
    assert_mean(orders - given, 0.0, precise_to=0.03)
    assert_mean(found[..., columns.SAMPLED_ORDERS].sum(axis=1) - orders, 0.0, precise_to=0.03)
    continuous = float(MbgCnbd(1.2, 1.5, 0.8, 3.0, 3).expected_orders(52.0))
    assert given.mean() == pytest.approx(continuous, rel=0.03)  # days round gaps up
    assert MbgNbd(1.2, 4.5, 0.8, 3.0).expected_orders(52.0) > 1.03 * given.mean()  # as if by chance: some order at once


@pytest.mark.proof
def test_no_contact_is_bg_nbd_to_a_thousandth() -> None:
    """Expected orders after the first purchase, to .1 %, and the spread between customers."""
    orders, drift = [], []
    for chunk in range(20):
        population, found = organic_run(CDNOW_BG, 250_000, 78, seed=8, first_id=250_000 * chunk)
        expected = expected_orders(found)
        orders.append(np.stack([expected[:, FIRST], expected.sum(axis=1)]))
        given = [orders_given(population.rate, population.dropout, days) for days in (273, 546)]
        drift.append(orders[-1] - np.stack(given))
    together, paired = np.concatenate(orders, axis=1), np.concatenate(drift, axis=1)
    for k, exact in enumerate((1.18767, 1.84889)):
        assert_mean(together[k], exact, precise_to=0.001 * exact, sigmas=3)
        assert_mean(paired[k], 0.0, precise_to=0.001 * exact, sigmas=3)


def test_sampled_orders_follow_the_published_distribution() -> None:
    """Histogram of orders in 273 days against P(X(t) = x) of BG/NBD, whose grid of days is finer than the data's."""
    _, found = organic_run(CDNOW_BG, 40_000, 78, seed=2)
    counts = np.bincount(np.minimum(found[:, FIRST, columns.SAMPLED_ORDERS], 7), minlength=8)
    m, t = CDNOW_BG, 39.0
    zero = (m.alpha_weeks / (m.alpha_weeks + t)) ** m.r
    assert_share(int(counts[0]), 40_000, zero, precise_to=0.003)
    published = np.array([1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6, 72.0])  # 2,357 customers of various ages
    assert counts / counts.sum() == pytest.approx(published / published.sum(), abs=0.06)


def test_seasonality_scales_the_organic_rate() -> None:
    factors = tuple(1.0 + 0.5 * math.sin(k) for k in range(52))
    population = replace(synthetic(LIVELY, 500, seed=4), dropout=np.zeros(500), active=np.ones(500, dtype=bool))
    world = plain_world(
        population, weeks=60, first_week_of_year=40, behaviour=Behaviour(seasonality=Seasonality(factors))
    )
    found = simulate(world, [nobody(world)], seed=1, threads=1).totals.customer[0, :, FIRST]
    exact = sum(-7 * np.expm1(-population.rate * factors[(40 + week) % 52]) for week in range(60))
    assert expected_orders(found) == pytest.approx(exact, abs=60e-9)


def test_revenue_is_orders_times_the_mean_value() -> None:
    population, found = organic_run(LIVELY, 3000, 40, seed=3)
    orders, revenue = expected_orders(found)[:, FIRST], found[:, FIRST, columns.REVENUE] / MICRO
    rounding = 20 * (0.5e-9 * population.mean_value + 0.5e-6)
    assert (np.abs(revenue - orders * population.mean_value) <= 1.01 * rounding).all()
    sampled = found[:, FIRST, columns.SAMPLED_REVENUE] / MICRO
    assert_mean(sampled - revenue, 0.0, precise_to=0.02 * revenue.mean())


def test_money_after_the_horizon_is_discounted_to_its_end() -> None:
    population = replace(synthetic(LIVELY, 200, seed=4), dropout=np.zeros(200), active=np.ones(200, dtype=bool))
    world = plain_world(population, weeks=2, tail_weeks=30, channel=replace(PLAIN, unit_cost=1.0))
    found = simulate(world, [uniform_plan(world, 7.0)], tail=uniform_plan(world, 7.0), seed=1, threads=1)
    after = found.totals.customer[0, :, AFTER]
    yearly = 1 + world.economics.discount_per_year
    factors = [yearly ** (-7 * week / DAYS_PER_YEAR) for week in range(1, 31)]
    assert after[:, columns.COST].tolist() == [7 * sum(round(MICRO * f) for f in factors)] * 200
    nothing = simulate(world, [nobody(world)], tail=nobody(world), seed=1, threads=1).totals.customer[0, :, AFTER]
    week = -7 * np.expm1(-population.rate) * population.mean_value
    assert nothing[:, columns.REVENUE] / MICRO == pytest.approx(week * sum(factors), rel=1e-6)


# --- spend ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [0.3, 1.0, 6.25, 200.0])
def test_the_table_of_order_values_is_the_gamma_distribution(shape: float) -> None:
    nodes = spend_nodes(shape)
    gamma = stats.gamma(shape, scale=1 / shape)
    assert len(nodes) == SPEND_BINS + 1
    assert (np.diff(nodes) >= 0).all()
    assert (nodes[1:] + nodes[:-1]).mean() / 2 == pytest.approx(1, abs=1e-12)
    u = (np.arange(SPEND_BINS) + 0.5)[1:-8] / SPEND_BINS  # the first bin begins at 0, the last carry the tail
    between = ((nodes[1:] + nodes[:-1]) / 2)[1:-8]
    assert between == pytest.approx(gamma.ppf(u), rel=1e-2, abs=2e-3)
    variance = ((nodes[1:] ** 2 + nodes[1:] * nodes[:-1] + nodes[:-1] ** 2) / 3).mean() - 1
    assert variance == pytest.approx(1 / shape, rel=0.02)


def test_sampled_order_values_are_gamma() -> None:
    population = replace(synthetic(replace(LIVELY, p=2.0), 2000, seed=5), mean_value=np.full(2000, 100.0))
    world = plain_world(population, weeks=20)
    log = simulate(world, [nobody(world)], seed=1, threads=1, log_lines=100_000).totals.log
    values = log[log[:, 3] == columns.EV_ORGANIC, 5] / MICRO
    assert len(values) > 5000
    assert stats.kstest(values, stats.gamma(2.0, scale=50.0).cdf).pvalue > 1e-4


# --- what a contact is worth ----------------------------------------------------------------------------------

ONCE = ContactPolicy(caps=(FrequencyCap("once", 1, 63),))
FADE = 2 ** (-1 / 2)


def active_population(n: int, *, seed: int = 6) -> Population:
    population = synthetic(LIVELY, n, seed=seed)
    return replace(population, dropout=np.zeros(n), active=np.ones(n, dtype=bool))


def increments(started: Started | World, plan: Frequencies) -> tuple[npt.NDArray[np.int64], Any]:
    """Totals under the plan minus totals without contact, and the log."""
    world = started.world if isinstance(started, Started) else started
    result = simulate(started, [plan, nobody(world)], tail=nobody(world), seed=1, threads=1, log_lines=500_000)
    return result.totals.customer[0] - result.totals.customer[1], result.totals.log


def contact_day(log: npt.NDArray[np.int64], row: int) -> int:
    lines = log[(log[:, 0] == 0) & (log[:, 1] == row) & (log[:, 3] == columns.EV_CONTACT)]
    assert len(lines) == 1
    return int(lines[0, 2])


def test_one_contact_is_worth_orders_per_contact() -> None:
    """A rested active customer gains exactly m x orders_per_contact, over all days."""
    world = plain_world(active_population(100), weeks=8, policy=ONCE)
    started = start_world(world, seed=1)
    gained, log = increments(started, uniform_plan(world, 7.0))
    for row in range(100):
        days = 56 - contact_day(log, row)
        exact = 0.01 * started.people.effect[row] * (1 - FADE**days)
        assert expected_orders(gained)[row, FIRST] == pytest.approx(exact, rel=1e-9, abs=30e-9)
        assert gained[row, FIRST, columns.REVENUE] / MICRO == pytest.approx(
            exact * world.population.mean_value[row], rel=1e-9, abs=2e-5
        )


def test_the_reference_customer_gains_orders_per_contact() -> None:
    """m is 1 on average over the reference population, whatever the base at hand."""
    response = Response()
    model = OrganicModel(
        "bg-nbd", r=0.55, alpha_weeks=0.55 * DAYS_PER_YEAR / 6.5 / 7, a=1, b=12, p=1, q=1001, gamma=25_000
    )
    world = plain_world(synthetic(model, 100_000, seed=3))
    effect = lower_people(world, np.ones(100_000)).effect
    assert_mean(effect, 1.0, precise_to=0.003)
    moment = stats.gamma(0.55, scale=6.5 / 365 / 0.55).expect(lambda x: x**response.rate_elasticity)
    assert reference_moment(0.55, 6.5 / 365, response.rate_elasticity) == pytest.approx(moment, rel=1e-6)
    responsiveness = effect * moment / world.population.rate**response.rate_elasticity
    assert_mean(responsiveness, 1.0, precise_to=0.003)
    assert responsiveness.std() == pytest.approx(response.responsiveness_cv, rel=0.02)
    assert stats.kstest(np.log(responsiveness[:20_000]), stats.norm(
        -math.log1p(0.25) / 2, math.sqrt(math.log1p(0.25))).cdf).pvalue > 1e-4  # fmt: skip


@pytest.mark.parametrize(("gap", "weight", "damping"), [(1, 1.0, 0.2), (3, 2.0, 0.4), (10, 1.0, 0.2)])
def test_a_second_contact_is_damped_once_by_the_fatigue_of_the_first(gap: int, weight: float, damping: float) -> None:
    channel = replace(PLAIN, fatigue_weight=weight)
    policy = ContactPolicy(caps=(FrequencyCap("twice", 2, 63),), min_gap_days=gap)
    behaviour = Behaviour(fatigue=Fatigue(half_life_days=5.0, damping=damping))
    world = plain_world(active_population(50), channel, weeks=9, policy=policy, behaviour=behaviour)
    started = start_world(world, seed=1)
    gained, log = increments(started, uniform_plan(world, 7.0))
    left = weight * 2 ** (-gap / 5.0)
    for row in range(50):
        days = log[(log[:, 0] == 0) & (log[:, 1] == row) & (log[:, 3] == columns.EV_CONTACT), 2]
        assert days[1] - days[0] == gap
        exact = 0.01 * started.people.effect[row] * (
            (1 - FADE ** (63 - days[0])) + math.exp(-damping * left) * (1 - FADE ** (63 - days[1]))
        )  # fmt: skip
        assert expected_orders(gained)[row, FIRST] == pytest.approx(exact, rel=1e-9, abs=40e-9)


def test_channels_share_one_fatigue() -> None:
    """On one day the second channel meets the fatigue the first has just made."""
    channels = (replace(PLAIN, fatigue_weight=2.0), replace(PLAIN, name="push", orders_per_contact=0.004))
    world = world_of(
        active_population(50), channels, weeks=9, policy=ContactPolicy(caps=(
            FrequencyCap("e-mail", 1, 63, ("email",)), FrequencyCap("push", 1, 63, ("push",)))), start="rested",
    )  # fmt: skip
    started = start_world(world, seed=1)
    started = replace(started, begin=started.begin._replace(credit=np.full((50, 2), columns.PACE)))
    gained, _ = increments(started, uniform_plan(world, 7.0, 7.0))
    exact = started.people.effect * (0.01 + 0.004 * math.exp(-0.2 * 2.0)) * (1 - FADE**63)
    assert expected_orders(gained)[:, FIRST] == pytest.approx(exact, rel=1e-8, abs=40e-9)


def test_an_undelivered_contact_costs_and_does_nothing() -> None:
    channel = replace(PLAIN, delivered=0.0, unit_cost=0.06, unsubscribe_per_contact=0.5, complaint_per_contact=0.5)
    world = plain_world(active_population(50), channel, weeks=4)
    gained, _ = increments(world, uniform_plan(world, 7.0))
    assert (gained[:, FIRST, columns.COST] >= 27 * 60_000).all()
    others = [c for c in range(columns.CUSTOMER_COLUMNS) if c != columns.COST]
    assert not gained[..., others].any()


def test_the_response_of_the_dormant_decays_since_the_last_order() -> None:
    """g = dormant_share 2^(-R / half-life) on each day of the stimulus; none of them orders by itself."""
    n, share, half_life = 60, 0.5, 30.0
    population = replace(synthetic(LIVELY, n, seed=6), active=np.zeros(n, dtype=bool))
    last = -1 - 5 * np.arange(n)
    population = replace(population, first_order=last, last_order=last, order_day=last.astype(np.int32))
    behaviour = Behaviour(response=Response(dormant_share=share, dormant_half_life_days=half_life))
    world = plain_world(population, weeks=9, policy=ONCE, behaviour=behaviour)
    started = start_world(world, seed=1)
    gained, log = increments(started, uniform_plan(world, 7.0))
    quiet = np.flatnonzero(gained[:, FIRST, columns.SAMPLED_ORDERS] == 0)  # an order would wake the response
    assert len(quiet) > n / 2
    for row in quiet:
        day = contact_day(log, row)
        response = sum(FADE**k * 2 ** (-(day + k - last[row]) / half_life) for k in range(63 - day))
        exact = 0.01 * started.people.effect[row] * share * (1 - FADE) * response
        assert expected_orders(gained)[row, FIRST] == pytest.approx(exact, rel=1e-8, abs=30e-9)


def test_saturation_bounds_the_stimulated_rate() -> None:
    """Under daily contacts the reference customer's rate cannot pass the ceiling K."""
    ceiling = 0.002
    behaviour = Behaviour(
        fatigue=Fatigue(damping=0.0), response=Response(saturation_orders_per_day=ceiling, rate_elasticity=0.0)
    )
    channel = replace(PLAIN, orders_per_contact=0.5)
    world = plain_world(active_population(50), channel, weeks=10, behaviour=behaviour)
    started = start_world(world, seed=1)
    gained, _ = increments(started, uniform_plan(world, 7.0))
    most = 70 * ceiling * started.people.effect
    assert (expected_orders(gained)[:, FIRST] <= most + 10e-9).all()
    assert expected_orders(gained)[:, FIRST] == pytest.approx(most, rel=0.05)


def test_sampled_stimulated_orders_follow_the_expected_ones() -> None:
    world = world_of(4000, (EMAIL, SMS), weeks=26)
    gained, _ = increments(world, uniform_plan(world, 2.0, 0.5))
    sampled = gained[:, FIRST, columns.SAMPLED_ORDERS]
    expected = expected_orders(gained)[:, FIRST]
    assert_mean(sampled - expected, 0.0, precise_to=0.05 * expected.mean())


# --- opt-outs -------------------------------------------------------------------------------------------------


def test_sampled_opt_outs_and_complaints_follow_the_expected_ones() -> None:
    world = world_of(4000, (EMAIL, SMS), weeks=26)
    found = simulate(world, [uniform_plan(world, 3.0, 1.0)], seed=2, threads=1).totals
    lane = found.lane[0].sum(axis=0)
    for sampled, expected in (
        (columns.UNSUBSCRIBED, columns.UNSUBSCRIBED_EXPECTED),
        (columns.COMPLAINTS, columns.COMPLAINTS_EXPECTED),
        (columns.SEEN, columns.SEEN_EXPECTED),
        (columns.CLICKED, columns.CLICKED_EXPECTED),
    ):
        for c in range(2):
            mean = lane[c, expected] / 1e9
            assert_close(lane[c, sampled], mean, math.sqrt(mean), precise_to=0.06 * mean)
    assert found.customer[0, :, :, columns.OPT_OUTS].sum() == lane[:, columns.UNSUBSCRIBED_EXPECTED].sum()
    delivered = lane[:, columns.DELIVERED] / lane[:, columns.SENT]
    for c, channel in enumerate((EMAIL, SMS)):
        assert_share(int(lane[c, columns.DELIVERED]), int(lane[c, columns.SENT]), channel.delivered, precise_to=0.01)
    assert (delivered < 1).all()


@pytest.mark.parametrize("shape", [0.5, 1.0, 20.0])
def test_survival_under_frailty(shape: float) -> None:
    """After a hazard H everybody meets, (k / (k + H))^k are left, and those left have mean frailty k / (k + H)."""
    n = 20_000
    channel = replace(PLAIN, unsubscribe_per_contact=0.02, orders_per_contact=0.0)
    behaviour = Behaviour(optout=OptOut(fatigue_growth=0.0, frailty_shape=shape))
    world = plain_world(n, channel, weeks=8, behaviour=behaviour)
    started = start_world(world, seed=1)
    started = replace(started, begin=started.begin._replace(credit=np.zeros((n, 1), dtype=np.int64)))
    assert_mean(started.people.frailty, 1.0, precise_to=0.012)
    log = simulate(
        started, [uniform_plan(world, 7.0)], seed=1, threads=1, log_lines=2_000_000, detailed=False
    ).totals.log
    gone = np.unique(log[log[:, 3] == columns.EV_UNSUBSCRIBE, 1])
    hazard = -56 * math.log(0.98)
    assert_share(n - len(gone), n, (shape / (shape + hazard)) ** shape, precise_to=0.004)
    left = np.delete(started.people.frailty, gone)
    assert_mean(left, shape / (shape + hazard), precise_to=0.012)


def test_the_stationary_start_draws_survivors() -> None:
    """Mean frailty k / (k + H), H = tenure x hazard a day; newcomers have mean 1 (H small)."""
    n, per_day = 40_000, -math.log(1 - 0.002)
    channel = replace(PLAIN, unsubscribe_per_contact=0.002)
    world = plain_world(
        n, channel, tenure_days=800, start="current_policy", current=(7.0,),
        behaviour=Behaviour(optout=OptOut(fatigue_growth=0.0, frailty_shape=1.0)),
    )  # fmt: skip
    frailty = start_world(world, seed=1).people.frailty
    survived = -world.population.first_order * per_day
    assert_mean(frailty * (1 + survived), 1.0, precise_to=0.006)
    newcomers = world.population.first_order >= -50
    assert_mean(frailty[~newcomers], float((1 / (1 + survived[~newcomers])).mean()), precise_to=0.01)


def test_fatigue_makes_people_leave() -> None:
    """The hazard of the n-th daily contact is u exp(gamma_u F_n), F_n the sum of what is left of n - 1 contacts."""
    n, growth, half_life = 20_000, 0.3, 4.0
    channel = replace(PLAIN, unsubscribe_per_contact=0.01, orders_per_contact=0.0)
    behaviour = Behaviour(
        fatigue=Fatigue(half_life_days=half_life), optout=OptOut(fatigue_growth=growth, frailty_shape=1.0)
    )
    world = plain_world(n, channel, weeks=2, behaviour=behaviour)
    started = start_world(world, seed=1)
    started = replace(started, begin=started.begin._replace(credit=np.zeros((n, 1), dtype=np.int64)))
    found = simulate(started, [uniform_plan(world, 7.0)], seed=1, threads=1)
    stock = hazard = 0.0
    for _ in range(14):
        stock *= 2 ** (-1 / half_life)
        hazard += -math.log(0.99) * math.exp(growth * stock)
        stock += 1.0
    left = int(found.totals.lane[0, -1, 0, columns.REACHABLE])
    assert_share(left, n, 1 / (1 + hazard), precise_to=0.004)


# --- consent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.5])
def test_consent_has_its_share_and_its_correlation(correlation: float) -> None:
    n = 40_000
    channels = (replace(EMAIL, consent_share=0.85), replace(SMS, consent_share=0.4))
    world = world_of(n, channels, model=CDNOW_BG, tenure_days=0, start="rested", consent_rate_correlation=correlation)
    started = start_world(world, seed=1)
    rank = special.gammainc(CDNOW_BG.r, world.population.rate * 7 * CDNOW_BG.alpha_weeks)
    z = special.ndtri(np.clip(rank, 1e-12, 1 - 1e-12))
    for c, share in enumerate((0.85, 0.4)):
        given = started.begin.subscribed >> c & 1
        assert_share(int(given.sum()), n, share, precise_to=0.003)
        # E[z | consent] of a normal copula: rho phi(q) / share
        assert_mean(z[given == 1], correlation * stats.norm.pdf(special.ndtri(share)) / share, precise_to=0.01)


def test_personal_seen_rates_are_beta() -> None:
    world = world_of(20_000, (EMAIL, SMS), start="rested")
    seen = start_world(world, seed=1).people.seen
    concentration = world.behaviour.optout.open_concentration
    law = stats.beta(concentration * EMAIL.seen, concentration * (1 - EMAIL.seen))
    assert stats.kstest(seen[:, 0], law.cdf).pvalue > 1e-4
    assert (seen[:, 1] == 1).all()


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_holdout_has_its_share(share: float) -> None:
    world = world_of(20_000, policy=ContactPolicy(holdout_share=share), start="rested")
    contactable = start_world(world, seed=1).people.contactable
    assert_share(int((contactable == 0).sum()), 20_000, share, precise_to=0.003)
    salted = replace(world, policy=ContactPolicy(holdout_share=share, holdout_salt=1))
    same = start_world(salted, seed=1).people.contactable == contactable
    assert_share(int(same.sum()), 20_000, share**2 + (1 - share) ** 2, precise_to=0.004)
