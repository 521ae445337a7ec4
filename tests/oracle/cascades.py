"""Cascades: what triggers them, the queue, and how a run goes on."""

from __future__ import annotations

from sim.campaigns import Trigger
from sim.policy import Frequencies
from tests.oracle.customer import Customer, Run
from tests.oracle.setting import Setting


def look_at_triggers(setting: Setting, me: Customer, plan: Frequencies, day: int, *, changed: bool) -> None:
    """Morning: queue what is triggered; when nothing runs, the first of the queue begins."""
    if me.holdout:
        return
    for n, cascade in enumerate(setting.world.program.cascades):
        if (
            cascade.name in plan.campaigns
            and setting.is_in(me.segment, cascade.segments)
            and is_triggered(setting, me, cascade.trigger, day, changed=changed)
            and (me.run is None or me.run.cascade != n)
            and (n not in me.begun or day - me.begun[n] >= cascade.repeat_after_days)
        ):
            me.queue.add(n)
    if me.run is None and me.queue:
        first = min(me.queue)
        me.queue.remove(first)
        me.begun[first] = day
        me.run = Run(first, 0, day + setting.cascade(first).steps[0].delay_days)


def is_triggered(setting: Setting, me: Customer, trigger: Trigger, day: int, *, changed: bool) -> bool:
    """``changed``: the segment has changed this morning."""
    if trigger.kind == "registered":
        return me.joined == day
    if trigger.kind == "entered_segment":
        return changed and setting.world.rfm.segments[me.segment] == trigger.segment
    if trigger.kind == "days_since_order":
        return day - me.last_order == trigger.days
    return me.birthday is not None and day >= me.birthday and (day - me.birthday) % 365 == 0


def condition_holds(setting: Setting, run: Run) -> bool:
    only_if = setting.cascade(run.cascade).steps[run.step].only_if
    return {
        "always": True,
        "seen": run.seen,
        "not_seen": not run.seen,
        "clicked": run.clicked,
        "not_clicked": not run.clicked,
    }[only_if]


def go_on(setting: Setting, me: Customer, day: int) -> None:
    """The step was sent or left out today: the next one is due, or the cascade ends."""
    run = me.run
    assert run is not None
    run.step += 1
    steps = setting.cascade(run.cascade).steps
    if run.step == len(steps):
        me.run = None
    else:
        run.due = day + steps[run.step].delay_days


def end_with_order(setting: Setting, me: Customer) -> None:
    """Evening of an order."""
    if me.run is not None and setting.cascade(me.run.cascade).ends_with_order:
        me.run = None
    me.queue = {n for n in me.queue if not setting.cascade(n).ends_with_order}


def change_plan(setting: Setting, me: Customer, plan: Frequencies) -> None:
    """The evening before another plan holds: what it does not name ends."""
    if me.run is not None and setting.cascade(me.run.cascade).name not in plan.campaigns:
        me.run = None
    me.queue = {n for n in me.queue if setting.cascade(n).name in plan.campaigns}
