"""The named rules of a scenario, whatever their kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scenarios.rule_relations import KINDS
from scenarios.schema_rules import (
    Cap,
    Contacts,
    Cooldown,
    Exclusion,
    Floor,
    PersonalCap,
    Policy,
    Prerequisite,
    SwitchOff,
)

Rule = Cap | Cooldown | Exclusion | Prerequisite | PersonalCap | Floor | SwitchOff


def named_rules(policy: Policy) -> Iterator[tuple[str, Rule]]:
    """(kind, rule) of every rule in force; those that are only reported are left out."""
    for kind in KINDS:
        for rule in getattr(policy, kind):
            if getattr(rule, "enforced", True):
                yield kind, rule


def binds(rule: Rule, segment: str, channel: str) -> bool:
    """Whether the rule can decide about a contact of this channel in this segment."""
    segments = () if isinstance(rule, SwitchOff) else rule.segments
    return (not segments or segment in segments) and any(not names or channel in names for names in _bound(rule))


def _bound(rule: Rule) -> list[tuple[str, ...]]:
    """Channels that are held back; of an exclusion, of either kind."""
    sides: list[Contacts | Cap | PersonalCap | SwitchOff]
    match rule:
        case Cooldown():
            sides = [rule.forbids]
        case Prerequisite():
            sides = [rule.allows]
        case Exclusion():
            sides = list(rule.between)
        case Floor():
            return [(rule.channel,)]
        case _:
            sides = [rule]
    return [side.channels for side in sides]


def without_rule(policy: Policy, kind: str, name: str) -> dict[str, Any]:
    """What to change in the policy so that this rule is gone."""
    return {kind: tuple(rule for rule in getattr(policy, kind) if rule.name != name)}


def without_all() -> dict[str, Any]:
    """What to change so that no named rule is left."""
    return dict.fromkeys(KINDS, ())
