"""Names in rules that the scenario does not define, and keys of a rule that go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scenarios.findings import Finding
from scenarios.locate import Path
from scenarios.lookups import Table, items, number, table, unknown, unknown_all
from scenarios.words import nearest, shown

KINDS = ("caps", "cooldowns", "exclusions", "prerequisites", "personal_caps", "floors", "switch_offs")
SIDES = ("after", "forbids", "needs", "allows")
"""Keys of a rule that hold a choice of contacts."""


def rule_findings(data: Table) -> Iterator[Finding]:
    """Every unknown name and every broken pair of keys in ``policy``'s rules."""
    yield from _names(data)
    for kind in KINDS:
        for path, rule in items(data, "policy", kind):
            yield from _choice(data, rule, path)
            yield from unknown_all(data, "segment", rule.get("segments"), (*path, "segments"))
            yield from unknown(data, "channel", rule.get("channel"), (*path, "channel"))
            yield from unknown_all(data, "channel", rule.get("points"), (*path, "points"))
            for side in SIDES:
                yield from _choice(data, table(rule, side), (*path, side))
            between = rule.get("between")
            for place, side_table in enumerate(between if isinstance(between, list) else ()):
                yield from _choice(data, table(side_table), (*path, "between", place))
    for path, cap in items(data, "policy", "caps"):
        yield from _window(cap, path)
        yield from _points(cap, path)
    for path, cap in items(data, "policy", "personal_caps"):
        yield from _shares(cap, path)
    for path, floor in items(data, "policy", "floors"):
        yield from _floor(floor, path)


def _choice(data: Table, chosen: Table, path: Path) -> Iterator[Finding]:
    yield from unknown_all(data, "channel", chosen.get("channels"), (*path, "channels"))
    classes, known = chosen.get("classes"), known_classes(data)
    for place, name in enumerate(classes if isinstance(classes, list) else ()):
        if isinstance(name, str) and name not in known:
            close = nearest(name, known)
            hint = f"; did you mean '{close}'" if close else ""
            here = (*path, "classes", place)
            yield Finding(here, f"no contact is of this message class{hint}", shown(name), ", ".join(known))


def known_classes(data: Table) -> list[str]:
    """Message classes of channels, campaigns and cascade steps, and the exempt ones."""
    found = [table(channel).get("message_class", "promo") for channel in table(data, "channels").values()]
    found += [table(campaign).get("message_class", "info") for campaign in table(data, "campaigns").values()]
    for name in table(data, "cascades"):
        found += [step.get("message_class", "promo") for _, step in items(data, "cascades", name, "steps")]
    exempt = table(data, "policy").get("exempt_classes", ["transactional"])
    found += exempt if isinstance(exempt, list) else []
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


def _names(data: Table) -> Iterator[Finding]:
    """A name stands for one rule, whatever its kind."""
    seen: dict[str, Path] = {}
    for kind in KINDS:
        for path, rule in items(data, "policy", kind):
            name = rule.get("name")
            if isinstance(name, str) and name in seen:
                other = seen[name][1]
                what = f"two {kind} share a name" if other == kind else f"a rule of {other} has this name already"
                yield Finding((*path, "name"), what, shown(name), "unique names", ((*seen[name], "name"),))
            elif isinstance(name, str):
                seen[name] = path


def _window(cap: Table, path: Path) -> Iterator[Finding]:
    window = cap.get("window")
    if isinstance(window, dict):
        given = [key for key in ("rolling_days", "calendar") if key in window]
        if len(given) != 1:
            text = " and ".join(given) or "neither"
            allowed = 'rolling_days = n, or calendar = "week" or "month"'
            yield Finding((*path, "window"), "needs exactly one of rolling_days, calendar", text, allowed)


def _points(cap: Table, path: Path) -> Iterator[Finding]:
    most = number(cap.get("max_contacts"))
    for channel, given in table(cap, "points").items():
        points = number(given)
        if points is not None and most is not None and 0 < most < points:
            also = ((*path, "max_contacts"),)
            what, both = (
                "one contact has more points than the cap allows",
                f"{points:g} points, max_contacts = {most:g}",
            )
            yield Finding(
                (*path, "points", channel), what, both, f"at most {most:g}: else none could ever go out", also
            )


def _shares(cap: Table, path: Path) -> Iterator[Finding]:
    shares: list[Any] = [number(share) for share in table(cap, "shares").values()]
    if shares and all(share is not None for share in shares) and abs(sum(shares) - 1) > 1e-9:
        yield Finding((*path, "shares"), "shares of customers must sum to 1", f"{sum(shares):g}", "a sum of 1")
    for limit in table(cap, "shares"):
        if limit.isdecimal() and int(limit) > 256:
            yield Finding((*path, "shares", limit), "too large to be a limit", limit, "1 to 256 contacts")


def _floor(floor: Table, path: Path) -> Iterator[Finding]:
    least, days = number(floor.get("min_contacts")), number(table(floor, "window").get("rolling_days"))
    if least is not None and days is not None and least > days:
        what, given = "more contacts than days", f"min_contacts = {least:g}, rolling_days = {days:g}"
        also = ((*path, "window", "rolling_days"),)
        yield Finding((*path, "min_contacts"), what, given, f"at most one a day: {days:g}", also)
