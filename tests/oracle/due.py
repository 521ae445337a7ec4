"""What is due to a customer on a day: pacing, floors, switch-offs, steps of cascades."""

from __future__ import annotations

from sim.policy import Frequencies, Selection
from tests.oracle.customer import FULL, Customer
from tests.oracle.setting import Setting


def earned(per_week: float) -> int:
    """Pacing credit of a day; a frequency too low for any is none."""
    return round(per_week * 2**20)


def grow_credit(setting: Setting, me: Customer, plan: Frequencies, day: int) -> None:
    """Morning: pacing credit grows until a contact is due; it stands still while the line is switched off."""
    for line in me.credit:
        per_day = earned(setting.per_week(plan, line, me.segment))
        if per_day > 0 and line not in me.stopped and me.credit[line] < FULL:
            me.credit[line] += per_day
            if me.credit[line] >= FULL:
                me.full_since[line] = day


def due_since(setting: Setting, me: Customer, plan: Frequencies, line: int, day: int) -> int | None:
    """Since which day a contact of this line has been due; None = it is not due."""
    if me.holdout or line in me.stopped:
        return None
    if setting.lines[line].step is not None:
        run = me.run
        is_next = run is not None and line == setting.step_line(run.cascade, run.step)
        return run.due if run is not None and is_next and run.due <= day else None
    if is_paced(setting, me, plan, line):
        return me.full_since.get(line, -1)
    return day if needs_floor(setting, me, plan, line, day) else None


def is_paced(setting: Setting, me: Customer, plan: Frequencies, line: int) -> bool:
    """Due because of its frequency: such a contact costs credit."""
    return me.credit[line] >= FULL and earned(setting.per_week(plan, line, me.segment)) > 0


def needs_floor(setting: Setting, me: Customer, plan: Frequencies, line: int, day: int) -> bool:
    """Without a contact today some floor's window would hold fewer contacts than its minimum."""
    if setting.lines[line].campaign is not None or setting.is_exempt(line):
        return False
    segments = range(len(setting.world.rfm.segments))
    for floor in setting.world.policy.floors:
        if floor.channel != setting.channel_name(line) or not setting.is_in(me.segment, floor.segments):
            continue
        if not any(earned(setting.per_week(plan, line, s)) > 0 for s in segments if setting.is_in(s, floor.segments)):
            continue
        counted = setting.selected(Selection((floor.channel,)))
        if sum(day - at < floor.rolling_days for n in counted for at in me.contacts[n]) < floor.min_contacts:
            return True
    return False


def count_silence(setting: Setting, me: Customer, line: int, *, seen: bool, clicked: bool) -> None:
    """After a contact: a reaction sets the counter back, too many regular contacts without one stop the line."""
    channel = setting.lines[line].channel
    regular = setting.lines[line].campaign is None and not setting.is_exempt(line)
    for n, rule in enumerate(setting.world.policy.switch_offs):
        if rule.channels and setting.channel_name(line) not in rule.channels:
            continue
        counter = (n, channel)
        if seen if rule.reaction == "seen" else clicked:
            me.silent[counter] = 0
        elif regular:
            me.silent[counter] = me.silent.get(counter, 0) + 1
            if me.silent[counter] >= rule.after_contacts:
                me.stopped.add(line)
