"""Nobody starts rested: the state on the evening of day -1 under the plan in force.

Fatigue, stimulus, pacing credit and the memory of the rules come from running the contact process of the
current plan over the last weeks before day 0, for each customer from the first order on: segments, orders and
consent stand still, so that it reaches its stationary state. (Of past orders only the latest makes quiet days there,
and none relieves fatigue.) The opt-out hazard of a day, on average over whole cycles of the plan, times the
customer's tenure, is what present subscribers have survived: their frailty is drawn given that.

Where past messages are known, this is where customers stood before the first of them; what these did follows one by
one (`sim.start_messages`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim import draws
from sim.engine.begin import Begin
from sim.engine.blocks import Run, execute
from sim.engine.tables import (
    ANCHOR,
    CREDIT,
    FADING,
    FATIGUE,
    FATIGUE_DAY,
    NANO,
    OPT_OUTS,
    PACE,
    SEGMENT,
    STIMULATED,
    People,
    State,
    Tables,
    with_fields,
)
from sim.lines import lines_of
from sim.lower import lower_people, lower_tables, subscribed
from sim.policy import LONGEST_WINDOW_DAYS, rule_days
from sim.rng import place_keys, uniforms
from sim.start_messages import after_messages
from sim.units import DAYS_PER_WEEK
from sim.world import World

_SETTLED_HALF_LIVES = 6
"""After so many the opt-out hazard of a day is taken: stocks are settled to 2 %."""
_FORTNIGHT, _LONGEST_CYCLE, _LONGEST_WARM_UP = 14, 182, 364
_EVENING = -1
"""Day 0 is the morning after it."""
_SMALL_FRAILTY = 0.01


@dataclass(frozen=True)
class Started:
    """A world ready to run: customers' latents and where they stand on the evening of day -1."""

    world: World
    seed: int
    people: People
    begin: Begin

    def take(self, rows: npt.NDArray[np.int64]) -> Started:
        """The same for some of the customers (their draws do not change)."""
        people = People._make(np.ascontiguousarray(array[rows]) for array in self.people)
        return Started(self.world, self.seed, people, self.begin.of(rows))

    def take_sample(self, rows: npt.NDArray[np.int64]) -> Started:
        """Some of the customers, standing for the whole base."""
        part = self.take(rows)
        suppressed = None if self.world.suppressed is None else self.world.suppressed[rows]
        population = self.world.population.sample(rows)
        return replace(part, world=replace(self.world, population=population, suppressed=suppressed))


def start_world(world: World, *, seed: int, threads: int = 1) -> Started:
    """Reach the evening of day -1; ``seed`` addresses the draws of the past contacts."""
    population, begin = world.population, _rested(world)
    people = lower_people(world, np.ones(population.size))
    survived, left = np.zeros(population.size), np.zeros(population.size, dtype=np.int64)
    past = population.past if world.start == "current_policy" else None
    evening = _EVENING if past is None else past.first_day - 1
    if world.start == "current_policy" and world.current.per_week.any():
        begin, hazard_per_day = _stationary(world, people, begin, seed, threads, evening)
        survived = hazard_per_day * np.maximum(0, evening + 1 - population.first_order)
    if past is not None:
        begin, told = after_messages(world, begin, past)
        survived, left = survived + told.hazard, told.left
    return Started(world, seed, people._replace(frailty=_frailty(world, survived, left)), begin)


def _rested(world: World) -> Begin:
    """No contact before day 0; the phases of the pacing are spread evenly."""
    population = world.population
    n = population.size
    recency, frequency, value = population.recency_frequency_value(
        world.rfm.window_days, total=world.rfm.monetary == "total"
    )
    lines = lines_of(world)
    phases = [uniforms(population.seed, f"latent:phase:{line.stream(world)}", population.key) for line in lines]
    return Begin(
        active=population.active.astype(np.uint8),
        segment=world.rfm.classify(recency, frequency, value),
        last_order=population.last_order,
        subscribed=subscribed(world),
        ring=np.zeros((n, len(lines)), dtype=np.int64),
        credit=np.floor(np.column_stack(phases) * PACE).astype(np.int64),
        fatigue=np.zeros(n),
        stimulus=np.zeros(n),
        ticks=population.ticks_left(),
        joined=np.zeros(n, dtype=np.int64),
        order_from=population.order_from,
        order_to=population.order_to,
        order_day=population.order_day,
        order_value=population.order_value,
    )


def _warm_up_days(world: World) -> int:
    """Long enough for stocks to settle to less than 1 %, for every rule's window, and for whole cycles of the plan when
    they are settled to 2 %; whole weeks, a year at most (a half-life above 55 days leaves more)."""
    half_life = max(world.behaviour.fatigue.half_life_days, world.behaviour.response.half_life_days)
    longest = max(
        [rule_days(rule) for rule in (*world.policy.rules, *world.policy.floors)] + [world.policy.min_gap_days]
    )
    cycles = round(_SETTLED_HALF_LIVES * half_life) + _cycle_days(world)
    days = min(_LONGEST_WARM_UP, max(28, round(8 * half_life), longest, cycles))
    return (days + DAYS_PER_WEEK - 1) // DAYS_PER_WEEK * DAYS_PER_WEEK


def _cycle_days(world: World) -> int:
    """Days after which the current plan's contacts repeat: the longest time between two contacts of a line, or the
    longest window of a rule; in whole fortnights, half a year at most (what is rarer is little of a hazard)."""
    rates: list[float] = [*world.current.per_week[world.current.per_week > 0].tolist()]
    rates += [c.per_week for c in world.program.campaigns if c.name in world.current.campaigns and c.per_week > 0]
    longest = max([DAYS_PER_WEEK / rate for rate in rates] + [rule_days(rule) for rule in world.policy.rules])
    return math.ceil(min(longest, _LONGEST_CYCLE) / _FORTNIGHT) * _FORTNIGHT


def _stationary(
    world: World, people: People, rested: Begin, seed: int, threads: int, evening: int
) -> tuple[Begin, npt.NDArray[np.float64]]:
    """Where customers stand on ``evening`` (a day before 0), and the opt-out hazard they met on a day until then: of
    those there for less than a cycle, on their own days."""
    days, cycle = _warm_up_days(world), _cycle_days(world)
    first_day = evening + 1 - days
    tables = lower_tables(
        world, [world.current], world.current, seed=seed, first_day=first_day, days=days, behaving=False,
        detailed=False,
    )  # fmt: skip
    n, lanes = rested.credit.shape
    settled = np.arange(days) >= days - cycle
    kept_from = max(0, days - LONGEST_WINDOW_DAYS)
    tables = tables._replace(
        s=with_fields(tables.s, kept_from=kept_from, stopping=False, offering=False),
        days=with_fields(tables.days, phase=settled, plan=settled),
        lanes=with_fields(tables.lanes, capacitated=0),
        runs=np.zeros_like(tables.runs),  # no cascade before day 0
    )
    # the reference customer's response, so that the rate is the stock; a frailty so small that chances are hazards
    plain = people._replace(effect=np.ones(n), frailty=np.full(n, _SMALL_FRAILTY), joined=np.full(n, -1))
    past = rested._replace(
        joined=np.where(people.joined >= 0, days + 1, np.clip(world.population.first_order - first_day, 0, days)),
        active=np.ones(n, dtype=np.uint8),
        last_order=rested.last_order - first_day,
        order_from=np.zeros(n, dtype=np.int64),
        order_to=np.zeros(n, dtype=np.int64),
    )
    kept = rested._replace(
        credit=np.zeros((n, lanes), dtype=np.int64),
        fatigue=np.zeros(n),
        stimulus=np.zeros(n),
    )

    def keep(piece: slice, state: State) -> None:
        _settle(tables, state, kept, piece, days)

    run = Run(
        tables=tables,
        people=plain,
        begin=past,
        frozen_segments=True,
        worlds=1,
        days=days,
        weeks=days // 7,
        segments=len(world.rfm.segments),
    )
    totals = execute(run, threads=threads, keep_state=keep)
    hazard = totals.customer[0, :, 1, OPT_OUTS] / (NANO * _SMALL_FRAILTY)
    newcomer = people.joined >= 0
    kept = kept._replace(
        ring=np.ascontiguousarray(totals.recent[0].T),
        credit=np.where(newcomer[:, None], rested.credit, kept.credit),
    )
    return kept, hazard / np.clip(evening + 1 - world.population.first_order, 1, cycle)


def _settle(tables: Tables, state: State, kept: Begin, piece: slice, days: int) -> None:
    """Carry a block's final state over to the evening of day -1."""
    kept.fatigue[piece] = state.f[0, FATIGUE] * tables.tired[days - 1 - state.person[0, :, FATIGUE_DAY]]
    kept.stimulus[piece] = state.f[0, STIMULATED] / state.f[0, FADING]  # as of that evening
    rates = tables.pace["rate"][0, 0][:, state.person[0, :, SEGMENT]].T
    credit = state.pace[0, :, :, CREDIT].astype(np.int64)
    grown = credit + (days - 1 - state.pace[0, :, :, ANCHOR]) * rates
    kept.credit[piece] = np.where(credit < PACE, np.minimum(grown, PACE), credit)


def _frailty(world: World, survived: npt.NDArray[np.float64], left: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Z ~ Gamma(k + n, k + H) for those who met a past hazard H and left n channels; the prior of newcomers is that of
    n = 0, H = 0."""
    shape, population = world.behaviour.optout.frailty_shape, world.population
    place = np.uint64(place_keys(population.seed, "latent:frailty", np.array([0]))[0])
    return np.asarray(draws.gammas(population.key, place, left.astype(np.float64) + shape, survived + shape))
