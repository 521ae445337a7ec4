"""Ways of contacting side by side: the same customers, the same draws, the same past; differences per customer.

All alternatives start from the day 0 that the first scenario's current policy and rules have left behind: a new cap
or frequency holds from then on. Each is valued over no contact in its own world, so that what differs is what the
contacts bring, not what, say, another margin does to orders that come anyway.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, contact_totals
from scenarios.outcome_program import campaign_contacts
from scenarios.world import Base, FrameScenario, load_base, make_world, no_contact
from sim.compare import Estimate, base_total, value_per_customer
from sim.engine.tables import (
    COST,
    NANO,
    OFFER_COST,
    OFFER_COST_ORGANIC,
    OPT_OUTS,
    ORDERS,
    REACHABLE,
    REVENUE,
    SENT,
)
from sim.lower import subscribed
from sim.policy import Frequencies
from sim.population import Population
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.units import MICRO
from sim.world import World

I64 = npt.NDArray[np.int64]
PLAN, NOTHING = 0, 1
UNITS = dict.fromkeys(
    ("value", "contribution", "tail", "revenue", "cost", "offer_cost", "offer_cost_organic"), float(MICRO)
)
"""What one is counted in; orders and opt-outs in NANO."""


@dataclass(frozen=True)
class Alternative:
    """A scenario and a plan in it, under a name."""

    name: str
    loaded: LoadedScenario
    plan: Frequencies | None = None
    """None = the scenario's current policy."""

    @property
    def chosen(self) -> Frequencies:
        """The plan that is simulated."""
        return self.plan or replace(build.current_plan(self.loaded), name="current")


@dataclass(frozen=True, eq=False)
class Valued:
    """An alternative after its simulation."""

    population: Population
    measures: dict[str, I64]
    """Per simulated customer (N,): value, contribution, tail, revenue and orders over no contact; cost and
    unsubscribes in all; where there are offers, what they take off orders, in all and off organic ones. Money in
    millionths of the currency, orders and unsubscribes in billionths. ``lost_13``: the unsubscribes of the first 13
    weeks, where they were asked for."""
    contacts: dict[str, float]
    """By channel, over the horizon."""
    unsubscribes: dict[str, float]
    subscriptions: float
    """Pairs of customer and channel reachable at the start, real base."""
    reachable: dict[str, list[float]] = field(default_factory=dict)
    """Channel -> reachable customers at the end of each week, horizon and tail."""
    weekly_contacts: dict[str, list[float]] = field(default_factory=dict)
    """Channel -> contacts of each week of the horizon."""
    details: Part = field(default_factory=dict)
    """What the contacts of the horizon did, by channel and by campaign, as in result.json."""

    def estimate(self, measure: str) -> Estimate:
        """A total over the real base."""
        return base_total(self.measures[measure], self.population, unit_of(measure))

    def share_lost(self, measure: str) -> Estimate:
        """Unsubscribes as a share of the subscriptions at the start."""
        return self.estimate(measure).times(1 / self.subscriptions if self.subscriptions else 0.0)

    def cost_per_order(self) -> Estimate | None:
        """Contacts and discounts for one order more than without contact; None where there is none more. (The error of
        a ratio of two totals, linearized.)"""
        orders, money = self.estimate("orders").mean, self.measures["cost"] + self.measures.get("offer_cost", 0)
        if not orders > 0:
            return None
        ratio = base_total(money, self.population, MICRO).mean / orders
        apart = np.rint(money - ratio * MICRO / NANO * self.measures["orders"]).astype(np.int64)
        return Estimate(ratio, base_total(apart, self.population, MICRO).se / orders)

    def minus(self, other: Valued, measure: str) -> Estimate:
        """The difference of a measure: per customer if both have the same customers, else of independent groups."""
        if self.same_customers(other):
            difference = self.measures[measure] - other.measures[measure]
            return base_total(difference, self.population, unit_of(measure))
        mine, theirs = self.estimate(measure), other.estimate(measure)
        return Estimate(mine.mean - theirs.mean, float(np.hypot(mine.se, theirs.se)))

    def same_customers(self, other: Valued) -> bool:
        """Whether the two can be paired."""
        return np.array_equal(self.population.key, other.population.key)


def unit_of(measure: str) -> float:
    """How many of the whole numbers make one."""
    return UNITS.get(measure, NANO)


class Valuer:
    """Values alternatives on the same customers with the same draws.

    ``first``: the scenario whose current policy and rules shaped the past of all; ``own_past``: each alternative's own
    did. Customers and fits are made once for all alternatives that share ``[base]``.
    """

    def __init__(
        self,
        first: LoadedScenario,
        *,
        seed: int,
        customers: int | None = None,
        threads: int | None = None,
        own_past: bool = False,
    ) -> None:
        self.first, self.seed, self.customers, self.own_past = first, seed, customers, own_past
        self.threads = threads or os.cpu_count() or 1
        self._bases: dict[str, Base] = {}
        self._populations: dict[str, Population] = {}

    def value(
        self, alternative: Alternative, weeks: tuple[int, ...] = (), say: Callable[[float], None] | None = None
    ) -> Valued:
        """Simulate an alternative beside no contact; ``weeks``: also the unsubscribes until the end of these weeks."""
        base = self.base(alternative.loaded)
        world = make_world(base, self.population(base))
        plan = alternative.chosen
        started = self._started(world, base)
        found = simulate(
            started, [plan, no_contact(world)], seed=self.seed, tail=plan, threads=self.threads, progress=say
        )
        measures = _measures(found) | {f"lost_{week}": self._lost(started, plan, week) for week in weeks}
        return Valued(world.population, measures, **_facts(found))

    def base(self, loaded: LoadedScenario) -> Base:
        """Customers' orders and models, read and fitted once."""
        key = self._key(loaded)
        if key not in self._bases:
            self._bases[key] = load_base(loaded)
        return replace(self._bases[key], loaded=loaded)

    def population(self, base: Base) -> Population:
        """The simulated customers, drawn once."""
        size = self.customers or base.loaded.scenario.base.simulated_customers
        key = f"{self._key(base.loaded)} {_people_key(base.loaded)} {size}"
        if key not in self._populations:
            self._populations[key] = base.population(size, self.seed)
        return self._populations[key]

    def _key(self, loaded: LoadedScenario) -> str:
        """With a past of its own an alternative also has its own fit: past contacts are taken out of the orders."""
        own = self.own_past and loaded.scenario.base.history_contacts == "current"
        return _base_key(loaded) + (loaded.scenario.model_dump_json() if own else "")

    def _started(self, world: World, base: Base) -> Started:
        """The evening of day -1: this world's customers under the first scenario's current policy and rules."""
        mine, past = base.loaded.scenario, self.first.scenario.policy
        if self.own_past or tuple(mine.segments.map) != tuple(self.first.scenario.segments.map):
            return start_world(world, seed=self.seed, threads=self.threads)
        held = {"holdout_share": mine.policy.holdout_share, "holdout_salt": mine.policy.holdout_salt}
        before = replace(base.loaded, scenario=mine.model_copy(update={"policy": past.model_copy(update=held)}))
        earlier = replace(world, policy=build.policy(before), current=_as_known(build.current_plan(before), world))
        started = start_world(earlier, seed=self.seed, threads=self.threads)
        return Started(world, self.seed, started.people, started.begin)

    def _lost(self, started: Started, plan: Frequencies, weeks: int) -> I64:
        """Expected unsubscribes per customer of the first ``weeks`` weeks under the plan (N,)."""
        world = replace(started.world, weeks=weeks, tail_weeks=0)
        shorter = Started(world, started.seed, started.people, started.begin)
        found = simulate(shorter, [plan], seed=self.seed, tail=plan, threads=self.threads, detailed=False)
        return found.per_customer(PLAN, 0, OPT_OUTS)


def _as_known(plan: Frequencies, world: World) -> Frequencies:
    """Without the offers that this world has not (campaigns that it has not are passed over before)."""
    known = {offer.name for offer in world.program.offers}
    return replace(plan, offers=tuple(cell for cell in plan.offers if cell[2] in known))


def _people_key(loaded: LoadedScenario) -> str:
    """What a population depends on beyond the base: files about people, who consents, who comes how long."""
    scenario, base = loaded.scenario, loaded.scenario.base
    files = sorted((key, str(path)) for key, path in loaded.files_named.items())
    consent = [(channel.name, channel.consent_share) for channel in build.channels(loaded)] if files else []
    days = scenario.horizon.model_dump(mode="json") if base.new_customers_per_week is not None else {}
    return json.dumps([files, consent, days], sort_keys=True)


def _base_key(loaded: LoadedScenario) -> str:
    scenario = loaded.scenario
    frame = id(loaded.frame) if isinstance(loaded, FrameScenario) else 0
    facts = scenario.base.model_dump(mode="json", exclude={"simulated_customers", "start", "consent_rate_correlation"})
    return json.dumps([facts, str(loaded.orders_path), str(scenario.horizon.start), frame], sort_keys=True)


def _measures(found: SimulationResult) -> dict[str, I64]:
    horizon, tail = (value_per_customer(found, PLAN, p) - value_per_customer(found, NOTHING, p) for p in (0, 1))

    def over_none(column: int) -> I64:
        return found.per_customer(PLAN, 0, column) - found.per_customer(NOTHING, 0, column)

    measures = {
        "value": horizon + tail,
        "contribution": horizon,
        "tail": tail,
        "revenue": over_none(REVENUE),
        "orders": over_none(ORDERS),
        "cost": found.per_customer(PLAN, 0, COST),
        "unsubscribes": found.per_customer(PLAN, 0, OPT_OUTS),
    }
    if found.world.program.offers:
        measures |= {
            "offer_cost": found.per_customer(PLAN, 0, OFFER_COST),
            "offer_cost_organic": found.per_customer(PLAN, 0, OFFER_COST_ORGANIC),
        }
    return measures


def _facts(found: SimulationResult) -> Mapping[str, Any]:
    world, scale = found.world, found.world.population.scale
    lanes, names, start = found.totals.lane[PLAN], world.channel_names, subscribed(world)
    totals = contact_totals(found, PLAN)
    reachable = {name: (lanes[:, lane, REACHABLE] * scale).tolist() for lane, name in enumerate(names)}
    ends = {
        name: {"start": int((start >> lane & 1).sum()) * scale, "end": reachable[name][world.weeks - 1]}
        for lane, name in enumerate(names)
    }
    return {
        "contacts": totals["contacts"],
        "unsubscribes": totals["unsubscribes"],
        "subscriptions": int(np.bitwise_count(start).sum()) * scale,
        "weekly_contacts": {
            name: (lanes[: world.weeks, lane, SENT] * scale).tolist() for lane, name in enumerate(names)
        },
        "reachable": reachable,
        "details": {
            "funnel": totals["funnel"],
            "complaints_by_channel": totals["complaints"],
            "reachable_by_channel": ends,
            "campaign_contacts": campaign_contacts(found, PLAN),
        },
    }
