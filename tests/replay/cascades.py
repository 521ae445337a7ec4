"""Cascades: could this step have been sent on this day, by anything that triggers and conditions allow?"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.campaigns import Cascade
from tests.replay.history import Contact, History, Scene


@dataclass
class Sent:
    """The latest step sent of a cascade, and the earliest day its run can have begun."""

    contact: Contact
    step: int
    begun: int


@dataclass
class Chains:
    """What one customer has got of the cascades."""

    latest: dict[str, Sent] = field(default_factory=dict)


def wrong_step(scene: Scene, me: History, chains: Chains, contact: Contact) -> str | None:
    """Why this step cannot have gone out; None = it can. Notes it down."""
    cascade, step, day = scene.cascade(contact.line), scene.lines[contact.line].step, contact.day
    assert step is not None
    if cascade.name not in scene.plan_of(day).campaigns:
        return f"{cascade.name} is not in the plan"
    for name, sent in chains.latest.items():
        other = next(c for c in scene.world.program.cascades if c.name == name)
        if name != cascade.name and _still_runs(scene, me, other, sent, day):
            return f"{cascade.name} while {name} runs"
    before = chains.latest.get(cascade.name)
    begun = None
    if before is not None and _continues(scene, me, cascade, before, chains, step, day):
        begun = before.begun
    else:
        begun = _begins(scene, me, cascade, before, step, day)
    chains.latest[cascade.name] = Sent(contact, step, day if begun is None else begun)
    return f"step {step + 1} of {cascade.name} follows from nothing" if begun is None else None


def _ordered(me: History, first: int, day: int) -> bool:
    """Was there an order on an evening from ``first`` to the one before ``day``?"""
    return any(first <= order < day for order in me.orders)


def _still_runs(scene: Scene, me: History, cascade: Cascade, sent: Sent, day: int) -> bool:
    """For certain: sent today, or its next step is not due yet."""
    if sent.contact.day == day:
        return True
    if sent.step + 1 == len(cascade.steps) or cascade.name not in scene.plan_of(day).campaigns:
        return False
    ended = cascade.ends_with_order and _ordered(me, sent.contact.day, day)
    return not ended and day < sent.contact.day + cascade.steps[sent.step + 1].delay_days


def _continues(scene: Scene, me: History, cascade: Cascade, before: Sent, chains: Chains, step: int, day: int) -> bool:
    """Is it a later step of the run whose latest contact is ``before``? Steps between were left out."""
    since = before.contact.day
    if step <= before.step or (cascade.ends_with_order and _ordered(me, since, day)):
        return False
    if any(since < sent.contact.day for name, sent in chains.latest.items() if name != cascade.name):
        return False
    between = cascade.steps[before.step + 1 : step + 1]
    earliest = since + sum(s.delay_days for s in between)
    if not earliest <= day <= earliest + len(between) * cascade.patience_days:
        return False
    return before.contact.delivered or cascade.steps[step].only_if not in ("seen", "clicked")


def _begins(scene: Scene, me: History, cascade: Cascade, before: Sent | None, step: int, day: int) -> int | None:
    """First day on which a new run can have begun whose first contact this is."""
    if cascade.steps[step].only_if in ("seen", "clicked"):
        return None
    delay = sum(s.delay_days for s in cascade.steps[: step + 1])
    for morning in range(me.joined, day - delay + 1):
        if before is not None and (morning <= before.contact.day or morning - before.begun < cascade.repeat_after_days):
            continue
        if cascade.ends_with_order and _ordered(me, morning, day):
            continue
        if _triggered(scene, me, cascade, morning):
            return morning
    return None


def _triggered(scene: Scene, me: History, cascade: Cascade, day: int) -> bool:
    segment = scene.world.rfm.segments[me.segment_on[day]]
    if cascade.name not in scene.plan_of(day).campaigns or (cascade.segments and segment not in cascade.segments):
        return False
    trigger, people = cascade.trigger, scene.world.population
    if trigger.kind == "registered":
        return people.joined is not None and int(people.joined[me.row]) == day
    if trigger.kind == "birthday":
        return people.birthday is not None and day in range(int(people.birthday[me.row]), 10_000, 365)
    if trigger.kind == "entered_segment":
        return day in me.entered and segment == trigger.segment
    return max(order for order in me.orders if order < day) + (trigger.days or 0) == day
