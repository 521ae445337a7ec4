"""Rules of contact, and what is sent today, as the objects of the simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scenarios import schema_rules
from sim.campaigns import Program
from sim.policy import (
    ContactPolicy,
    Cooldown,
    Floor,
    Frequencies,
    FrequencyCap,
    PersonalCap,
    Prerequisite,
    Selection,
    SwitchOff,
)

OTHER_WAY = " (the other way)"
"""Added to the name of an exclusion's second half."""


def contact_policy(table: schema_rules.Policy, channels: Sequence[str]) -> ContactPolicy:
    """[policy] for these (enabled) channels; a rule that is about other channels only falls away."""
    return ContactPolicy(
        caps=_caps(table, channels),
        cooldowns=_cooldowns(table, channels),
        prerequisites=tuple(
            Prerequisite(rule.name, rule.days, needs, allows, rule.segments, rule.enforced)
            for rule in table.prerequisites
            if (allows := _selection(rule.allows, channels)) is not None
            and (needs := _selection(rule.needs, channels)) is not None
        ),
        personal_caps=tuple(
            PersonalCap(
                rule.name,
                rule.window.rolling_days,
                tuple((int(limit), share) for limit, share in rule.shares.items()),
                chosen.channels,
                chosen.classes,
                rule.segments,
                rule.enforced,
            )
            for rule in table.personal_caps
            if (chosen := _selection(rule, channels)) is not None
        ),
        floors=tuple(
            Floor(rule.name, rule.channel, rule.min_contacts, rule.window.rolling_days, rule.segments)
            for rule in table.floors
            if rule.channel in channels
        ),
        switch_offs=tuple(
            SwitchOff(rule.name, rule.after_contacts, _known(rule.channels, channels), rule.reaction)
            for rule in table.switch_offs
            if not rule.channels or _known(rule.channels, channels)
        ),
        exempt_classes=table.exempt_classes,
        arbitration=table.arbitration,
        min_gap_days=table.min_gap_days,
        quiet_days_after_order=table.quiet_days_after_order,
        holdout_share=table.holdout_share,
        holdout_salt=table.holdout_salt,
    )


def _caps(table: schema_rules.Policy, channels: Sequence[str]) -> tuple[FrequencyCap, ...]:
    return tuple(
        FrequencyCap(
            name=cap.name,
            max_contacts=cap.max_contacts,
            rolling_days=cap.window.rolling_days or 1,
            channels=chosen.channels,
            segments=cap.segments,
            classes=chosen.classes,
            calendar=cap.window.calendar,
            points=tuple((name, points) for name, points in cap.points.items() if name in channels),
            enforced=cap.enforced,
            household=cap.household,
        )
        for cap in table.caps
        if (chosen := _selection(cap, channels)) is not None
    )


def _cooldowns(table: schema_rules.Policy, channels: Sequence[str]) -> tuple[Cooldown, ...]:
    """Those of the file, then two for each exclusion."""
    found = [(rule.name, rule.after, rule.forbids, rule) for rule in table.cooldowns]
    for rule in table.exclusions:
        one, other = rule.between
        found += [(rule.name, one, other, rule), (rule.name + OTHER_WAY, other, one, rule)]  # type: ignore[list-item]
    return tuple(
        Cooldown(name, rule.days, after, forbids, rule.segments, rule.enforced)
        for name, first, second, rule in found
        if (after := _selection(first, channels)) is not None and (forbids := _selection(second, channels)) is not None
    )


def _selection(
    table: schema_rules.Contacts | schema_rules.Cap | schema_rules.PersonalCap, channels: Sequence[str]
) -> Selection | None:
    """What a rule is about; None if all its channels are disabled."""
    chosen = _known(table.channels, channels)
    return None if table.channels and not chosen else Selection(chosen, table.classes)


def _known(names: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in channels)


def current_of(
    table: schema_rules.Current, segments: Sequence[str], channels: Sequence[str], program: Program
) -> Frequencies:
    """[policy.current] as a plan; what it says about disabled channels, and campaigns on them, is passed over."""
    default = {name: rate for name, rate in table.default.items() if name in channels}
    rows = {
        segment: {name: rate for name, rate in row.items() if name in channels}
        for segment, row in table.by_segment.items()
    }
    there = {campaign.name for campaign in program.campaigns} | {cascade.name for cascade in program.cascades}
    return replace(
        Frequencies.of("current", segments, channels, default, rows),
        campaigns=tuple(name for name in table.campaigns if name in there),
        offers=tuple(
            (segment, channel, offer)
            for segment, row in table.offers.items()
            for channel, offer in row.items()
            if channel in channels
        ),
    )
