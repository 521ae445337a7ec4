"""A scenario's customers in parts: drawn by range where nobody is tied to others, else cut from the whole base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from scenarios.people import with_facts
from scenarios.stored_base import StoredBase
from scenarios.world import Base
from sim.moments import Census
from sim.population import Population
from sim.real_customers import SimulatedCustomers
from sim.stream import Source, cut_evenly

Borders = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Parts:
    """Customers between borders: a part is drawn, or cut, when it is asked for."""

    draw: Callable[[int, int], Population]
    """draw(start, stop) -> those of a part; picklable."""
    people: Census
    borders: Borders

    @property
    def count(self) -> int:
        """Number of parts."""
        return len(self.borders)

    def part(self, number: int) -> Population:
        """The customers of a part."""
        return self.draw(*self.borders[number])


def _invented(base: Base, seed: int, start: int, stop: int) -> Population:
    """Customers of an invented base by number."""
    return _known(base, base.invented(stop - start, seed, first_id=start))


def _real(base: Base, drawn: SimulatedCustomers, start: int, stop: int) -> Population:
    """Real customers by their place in the base, each with all copies."""
    return _known(base, drawn.part(start, stop))


def _known(base: Base, drawn: Population) -> Population:
    return with_facts(drawn, base.loaded, base.facts, base.suppressed)


def parts_of(base: Base, customers: int, seed: int, threads: int = 1) -> Source:
    """The customers of ``base.population(customers, seed)``, in parts; ``threads``: how many work at a time."""
    if isinstance(base, StoredBase):
        return base.parts(customers, seed)
    asked = base.loaded.scenario.base
    if asked.new_customers_per_week is not None or base.facts.household is not None or asked.assumed_household_size > 1:
        return _cut(base.population(customers, seed), threads)
    if base.history is None:
        if asked.synthetic is None:
            raise ValueError("a base without orders needs synthetic")  # the loader asks for it
        people = Census(customers, asked.synthetic, copies=1)
        return Parts(partial(_invented, base, seed), people, cut_evenly(customers, 1, threads))
    drawn = base.real_customers.simulated(customers, seed)
    people = Census(drawn.size, len(drawn.real.base_key), drawn.copies)
    return Parts(partial(_real, base, drawn), people, cut_evenly(len(drawn.chosen), drawn.copies, threads))


def _cut(whole: Population, threads: int) -> Source:
    """Borders only where both a household and the copies of a customer end."""
    places = np.arange(whole.size)
    reach = places
    for group in (whole.household, whole.base_customer):
        if group is not None:
            _, number = np.unique(group, return_inverse=True)
            last = np.zeros(number.max() + 1, dtype=np.int64)
            np.maximum.at(last, number, places)
            reach = np.maximum(reach, last[number])
    ends = np.flatnonzero(np.maximum.accumulate(reach) == places) + 1
    wanted = [stop for _, stop in cut_evenly(whole.size, 1, threads)]
    stops = np.unique(ends[np.searchsorted(ends, wanted)]).tolist()
    people = Census(whole.size, whole.base_size, whole.copies)
    return Parts(whole.cut, people, list(zip([0, *stops[:-1]], stops, strict=True)))
