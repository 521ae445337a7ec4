"""Rules that cannot hold together: each check names the two keys that clash.

Asked of a scenario whose keys are valid one by one. A check is a pure function of the scenario; what it looks at are
lines, the streams of contacts that channels, campaigns and cascade steps make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from scenarios.findings import Finding
from scenarios.locate import Path
from scenarios.schema import Scenario
from scenarios.schema_rules import Cap, Contacts, Cooldown, Exclusion, Floor, PersonalCap
from scenarios.words import dotted

Choice = Contacts | Cap | PersonalCap
LONGEST_MONTH = 31


@dataclass(frozen=True)
class Line:
    """A stream of contacts, as rules see it."""

    name: str
    channel: str
    message_class: str
    place: tuple[int, int]
    """Who goes first on a day: cascade steps, campaigns, channels, each in their order."""


def contradictions(scenario: Scenario) -> list[Finding]:
    """Every pair of keys that clash."""
    checks: tuple[Callable[[Scenario], Iterator[Finding]], ...] = (
        floors_above_caps,
        floors_within_the_gap,
        two_floors_on_a_channel,
        two_switch_offs_on_a_channel,
        prerequisites_in_a_circle,
        prerequisites_too_early,
        prerequisites_without_a_channel,
        prerequisites_against_cooldowns,
    )
    return [finding for check in checks for finding in check(scenario)]


def lines_of(scenario: Scenario) -> list[Line]:
    """All lines on enabled channels."""
    lines = [
        Line(f"{name}, step {k + 1}", step.channel, step.message_class, (0, 100 * n + k))
        for n, (name, cascade) in enumerate(scenario.cascades.items())
        for k, step in enumerate(cascade.steps)
    ]
    lines += [
        Line(name, campaign.channel, campaign.message_class, (1, n))
        for n, (name, campaign) in enumerate(scenario.campaigns.items())
    ]
    lines += [
        Line(name, name, channel.message_class, (2, n)) for n, (name, channel) in enumerate(scenario.channels.items())
    ]
    enabled = {name for name, channel in scenario.channels.items() if channel.enabled}
    return [line for line in lines if line.channel in enabled]


def chosen(scenario: Scenario, choice: Choice) -> set[Line]:
    """The lines a rule is about."""
    exempt = scenario.policy.exempt_classes
    return {
        line
        for line in lines_of(scenario)
        if (not choice.channels or line.channel in choice.channels)
        and (line.message_class in choice.classes if choice.classes else line.message_class not in exempt)
    }


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two scopes (() = all segments) share a segment."""
    return not one or not other or bool(set(one) & set(other))


def floors_above_caps(scenario: Scenario) -> Iterator[Finding]:
    """A minimum on a channel that a cap on the same contacts can never let through."""
    policy = scenario.policy
    for (f, floor), (c, cap) in product(enumerate(policy.floors), enumerate(policy.caps)):
        regular = _regular_line(scenario, floor.channel)
        if not cap.enforced or regular not in chosen(scenario, cap) or not overlap(floor.segments, cap.segments):
            continue
        most = most_in_window(cap, floor)
        if floor.min_contacts > most:
            mine: Path = ("policy", "floors", f, "min_contacts")
            other: Path = ("policy", "caps", c, "max_contacts")
            given = f"{_named(mine, floor.name)} = {floor.min_contacts} in {floor.window.rolling_days} days, "
            given += f"{_named(other, cap.name)} = {cap.max_contacts} in {_window_text(cap)}"
            yield Finding(mine, "the floor is above the cap", given, f"at most {most} beside this cap", (other,))


def most_in_window(cap: Cap, floor: Floor) -> int:
    """Contacts that the cap allows in the floor's window, where it is tightest for the floor."""
    points = cap.points.get(floor.channel, 1)
    days = floor.window.rolling_days
    if points == 0:
        return days
    contacts = cap.max_contacts // points
    if cap.window.calendar is not None:
        period = 7 if cap.window.calendar == "week" else LONGEST_MONTH
        return min(days, contacts * -(-days // period))
    whole, rest = divmod(days, cap.window.rolling_days or 1)
    return whole * min(contacts, cap.window.rolling_days or 1) + min(contacts, rest)


def floors_within_the_gap(scenario: Scenario) -> Iterator[Finding]:
    """A minimum that asks for contacts closer together than the gap between two of them."""
    gap = scenario.policy.min_gap_days
    for f, floor in enumerate(scenario.policy.floors):
        line = _regular_line(scenario, floor.channel)
        exempt = line is not None and line.message_class in scenario.policy.exempt_classes
        most = -(-floor.window.rolling_days // gap)
        if floor.min_contacts > most and line is not None and not exempt:
            mine: Path = ("policy", "floors", f, "min_contacts")
            given = f"{_named(mine, floor.name)} = {floor.min_contacts} in {floor.window.rolling_days} days, "
            given += f"policy.min_gap_days = {gap}"
            also = (("policy", "min_gap_days"),)
            yield Finding(mine, "the floor asks for more than the gap allows", given, f"at most {most}", also)


def two_floors_on_a_channel(scenario: Scenario) -> Iterator[Finding]:
    """A channel's regular contacts have one minimum in each segment."""
    enabled = {name for name, channel in scenario.channels.items() if channel.enabled}
    floors = [(n, floor) for n, floor in enumerate(scenario.policy.floors) if floor.channel in enabled]
    for k, (n, floor) in enumerate(floors):
        for m, earlier in floors[:k]:
            if floor.channel == earlier.channel and overlap(floor.segments, earlier.segments):
                mine, other = (*_place("floors", n), "channel"), (*_place("floors", m), "channel")
                given = f"{_named(mine, floor.name)}, {_named(other, earlier.name)}: {floor.channel}"
                what = "two rules of policy.floors on one channel and segment"
                yield Finding(mine, what, given, "one for each channel and segment", (other,))
                break


def two_switch_offs_on_a_channel(scenario: Scenario) -> Iterator[Finding]:
    """A channel's regular contacts stop for one reason."""
    rules = [(rule.name, rule.channels or tuple(scenario.channels)) for rule in scenario.policy.switch_offs]
    yield from _two_on_a_channel(scenario, "switch_offs", "channels", rules)


def _two_on_a_channel(
    scenario: Scenario, kind: str, key: str, rules: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[Finding]:
    enabled, first = {name for name, channel in scenario.channels.items() if channel.enabled}, dict[str, int]()
    for n, (name, channels) in enumerate(rules):
        twice = [channel for channel in channels if channel in first and channel in enabled]
        if twice:
            mine, other = (*_place(kind, n), key), (*_place(kind, first[twice[0]]), key)
            given = f"{_named(mine, name)}, {_named(other, rules[first[twice[0]]][0])}: {', '.join(twice)}"
            what = f"two rules of policy.{kind} on one channel"
            yield Finding(mine, what, given, "one for each channel", (other,))
        first |= {channel: n for channel in channels if channel not in first}


def prerequisites_in_a_circle(scenario: Scenario) -> Iterator[Finding]:
    """Contacts that each wait for another one of them, so that none ever goes out."""
    rules = [
        rule
        for rule in scenario.policy.prerequisites
        if rule.enforced and not rule.segments and chosen(scenario, rule.needs)
    ]
    lines = lines_of(scenario)
    needed = {line: [rule for rule in rules if line in chosen(scenario, rule.allows)] for line in lines}
    possible: set[Line] = set()
    while True:
        more = {
            line
            for line in lines
            if line not in possible and all(chosen(scenario, rule.needs) & possible for rule in needed[line])
        }
        if not more:
            break
        possible |= more
    stuck = [line for line in lines if line not in possible]
    involved = [rule for rule in rules if any(rule in needed[line] for line in stuck)]
    circle = [rule for rule in involved if chosen(scenario, rule.needs) <= set(stuck)]
    if circle:
        places = [_place("prerequisites", scenario.policy.prerequisites.index(rule)) for rule in circle]
        given = ", ".join(f"policy.prerequisites.{dotted((rule.name,))}" for rule in circle)
        what = "these contacts wait for each other, none ever goes out: " + ", ".join(line.name for line in stuck)
        yield Finding((*places[-1], "needs"), what, given, "contacts that can go out first", tuple(places[:-1]))


def prerequisites_too_early(scenario: Scenario) -> Iterator[Finding]:
    """Contacts allowed only after another one on the same day, that go out before it by the order of precedence."""
    if scenario.policy.arbitration != "priority":
        return
    for p, rule in enumerate(scenario.policy.prerequisites):
        needs = chosen(scenario, rule.needs)
        if rule.days > 1 or not rule.enforced or not needs:
            continue
        first = min(line.place for line in needs)
        early = [line for line in chosen(scenario, rule.allows) if line.place < first]
        if early:
            path = _place("prerequisites", p)
            names = ", ".join(sorted(line.name for line in early))
            given = f"days = 1, policy.arbitration = priority: {names} goes before {', '.join(rule.needs.channels)}"
            allowed = "days of at least 2, or the channels in another order"
            yield Finding((*path, "days"), "on one day this contact is always too early", given, allowed)


def prerequisites_without_a_channel(scenario: Scenario) -> Iterator[Finding]:
    """Contacts that need another one, of which there is none."""
    for p, rule in enumerate(scenario.policy.prerequisites):
        if rule.enforced and chosen(scenario, rule.allows) and not chosen(scenario, rule.needs):
            path = _place("prerequisites", p)
            what = "no contact is of the kind that is needed (its channels are disabled, or of another class)"
            given = f"needs: {_choice_text(rule.needs)}"
            yield Finding((*path, "needs"), what, given, "contacts that exist", ((*path, "allows"),))


def prerequisites_against_cooldowns(scenario: Scenario) -> Iterator[Finding]:
    """B only within some days after A, and B not within as many days after A."""
    policy = scenario.policy
    for p, rule in enumerate(policy.prerequisites):
        needs, allows = chosen(scenario, rule.needs), chosen(scenario, rule.allows)
        for path, name, days, after, forbids, other in _cooldowns(scenario):
            both = needs and needs <= chosen(scenario, after) and allows & chosen(scenario, forbids)
            binding = rule.enforced and other.enforced and overlap(rule.segments, other.segments)
            if both and binding and days >= rule.days:
                mine: Path = (*_place("prerequisites", p), "days")
                names = ", ".join(sorted(line.name for line in both))
                given = f"{_named(mine, rule.name)} = {rule.days}, {_named((*path, 'days'), name)} = {days}"
                allowed = f"more than {days} days: allowed from then on"
                what = f"one rule allows what the other forbids, and nothing remains for {names}"
                yield Finding(mine, what, given, allowed, ((*path, "days"),))


def _cooldowns(
    scenario: Scenario,
) -> Iterator[tuple[Path, str, int, Contacts, Contacts, Cooldown | Exclusion]]:
    """Cooldowns, and exclusions both ways round."""
    for n, rule in enumerate(scenario.policy.cooldowns):
        yield _place("cooldowns", n), rule.name, rule.days, rule.after, rule.forbids, rule
    for n, pair in enumerate(scenario.policy.exclusions):
        one, other = pair.between
        yield _place("exclusions", n), pair.name, pair.days, one, other, pair
        yield _place("exclusions", n), pair.name, pair.days, other, one, pair


def _regular_line(scenario: Scenario, channel: str) -> Line | None:
    """The channel's own line; None if it is disabled."""
    regular = (line for line in lines_of(scenario) if line.channel == channel and line.place[0] == 2)
    return next(regular, None)


def _place(kind: str, number: int) -> Path:
    return ("policy", kind, number)


def _named(path: Path, name: str) -> str:
    """The key with the rule's name where its position stands."""
    return dotted(tuple(name if isinstance(key, int) else key for key in path))


def _window_text(cap: Cap) -> str:
    return f"a {cap.window.calendar}" if cap.window.calendar else f"{cap.window.rolling_days} days"


def _choice_text(choice: Contacts) -> str:
    return ", ".join((*choice.channels, *choice.classes)) or "all"
