"""What customers share, kept out of effects and search: rationed capacity and the sender's reputation.

Shared capacity makes any effect measured on some customers lie: who is written to more often takes the slots of others,
and the loss of those others is not in the effect. So effects are simulated with nothing shared; a capacity of the world
becomes a limit of every week on what the plan asks for, as if nothing were rationed; and the plan that fits is
reported with rationing on, where it then hardly matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.limits import Limit
from sim.capacity import Capacity
from sim.domain import Reputation
from sim.start import Started
from sim.units import DAYS_PER_WEEK
from sim.world import World


def unrationed(world: World) -> World:
    """Every contact that the rules allow goes out on its day."""
    return replace(world, capacities=()) if world.capacities else world


def nothing_shared(started: Started) -> Started:
    """No rationing and the inbox for everybody: customers independent of each other."""
    world = started.world
    if not world.capacities and not world.behaviour.reputation.channels:
        return started
    alone = replace(unrationed(world), behaviour=replace(world.behaviour, reputation=Reputation()))
    return replace(started, world=alone)


def capacity_limits(world: World, taken: Sequence[str] = ()) -> tuple[Limit, ...]:
    """The world's capacities as weekly limits on expected use; ``taken``: names of other limits."""
    found: list[Limit] = []
    for capacity in world.capacities:
        name = capacity.name if capacity.name not in taken else f"{capacity.name} (capacity)"
        found += _limits(capacity, name, _use(capacity, world), world.weeks)
    return tuple(found)


def _limits(capacity: Capacity, name: str, use: dict[str, float], weeks: int) -> list[Limit]:
    weekly = [capacity.per_week] if capacity.per_week is not None else []
    weekly += [DAYS_PER_WEEK * capacity.per_day] if capacity.per_day is not None else []
    named = {week + 1: most for week, most in capacity.weeks.items() if week < weeks}
    if weekly:
        return [Limit(name, "contacts_per_week", min(weekly), weights=use, exceptions=named)]
    return [
        Limit(f"{name}, week {week}", "contacts_per_week", most, weights=use, weeks=(week, week))
        for week, most in named.items()
    ]


def _use(capacity: Capacity, world: World) -> dict[str, float]:
    """What one contact of each channel uses, its expected response included."""
    return {
        channel.name: capacity.use_per_contact + capacity.use_per_click * channel.delivered * channel.clicked
        for channel in world.channels
        if channel.name in capacity.channels
    }
