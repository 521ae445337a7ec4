"""Lines of contacts and the program beside a plan, as the numbers the kernel reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.behaviour.fatigue import daily_decay
from sim.campaigns import CONDITIONS, TRIGGERS
from sim.engine.pacing import credit_per_day
from sim.engine.tables import PACE, Records, records
from sim.errors import InputError
from sim.lines import Line, lines_of, precedence, selects
from sim.policy import Frequencies, Selection
from sim.units import MICRO
from sim.world import World

_CERTAIN = 1.0 - 1e-12
"""A certain complaint, so that it has a hazard."""


@dataclass(frozen=True)
class LoweredLines:
    """Parts of ``Tables``: whole arrays, and fields of the lanes and of the scalars."""

    arrays: dict[str, Any]
    lanes: dict[str, Any]
    scalars: dict[str, Any]


def lower_lines(
    world: World, plans: Sequence[Sequence[Frequencies]], floor_words: npt.NDArray[np.uint64]
) -> LoweredLines:
    """Line by line what its channel is, times what the line makes of it. ``plans``: in each of the simulated worlds,
    what holds one after the other; ``floor_words`` (floors,): where the memory of each floor begins."""
    lines = lines_of(world)
    channels = [world.channels[line.channel] for line in lines]
    first_day = 1.0 - daily_decay(world.behaviour.response.half_life_days)

    def by_plan(of: Callable[[World, Sequence[Line], Frequencies], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.stack([np.stack([of(world, lines, plan) for plan in one]) for one in plans])

    def each(values: list[float]) -> npt.NDArray[np.float64]:
        return np.array(values, dtype=np.float64)

    rates, factors, offers = by_plan(_rates), by_plan(_factors), by_plan(_offers_carried)
    floors, pulls, stops = _floors(world, rates, floor_words), _pulls(world), _switch_offs(world)
    return LoweredLines(
        arrays={
            "pace": records({
                "rate": rates,
                "interval": np.where(rates > 0, PACE // np.maximum(rates, 1), 0),
                "factor": factors,
                "offer": offers,
                **floors,
            }),
            "offers": records({
                "discount": each([0.0, *(offer.discount_share for offer in world.program.offers)]),
                "days": np.array([0, *(offer.valid_days for offer in world.program.offers)], dtype=np.int64),
                "pull": pulls,
            }),
            "stops": stops,
            **_cascades(world, lines, plans),
        },
        lanes={
            "order": precedence(world),
            "channel": np.array([line.channel for line in lines], dtype=np.uint64),
            "unit_cost": np.array([round(c.unit_cost * MICRO) for c in channels], dtype=np.int64),
            "stimulus": each([first_day * c.orders_per_contact for c in channels]),
            "worth": each([c.orders_per_contact for c in channels]),
            "weight": each([c.fatigue_weight for c in channels]),
            "delivered": each([c.delivered for c in channels]),
            "click_of_seen": each([c.clicked / c.seen if c.seen > 0 else 0.0 for c in channels]),
            "unsubscribe": each([-np.log1p(-c.unsubscribe_per_contact) for c in channels]),
            "complaint": each([-np.log1p(-min(c.complaint_per_contact, _CERTAIN)) for c in channels]),
            **_steps(world, lines),
        },
        scalars={
            "factored": bool((factors != 1.0).any()),
            "offering": bool(offers.any()),
            "pulling": bool(pulls.any()),
            "stopping": bool(stops["after"].any()),
            "floored": bool(floors["floor_window"].any()),
        },
    )  # fmt: skip


def check_plan_program(world: World, plan: Frequencies) -> None:
    """Refuse a plan that names what the world does not have."""
    program = world.program
    known = [c.name for c in program.campaigns] + [c.name for c in program.cascades]
    unknown = [name for name in plan.campaigns if name not in known]
    if unknown:
        raise InputError.of(plan.name, "unknown campaign or cascade", ", ".join(unknown), ", ".join(known) or "none")
    for segment, channel, offer in plan.offers:
        for given, allowed in (
            (segment, world.rfm.segments),
            (channel, world.channel_names),
            (offer, tuple(o.name for o in program.offers)),
        ):
            if given not in allowed:
                raise InputError.of(f"{plan.name}: offers", "unknown name", given, ", ".join(allowed) or "none")


def _rates(world: World, lines: Sequence[Line], plan: Frequencies) -> npt.NDArray[np.int64]:
    """(lines, S) credit a day."""
    segments = world.rfm.segments
    per_week = np.zeros((len(lines), len(segments)))
    per_week[: len(world.channels)] = plan.per_week.T
    for k, campaign in enumerate(world.program.campaigns):
        if campaign.name in plan.campaigns:
            inside = np.isin(segments, campaign.segments) if campaign.segments else np.ones(len(segments), dtype=bool)
            per_week[len(world.channels) + k] = np.where(inside, campaign.per_week, 0.0)
    return credit_per_day(per_week)


def _factors(world: World, lines: Sequence[Line], plan: Frequencies) -> npt.NDArray[np.float64]:
    """(lines, S) factor on what a contact adds: the line's own, the timing's, the offer's."""
    timing = np.ones((len(world.rfm.segments), len(world.channels))) if world.timing is None else world.timing
    offers = {offer.name: offer.response_factor for offer in world.program.offers}
    table = np.array([line.response_factor * timing[:, line.channel] for line in lines], dtype=np.float64)
    for lane, line in enumerate(lines):
        if line.offer is not None:
            table[lane] *= offers[line.offer]
    for segment, channel, offer in plan.offers:
        table[world.channel_names.index(channel), world.rfm.segments.index(segment)] *= offers[offer]
    return table


def _floors(
    world: World, rates: npt.NDArray[np.int64], words: npt.NDArray[np.uint64]
) -> dict[str, npt.NDArray[np.int64] | npt.NDArray[np.uint64]]:
    """Fields of the pace (W, plans, lines, S): windows of the floors, 0 = none, and where what decides is remembered;
    they hold where the plan has any contact on the channel in one of the floor's segments."""
    window, bound = np.zeros(rates.shape, dtype=np.int64), selects(world, world.policy, Selection())
    word, place = np.zeros(rates.shape, dtype=np.uint64), np.zeros(rates.shape, dtype=np.uint64)
    for floor, first in zip(world.policy.floors, words, strict=True):
        lane = world.channel_names.index(floor.channel)
        if not bound[lane]:  # an exempt channel has no floor
            continue
        inside = np.isin(world.rfm.segments, floor.segments) if floor.segments else np.ones(rates.shape[-1], dtype=bool)
        used = np.any(rates[:, :, lane, inside] > 0, axis=-1, keepdims=True)
        window[:, :, lane, inside] = np.where(used, floor.rolling_days, 0)
        word[:, :, lane, inside] = first
        place[:, :, lane, inside] = floor.min_contacts - 1
    return {"floor_window": window, "floor_word": word, "floor_place": place}


def _offers_carried(world: World, lines: Sequence[Line], plan: Frequencies) -> npt.NDArray[np.int64]:
    """(lines, S) which contact carries which offer: 0 = none, offer k is k + 1."""
    names = [offer.name for offer in world.program.offers]
    table = np.zeros((len(lines), len(world.rfm.segments)), dtype=np.int64)
    for lane, line in enumerate(lines):
        table[lane] = names.index(line.offer) + 1 if line.offer is not None else 0
    for segment, channel, offer in plan.offers:
        table[world.channel_names.index(channel), world.rfm.segments.index(segment)] = names.index(offer) + 1
    return table


def _pulls(world: World) -> npt.NDArray[np.float64]:
    """Chance that a stimulated order is pulled forward, without an offer and with each."""
    pull = world.behaviour.response.pull_forward_share
    return np.array([pull, *(max(pull, offer.pull_forward_share) for offer in world.program.offers)], dtype=np.float64)


def _steps(world: World, lines: Sequence[Line]) -> dict[str, Any]:
    """Lane fields of the steps of cascades."""
    cascades = world.program.cascades
    place = {cascade.name: k for k, cascade in enumerate(cascades)}
    steps = [None if line.step is None else cascades[place[str(line.campaign)]].steps[line.step] for line in lines]
    follows = [(line.campaign, line.step) for line in lines]

    def whole(values: list[int]) -> npt.NDArray[np.int64]:
        return np.array(values, dtype=np.int64)

    return {
        "cascade_of": whole([-1 if line.step is None else place[str(line.campaign)] for line in lines]),
        "condition": whole([0 if step is None else CONDITIONS.index(step.only_if) for step in steps]),
        "delay": whole([0 if step is None else step.delay_days for step in steps]),
        "last_step": whole([(name, (step or 0) + 1) not in follows for name, step in follows]),
    }


def _cascades(world: World, lines: Sequence[Line], plans: Sequence[Sequence[Frequencies]]) -> dict[str, Any]:
    cascades, segments = world.program.cascades, world.rfm.segments
    first = {line.campaign: lane for lane, line in enumerate(lines) if line.step == 0}
    inside = [[not c.segments or segment in c.segments for segment in segments] for c in cascades]
    runs = [[[c.name in plan.campaigns for c in cascades] for plan in one] for one in plans]

    def each(values: list[int]) -> npt.NDArray[np.int64]:
        return np.array(values, dtype=np.int64)

    return {
        "cascades": records({
            "first_line": each([first[c.name] for c in cascades]),
            "trigger": each([TRIGGERS.index(c.trigger.kind) for c in cascades]),
            "trigger_segment": each(
                [segments.index(c.trigger.segment) if c.trigger.segment else -1 for c in cascades]
            ),
            "trigger_days": each([c.trigger.days or 0 for c in cascades]),
            "patience": each([c.patience_days for c in cascades]),
            "repeat_after": each([c.repeat_after_days for c in cascades]),
            "ends_with_order": each([c.ends_with_order for c in cascades]),
        }),
        "inside": np.array(inside, dtype=np.uint8).reshape(len(cascades), len(segments)),
        "runs": np.array(runs, dtype=np.uint8).reshape(len(plans), len(plans[0]), len(cascades)),
    }  # fmt: skip


def _switch_offs(world: World) -> Records:
    """Per channel after how many contacts without reaction its regular line stops (0 = never), and the reaction."""
    after = np.zeros(len(world.channels), dtype=np.int64)
    clicked = np.zeros(len(world.channels), dtype=np.int64)
    bound = selects(world, world.policy, Selection())
    for rule in world.policy.switch_offs:
        for c, name in enumerate(world.channel_names):
            if bound[c] and (not rule.channels or name in rule.channels):
                after[c] = rule.after_contacts if after[c] == 0 else min(after[c], rule.after_contacts)
                clicked[c] = rule.reaction == "clicked"
    return records({"after": after, "unless_clicked": clicked})
