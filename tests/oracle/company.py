"""What customers share in one world: the sender's reputation and the capacities."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sim.capacity import Capacity
from sim.policy import Frequencies
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
    return use_of_contact(setting, capacity, setting.lines[line].channel) > 0


def needs_grant(setting: Setting, line: int) -> bool:
    return any(uses(setting, capacity, line) for capacity in setting.world.capacities)


def grant(setting: Setting, company: Company, people: list[Customer], plan: Frequencies, seed: int, day: int) -> None:
    """Morning: who may use the capacities today. A contact is granted if there is room in each one it uses."""
    capacities = setting.world.capacities
    left = [room_today(setting, company, capacity, day) for capacity in capacities]
    company.granted.clear()
    for me, line, _ in sorted(requests(setting, people, plan, day), key=lambda r: _rank(setting, plan, r, seed, day)):
        used = [use_of_contact(setting, capacity, setting.lines[line].channel) for capacity in capacities]
        if all(room is None or use <= room for use, room in zip(used, left, strict=True)):
            left = [None if room is None else room - use for use, room in zip(used, left, strict=True)]
            company.granted.add((me.row, line))


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


def _rank(setting: Setting, plan: Frequencies, request: Request, seed: int, day: int) -> tuple[int, int, int]:
    """Smallest first: by value or by arrival, then by a hash (of the first capacity it uses; all bits but six), then by line."""
    me, line, since = request
    by_value = setting.world.policy.arbitration == "value"
    score = -value(setting, me, plan, line, day) if by_value else since
    first = next(capacity for capacity in setting.world.capacities if uses(setting, capacity, line))
    return score, word(me.key, seed, f"capacity:{first.name}", day) >> 6, line


def use_of_contact(setting: Setting, capacity: Capacity, channel: int) -> int:
    """In millionths of the resource's unit; clicks are those to expect of a rested customer."""
    c = setting.world.channels[channel]
    if c.name not in capacity.channels:
        return 0
    return round((capacity.use_per_contact + capacity.use_per_click * c.delivered * c.clicked) * MICRO)


def room_today(setting: Setting, company: Company, capacity: Capacity, day: int) -> int | None:
    """Millionths left on this morning for the simulated customers; None = no limit. A grant that was not used counts
    on its day only."""
    scale = setting.world.population.size / setting.world.population.base_size
    of_week = capacity.weeks.get(day // 7, capacity.per_week)
    rooms = [] if capacity.per_day is None else [round(capacity.per_day * scale * MICRO)]
    if of_week is not None:
        used = sum(n * use_of_contact(setting, capacity, channel) for channel, n in company.sent.items())
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
