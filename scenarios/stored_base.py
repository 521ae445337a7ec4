"""A base from a Parquet file of more orders than memory should hold: sorted on disk, simulated part by part.

Every part is the same customers, with the same draws, as those of the base in memory.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.base_files import CustomerFacts
from scenarios.load import LoadedScenario
from scenarios.option_words import as_keys
from scenarios.past_contacts import CUSTOMERS, TAKEN_OUT
from scenarios.people import with_facts
from scenarios.world import (
    BORDER_SEED,
    Base,
    History,
    contacts_before,
    day_number,
    load_base,
    refuse_gap,
    stated_models,
)
from sim.fit._table import parquet_height
from sim.fit.history import PastContacts, known_traits
from sim.fit.order_sort import Export, Say, sort_orders
from sim.fit.order_store import OrderStore
from sim.moments import Census
from sim.population import Population
from sim.real_customers import RealCustomers, SimulatedCustomers
from sim.stream import Source, cut_evenly

LARGE = 2_000_000
"""So many orders are read into memory without a thought: some 300 MB."""
Room = Callable[[], AbstractContextManager[Path]]
"""room() -> an empty folder for the time of a run, which all workers see."""
Ints = npt.NDArray[np.int64]


@contextmanager
def temporary_room() -> Iterator[Path]:
    """Where the system keeps temporary files."""
    with tempfile.TemporaryDirectory(prefix="contactpolicy-") as folder:
        yield Path(folder)


@contextmanager
def base_of_any_size(loaded: LoadedScenario, room: Room, say: Say) -> Iterator[Base]:
    """``load_base``, or the same base on disk in ``room`` where its orders are many and its parts need not know each
    other."""
    if not _goes_to_disk(loaded):
        yield load_base(loaded)
        return
    with room() as folder:
        yield _on_disk(loaded, folder, say)


@dataclass(frozen=True)
class SampleHistory(History):
    """History of the customers that were asked what past contacts did."""

    contacts: PastContacts | None = None
    """None: past orders are taken as the customers' own."""

    @property
    def label(self) -> str:
        """How past contacts were dealt with."""
        return super().label if self.contacts is None else TAKEN_OUT


@dataclass(frozen=True)
class StoredBase(Base):
    """A base on disk; its ``history`` is that of a sample."""

    store: OrderStore
    known: SampleHistory

    def bare_population(self, customers: int, seed: int) -> Population:
        """Not at once: ``parts``."""
        raise ValueError("the customers are on disk")

    def names(self, population: Population) -> npt.NDArray[np.generic]:
        """(N,) ids."""
        customers, row = np.unique(population.base_customer, return_inverse=True)
        return self.store.ids(customers)[row]

    def parts(self, customers: int, seed: int) -> Source:
        """The customers of ``population(customers, seed)`` of the base in memory, in parts."""
        size = self.store.customers
        copies = max(1, round(customers / size))
        some: list[tuple[int, Ints | range]]
        if customers < size:
            chosen = self.store.sample(customers, seed)
            some = [(file, chosen[a:b]) for file, a, b in self.store.by_file(chosen)]
        else:
            some = [(file, range(a, b)) for file, (a, b) in enumerate(pairwise(self.store.first))]
        cut = [(file, who[a:b]) for file, who in some for a, b in cut_evenly(len(who), copies, 1)]
        return StoredParts(self, Census(min(customers, size) * copies, size, copies), cut, seed)


@dataclass(frozen=True, eq=False)
class StoredParts:
    """Parts of a base on disk: read when they are asked for, each with what its orders say about its customers."""

    base: StoredBase
    people: Census
    cut: list[tuple[int, Ints | range]]
    """(file, customers), neither crosses the other's borders."""
    seed: int

    @property
    def count(self) -> int:
        """Number of parts."""
        return len(self.cut)

    def part(self, number: int) -> Population:
        """The customers of a part, each with all copies."""
        file, who = self.cut[number]
        customers, known, store = np.asarray(who), self.base.known, self.base.store
        orders = store.orders(file).of(customers - store.first[file])
        traits = None
        if known.contacts is not None:
            traits = known_traits(orders, known.contacts, known.organic, until_day=known.last_day)
        real = RealCustomers.of(orders, known.organic, known.spend, as_of=known.last_day, traits=traits)
        drawn = SimulatedCustomers(real, np.arange(len(customers)), self.people.copies, self.seed).part(0, None)
        told = with_facts(drawn, self.base.loaded, CustomerFacts(), None)
        return replace(told, base_customer=customers[told.base_customer], base_size=self.people.base_size)


def _goes_to_disk(loaded: LoadedScenario) -> bool:
    base, path = loaded.scenario.base, loaded.orders_path
    if path is None or not path.name.lower().endswith(".parquet") or not path.is_file() or base.where:
        return False
    tied = (
        base.new_customers_per_week is not None
        or base.assumed_household_size > 1
        or "base.customers" in loaded.files_named
        or "base.messages" in loaded.files_named
        or "policy.suppress" in loaded.files_named
        or loaded.scenario.segments.borders != "fixed"
        or build.capacities(loaded)
        or build.behaviour(loaded).reputation.channels
    )
    return base.fitted_model is not None and not tied and parquet_height(path, path.name) > LARGE


def _on_disk(loaded: LoadedScenario, folder: Path, say: Say) -> StoredBase:
    asked, path = loaded.scenario.base, loaded.orders_path
    if path is None:
        raise ValueError("the scenario has no orders")
    refuse_gap(loaded)
    export = Export(path, asked.columns.model_dump(), asked.duplicates, asked.refunds)
    until = None if asked.as_of is None else day_number(asked.as_of)
    with as_keys():
        store = sort_orders(export, folder, until=until, say=say)
    as_of = asked.as_of or dt.date(1970, 1, 1) + dt.timedelta(days=store.last_day)
    sample = store.orders_of(store.sample(CUSTOMERS, BORDER_SEED))
    known = SampleHistory(sample, as_of, *stated_models(loaded), None)
    if asked.history_contacts != "none":
        known = replace(known, contacts=contacts_before(Base(loaded, known), known))
    return StoredBase(loaded, known, store, known)
