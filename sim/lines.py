"""Lines: every stream of contacts a customer may get, numbered, with what it is made of.

First the channels' regular contacts (line c is channel c), then campaigns, then the steps of cascades. Who goes first
on a day is another order: steps before campaigns before regular contacts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.policy import ContactPolicy, Selection
from sim.world import World


@dataclass(frozen=True)
class Line:
    """One stream of contacts."""

    name: str
    """The channel's name; "campaign" for a campaign; "cascade.k" for step k (from 1) of a cascade."""
    channel: int
    """Place in ``World.channels``."""
    message_class: str
    response_factor: float = 1.0
    offer: str | None = None
    campaign: str | None = None
    """Name of the campaign or cascade it belongs to; None = regular."""
    step: int | None = None
    """Place in the cascade, from 0."""

    def stream(self, world: World) -> str:
        """Name of its draws: "contact:" or "complaint:" goes before it."""
        channel = world.channels[self.channel].name
        return channel if self.campaign is None else f"{channel}:{self.name}"


def lines_of(world: World) -> tuple[Line, ...]:
    """All lines of a world, by number."""
    place = {channel.name: c for c, channel in enumerate(world.channels)}
    lines = [Line(channel.name, c, channel.message_class) for c, channel in enumerate(world.channels)]
    lines += [
        Line(c.name, place[c.channel], c.message_class, c.response_factor, c.offer, c.name)
        for c in world.program.campaigns
    ]
    for cascade in world.program.cascades:
        lines += [
            Line(
                f"{cascade.name}.{k + 1}",
                place[step.channel],
                step.message_class,
                step.response_factor,
                step.offer,
                cascade.name,
                k,
            )
            for k, step in enumerate(cascade.steps)
        ]
    return tuple(lines)


def precedence(world: World) -> npt.NDArray[np.int64]:
    """Line numbers in the order in which they go on a day: steps, campaigns, regular contacts."""
    lines = lines_of(world)
    rank = [0 if line.step is not None else 1 if line.campaign is not None else 2 for line in lines]
    return np.array(sorted(range(len(lines)), key=lambda n: (rank[n], n)), dtype=np.int64)


def selects(world: World, policy: ContactPolicy, selection: Selection) -> npt.NDArray[np.bool_]:
    """(lines,) which lines a rule's selection is about."""
    chosen = []
    for line in lines_of(world):
        named = not selection.channels or world.channels[line.channel].name in selection.channels
        of_class = (
            line.message_class in selection.classes
            if selection.classes
            else line.message_class not in policy.exempt_classes
        )
        chosen.append(named and of_class)
    return np.array(chosen, dtype=np.bool_)
