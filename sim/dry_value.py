"""What a contact of a dry run is expected to bring."""

from __future__ import annotations

import numpy as np

from sim.dry_state import Floats, Ints
from sim.lines import lines_of
from sim.policy import Frequencies
from sim.start import Started


def contribution(started: Started, plan: Frequencies, segment: Ints, *, rested: bool = False) -> Floats:
    """(N, L) margin of the orders it adds, less its cost and its offer's discounts, in the currency.

    At the customer's fatigue of the evening before (or ``rested``); what it does later, to fatigue and to the list, is
    not in it, nor is saturation. An offer's discount is also given on the organic orders expected in its window.
    """
    world, begin, people = started.world, started.begin, started.people
    population, response = world.population, world.behaviour.response
    offers = {offer.name: offer for offer in world.program.offers}
    carried = {(world.rfm.segments.index(s), world.channel_names.index(c)): offer for s, c, offer in plan.offers}
    asleep = response.dormant_share * 0.5 ** (-begin.last_order / response.dormant_half_life_days)
    willing = people.effect * np.where(begin.active == 1, 1.0, asleep)
    if not rested:
        willing = willing * np.exp(-world.behaviour.fatigue.damping * begin.fatigue)
    organic = np.where(begin.active == 1, population.order_rate, 0.0)
    columns = []
    for number, line in enumerate(lines_of(world)):
        channel = world.channels[line.channel]
        orders = willing * channel.delivered * channel.orders_per_contact * line.response_factor
        if world.timing is not None:
            orders = orders * world.timing[segment, line.channel]
        value = np.zeros(population.size)
        names = [carried.get((s, number), line.offer) for s in range(len(world.rfm.segments))]
        for s, name in enumerate(names):
            rows = segment == s
            factor, discount, days = 1.0, 0.0, 0
            if name is not None:
                offer = offers[name]
                factor, discount, days = offer.response_factor, offer.discount_share, offer.valid_days
            margin = (world.economics.margin - discount) * orders[rows] * factor
            given = channel.delivered * discount * organic[rows] * days
            value[rows] = (margin - given) * population.mean_value[rows]
        columns.append(value - channel.unit_cost)
    return np.column_stack(columns)
