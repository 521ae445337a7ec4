"""Orders of the past under the contacts of the past: the part that contacts caused is taken out of the organic fit.

``base.history_contacts = "current"``: the current policy was in force all the time. What it exerted is the stimulus
of its stationary state, in which the simulation starts too; the engine is asked for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.behaviour.response import reference_moment
from sim.domain import Response
from sim.fit._stimulus import ContactHistory
from sim.fit.history import PastContacts
from sim.start import Started
from sim.units import DAYS_PER_WEEK, DAYS_PER_YEAR

TAKEN_OUT = "contacts of the current policy taken out"
"""Label of a fit with ``base.history_contacts = "current"``."""
LEVELS = 4
CUSTOMERS = 30_000
"""Simulated customers whose stimulus is looked at."""


def of_current_policy(started: Started) -> PastContacts:
    """The stationary stimulus under the current policy: by consent on average, times personal responsiveness."""
    world, response = started.world, started.world.behaviour.response
    moment = moment_of(response)
    responsiveness = started.people.effect * moment / world.population.rate**response.rate_elasticity
    _, pattern = np.unique(started.begin.subscribed, return_inverse=True)
    stimulus = np.bincount(pattern, started.begin.stimulus) / np.bincount(pattern)
    return past_contacts(response, DAYS_PER_WEEK * stimulus[pattern] * responsiveness)


def past_contacts(
    response: Response, stimulus: npt.NDArray[np.float64], history: ContactHistory | None = None
) -> PastContacts:
    """Levels of equal share from the stimulus of some customers (with a ``history``: from their responsiveness)."""
    groups = np.array_split(np.sort(stimulus), LEVELS)
    return PastContacts(
        level=np.array([group.mean() for group in groups]),
        weight=np.array([group.size for group in groups]) / stimulus.size,
        elasticity=response.rate_elasticity,
        reference_moment=moment_of(response),
        dormant_share=response.dormant_share,
        dormant_half_life_days=response.dormant_half_life_days,
        history=history,
    )


def moment_of(response: Response) -> float:
    """E_ref[lambda^eta] of the reference population, lambda per day."""
    mean = response.reference_orders_per_year / DAYS_PER_YEAR
    return reference_moment(response.reference_shape, mean, response.rate_elasticity)
