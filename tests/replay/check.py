"""Reading the log of one world, day by day, in the order in which contacts were decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_SEGMENT, EV_STIMULATED, EV_UNSUBSCRIBE
from sim.lines import lines_of
from sim.policy import Frequencies
from sim.start import Started
from tests.replay.cascades import Chains, wrong_step
from tests.replay.history import FULL, Contact, History, Scene, history_of
from tests.replay.rules import breaks, homes_over


@dataclass
class Found:
    """What a log breaks, and how often rules that are only reported were broken."""

    violations: list[str] = field(default_factory=list)
    reported: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(week, rule) -> contacts; too few for households if the log does not tell who was first on a day."""


def replay(started: Started, plan: Frequencies, tail: Frequencies, log: np.ndarray) -> Found:
    """``log``: rows of one world, columns as ``sim.engine.tables.LOG_COLUMNS``."""
    scene, found = Scene(started, lines_of(started.world), plan, tail), Found()
    people = [history_of(scene, row) for row in range(started.world.population.size)]
    chains = [Chains() for _ in people]
    families = _families(scene, people)
    by_day: dict[int, list[list[int]]] = {day: [] for day in range(started.world.days)}
    for event in log.tolist():
        by_day[event[2]].append(event)
    for day, events in by_day.items():
        for me in people:
            _morning(scene, me, events, day)
        _check_order(scene, events, day, found)
        for event in _in_order(scene, events):
            _, row, _, kind, lane, value = event
            me = people[row]
            if day < me.joined:
                found.violations.append(f"customer {row}, day {day}: not there before day {me.joined}")
            if kind == EV_UNSUBSCRIBE:
                me.may.discard(scene.lines[lane].channel)
            elif kind == EV_CONTACT:
                contact = Contact(row, day, lane, bool(value))
                for what in _wrong(scene, me, families[row], chains[row], contact, found):
                    found.violations.append(f"customer {row}, day {day}, {scene.lines[lane].name}: {what}")
                me.contacts.append(contact)
                _note_silence(scene, me, contact)
        found.violations += homes_over(scene, people, families, day)
        for _, row, _, kind, _, _ in events:
            if kind in (EV_ORGANIC, EV_STIMULATED):
                people[row].orders.append(day)
                people[row].silent.clear()
    found.violations += _over_capacity(scene, people)
    return found


def _families(scene: Scene, people: list[History]) -> list[list[History]]:
    household = scene.world.population.household
    if household is None:
        return [[me] for me in people]
    return [[other for other in people if household[other.row] == household[me.row]] for me in people]


def _morning(scene: Scene, me: History, events: list[list[int]], day: int) -> None:
    """The segment of the day, and what pacing has earned at most."""
    for _, row, _, kind, segment, _ in events:
        if row == me.row and kind == EV_SEGMENT:
            me.segment = me.entered[day] = segment
    me.segment_on[day] = me.segment
    if day >= me.joined:
        for line, of in enumerate(scene.lines):
            if of.step is None:
                me.credit[line] += round(scene.frequency(line, me.segment, day) * 2**20)


def _in_order(scene: Scene, events: list[list[int]]) -> list[list[int]]:
    """Contacts (and what follows at once from them) in the order in which they were decided."""
    answers = [event for event in events if event[3] in (EV_CONTACT, EV_UNSUBSCRIBE)]
    if scene.world.policy.arbitration == "priority":
        return sorted(answers, key=lambda e: (scene.rank(e[4]), e[1]))
    return sorted(answers, key=lambda e: e[1])


def _check_order(scene: Scene, events: list[list[int]], day: int, found: Found) -> None:
    """Under priority every customer's contacts stand in the log in the order of precedence."""
    if scene.world.policy.arbitration != "priority":
        return
    for row in {event[1] for event in events}:
        ranks = [scene.rank(e[4]) for e in events if e[1] == row and e[3] == EV_CONTACT]
        if ranks != sorted(ranks):
            found.violations.append(f"customer {row}, day {day}: not in the order of precedence")


def _wrong(
    scene: Scene, me: History, family: list[History], chains: Chains, contact: Contact, found: Found
) -> list[str]:
    policy, line, day = scene.world.policy, contact.line, contact.day
    wrong = []
    if me.never:
        wrong.append("contact of the holdout")
    if scene.lines[line].channel not in me.may:
        wrong.append("without consent")
    if any(c.line == line and c.day == day for c in me.contacts):
        wrong.append("twice a day")
    for number, rule in enumerate(policy.rules):
        if breaks(scene, me, family, rule, line, day):
            if rule.enforced:
                wrong.append(rule.name)
            else:
                found.reported[day // 7, number] += 1
    if not scene.exempt(line):
        same = [c.day for c in me.contacts if scene.channel(c.line) == scene.channel(line) and not scene.exempt(c.line)]
        if any(day - policy.min_gap_days < earlier <= day for earlier in same):
            wrong.append("within the gap")
        if any(order < day <= order + policy.quiet_days_after_order for order in me.orders):
            wrong.append("quiet after an order")
    if scene.lines[line].step is not None:
        step = wrong_step(scene, me, chains, contact)
        return [*wrong, step] if step else wrong
    return [*wrong, *_unplanned(scene, me, contact), *_switched_off(scene, me, contact)]


def _unplanned(scene: Scene, me: History, contact: Contact) -> list[str]:
    """Contacts the plan does not ask for, or not yet: more than pacing has earned. Where there is a floor, it may be
    the floor's."""
    line, day = contact.line, contact.day
    floors = [f for f in scene.world.policy.floors if f.channel == scene.channel(line)]
    if floors and scene.lines[line].campaign is None:
        segments = range(len(scene.world.rfm.segments))
        return [] if any(scene.frequency(line, s, day) > 0 for s in segments) else ["nowhere in the plan"]
    me.credit[line] -= FULL
    if scene.frequency(line, me.segment, day) == 0:
        return ["not in the plan"]
    return ["before it was due"] if me.credit[line] < 0 else []


def _switched_off(scene: Scene, me: History, contact: Contact) -> list[str]:
    of = scene.lines[contact.line]
    if of.campaign is not None or scene.exempt(contact.line):
        return []
    rules = scene.world.policy.switch_offs
    return [rule.name for n, rule in enumerate(rules) if me.silent[n][of.channel] >= rule.after_contacts]


def _note_silence(scene: Scene, me: History, contact: Contact) -> None:
    """What did not arrive, or what nobody clicks, was no reaction for certain."""
    of = scene.lines[contact.line]
    channel = scene.world.channels[of.channel]
    for n, rule in enumerate(scene.world.policy.switch_offs):
        if rule.channels and channel.name not in rule.channels:
            continue
        if me.silent[n][of.channel] >= rule.after_contacts:
            continue  # off until the next order
        if contact.delivered and (channel.seen if rule.reaction == "seen" else channel.clicked) > 0:
            me.silent[n][of.channel] = 0
        elif of.campaign is None and not scene.exempt(contact.line):
            me.silent[n][of.channel] += 1


def _over_capacity(scene: Scene, people: list[History]) -> list[str]:
    """Use per day and per week, never above what the simulated customers have of the limit."""
    world, wrong = scene.world, []
    share = world.population.size / world.population.base_size
    for capacity in world.capacities:
        used: Counter[tuple[str, int]] = Counter()
        for contact in (c for me in people for c in me.contacts if c.day >= 0):
            channel = world.channels[scene.lines[contact.line].channel]
            if channel.name in capacity.channels:
                use = capacity.use_per_contact + capacity.use_per_click * channel.delivered * channel.clicked
                used["day", contact.day] += use  # type: ignore[assignment]
                used["week", contact.day // 7] += use  # type: ignore[assignment]
        for (period, n), use in used.items():
            limit = capacity.per_day if period == "day" else capacity.weeks.get(n, capacity.per_week)
            if limit is not None and use > limit * share + 1e-4:
                wrong.append(f"{capacity.name}: {use:g} used in {period} {n}, limit {limit * share:g}")
    return wrong
