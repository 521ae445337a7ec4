"""The rules of contact on one morning: whom each forbids a contact, and until when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.dry_state import Bools, Floats, Ints, Morning, contacts_in
from sim.lines import lines_of, selects
from sim.policy import Cooldown, FrequencyCap, PersonalCap, Prerequisite, Rule
from sim.rng import uniforms

NEVER = 2**30
FULL = 63


@dataclass(frozen=True)
class Ruling:
    """One rule about one line."""

    number: int
    forbids: Bools
    """(N,)"""


@dataclass(frozen=True)
class Verdict:
    """All rules about one line."""

    rules: list[Ruling]
    """Enforced ones."""
    only_reported: list[Ruling]
    forbidden: Bools
    """(N,) by any enforced rule."""
    last: Ints
    """(N,) number of the enforced rule that releases the contact last; the first of these on a tie."""


class Judge:
    """Asks every rule, in the order of ``ContactPolicy.rules``, then the minimum gap, then quiet days."""

    def __init__(self, morning: Morning, sent: Bools) -> None:
        self.morning, self.sent = morning, sent
        self.world, self.policy = morning.world, morning.world.policy
        self.channel = np.array([line.channel for line in lines_of(self.world)])
        self.exempt = np.array([line.message_class in self.policy.exempt_classes for line in lines_of(self.world)])
        self.limits = {rule.name: self._limits(rule) for rule in self.policy.personal_caps}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the rules, by number."""
        return (*(rule.name for rule in self.policy.rules), "gap between contacts", "quiet days after an order")

    def of(self, line: int, asked: Bools) -> Verdict:
        """The verdict on a contact of ``line`` for the customers ``asked``, after what has been sent today."""
        enforced: list[tuple[int, Ints]] = []
        watched: list[tuple[int, Ints]] = []
        release = np.zeros(len(asked), dtype=np.int64)
        last = np.zeros(len(asked), dtype=np.int64)
        households = []
        for number, rule in enumerate(self.policy.rules):
            if not self._about(rule, line):
                continue
            until = np.where(self._in_scope(rule), self._release(rule, line), 0)
            if isinstance(rule, FrequencyCap) and rule.household and rule.enforced:
                households.append((number, rule))
            (enforced if rule.enforced else watched).append((number, until))
        rules = len(self.policy.rules)
        if not self.exempt[line]:
            enforced += [(rules, self._gap(line)), (rules + 1, self._quiet())]
        for number, until in enforced:
            later = until > release
            last[later], release[later] = number, until[later]
        crowded = self._crowded(households, line, asked & (release == 0))
        for number, rows in crowded:
            last[rows], release[rows] = number, 1
        found = {number: until > 0 for number, until in enforced}
        for number, rows in crowded:
            found[number] = found[number] | rows
        return Verdict(
            [Ruling(number, forbids) for number, forbids in found.items()],
            [Ruling(number, until > 0) for number, until in watched],
            release > 0,
            last,
        )

    def _about(self, rule: Rule, line: int) -> bool:
        selection = {Cooldown: "forbids", Prerequisite: "allows"}.get(type(rule), "selection")
        return bool(selects(self.world, self.policy, getattr(rule, selection))[line])

    def _in_scope(self, rule: Rule) -> Bools:
        if not rule.segments:
            return np.ones(len(self.sent), dtype=np.bool_)
        return np.isin(np.array(self.world.rfm.segments)[self.morning.segment], rule.segments)

    def _release(self, rule: Rule, line: int) -> Ints:
        """(N,) days until the rule allows the contact; 0 = today."""
        if isinstance(rule, FrequencyCap):
            return self._cap(rule, line)
        if isinstance(rule, PersonalCap):
            points = selects(self.world, self.policy, rule.selection).astype(np.int64)
            return self._rolling(points, 1, self.limits[rule.name], rule.rolling_days)
        if isinstance(rule, Cooldown):
            return np.maximum(0, rule.days - self._age(selects(self.world, self.policy, rule.after)))
        return (self._age(selects(self.world, self.policy, rule.needs)) >= rule.days).astype(np.int64)

    def _cap(self, cap: FrequencyCap, line: int) -> Ints:
        names, points = self.world.channel_names, dict(cap.points)
        weight = np.array([points.get(names[channel], 1) for channel in self.channel])
        counted = np.where(selects(self.world, self.policy, cap.selection), weight, 0)
        most = np.full(len(self.sent), cap.max_contacts)
        if cap.calendar is None:
            return self._rolling(counted, int(weight[line]), most, cap.rolling_days, household=cap.household)
        elapsed, left = self._period(cap.calendar)
        used = self._used(counted, elapsed + 1, household=cap.household)
        full = used + weight[line] > most
        return np.where(full, left if weight[line] <= cap.max_contacts else NEVER, 0)

    def _period(self, calendar: str) -> tuple[int, int]:
        """Days of the week or month before today, and days until the next begins."""
        world = self.world
        if calendar == "week":
            return world.first_weekday, 7 - world.first_weekday
        length = world.month_lengths[0] if world.month_lengths else 30
        return world.first_day_of_month - 1, length - world.first_day_of_month + 1

    def _used(self, points: Ints, days: int, *, household: bool = False) -> Ints:
        """(N,) points of the last ``days`` days, today included."""
        used = contacts_in(self.morning.past, days) @ points + self.sent @ points
        houses = self.world.population.household
        if household and houses is not None:
            number = np.unique(houses, return_inverse=True)[1]
            used = np.rint(np.bincount(number, weights=used))[number].astype(np.int64)
        return np.asarray(used, dtype=np.int64)

    def _rolling(self, points: Ints, mine: int, most: Ints, days: int, *, household: bool = False) -> Ints:
        """First day on which enough old contacts have left the window."""
        release = np.zeros(len(self.sent), dtype=np.int64)
        stuck = self._used(points, days, household=household) + mine > most
        for later in range(1, days):
            if not stuck.any():
                return release
            release[stuck] = later
            stuck = stuck & (self._used(points, days - later, household=household) + mine > most)
        release[stuck] = days
        release[mine > most] = NEVER
        return release

    def _age(self, which: Bools) -> Ints:
        """(N,) days since the latest contact of these lines: 0 = today; NEVER = none that is remembered."""
        past = np.bitwise_or.reduce(self.morning.past[:, which], axis=1, initial=0)
        lowest = np.bitwise_count((past & -past) - 1).astype(np.int64) + 1
        age = np.where(past == 0, NEVER, lowest)
        return np.where(self.sent[:, which].any(axis=1), 0, age)

    def _gap(self, line: int) -> Ints:
        same = (self.channel == self.channel[line]) & ~self.exempt
        return np.maximum(0, self.policy.min_gap_days - self._age(same))

    def _quiet(self) -> Ints:
        return np.maximum(0, self.policy.quiet_days_after_order + 1 + self.morning.last_order)

    def _limits(self, rule: PersonalCap) -> Ints:
        """(N,) the customer's own limit, by a hash of the id."""
        u: Floats = uniforms(0, f"personal:{rule.name}", self.world.population.base_key)
        limits = np.array([limit for limit, _ in rule.shares], dtype=np.int64)
        upto = np.cumsum([part for _, part in rule.shares])
        return limits[np.minimum(np.searchsorted(upto, u, side="right"), len(limits) - 1)]

    def _crowded(self, rules: list[tuple[int, FrequencyCap]], line: int, asked: Bools) -> list[tuple[int, Bools]]:
        """Members of a household who come too late on this very line, in the order of rows."""
        houses = self.world.population.household
        if not rules or houses is None:
            return []
        found = [(number, np.zeros(len(asked), dtype=np.bool_)) for number, _ in rules]
        names = self.world.channel_names
        weights = [dict(cap.points).get(names[self.channel[line]], 1) for _, cap in rules]
        used = []
        for _, cap in rules:
            points = dict(cap.points)
            weight = np.array([points.get(names[channel], 1) for channel in self.channel])
            counted = np.where(selects(self.world, self.policy, cap.selection), weight, 0)
            days = cap.rolling_days if cap.calendar is None else self._period(cap.calendar)[0] + 1
            used.append(self._used(counted, days, household=True))
        scopes = [self._in_scope(cap) for _, cap in rules]
        taken: dict[int, int] = {}
        for row in np.flatnonzero(asked):
            before = taken.get(int(houses[row]), 0)
            for place, (_, cap) in enumerate(rules):
                over = used[place][row] + (before + 1) * weights[place] > cap.max_contacts
                found[place][1][row] = scopes[place][row] and over
            if not any(rows[row] for _, rows in found):
                taken[int(houses[row])] = before + 1
        return found
