"""The days before day 0 of which the messages are known: they happen, and nothing else does."""

from __future__ import annotations

import math

from sim.past_messages import PastMessages
from tests.oracle.customer import FULL, Customer
from tests.oracle.due import earned
from tests.oracle.setting import Setting


def live_through(setting: Setting, me: Customer, told: PastMessages) -> float:
    """From the first known message to the evening of day -1; returns the opt-out hazard met, at frailty 1."""
    world, hazard = setting.world, 0.0
    row = int(world.population.base_customer[me.row])
    mine = range(int(told.first[row]), int(told.first[row + 1]))
    for day in range(told.first_day, 0):
        me.fatigue *= 2 ** (-1 / world.behaviour.fatigue.half_life_days)
        me.stimulus *= 2 ** (-1 / world.behaviour.response.half_life_days)
        for m in mine:
            name = told.channels[told.channel[m]] if told.channel[m] >= 0 else ""
            if told.day[m] == day and name in world.channel_names:
                arrived = None if told.arrived is None else bool(told.arrived[m])
                hazard += _contact(setting, me, world.channel_names.index(name), day, arrived)
        for at, _ in me.orders:
            if at == day:
                me.fatigue *= world.behaviour.fatigue.relief_at_order
    for channel in range(len(world.channels)):
        rate = earned(setting.per_week(world.current, channel, me.segment))
        recent = [day for day in me.contacts[channel] if max(told.first_day, -63) <= day]
        if recent and rate > 0:
            me.credit[channel] = min(FULL, rate * (-1 - max(recent)))
    return hazard


def _contact(setting: Setting, me: Customer, channel: int, day: int, arrived: bool | None) -> float:
    """``arrived`` None: it counts by its chance to."""
    world = setting.world
    c, behaviour = world.channels[channel], world.behaviour
    share = c.delivered if arrived is None else float(arrived)
    timing = 1.0 if world.timing is None else float(world.timing[me.segment, channel])
    fade = 2 ** (-1 / behaviour.response.half_life_days)
    met = share * -math.log(1 - c.unsubscribe_per_contact) * math.exp(behaviour.optout.fatigue_growth * me.fatigue)
    damped = math.exp(-behaviour.fatigue.damping * me.fatigue)
    me.stimulus += share * timing * (1 - fade) * c.orders_per_contact * damped
    me.fatigue += share * c.fatigue_weight
    if day not in me.contacts[channel]:
        me.contacts[channel].append(day)
    return met
