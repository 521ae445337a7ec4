"""What customers share in one world: the sender's reputation and the capacities."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sim.capacity import Capacity
from sim.policy import Frequencies
from tests.oracle.book import Life
from tests.oracle.cascades import condition_holds
from tests.oracle.customer import Customer
from tests.oracle.draws import word
from tests.oracle.due import due_since
from tests.oracle.rules import forbidding
from tests.oracle.setting import Setting

MICRO = 1_000_000


@dataclass
class Company:
    """Sent, undelivered and complaints are of the present week, by channel."""

    damage: Counter[int] = field(default_factory=Counter)
    sent: Counter[int] = field(default_factory=Counter)
    undelivered: Counter[int] = field(default_factory=Counter)
    complaints: Counter[int] = field(default_factory=Counter)
    granted: set[tuple[int, int]] = field(default_factory=set)
    """Today's grants: (customer, line)."""


def placement(setting: Setting, company: Company, channel: int) -> float:
    """Share of what is delivered that reaches the inbox this week."""
    reputation = setting.world.behaviour.reputation
    if setting.world.channels[channel].name not in reputation.channels:
        return 1.0
    return 1 / (1 + (company.damage[channel] / reputation.tolerated_damage) ** 2)


def end_week(setting: Setting, company: Company) -> None:
    reputation = setting.world.behaviour.reputation
    for channel in range(len(setting.world.channels)):
        company.damage[channel] *= 2 ** (-1 / reputation.half_life_weeks)
        if company.sent[channel] > 0:
            bad = company.complaints[channel] + reputation.dead_weight * company.undelivered[channel]
            company.damage[channel] += bad / company.sent[channel]
    for counter in (company.sent, company.undelivered, company.complaints):
        counter.clear()


# --- capacity -------------------------------------------------------------------------------------------------

Request = tuple[Customer, int, int]
"""A customer, a line, and the day since which the contact has been due."""


def uses(setting: Setting, capacity: Capacity, line: int) -> bool:
    return setting.channel_name(line) in capacity.channels


def needs_grant(setting: Setting, line: int) -> bool:
    return any(uses(setting, capacity, line) for capacity in setting.world.capacities)


def grant(
    setting: Setting,
    company: Company,
    people: list[Customer],
    lives: list[Life],
    plan: Frequencies,
    seed: int,
    day: int,
) -> None:
    """Morning: who may use the capacities today. A contact needs a grant from each it uses, in their order."""
    company.granted.clear()
    asking = requests(setting, people, plan, day)
    for n, capacity in enumerate(setting.world.capacities):
        left = room_today(setting, company, capacity, day)
        concerned = [request for request in asking if uses(setting, capacity, request[1])]
        for request in sorted(concerned, key=lambda r: _rank(setting, plan, capacity, r, seed, day)):
            me, line, _ = request
            use = use_of_contact(setting, capacity, setting.lines[line].channel)
            if left is None or use <= left:
                left = None if left is None else left - use
            else:
                asking.remove(request)
                lives[me.row].weekly["displaced", day // 7, n] += 1
    company.granted = {(me.row, line) for me, line, _ in asking}


def requests(setting: Setting, people: list[Customer], plan: Frequencies, day: int) -> list[Request]:
    """What is due and allowed before anything is sent today, each contact looked at as if it were alone."""
    found: list[Request] = []
    for me in people:
        for line in range(len(setting.lines)):
            since = due_since(setting, me, plan, line, day) if needs_grant(setting, line) else None
            if since is None or setting.lines[line].channel not in me.subscribed:
                continue
            if setting.lines[line].step is not None and me.run is not None and not condition_holds(setting, me.run):
                continue
            if not forbidding(setting, me, line, day):
                found.append((me, line, since))
    return found


def _rank(
    setting: Setting, plan: Frequencies, capacity: Capacity, request: Request, seed: int, day: int
) -> tuple[int, int, tuple[int, int]]:
    """Smallest first: by value or by arrival, then by hash, then by precedence."""
    me, line, since = request
    by_value = setting.world.policy.arbitration == "value"
    score = -value(setting, me, plan, line, day) if by_value else since
    return score, word(me.key, seed, f"capacity:{capacity.name}", day), setting.precedence(line)


def use_of_contact(setting: Setting, capacity: Capacity, channel: int) -> int:
    """In millionths of the resource's unit; clicks are those to expect of a rested customer."""
    c = setting.world.channels[channel]
    return round((capacity.use_per_contact + capacity.use_per_click * c.delivered * c.clicked) * MICRO)


def room_today(setting: Setting, company: Company, capacity: Capacity, day: int) -> int | None:
    """Millionths left on this morning for the simulated customers; None = no limit. A grant that was not used counts
    on its day only."""
    scale = setting.world.population.size / setting.world.population.base_size
    of_week = capacity.weeks.get(day // 7, capacity.per_week)
    rooms = [] if capacity.per_day is None else [round(capacity.per_day * scale * MICRO)]
    if of_week is not None:
        channels = [c for c, channel in enumerate(setting.world.channels) if channel.name in capacity.channels]
        used = sum(company.sent[c] * use_of_contact(setting, capacity, c) for c in channels)
        rooms.append(round(of_week * scale * MICRO) - used)
    return min(rooms) if rooms else None


# --- arbitration ----------------------------------------------------------------------------------------------


def gain(setting: Setting, me: Customer, day: int) -> float:
    """Response of this customer relative to the reference customer, today."""
    response = setting.world.behaviour.response
    if me.active:
        return me.effect
    return me.effect * response.dormant_share * 2 ** (-(day - me.last_order) / response.dormant_half_life_days)


def value(setting: Setting, me: Customer, plan: Frequencies, line: int, day: int) -> int:
    """Expected contribution of a contact, rested: millionths of the currency."""
    c = setting.world.channels[setting.lines[line].channel]
    orders = c.orders_per_contact * setting.response_factor(plan, line, me.segment) * gain(setting, me, day)
    return round((setting.world.economics.margin * me.mean_value * orders - c.unit_cost) * MICRO)
