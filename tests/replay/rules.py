"""Rules that look at contacts sent: does one more contact break this one?"""

from __future__ import annotations

import datetime

from sim.policy import Cooldown, FrequencyCap, PersonalCap, Prerequisite, Rule
from sim.rng import uniforms
from tests.replay.history import Contact, History, Scene


def breaks(scene: Scene, me: History, family: list[History], rule: Rule, line: int, day: int) -> bool:
    """``family``: all members of the household; contacts of today that went out before this one are in their lists."""
    if rule.segments and scene.world.rfm.segments[me.segment] not in rule.segments:
        return False
    if isinstance(rule, Cooldown):
        latest = max((c.day for c in me.contacts if scene.concerns(rule.after, c.line)), default=-10_000)
        return scene.concerns(rule.forbids, line) and latest + rule.days > day
    if isinstance(rule, Prerequisite):
        days = {c.day for c in me.contacts if scene.concerns(rule.needs, c.line)}
        return scene.concerns(rule.allows, line) and not days.intersection(range(day - rule.days + 1, day + 1))
    if not scene.concerns(rule.selection, line):
        return False
    contacts = [c for c in me.contacts if scene.concerns(rule.selection, c.line)]
    if isinstance(rule, PersonalCap):
        recent = [c for c in contacts if c.day in range(day - rule.rolling_days + 1, day + 1)]
        return len(recent) + 1 > _personal(scene, me, rule)
    if rule.household:
        contacts = [c for c in _of_home(scene, me, family, day) if scene.concerns(rule.selection, c.line)]
    return _is_over(scene, rule, contacts, line, day)


def _of_home(scene: Scene, me: History, family: list[History], day: int) -> list[Contact]:
    """What the members have got before. By arrival or value the log does not tell who was first on a day: then what
    others got today is left out here, and ``homes_over`` looks at the whole day."""
    told = scene.world.policy.arbitration == "priority"
    return [c for member in family for c in member.contacts if told or member is me or c.day < day]


def homes_over(scene: Scene, people: list[History], families: list[list[History]], day: int) -> list[str]:
    """Evening: household caps under which a household has got too much, whoever was first."""
    wrong = []
    for rule in scene.world.policy.caps:
        if not (rule.household and rule.enforced and scene.world.policy.arbitration != "priority"):
            continue
        for me in people:
            if families[me.row][0] is not me:
                continue
            home = [c for m in families[me.row] for c in m.contacts if scene.concerns(rule.selection, c.line)]
            today = [c for c in home if c.day == day]
            bound = [
                c
                for c in today
                if not rule.segments or scene.world.rfm.segments[people[c.row].segment] in rule.segments
            ]
            free = [c for c in today if c not in bound or dict(rule.points).get(scene.channel(c.line), 1) == 0]
            if today and not free:
                before = [c for c in home if c is not today[-1]]
                if _is_over(scene, rule, before, today[-1].line, day):
                    wrong.append(f"household of customer {me.row}, day {day}: {rule.name}")
    return wrong


def _is_over(scene: Scene, cap: FrequencyCap, contacts: list[Contact], line: int, day: int) -> bool:
    points = dict(cap.points)
    own = points.get(scene.channel(line), 1)
    if own == 0:
        return False
    if cap.calendar is None:
        inside = [c for c in contacts if day - c.day < cap.rolling_days]
    else:
        same = _week if cap.calendar == "week" else _month
        inside = [c for c in contacts if same(scene, c.day) == same(scene, day)]
    return own + sum(points.get(scene.channel(c.line), 1) for c in inside) > cap.max_contacts


def _week(scene: Scene, day: int) -> tuple[int, int]:
    """Calendar year and week, as if day 0 were in the week of Monday 2024-01-01."""
    monday = datetime.date(2024, 1, 1)
    date = monday + datetime.timedelta(days=scene.world.first_weekday + day)
    return date.isocalendar()[:2]


def _month(scene: Scene, day: int) -> int:
    """A number for each month, 0 = that of day 0."""
    world = scene.world
    lengths = [*world.month_lengths, *[30] * (world.days // 30 + 2)]
    left = day + world.first_day_of_month - 1
    if left < 0:
        return left // 30
    month = 0
    while left >= lengths[month]:
        left -= lengths[month]
        month += 1
    return month


def _personal(scene: Scene, me: History, rule: PersonalCap) -> int:
    key = scene.world.population.base_key[me.row : me.row + 1]
    u = float(uniforms(0, f"personal:{rule.name}", key)[0])
    total = 0.0
    for limit, share in rule.shares:
        total += share
        if u < total:
            return limit
    return rule.shares[-1][0]
