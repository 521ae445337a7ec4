"""The rules of contact, one at a time: does it forbid this contact today, and until when?"""

from __future__ import annotations

from sim.policy import Cooldown, FrequencyCap, PersonalCap, Prerequisite, Rule
from tests.oracle.customer import Customer
from tests.oracle.draws import uniform
from tests.oracle.setting import Setting, period

NEVER = 2**30


def forbidding(setting: Setting, me: Customer, line: int, day: int) -> dict[int, int]:
    """Number of each enforced rule that forbids this contact today -> its release day, the first day it would not.

    Numbers as in ``ContactPolicy.rules``; the minimum gap and the quiet days are the two after them.
    """
    policy = setting.world.policy
    found = {n: until for n, until in _broken(setting, me, line, day).items() if policy.rules[n].enforced}
    if setting.is_exempt(line):
        return found
    channel = setting.lines[line].channel
    on_channel = [
        at for n, days in me.contacts.items()
        if setting.lines[n].channel == channel and not setting.is_exempt(n) for at in days
    ]  # fmt: skip
    if on_channel and day - max(on_channel) < policy.min_gap_days:
        found[len(policy.rules)] = max(on_channel) + policy.min_gap_days
    if 1 <= day - me.last_order <= policy.quiet_days_after_order:
        found[len(policy.rules) + 1] = me.last_order + policy.quiet_days_after_order + 1
    return found


def would_forbid(setting: Setting, me: Customer, line: int, day: int) -> list[int]:
    """Rules that are only reported and that this contact breaks."""
    return [n for n in _broken(setting, me, line, day) if not setting.world.policy.rules[n].enforced]


def _broken(setting: Setting, me: Customer, line: int, day: int) -> dict[int, int]:
    found = {}
    for n, rule in enumerate(setting.world.policy.rules):
        if setting.is_in(me.segment, rule.segments):
            until = release_day(setting, me, rule, line, day)
            if until is not None:
                found[n] = until
    return found


def release_day(setting: Setting, me: Customer, rule: Rule, line: int, day: int) -> int | None:
    """None: the rule does not forbid this contact today."""
    if isinstance(rule, FrequencyCap):
        return _cap(setting, me, rule, line, day)
    if isinstance(rule, PersonalCap):
        counted = setting.selected(rule.selection)
        contacts = [(at, 1) for n in counted for at in me.contacts[n]]
        limit = personal_limit(rule, me.base_key)
        return _rolling(contacts, rule.rolling_days, limit, 1, day) if line in counted else None
    if isinstance(rule, Cooldown):
        after = [at for n in setting.selected(rule.after) for at in me.contacts[n]]
        binds = line in setting.selected(rule.forbids) and bool(after) and day - max(after) < rule.days
        return max(after) + rule.days if binds else None
    assert isinstance(rule, Prerequisite)
    needed = [at for n in setting.selected(rule.needs) for at in me.contacts[n]]
    fulfilled = any(day - at < rule.days for at in needed)
    return day + 1 if line in setting.selected(rule.allows) and not fulfilled else None


def _cap(setting: Setting, me: Customer, cap: FrequencyCap, line: int, day: int) -> int | None:
    counted, points = setting.selected(cap.selection), dict(cap.points)
    own = points.get(setting.channel_name(line), 1)
    if line not in counted or own == 0:
        return None
    contacts = [
        (at, points.get(setting.channel_name(n), 1))
        for member in (me.family if cap.household else [me])
        for n in counted
        for at in member.contacts[n]
    ]
    if cap.calendar is None:
        return _rolling(contacts, cap.rolling_days, cap.max_contacts, own, day)
    first, following = period(setting.world, cap.calendar, day)
    if sum(p for at, p in contacts if at >= first) + own <= cap.max_contacts:
        return None
    return following if own <= cap.max_contacts else NEVER


def _rolling(contacts: list[tuple[int, int]], window: int, limit: int, own: int, day: int) -> int | None:
    """First day from ``day`` on with room for ``own`` points, if that is not ``day`` itself."""
    if own > limit:
        return NEVER
    free = day
    while sum(points for at, points in contacts if free - at < window) + own > limit:
        free += 1
    return free if free > day else None


def personal_limit(rule: PersonalCap, base_key: int) -> int:
    """The customer's own limit: the first whose cumulated share exceeds the customer's uniform."""
    u, cumulated = uniform(base_key, 0, f"personal:{rule.name}"), 0.0
    for limit, share in rule.shares:
        cumulated += share
        if u < cumulated:
            return limit
    return rule.shares[-1][0]
