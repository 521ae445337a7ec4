"""The evening of day -1 after weeks under the current plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sim.policy import Cooldown, FrequencyCap, Rule
from sim.start import Started
from sim.world import World
from tests.oracle.book import Life
from tests.oracle.company import Company
from tests.oracle.contact import Today, contact_a_day
from tests.oracle.customer import Customer, bring_together, customer_of, phases
from tests.oracle.due import grow_credit
from tests.oracle.life import decay_a_day
from tests.oracle.setting import Setting
from tests.oracle.told import live_through


@dataclass
class Past:
    fatigue: float
    stimulus: float
    contacts: dict[int, list[int]]
    """By line."""
    credit: dict[int, int]
    hazard_per_day: float
    """Before the first known message ..."""
    hazard_of_messages: float
    """... and of all of them since."""


def warm_up_days(world: World) -> int:
    """Eight half-lives, four weeks, every rule's window, and a cycle after six half-lives at least; a year at most;
    whole weeks."""
    slowest = max(world.behaviour.fatigue.half_life_days, world.behaviour.response.half_life_days)
    windows = [world.policy.min_gap_days, *(_window(rule) for rule in world.policy.rules)]
    windows += [floor.rolling_days for floor in world.policy.floors]
    windows += [round(6 * slowest) + cycle_days(world)]
    return math.ceil(min(364, max(28, round(8 * slowest), *windows)) / 7) * 7


def cycle_days(world: World) -> int:
    """Whole fortnights that hold the longest time between two contacts of a line and every rule's window; half a year
    at most."""
    rates = [float(rate) for row in world.current.per_week for rate in row]
    rates += [c.per_week for c in world.program.campaigns if c.name in world.current.campaigns]
    longest = max(
        [7 / max(rate, 0.01) for rate in rates if rate > 0] + [float(_window(rule)) for rule in world.policy.rules],
        default=14.0,
    )
    return math.ceil(min(longest, 182) / 14) * 14


def _window(rule: Rule) -> int:
    if isinstance(rule, FrequencyCap) and rule.calendar is not None:
        return {"week": 7, "month": 31}[rule.calendar]
    return rule.days if isinstance(rule, Cooldown) or not hasattr(rule, "rolling_days") else rule.rolling_days


def past(started: Started, row: int, seed: int) -> Past:
    """The current plan's contacts since the first order; segment, last order and consent stand still, nobody opts out.

    Regular contacts and campaigns only, no cascades; capacities, reputation, switch-offs and offers' windows begin
    on day 0; where messages are known, until the first of them. The hazard of a day is that of the last cycle, on the days the customer was there. Members of the household live through it together.
    """
    household = started.world.population.household
    rows = range(started.world.population.size)
    together = [row] if household is None else [r for r in rows if household[r] == household[row]]
    return pasts(started, together, seed)[together.index(row)]


def pasts(started: Started, rows: list[int], seed: int) -> list[Past]:
    setting, world, company = Setting.of(started.world), started.world, Company()
    days, cycle = warm_up_days(world), cycle_days(world)
    told = world.population.past
    log_begins = 0 if told is None else told.first_day
    people = [_begin(setting, customer_of(started, row)) for row in rows]
    bring_together(world, people)
    lives = [Life() for _ in range(max(rows) + 1)]
    first = [int(world.population.first_order[row]) for row in rows]
    before = [0.0 for _ in rows]
    for day in range(log_begins - days, log_begins):
        present = [me for me, since in zip(people, first, strict=True) if since <= day and me.joined < 0]
        for me in present:
            decay_a_day(world, me)
            grow_credit(setting, me, world.current, day)
        if day == log_begins - cycle:
            before = [lives[row].hazard for row in rows]
        contact_a_day(Today(setting, company, world.current, seed, day, behaving=False), present, lives)
    hazards = [
        (lives[row].hazard - hazard) / min(cycle, max(1, log_begins - since))
        for row, hazard, since in zip(rows, before, first, strict=True)
    ]
    met = [0.0 if told is None else live_through(setting, me, told) for me in people]
    return [
        Past(me.fatigue, me.stimulus, me.contacts, me.credit, hazard, of_log)
        for me, hazard, of_log in zip(people, hazards, met, strict=True)
    ]


def _begin(setting: Setting, me: Customer) -> Customer:
    lines = range(len(setting.lines))
    return replace(
        me, fatigue=0.0, stimulus=0.0, contacts={n: [] for n in lines}, credit=phases(setting, me.key), family=[]
    )
