"""The order of the day, for all customers of a world together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.policy import Frequencies
from sim.start import Started
from sim.world import World
from tests.oracle.book import SEGMENT, Life
from tests.oracle.cascades import change_plan, look_at_triggers
from tests.oracle.company import Company, end_week, grant
from tests.oracle.contact import Today, contact_a_day
from tests.oracle.customer import Customer, bring_together, customer_of, segment_of
from tests.oracle.due import grow_credit
from tests.oracle.orders import order_a_day
from tests.oracle.setting import Setting


def simulate(started: Started, plans: Sequence[Frequencies], tail: Frequencies, *, seed: int) -> list[list[Life]]:
    """Lives by plan and customer."""
    rows = range(len(np.asarray(started.people.key)))
    return [live_together(started, rows, plan, tail, seed) for plan in plans]


def live(started: Started, row: int, plan: Frequencies, tail: Frequencies, seed: int) -> Life:
    """One customer alone: the same as among all others if nothing is shared."""
    return live_together(started, [row], plan, tail, seed)[0]


def live_together(started: Started, rows: Sequence[int], plan: Frequencies, tail: Frequencies, seed: int) -> list[Life]:
    """From day 0 to the end, under ``plan`` in the horizon and ``tail`` after it."""
    setting, world, company = Setting.of(started.world), started.world, Company()
    everybody = [customer_of(started, row) for row in rows]
    bring_together(world, everybody)
    lives = [Life() for _ in range(max(rows, default=-1) + 1)]
    for day in range(world.days):
        holds = plan if day < 7 * world.weeks else tail
        people = [me for me in everybody if me.joined <= day]
        for me in people:
            if day == max(0, me.joined):
                appear(world, me, lives[me.row], day)
            if day == 7 * world.weeks:
                change_plan(setting, me, tail)
            wake_up(setting, me, lives[me.row], holds, day)
        grant(setting, company, people, holds, seed, day)
        contact_a_day(Today(setting, company, holds, seed, day), people, lives)
        for me in people:
            order_a_day(setting, me, lives[me.row], seed, day)
        if day % 7 == 6:
            for me in people:
                count(me, lives[me.row], day // 7)
            end_week(setting, company)
    return [lives[row] for row in rows]


def appear(world: World, me: Customer, life: Life, day: int) -> None:
    """First day: those who join now get their first segment."""
    if me.joined >= 0:
        me.segment = segment_of(world, me, day)
    me.week_segment = me.segment
    if day < 7 * world.weeks:
        life.segments_seen.add(me.segment)


def wake_up(setting: Setting, me: Customer, life: Life, plan: Frequencies, day: int) -> None:
    """Morning: decay, segment, triggers, pacing."""
    decay_a_day(setting.world, me)
    before = me.segment
    if day % setting.world.rfm.recompute_days == 0:
        _update_segment(setting.world, me, life, day)
    look_at_triggers(setting, me, plan, day, changed=me.segment != before)
    grow_credit(setting, me, plan, day)


def decay_a_day(world: World, me: Customer) -> None:
    me.fatigue *= 2 ** (-1 / world.behaviour.fatigue.half_life_days)
    me.stimulus *= 2 ** (-1 / world.behaviour.response.half_life_days)


def _update_segment(world: World, me: Customer, life: Life, day: int) -> None:
    now = segment_of(world, me, day)
    if now != me.segment:
        me.segment = now
        life.events.append((day, SEGMENT, now, -1))
        life.weekly["changes", day // 7, 0] += 1
        if day < 7 * world.weeks:
            life.segments_seen.add(now)


def count(me: Customer, life: Life, week: int) -> None:
    """Sunday evening."""
    life.weekly["customers", week, me.segment] += 1
    life.weekly[f"from {me.week_segment}", week, me.segment] += 1
    me.week_segment = me.segment
    for channel in me.subscribed:
        life.weekly["reachable", week, channel] += 1
