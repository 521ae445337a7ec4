"""Offers, campaigns, cascades, capacities and daypart factors as the objects of the simulation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scenarios import schema_program
from scenarios.schema import Scenario
from sim.campaigns import Campaign, Cascade, Offer, Program, Step, Trigger
from sim.capacity import Capacity


def program_of(scenario: Scenario, channels: Sequence[str]) -> Program:
    """Everything that plans may use besides regular contacts; what needs a disabled channel falls away."""
    return Program(
        offers=tuple(
            Offer(name, o.discount_share, o.response_factor.value, o.valid_days, o.pull_forward_share.value)
            for name, o in scenario.offers.items()
        ),
        campaigns=tuple(
            Campaign(name, c.channel, c.per_week, c.segments, c.message_class, c.response_factor.value, c.offer)
            for name, c in scenario.campaigns.items()
            if c.channel in channels
        ),
        cascades=tuple(
            Cascade(
                name,
                Trigger(table.trigger.kind, table.trigger.segment, table.trigger.days),
                steps,
                table.segments,
                table.ends_with_order,
                table.patience_days,
                table.repeat_after_days,
            )
            for name, table in scenario.cascades.items()
            if (steps := _steps(table, channels))
        ),
    )


def _steps(table: schema_program.Cascade, channels: Sequence[str]) -> tuple[Step, ...]:
    """Steps on enabled channels; the delay of one that falls away goes to the next, as if it had been left out."""
    steps: list[Step] = []
    waited = 0
    for step in table.steps:
        waited += step.delay_days
        if step.channel in channels:
            factor = step.response_factor.value
            delay = min(waited, 365)
            steps.append(Step(step.channel, delay, step.only_if, factor, step.offer, step.message_class))
            waited = 0
    return tuple(steps)


def capacities_of(scenario: Scenario, channels: Sequence[str]) -> tuple[Capacity, ...]:
    """Capacities of the enabled channels; the file counts weeks from 1, the simulation from 0."""
    return tuple(
        Capacity(
            table.name,
            used,
            table.per_day,
            table.per_week,
            {int(week) - 1: limit for week, limit in table.exceptions.items()},
            table.use_per_contact,
            table.use_per_click.value,
        )
        for table in scenario.capacities
        if (used := tuple(name for name in table.channels if name in channels))
    )


def timing_of(scenario: Scenario, segments: Sequence[str], channels: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """(S, C) factors; 1 where the scenario names none."""
    if not scenario.timing:
        return None
    table = np.ones((len(segments), len(channels)))
    for segment, row in scenario.timing.items():
        for channel, factor in row.items():
            if channel in channels:
                table[list(segments).index(segment), list(channels).index(channel)] = factor.value
    return table
