"""The contacts of a day: who goes first, what goes out, and what it does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.policy import Frequencies
from tests.oracle.book import COMPLAINT, CONTACT, UNSUBSCRIBE, Life
from tests.oracle.cascades import condition_holds, go_on
from tests.oracle.company import Company, needs_grant, placement, value
from tests.oracle.customer import FULL, Customer
from tests.oracle.draws import high, low, word
from tests.oracle.due import count_silence, due_since, is_paced
from tests.oracle.rules import forbidding, would_forbid
from tests.oracle.setting import Setting, discount


@dataclass(frozen=True)
class Today:
    """What all contacts of a day have in common. ``behaving``: False before day 0, when nobody opts out and no capacity
    or reputation is kept."""

    setting: Setting
    company: Company
    plan: Frequencies
    seed: int
    day: int
    behaving: bool = True


def contact_a_day(today: Today, people: list[Customer], lives: list[Life]) -> None:
    """Line by line in the order of precedence, and customer by customer within a line; by arrival or value in rounds:
    first everybody's first, then everybody's second, ... and last, what becomes due during the day."""
    setting = today.setting
    in_order = sorted(range(len(setting.lines)), key=setting.precedence)
    turns = {me.row: own_order(setting, me, today.plan, today.day) for me in people}
    last = len(in_order)
    for turn in range(last + 1):
        for line in in_order:
            for me in people:
                if turns[me.row].get(line, last) == turn:
                    take_turn(today, me, lives[me.row], line)


def own_order(setting: Setting, me: Customer, plan: Frequencies, day: int) -> dict[int, int]:
    """Turn of each line due this morning, 0 first; under "priority" none has a turn of its own."""
    if setting.world.policy.arbitration == "priority":
        return {}
    open_lines = [n for n, of in enumerate(setting.lines) if of.step is not None or of.channel in me.subscribed]
    due = {line: due_since(setting, me, plan, line, day) for line in open_lines}
    due = {line: since for line, since in due.items() if since is not None}
    if setting.world.policy.arbitration == "value":
        due = {line: -value(setting, me, plan, line, day) for line in due}
    in_order = sorted(due, key=lambda line: (due[line], setting.precedence(line)))
    return {line: turn for turn, line in enumerate(in_order)}


def take_turn(today: Today, me: Customer, life: Life, line: int) -> None:
    """If a contact of this line is due it goes out, waits, or (a step) is left out."""
    setting, plan, day = today.setting, today.plan, today.day
    since = due_since(setting, me, plan, line, day)
    if since is None:
        return
    is_step = setting.lines[line].step is not None
    reachable = setting.lines[line].channel in me.subscribed
    if is_step and not (reachable and me.run is not None and condition_holds(setting, me.run)):
        go_on(setting, me, day)
    if not reachable or due_since(setting, me, plan, line, day) is None:
        return
    forbidden = forbidding(setting, me, line, day)
    if forbidden and since == day and (is_step or is_paced(setting, me, plan, line)):
        latest = max(forbidden, key=lambda rule: (forbidden[rule], -rule))
        life.weekly["blocked", day // 7, latest] += 1
    lacks_grant = today.behaving and needs_grant(setting, line) and (me.row, line) not in today.company.granted
    if not forbidden and not lacks_grant:
        for rule in would_forbid(setting, me, line, day):
            life.weekly["violations", day // 7, rule] += 1
        _send(today, me, life, line)
        return
    if not forbidden:
        life.weekly["displaced", day // 7, line] += 1
    if is_step and me.run is not None and day >= since + setting.cascade(me.run.cascade).patience_days:
        go_on(setting, me, day)


def _send(today: Today, me: Customer, life: Life, line: int) -> None:
    setting, company, plan, day = today.setting, today.company, today.plan, today.day
    world, channel = setting.world, setting.lines[line].channel
    c, week = world.channels[channel], day // 7
    phase = int(week >= world.weeks)
    h = word(me.key, today.seed, f"contact:{setting.lines[line].stream(world)}", day)
    delivered = high(h) < c.delivered
    damping = math.exp(-world.behaviour.fatigue.damping * me.fatigue)
    placed = placement(setting, company, channel)
    seen = me.seen[channel] * damping * placed
    clicked = seen * c.clicked / c.seen if c.seen > 0 else 0.0
    is_seen, is_clicked = high(h) < c.delivered * seen, high(h) < c.delivered * clicked
    cost = round(c.unit_cost * 1e6) * discount(world, week)

    if setting.lines[line].step is None and is_paced(setting, me, plan, line):
        me.credit[line] -= FULL
    me.contacts[line].append(day)
    company.sent[channel] += 1
    company.undelivered[channel] += not delivered
    life.cost[phase] += cost
    life.events.append((day, CONTACT, line, int(delivered)))
    life.weekly["sent", week, line] += 1
    life.weekly["segment contacts", week, me.segment] += 1
    life.weekly["segment cost", week, me.segment] += cost
    if me.run is not None and setting.lines[line].step is not None:
        me.run.seen, me.run.clicked = is_seen, is_clicked
        go_on(setting, me, day)
    if today.behaving:
        count_silence(setting, me, line, seen=is_seen, clicked=is_clicked)
    if not delivered:
        return
    pressure = math.exp(world.behaviour.optout.fatigue_growth * me.fatigue)
    hazard = -math.log(1 - c.unsubscribe_per_contact) * pressure
    complaint = 1 - (1 - c.complaint_per_contact) ** pressure
    opt_out = 1 - math.exp(-hazard * me.frailty)
    life.hazard += hazard
    life.expected_opt_outs[phase] += opt_out
    for what, amount in (
        ("delivered", 1),
        ("seen expected", seen),
        ("clicked expected", clicked),
        ("seen", int(is_seen)),
        ("clicked", int(is_clicked)),
        ("opt-outs expected", opt_out),
        ("complaints expected", complaint),
    ):
        life.weekly[what, week, line] += amount
    fade = 2 ** (-1 / world.behaviour.response.half_life_days)
    factor = setting.response_factor(plan, line, me.segment) * placed
    me.stimulus += (1 - fade) * c.orders_per_contact * damping * factor
    me.fatigue += c.fatigue_weight
    if today.behaving:
        _answer(today, me, life, line, leaves=low(h) < opt_out, complaint=complaint)


def _answer(today: Today, me: Customer, life: Life, line: int, *, leaves: bool, complaint: float) -> None:
    """What else a delivered contact does: it opens its offer's window, and may end in an opt-out or a complaint."""
    setting, day = today.setting, today.day
    channel = setting.lines[line].channel
    offer = setting.offer_of(today.plan, line, me.segment)
    if offer is not None:
        me.offer, me.offer_until = offer, day + offer.valid_days - 1
    if leaves:
        me.subscribed.remove(channel)
        life.events.append((day, UNSUBSCRIBE, line, 0))
        life.weekly["opt-outs", day // 7, line] += 1
    stream = f"complaint:{setting.lines[line].stream(setting.world)}"
    if high(word(me.key, today.seed, stream, day)) < complaint:
        today.company.complaints[channel] += 1
        life.events.append((day, COMPLAINT, line, 0))
        life.weekly["complaints", day // 7, line] += 1
