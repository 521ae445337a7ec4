"""The evening: organic and stimulated orders, what they cost in discounts, who drops out and who wakes up."""

from __future__ import annotations

import math
from functools import cache

from sim.behaviour.orders import spend_table
from sim.lower import spend_nodes
from tests.oracle.book import DROPOUT, ORGANIC, STIMULATED, WAKING, Life
from tests.oracle.cascades import end_with_order
from tests.oracle.company import gain
from tests.oracle.customer import Customer
from tests.oracle.draws import full, high, low, word
from tests.oracle.setting import Setting, discount, season


def stimulated_chance(setting: Setting, me: Customer, day: int) -> float:
    """Chance of a stimulated order today."""
    multiplier, ceiling = gain(setting, me, day), setting.world.behaviour.response.saturation_orders_per_day
    x = multiplier * me.stimulus
    if ceiling is None:
        return min(1.0, x)
    return min(1.0, multiplier * ceiling * (1 - math.exp(-x / (multiplier * ceiling)))) if multiplier > 0 else 0.0


def order_a_day(setting: Setting, me: Customer, life: Life, seed: int, day: int) -> None:
    response, fatigue = setting.world.behaviour.response, setting.world.behaviour.fatigue
    rate = me.rate * (1 + response.loyalty_gain) if day <= me.loyal_until else me.rate
    mean = rate * season(setting.world, day) if me.active else 0.0
    organic = at_least(me.ticks, mean)
    dropout = 1 - (1 - me.dropout) ** math.exp(fatigue.dropout_growth * me.fatigue)
    stimulated = stimulated_chance(setting, me, day)
    _expect(setting, me, life, organic if me.debt == 0 else 0.0, stimulated, day)
    chance, spend = word(me.key, seed, "order", day), word(me.key, seed, "spend", day)
    was_active, happens = me.active, _clock_strikes(setting, me, mean, high(chance))
    if happens and me.debt > 0:  # it was borrowed: no value, no trace
        me.debt -= 1
        life.weekly["repaid", day // 7, 0] += 1
    elif happens:
        _order(setting, me, life, ORGANIC, high(spend), day)
    if low(chance) < stimulated:
        _order(setting, me, life, STIMULATED, low(spend), day)
        if full(word(me.key, seed, "pull", day)) < _pull_share(setting, me, day):
            me.debt += 1
            life.weekly["pulled", day // 7, 0] += 1
        me.loyal_until = day + response.loyalty_days
        if not was_active and full(word(me.key, seed, "wake", day)) < response.waking_share:
            me.active = True
            life.events.append((day, WAKING, 0, 0))
            life.weekly["woken", day // 7, 0] += 1
    if happens and full(word(me.key, seed, "dropout", day)) < dropout:
        me.active = False
        life.events.append((day, DROPOUT, 0, 0))
        life.weekly["dropouts", day // 7, 0] += 1


def at_least(ticks: int, mean: float) -> float:
    """Chance that a clock ticks so often on a day."""
    return 1 - math.exp(-mean) * sum(mean**n / math.factorial(n) for n in range(ticks))


def _clock_strikes(setting: Setting, me: Customer, mean: float, u: float) -> bool:
    """Regular customers order at every k-th tick only."""
    ticks = 0
    while ticks < me.ticks and u < at_least(ticks + 1, mean):
        ticks += 1
    me.ticks -= ticks
    if me.ticks > 0:
        return False
    me.ticks = setting.world.population.order_ticks
    return True


def _expect(setting: Setting, me: Customer, life: Life, organic: float, stimulated: float, day: int) -> None:
    week = day // 7
    phase = int(week >= setting.world.weeks)
    money = me.mean_value * 1e6 * discount(setting.world, week)
    life.expected_orders[phase] += organic + stimulated
    life.expected_revenue[phase] += (organic + stimulated) * money
    life.weekly["expected orders", week, me.segment] += organic + stimulated
    share = _discount_share(me, day)
    life.discount_cost[phase] += share * (organic + stimulated) * money
    life.discount_organic[phase] += share * organic * money
    life.weekly["discount cost expected", week, 0] += share * (organic + stimulated) * money
    life.weekly["discount organic expected", week, 0] += share * organic * money


def _order(setting: Setting, me: Customer, life: Life, kind: int, u: float, day: int) -> None:
    world, week = setting.world, day // 7
    value = round(me.mean_value * value_quantile(world.population.value_shape, u) * 1e6)
    me.orders.append((day, value))
    me.last_order = day
    me.fatigue *= world.behaviour.fatigue.relief_at_order
    life.events.append((day, kind, 0, value))
    life.weekly["orders" if kind == ORGANIC else "stimulated orders", week, 0] += 1
    life.weekly["revenue", week, 0] += value
    given = round(_discount_share(me, day) * value)
    life.weekly["discount cost", week, 0] += given
    life.weekly["discount organic", week, 0] += given if kind == ORGANIC else 0
    end_with_order(setting, me)
    me.silent.clear()
    me.stopped.clear()


def _discount_share(me: Customer, day: int) -> float:
    """Of the offer whose window is open."""
    return me.offer.discount_share if me.offer is not None and day <= me.offer_until else 0.0


def _pull_share(setting: Setting, me: Customer, day: int) -> float:
    share = setting.world.behaviour.response.pull_forward_share
    is_open = me.offer is not None and day <= me.offer_until
    return max(share, me.offer.pull_forward_share) if is_open and me.offer is not None else share


@cache
def _nodes(shape: float) -> list[float]:
    return [float(node) for node in spend_table(spend_nodes(shape))]


def value_quantile(shape: float, u: float) -> float:
    """Order value relative to the customer's mean: linear between the nodes of the table of quantiles."""
    nodes = _nodes(shape)
    bins = len(nodes) - 1
    k = math.floor(u * bins)
    return nodes[k] * (k + 1 - u * bins) + nodes[k + 1] * (u * bins - k)
