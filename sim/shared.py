"""What customers share, between the days: the capacity that is left, the sender's reputation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.engine.blocks import Shared
from sim.engine.tables import COMPLAINTS, DELIVERED, SENT
from sim.lines import lines_of
from sim.lower_capacity import limits_of_day, resource_use
from sim.world import World


class _Signals:
    """Capacity and reputation of a world under several plans; ``damage`` (W, channels) is the only thing that moves."""

    def __init__(self, world: World, plans: int) -> None:
        self.world = world
        self.use = resource_use(world)
        self.rationed = bool(world.capacities)
        self.damage = np.zeros((plans, len(world.channels)))
        self._of_line = np.array([line.channel for line in lines_of(world)])

    def left(self, day: int, sent: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return limits_of_day(self.world, day, sent @ self.use.T)

    def placement(self, week: int, lane: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        reputation = self.world.behaviour.reputation
        inbox = np.ones(self.damage.shape)
        for c, name in enumerate(self.world.channel_names):
            if name not in reputation.channels:
                continue
            of_channel = lane[:, self._of_line == c].sum(axis=1)
            sent = of_channel[:, SENT]
            bad = of_channel[:, COMPLAINTS] + reputation.dead_weight * (sent - of_channel[:, DELIVERED])
            self.damage[:, c] *= 2.0 ** (-1.0 / reputation.half_life_weeks)
            self.damage[:, c] += np.where(sent > 0, bad / np.maximum(sent, 1), 0.0)
            inbox[:, c] = 1.0 / (1.0 + (self.damage[:, c] / reputation.tolerated_damage) ** 2)
        return inbox


def shared_signals(world: World, plans: int) -> Shared | None:
    """None where customers share nothing: then blocks need not wait for each other."""
    if not world.capacities and not world.behaviour.reputation.channels:
        return None
    return _Signals(world, plans)
