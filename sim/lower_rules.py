"""Rules of contact as the numbers the kernel reads: what each rule remembers, and whom it binds for how long.

Every rule becomes one memory (the days of the latest contacts that count) and, per line it binds, one entry of the
list that is looked at when that line is due. A new kind of rule is one more function here that returns a ``_Bound``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.tables import CALENDAR, ENTRIES_PER_WORD, ENTRY_BITS, NEVER, PREREQUISITE, ROLLING, records
from sim.lines import lines_of, selects
from sim.policy import ContactPolicy, Cooldown, FrequencyCap, PersonalCap, Prerequisite, Selection
from sim.rng import uniforms
from sim.units import DAYS_PER_WEEK
from sim.world import World

Bools = npt.NDArray[np.bool_]
RULES_BESIDE = ("min_gap_days", "quiet_days_after_order")
"""Reported after the policy's rules, in this order."""


@dataclass(frozen=True)
class _Bound:
    """A rule as the kernel sees it: forbidden as long as the entry that decides is recent (or, for a prerequisite,
    unless the latest is)."""

    counts: npt.NDArray[np.int64]
    """(lines,) entries a contact makes: its pressure points."""
    binds: Bools
    """(lines,)"""
    segments: Bools
    days: int
    """Window; for calendar windows the longest period."""
    most: int
    """Entries remembered: with so many in the window nothing more fits."""
    kind: int = ROLLING
    calendar: int = 0
    enforced: bool = True
    household: bool = False
    personal: int = -1
    """Column of ``People.tolerance`` with the customer's own limit."""

    @property
    def words(self) -> int:
        return -(-max(1, self.most) // ENTRIES_PER_WORD)


@dataclass(frozen=True)
class LoweredRules:
    """Parts of ``Tables``: whole arrays, and fields of the lanes and of the scalars."""

    arrays: dict[str, Any]
    lanes: dict[str, Any]
    scalars: dict[str, Any]
    floor_words: npt.NDArray[np.uint64]
    """(floors,) where their memories begin."""


def lower_rules(world: World, days: int, first_day: int) -> LoweredRules:
    """Memories, who counts in them and whom they bind."""
    rules = _bounds(world)
    word = np.concatenate([[0], np.cumsum([rule.words for rule in rules])])[: len(rules)].astype(np.uint64)
    lanes = range(len(lines_of(world)))
    binding = [[n for n, rule in enumerate(rules) if rule.binds[lane]] for lane in lanes]
    counting = [[n for n, rule in enumerate(rules) for _ in range(rule.counts[lane]) if rule.most] for lane in lanes]
    bound = [(rules[n], n, lane) for lane in lanes for n in binding[lane]]
    counted = [(rules[n], n) for of_lane in counting for n in of_lane]
    window = [np.where(rule.segments, rule.days if _may_ever(rule, lane) else NEVER, 0) for rule, _, lane in bound]
    bind_ends, count_ends = (np.cumsum([len(of_lane) for of_lane in lists]) for lists in (binding, counting))
    exempt = ~selects(world, world.policy, Selection())
    return LoweredRules(
        arrays={
            "bind": records({
                "word": _unsigned([int(word[n]) + _deciding(it, lane) // ENTRIES_PER_WORD for it, n, lane in bound]),
                "shift": _unsigned([_deciding(rule, lane) % ENTRIES_PER_WORD * ENTRY_BITS for rule, _, lane in bound]),
                "kind": _whole([rule.kind for rule, _, _ in bound]),
                "calendar": _whole([rule.calendar for rule, _, _ in bound]),
                "personal": _whole([rule.personal for rule, _, _ in bound]),
                "household": _whole([rule.household for rule, _, _ in bound]),
                "enforced": _whole([rule.enforced for rule, _, _ in bound]),
                "rule": _whole([min(n, len(world.policy.rules)) for _, n, _ in bound]),
                "plain": _whole([_plain(rule) for rule, _, _ in bound]),
            }),
            "bind_window": np.array(window, dtype=np.int64).reshape(len(bound), len(world.rfm.segments)),
            "counted": records({
                "word": _unsigned([word[n] for _, n in counted]),
                "words": _unsigned([rule.words for rule, _ in counted]),
                "household": _whole([rule.household for rule, _ in counted]),
            }),
            "memory": records({
                "days": _whole([rule.days if rule.most else 0 for rule in rules]),
                "word": _unsigned(word),
                "words": _unsigned([rule.words for rule in rules]),
                "household": _whole([rule.household for rule in rules]),
            }),
            "memory_counts": _whole([rule.counts for rule in rules]).reshape(len(rules), len(lanes)),
            "period": _periods(world, days, first_day),
        },
        lanes={
            "bind_from": _unsigned(bind_ends - [len(of_lane) for of_lane in binding]),
            "bind_to": _unsigned(bind_ends),
            "bind_others": _whole(
                [any(rules[n].enforced and not _plain(rules[n]) for n in of_lane) for of_lane in binding]
            ),
            "count_from": _unsigned(count_ends - [len(of_lane) for of_lane in counting]),
            "count_to": _unsigned(count_ends),
            "quiet": np.where(exempt, 0, world.policy.quiet_days_after_order).astype(np.int64),
        },
        scalars={
            "reported": any(not rule.enforced for rule in rules),
            "households": any(rule.household for rule in rules),
        },
        floor_words=word[len(rules) - len(world.policy.floors) :],
    )  # fmt: skip


def tolerance(world: World) -> npt.NDArray[np.int64]:
    """(N, personal caps) the customers' own limits: by a hash of the real customer's id, whatever the seed."""
    base = world.population.base_key
    limits = np.zeros((len(base), len(world.policy.personal_caps)), dtype=np.int64)
    for k, rule in enumerate(world.policy.personal_caps):
        edges = np.cumsum([part for _, part in rule.shares])
        place = np.searchsorted(edges[:-1], uniforms(0, f"personal:{rule.name}", base), side="right")
        limits[:, k] = np.array([limit for limit, _ in rule.shares])[place]
    return limits


def _bounds(world: World) -> list[_Bound]:
    """The policy's rules, then the minimum gap, one per channel, then what the floors remember."""
    policy = world.policy
    rules = [_bound(world, policy, rule) for rule in policy.rules]
    for channel in world.channels:
        own = selects(world, policy, Selection((channel.name,)))
        if policy.min_gap_days > 1 or own.sum() > 1:  # (one line alone sends at most once a day anyway)
            rules.append(_Bound(own.astype(np.int64), own, _segments(world, ()), policy.min_gap_days, 1))
    for floor in policy.floors:
        own = selects(world, policy, Selection((floor.channel,)))
        nobody = np.zeros(len(own), dtype=np.bool_)
        rules.append(_Bound(own.astype(np.int64), nobody, _segments(world, ()), floor.rolling_days, floor.min_contacts))
    return rules


def _bound(world: World, policy: ContactPolicy, rule: FrequencyCap | Cooldown | Prerequisite | PersonalCap) -> _Bound:
    segments = _segments(world, rule.segments)
    match rule:
        case FrequencyCap():
            chosen = selects(world, policy, rule.selection)
            points = dict(rule.points)
            weight = np.array([points.get(world.channels[line.channel].name, 1) for line in lines_of(world)])
            counts = np.where(chosen, weight, 0)
            calendar = {None: 0, "week": 0, "month": 1}[rule.calendar]
            days = {None: rule.rolling_days, "week": 7, "month": 31}[rule.calendar]
            kind = ROLLING if rule.calendar is None else CALENDAR
            return _Bound(
                counts, counts > 0, segments, days, rule.max_contacts, kind, calendar, rule.enforced, rule.household
            )
        case Cooldown():
            after, forbids = (selects(world, policy, which) for which in (rule.after, rule.forbids))
            return _Bound(after.astype(np.int64), forbids, segments, rule.days, 1, enforced=rule.enforced)
        case Prerequisite():
            needs, allows = (selects(world, policy, which) for which in (rule.needs, rule.allows))
            return _Bound(needs.astype(np.int64), allows, segments, rule.days, 1, PREREQUISITE, enforced=rule.enforced)
        case PersonalCap():
            chosen = selects(world, policy, rule.selection)
            return _Bound(
                chosen.astype(np.int64),
                chosen,
                segments,
                rule.rolling_days,
                max(limit for limit, _ in rule.shares),
                enforced=rule.enforced,
                personal=policy.personal_caps.index(rule),
            )


def _deciding(rule: _Bound, lane: int) -> int:
    """Which of the entries, 0 = latest, must have left the window for one more contact of the lane to fit. (A personal
    cap's is the customer's own: counted from 0.)"""
    if rule.personal >= 0:
        return 0
    own = max(1, int(rule.counts[lane])) if rule.kind != PREREQUISITE and rule.binds[lane] else 1
    return max(0, rule.most - own)


def _plain(rule: _Bound) -> bool:
    return rule.enforced and rule.kind == ROLLING and rule.personal < 0 and not rule.household


def _may_ever(rule: _Bound, lane: int) -> bool:
    return rule.most >= max(1, int(rule.counts[lane]))


def _periods(world: World, days: int, first_day: int) -> npt.NDArray[np.int64]:
    """(2 calendars, D, 2) first day of the calendar week and month a day is in, and of the next one."""
    calendar = first_day + np.arange(days)
    monday = calendar - (calendar + world.first_weekday) % DAYS_PER_WEEK
    starts = [1 - world.first_day_of_month]
    for length in world.month_lengths:
        starts.append(starts[-1] + length)
    while starts[-1] <= calendar[-1]:
        starts.append(starts[-1] + 30)
    while starts[0] > calendar[0]:
        starts.insert(0, starts[0] - 30)
    place = np.searchsorted(starts, calendar, side="right")
    month = np.stack([np.array(starts)[place - 1], np.array(starts)[place]], axis=1)
    return np.ascontiguousarray(np.stack([np.stack([monday, monday + DAYS_PER_WEEK], axis=1), month]) - first_day)


def _segments(world: World, names: Sequence[str]) -> Bools:
    everywhere = np.ones(len(world.rfm.segments), dtype=np.bool_)
    return np.isin(world.rfm.segments, names) if names else everywhere


def _unsigned(numbers: Any) -> npt.NDArray[np.uint64]:
    return np.array([int(number) for number in numbers], dtype=np.uint64)


def _whole(numbers: Any) -> npt.NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)
