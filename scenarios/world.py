"""From a scenario to the world it describes: customers from orders or a model, channels, rules, money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.base_files import CustomerFacts
from scenarios.calendar import calendar_from
from scenarios.load import LoadedScenario
from scenarios.option_words import as_keys
from scenarios.order_rows import order_rows
from scenarios.past_contacts import CUSTOMERS, LOG_TAKEN_OUT, TAKEN_OUT, of_current_policy, of_past_messages
from scenarios.past_messages import MessageFiles
from scenarios.people import certain_consent, read_facts, with_arrivals, with_facts
from sim.errors import InputError
from sim.fit._dropout_model import DropoutModel
from sim.fit.bg_nbd import BgNbd
from sim.fit.gamma_gamma import GammaGamma
from sim.fit.history import PastContacts, WithoutContacts, known_traits, without_contacts
from sim.fit.mbg_cnbd import MbgCnbd
from sim.fit.mbg_nbd import MbgNbd
from sim.fit.organic import UNDER_CURRENT_CONTACTS, OrganicFit, fit_organic
from sim.fit.posterior import TraitPosterior
from sim.orders import OrderLog, read_orders
from sim.policy import Frequencies
from sim.population import OrganicModel, Population, synthetic
from sim.real_customers import RealCustomers
from sim.rfm import RfmScheme
from sim.start import start_world
from sim.world import World

_EPOCH = dt.date(1970, 1, 1)
BORDER_SEED = 0
"""Draws that belong to the base and not to a run."""
_BORDER_CUSTOMERS = 100_000
"""Quantile borders of an invented base come from this many customers, drawn once and for all seeds."""


@dataclass(frozen=True)
class FrameScenario(LoadedScenario):
    """A scenario whose orders are a data frame in memory, not a file."""

    frame: object = None

    @classmethod
    def of(cls, loaded: LoadedScenario, frame: object) -> FrameScenario:
        """The same scenario with these orders."""
        return cls(**{field.name: getattr(loaded, field.name) for field in fields(loaded)}, frame=frame)

    @property
    def orders_path(self) -> Path | None:
        """There is no file."""
        return None


@dataclass(frozen=True)
class History:
    """Real customers: their orders up to ``as_of``, and the models their future is drawn from."""

    orders: OrderLog
    as_of: dt.date
    organic: DropoutModel
    spend: GammaGamma
    fit: OrganicFit | None
    """None where the scenario states the parameters."""
    traits: TraitPosterior | None = None
    """What is known of each customer, where past contacts are taken into account."""
    without: WithoutContacts | None = None
    """The fit behind ``organic`` and ``traits`` then; None where the scenario states the parameters."""
    taken_out: str = TAKEN_OUT
    """Which contacts these are."""

    @property
    def label(self) -> str:
        """How past contacts were dealt with."""
        return UNDER_CURRENT_CONTACTS if self.traits is None else self.taken_out

    @property
    def last_day(self) -> int:
        """``as_of`` in days since 1970-01-01."""
        return day_number(self.as_of)


@dataclass(frozen=True)
class Base:
    """Where customers come from; makes populations of any size and seed."""

    loaded: LoadedScenario
    history: History | None
    """None for an invented base."""
    message_files: MessageFiles = field(default_factory=MessageFiles, repr=False, compare=False, kw_only=True)

    def population(self, customers: int, seed: int) -> Population:
        """``customers`` simulated ones (or whole copies of the base near that number), with draws of their own; with
        those who come later, where the scenario has them."""
        return with_arrivals(self.present(customers, seed), self.loaded, self.model)

    def present(self, customers: int, seed: int) -> Population:
        """The same without newcomers: who is there on day 0."""
        return with_facts(self.bare_population(customers, seed), self.loaded, self.facts, self.suppressed)

    def bare_population(self, customers: int, seed: int) -> Population:
        """The same without birthdays, households, suppression and newcomers."""
        if self.history is None:
            return self.invented(customers, seed)
        return self.real_customers.simulated(customers, seed).part(0, None)

    @cached_property
    def real_customers(self) -> RealCustomers:
        """The customers of the orders, and what their orders say about each of them."""
        h = self.history
        if h is None:
            raise ValueError("an invented base has no orders")
        return RealCustomers.of(h.orders, h.organic, h.spend, as_of=h.last_day, traits=h.traits)

    @cached_property
    def model(self) -> OrganicModel:
        """Order process and spend, of an invented base as stated, of a real one as fitted or stated."""
        if self.history is None:
            stated = build.order_model(self.loaded)
            if stated is None:
                raise ValueError("a base without orders needs synthetic_model")  # the loader asks for it
            return OrganicModel(
                stated.model, stated.r, stated.alpha, stated.a, stated.b, stated.p, stated.q, stated.gamma, stated.k
            )
        o, s = self.history.organic, self.history.spend
        ticks = o.k if isinstance(o, MbgCnbd) else 1
        return OrganicModel(o.name, o.r, o.alpha, o.a, o.b, s.p, s.q, s.gamma, ticks)

    @cached_property
    def _known(self) -> tuple[CustomerFacts, npt.NDArray[np.int64] | None]:
        if self.history is None:
            return CustomerFacts(), None
        return read_facts(self.loaded, self.history.orders, self.history.as_of, self.message_files)

    @property
    def facts(self) -> CustomerFacts:
        """What the file of customers tells."""
        return self._known[0]

    @property
    def suppressed(self) -> npt.NDArray[np.int64] | None:
        """What the file of suppressed ids tells, (N,) of the real base."""
        return self._known[1]

    def customer_ids(self, population: Population) -> npt.NDArray[np.str_] | None:
        """Names of the real customers and of newcomers, by ``base_customer``; None for an invented base."""
        if self.history is None:
            return None
        ids = self.history.orders.customer_ids
        more = int(population.base_customer.max()) + 1 - len(ids)
        return np.concatenate([ids, [f"new {n + 1}" for n in range(more)]]) if more > 0 else ids

    def names(self, population: Population) -> npt.NDArray[np.generic]:
        """(N,) the real customer of each: id, or number in an invented base."""
        ids = self.customer_ids(population)
        return population.base_customer if ids is None else ids[population.base_customer]

    def invented(self, customers: int, seed: int, *, first_id: int = 0) -> Population:
        """Customers of an invented base from this number on."""
        base = self.loaded.scenario.base
        if base.synthetic is None:
            raise ValueError("a base without orders needs synthetic")  # the loader asks for it
        made = synthetic(self.model, customers, seed=seed, tenure_days=base.tenure_days, first_id=first_id)
        return replace(made, base_customer=first_id + made.base_customer).standing_for(base.synthetic)

    @cached_property
    def rfm(self) -> RfmScheme:
        """Segments; quantile borders are those of the whole base, whatever is simulated and with which seed."""
        table = self.loaded.scenario.segments
        if table.borders == "fixed":
            return build.rfm_scheme(self.loaded)
        size = _BORDER_CUSTOMERS if self.history is None else self.history.orders.n_customers
        everybody = self.bare_population(size, BORDER_SEED)
        values = everybody.recency_frequency_value(table.window_days, total=table.monetary == "total")
        return build.rfm_scheme(self.loaded, *values)


def load_base(loaded: LoadedScenario) -> Base:
    """Read the orders and fit the organic model, where the scenario has orders and states no model."""
    base = loaded.scenario.base
    if base.orders is None:
        return Base(loaded, None)
    refuse_gap(loaded)
    orders = _read(loaded)
    as_of = base.as_of or _EPOCH + dt.timedelta(days=orders.last_day)
    known = orders.until(day_number(as_of))  # what came later is the future: neither fitted nor part of the base
    if base.fitted_model is not None:
        return _contacts_taken_out(Base(loaded, History(known, as_of, *stated_models(loaded), None)))
    fit = fit_organic(known, until_day=day_number(base.until or as_of), model=base.model)
    return _contacts_taken_out(Base(loaded, History(known, as_of, fit.daily.parameters, fit.spend.parameters, fit)))


def _contacts_taken_out(base: Base) -> Base:
    """The same base, its past orders less those that the current policy caused, if the scenario says it did."""
    asked, h = base.loaded.scenario.base, base.history
    if h is None or asked.history_contacts == "none":
        return base
    if asked.history_contacts == "messages":
        h = replace(h, taken_out=LOG_TAKEN_OUT)
    contacts = contacts_before(base, h)
    if h.fit is None:
        return replace(
            base, history=replace(h, traits=known_traits(h.orders, contacts, h.organic, until_day=h.last_day))
        )
    fitted_until = day_number(dt.date.fromisoformat(h.fit.fitted_until))
    fit = without_contacts(h.orders, contacts, until_day=fitted_until, model=h.fit.irregular.parameters.name)
    organic, traits = fit.organic.parameters, fit.traits
    if fitted_until < h.last_day:
        traits = known_traits(h.orders, contacts, organic, until_day=h.last_day)
    return replace(base, history=replace(h, organic=organic, traits=traits, without=fit))


def contacts_before(base: Base, history: History) -> PastContacts:
    """What contacts did before day 0: known messages; or the current policy, if it was in force all the time (looked at
    on some customers of the base, whatever is known of their latest messages)."""
    if base.loaded.scenario.base.history_contacts == "messages":
        return _what_messages_did(base, history)
    named = {key: file for key, file in base.loaded.files_named.items() if key != "base.messages"}
    base = replace(base, loaded=replace(base.loaded, files_named=named))
    population = base.present(min(history.orders.n_customers, CUSTOMERS), BORDER_SEED)
    return of_current_policy(start_world(make_world(base, population), seed=BORDER_SEED))


def _what_messages_did(base: Base, history: History) -> PastContacts:
    asked, channels = base.loaded.scenario.base, build.channels(base.loaded)
    told = base.message_files.told(
        base.loaded.files_named["base.messages"], asked.message_columns, history.orders,
        build.channel_names(base.loaded), history.as_of,
    )  # fmt: skip
    return of_past_messages(told.past, channels, build.behaviour(base.loaded), as_of=history.last_day)


def make_world(base: Base, population: Population) -> World:
    """The scenario's world with these customers."""
    loaded, scenario = base.loaded, base.loaded.scenario
    days = 7 * (scenario.horizon.weeks + scenario.horizon.tail_weeks)
    return World(
        population=population,
        channels=certain_consent(build.channels(loaded), base.facts),
        rfm=base.rfm,
        current=build.current_plan(loaded),
        policy=build.policy(loaded),
        behaviour=build.behaviour(loaded),
        economics=build.economics(loaded),
        weeks=scenario.horizon.weeks,
        tail_weeks=scenario.horizon.tail_weeks,
        start=scenario.base.start,
        program=build.program(loaded),
        capacities=build.capacities(loaded),
        timing=build.timing(loaded),
        **vars(calendar_from(build.start_date(loaded), days)),
        consent_rate_correlation=scenario.base.consent_rate_correlation.value,
    )


def no_contact(world: World) -> Frequencies:
    """The plan without contacts, for this world."""
    return Frequencies.nothing(world.rfm.segments, world.channel_names)


def _read(loaded: LoadedScenario) -> OrderLog:
    base = loaded.scenario.base
    names = base.columns.model_dump()
    if isinstance(loaded, FrameScenario):
        if base.where:
            raise InputError.of("base.where", "is for files", None, "filter the data frame itself")
        return read_orders(loaded.frame, columns=names, duplicates=base.duplicates, refunds=base.refunds)
    path = loaded.orders_path
    if path is None:
        raise ValueError("the scenario has no orders")
    rows = order_rows(path, base.where)
    with as_keys():
        return read_orders(rows, columns=names, duplicates=base.duplicates, refunds=base.refunds, where=path.name)


def order_and_spend_models(base: Base) -> tuple[DropoutModel, GammaGamma]:
    """The models of orders and of spend: fitted, or stated in the scenario."""
    return stated_models(base.loaded) if base.history is None else (base.history.organic, base.history.spend)


def stated_models(loaded: LoadedScenario) -> tuple[DropoutModel, GammaGamma]:
    """``base.fitted_model`` as models."""
    model = build.order_model(loaded)
    if model is None:
        raise ValueError("the scenario states no model")
    spend = GammaGamma(model.p, model.q, model.gamma)
    if model.model == "mbg-cnbd":
        return MbgCnbd(model.r, model.alpha, model.a, model.b, model.k), spend
    kind = {"bg-nbd": BgNbd, "mbg-nbd": MbgNbd}[model.model]
    return kind(model.r, model.alpha, model.a, model.b), spend


def refuse_gap(loaded: LoadedScenario) -> None:
    """Customers are known on the evening of ``as_of``; nobody knows what they do in a gap after it."""
    as_of, start = loaded.scenario.base.as_of, loaded.scenario.horizon.start
    if as_of is None or start is None or start == as_of + dt.timedelta(days=1):
        return
    allowed = f"{as_of + dt.timedelta(days=1)}, the day after base.as_of, or leave it out"
    raise InputError.of("horizon.start", "leaves a gap after the last day of the data", start, allowed)


def day_number(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - _EPOCH).days
