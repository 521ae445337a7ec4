"""Prices of limits against enumeration: what one unit more or less really changes, on the same customers."""

from __future__ import annotations

import pytest

from optimizer.around import effects_of
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.limits import Limit
from optimizer.prices import prices, under
from optimizer.search import search
from optimizer.settings import SearchSettings
from sim.engine.tables import NANO, UNSUBSCRIBED_EXPECTED
from tests.optimizer.worlds import evaluator_of, people, small_world, space_of, with_limits

BUDGET = Limit("budget", "cost", 200.0)
SMS = Limit("SMS capacity", "contacts_per_week", 100.0, channel="sms")
FLOOR = Limit("newsletter", "contacts", least=20_000.0, channel="email")
WHOLE = SearchSettings(buffer=0.01, sure=0.0)
STEPWISE = SearchSettings(buffer=0.01, sure=0.0, exhaustive=0)


@pytest.fixture(scope="module")
def every() -> Evaluator:
    """All 256 plans of a small world, simulated."""
    world = small_world(people(1_500, 5))
    evaluator = evaluator_of(world, space_of(world), (BUDGET, SMS, FLOOR))
    evaluator.evaluate(list(evaluator.space.all()))
    return evaluator


SIMULATED: dict[tuple[tuple[str, str], ...], Evaluator] = {}
"""Whole spaces by the names of their limits: other bounds of hard limits need no other simulation."""


def known(every: Evaluator, *limits: Limit) -> Evaluator:
    key = tuple((limit.name, limit.enforce) for limit in limits)
    if key not in SIMULATED:
        SIMULATED[key] = with_limits(every, limits)
        SIMULATED[key].evaluate(list(every.space.all()))
    return under(SIMULATED[key], limits)


def value(every: Evaluator, *limits: Limit) -> float:
    """Of the best plan within limits, by enumeration."""
    evaluator = known(every, *limits)
    return max(e.value for e in evaluator.known.values() if evaluator.feasible(e, WHOLE.buffer))


def best(evaluator: Evaluator) -> Evaluated:
    return search(evaluator, evaluator.space.nothing(), WHOLE).best


@pytest.mark.parametrize("sms", [100.0, 200.0])
def test_prices_are_the_differences_of_re_optimized_plans(every: Evaluator, sms: float) -> None:
    capacity = SMS.at(sms / SMS.bound)
    evaluator = known(every, BUDGET, capacity)
    found = {p.limit: p for p in prices(evaluator, evaluator, best(evaluator), None, WHOLE, share=0.2)}
    now = value(every, BUDGET, capacity)
    moves = {
        "budget": lambda factor: (BUDGET.at(factor), capacity),
        "SMS capacity": lambda factor: (BUDGET, capacity.at(factor)),
    }
    for name, moved in moves.items():
        price, units = found[name], 0.2 * (BUDGET.bound if name == "budget" else sms)
        assert price.money == pytest.approx((value(every, *moved(1.2)) - now) / units, abs=1e-9)
        assert price.sell_money == pytest.approx((now - value(every, *moved(0.8))) / units, abs=1e-9)
        assert price.money >= 0 <= price.sell_money
        more = value(every, *moved(1.4)) - now
        assert price.buy.value <= more + 1e-9, "looser still is never worth less"
    assert found["budget"].sell_money > 0
    if sms == 100.0:
        assert found["SMS capacity"].sell_money > 0
    else:
        assert found["budget"].money > 0


def test_the_program_finds_the_same_prices_without_enumeration(every: Evaluator) -> None:
    """On the table's own customers: within the errors that effects do not add up exactly."""
    evaluator = with_limits(every, (BUDGET, SMS))
    found = search(evaluator, evaluator.space.nothing(), STEPWISE)
    table = effects_of(evaluator, found.best)
    whole = known(every, BUDGET, SMS)
    exact = {p.limit: p for p in prices(whole, whole, best(whole), None, WHOLE, share=0.2)}
    assert found.best.value == pytest.approx(best(whole).value, rel=1e-3)
    for price in prices(evaluator, evaluator, found.best, table, STEPWISE, share=0.2):
        assert price.sell_money == pytest.approx(exact[price.limit].sell_money, rel=0.25)
        assert price.money <= exact[price.limit].money * 1.01 + 1e-9


def test_a_price_in_list_loss_has_its_sign(every: Evaluator) -> None:
    """More budget, more contacts, more opt-outs: a unit more costs reachable customers."""
    evaluator = known(every, BUDGET, SMS.at(2.0))
    top = best(evaluator)
    price = prices(evaluator, evaluator, top, None, WHOLE, share=0.2)[0]
    ran = evaluator.run([price.buy.choice, top.choice, price.sell.choice])
    by_lane = ran.totals.lane[:, : evaluator.weeks, :, UNSUBSCRIBED_EXPECTED]
    lost = by_lane.sum(axis=(1, 2)) * ran.world.population.scale / NANO
    assert price.reach == pytest.approx(-(lost[0] - lost[1]) / (0.2 * BUDGET.bound))
    assert price.sell_reach == pytest.approx((lost[1] - lost[2]) / (0.2 * BUDGET.bound) * -1)
    assert lost[0] > lost[1] > lost[2]


def test_loosening_a_floor_means_lowering_it(every: Evaluator) -> None:
    evaluator = known(every, FLOOR)
    price = prices(evaluator, evaluator, best(evaluator), None, WHOLE, share=0.3)[0]
    assert price.money == pytest.approx((value(every, FLOOR.at(0.7)) - value(every, FLOOR)) / (0.3 * FLOOR.bound))
    assert price.money > 0


def test_reported_and_soft_limits_have_no_price(every: Evaluator) -> None:
    evaluator = known(
        every, Limit("watch", "cost", 1.0, enforce="report"), Limit("soft", "cost", 1.0, enforce="soft", price=0.1)
    )
    assert prices(evaluator, evaluator, best(evaluator), None, WHOLE) == []


def test_soft_limits_take_their_price_off_the_value(every: Evaluator) -> None:
    soft = known(every, Limit("soft", "cost", 50.0, enforce="soft", price=0.7))
    for key, plain in every.known.items():
        over = max(0.0, plain.parts[0] - 50.0)
        assert soft.known[key].value == pytest.approx(plain.value - 0.7 * over)
        assert soft.feasible(soft.known[key])
    free, hard = known(every, Limit("watch", "cost", 1.0, enforce="report")), known(every, Limit("hard", "cost", 50.0))
    costs = [best(evaluator).parts[0] for evaluator in (free, soft, hard)]
    assert costs[0] > costs[1] >= 50.0 >= costs[2] > 0


@pytest.mark.slow
def test_buy_and_sell_price_bracket_what_ten_percent_bring(every: Evaluator) -> None:
    """Prices come from the program; the difference from all plans, re-optimized and simulated under both capacities."""
    budget, share, steep = BUDGET.at(1.6), 0.1, 0
    for sms in (60.0, 80.0, 100.0, 140.0, 160.0, 180.0):
        capacity = SMS.at(sms / SMS.bound)
        evaluator = with_limits(every, (budget, capacity))
        found = search(evaluator, evaluator.space.nothing(), STEPWISE)
        table = effects_of(evaluator, found.best)
        priced = {p.limit: p for p in prices(evaluator, evaluator, found.best, table, STEPWISE, share=share)}
        more, less = (value(every, budget, capacity.at(factor)) for factor in (1 + share, 1 - share))
        between = (more - less) / (2 * share * sms)
        low, high = sorted((priced["SMS capacity"].money, priced["SMS capacity"].sell_money))
        slack = 0.02 * abs(between)  # the program's plans may be a little short of the best
        assert low - slack <= between <= high + slack, sms
        steep += high > 0
    assert steep >= 3, "the capacity binds"
