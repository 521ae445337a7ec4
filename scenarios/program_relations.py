"""Names in campaigns, cascades, offers and capacities that the scenario does not define, and keys that go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scenarios.findings import Finding
from scenarios.locate import Path
from scenarios.lookups import Table, items, number, table, twice, unknown, unknown_all
from scenarios.words import nearest, shown

TRIGGER_KEYS = {"entered_segment": "segment", "days_since_order": "days"}
"""What a trigger of this kind needs, and no other may have."""


def program_findings(data: Table) -> Iterator[Finding]:
    """Every unknown name and every broken pair of keys in what runs beside the plan, and in who is there."""
    yield from _campaigns(data)
    yield from _cascades(data)
    yield from _current(data)
    yield from _capacities(data)
    yield from unknown_all(data, "channel", table(data, "reputation").get("channels"), ("reputation", "channels"))
    for segment, row in table(data, "timing").items():
        yield from unknown(data, "segment", segment, ("timing", segment))
        yield from unknown_all(data, "channel", row, ("timing", segment))
    yield from _base(data)


def _campaigns(data: Table) -> Iterator[Finding]:
    for name, campaign in table(data, "campaigns").items():
        path = ("campaigns", name)
        yield from _message(data, table(campaign), path)
        if name in table(data, "cascades"):
            what, also = "a campaign and a cascade share a name", (("cascades", name),)
            yield Finding(path, what, shown(name), "a name of its own: plans name both alike", also)


def _message(data: Table, message: Table, path: Path) -> Iterator[Finding]:
    yield from unknown(data, "channel", message.get("channel"), (*path, "channel"))
    yield from unknown(data, "offer", message.get("offer"), (*path, "offer"))
    yield from unknown_all(data, "segment", message.get("segments"), (*path, "segments"))


def _cascades(data: Table) -> Iterator[Finding]:
    for name, cascade in table(data, "cascades").items():
        path: Path = ("cascades", name)
        yield from unknown_all(data, "segment", table(cascade).get("segments"), (*path, "segments"))
        for here, step in items(data, "cascades", name, "steps"):
            yield from _message(data, step, here)
            if here[-1] == 0 and step.get("only_if") in ("seen", "clicked"):
                what = "the first message of a cascade has none before it, so this is never true"
                allowed = "always (or leave it out), not_seen, not_clicked"
                yield Finding((*here, "only_if"), what, shown(step["only_if"]), allowed)
        if isinstance(table(cascade).get("trigger"), dict):
            yield from _trigger(data, cascade["trigger"], (*path, "trigger"))


def _trigger(data: Table, trigger: Table, path: Path) -> Iterator[Finding]:
    kind = trigger.get("kind")
    for of_kind, key in TRIGGER_KEYS.items():
        if kind == of_kind and key not in trigger:
            yield Finding((*path, key), f"is missing: {of_kind} needs it", None, f"{key} = ...")
        if kind != of_kind and key in trigger:
            given = f"kind = {shown(kind)}, {key} = {shown(trigger[key])}"
            yield Finding((*path, key), f"is only for {of_kind}", given, f'kind = "{of_kind}", or no {key}')
    yield from unknown(data, "segment", trigger.get("segment"), (*path, "segment"))
    base, also = table(data, "base"), (("base",),)
    if kind == "registered" and "new_customers_per_week" not in base:
        what = "never fires: nobody registers without base.new_customers_per_week"
        yield Finding((*path, "kind"), what, shown(kind), "base.new_customers_per_week = ...", also)
    if kind == "birthday" and "customers" not in base and not base.get("assumed_birthdays"):
        what = "never fires: no birthday is known"
        yield Finding((*path, "kind"), what, shown(kind), "base.customers, or base.assumed_birthdays = true", also)


def _current(data: Table) -> Iterator[Finding]:
    current, path = table(data, "policy", "current"), ("policy", "current")
    known = [*table(data, "campaigns"), *table(data, "cascades")]
    named: Any = current.get("campaigns")
    for place, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in known:
            close = nearest(name, known)
            hint = f"; did you mean '{close}'" if close else ""
            allowed = ", ".join(known) or "no campaigns or cascades are defined"
            yield Finding((*path, "campaigns", place), f"unknown campaign or cascade{hint}", shown(name), allowed)
    for segment, row in table(current, "offers").items():
        yield from unknown(data, "segment", segment, (*path, "offers", segment))
        yield from unknown_all(data, "channel", row, (*path, "offers", segment))
        for channel, offer in table(row).items():
            yield from unknown(data, "offer", offer, (*path, "offers", segment, channel))


def _capacities(data: Table) -> Iterator[Finding]:
    found = list(items(data, "capacities"))
    yield from twice(found, "capacities")
    weeks = [number(table(data, "horizon").get(key)) for key in ("weeks", "tail_weeks")]
    for path, capacity in found:
        yield from unknown_all(data, "channel", capacity.get("channels"), (*path, "channels"))
        if not any(key in capacity for key in ("per_day", "per_week", "exceptions")):
            yield Finding(path, "a capacity without a limit", None, "per_day, per_week or exceptions")
        for week in table(capacity, "exceptions"):
            last = sum(number_ for number_ in weeks if number_ is not None)
            if week.isdecimal() and int(week) > last:
                also = (("horizon", "weeks"),)
                given, allowed = f"week {week} of {last:g}", f"1 to {last:g}"
                yield Finding((*path, "exceptions", week), "a week after the end", given, allowed, also)
        uses = [number(capacity.get(key, default)) for key, default in (("use_per_contact", 1), ("use_per_click", 0))]
        if None not in uses and not any(uses):
            given = "use_per_contact = 0, use_per_click = 0"
            yield Finding((*path, "use_per_contact"), "nothing uses this capacity", given, "one of them above 0")


def _base(data: Table) -> Iterator[Finding]:
    base = table(data, "base")
    for key in ("customers", "messages"):
        if key in base and "orders" not in base:
            yield Finding(("base", key), "is only for a base with orders", None, f"orders, or no {key}", (("base",),))
    if "message_columns" in base and base["message_columns"] and "messages" not in base:
        yield Finding(("base", "message_columns"), "there is no file of messages", None, "base.messages = ...")
    if base.get("history_contacts") == "messages" and "messages" not in base:
        what = "there is no file of messages"
        yield Finding(("base", "history_contacts"), what, '"messages"', "base.messages = ..., or current, none")
    for path, cap in items(data, "policy", "caps"):
        if cap.get("household") is True and "customers" not in base and base.get("assumed_household_size", 1) == 1:
            what, given = "nobody's household is known", "household = true, no base.customers"
            allowed = "base.customers with household_id, or base.assumed_household_size"
            yield Finding((*path, "household"), what, given, allowed, (("base",),))
    if "suppress" in table(data, "policy") and "orders" not in base:
        what = "an invented base has no customer ids"
        yield Finding(("policy", "suppress"), what, None, "a base with orders", (("base",),))
