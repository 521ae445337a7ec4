"""A finite twin of a small world: its days as an exact Markov chain, so that plans are proved and not only simulated.

A world has a twin where what a customer will do depends on few things, each with few values: the kind of customer,
days since the last order, whether he or she has dropped out, pacing credit, fatigue, and the channels not yet opted out
of. So: segments by recency alone, responses within the day, fatigue that is gone in a few days, no personal spread,
no rules, a rested start, nothing after the horizon. Everything else is refused by name: a twin that left out a
mechanism of the simulator would prove the optimum of another world.

Expected values under a plan follow by pushing the distribution over states through the days (``Twin.follow``); the best
plan within limits is an integer program over the same numbers (``optimizer.occupancy``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.limits import Limit, rows_of, weeks_of
from optimizer.space import Choice, Space
from sim.behaviour.fatigue import daily_decay
from sim.behaviour.response import reference_moment
from sim.campaigns import Program
from sim.checks import require
from sim.domain import Channel, Reputation, Seasonality
from sim.policy import ContactPolicy
from sim.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from sim.world import World

_GRID = 0.01
"""Fatigue of a morning is known to this precision; a contact adds 1 or so."""
_INSTANT_DAYS = 0.02
_ALIKE = 1e6
_FOR_EVER_DAYS = 1e6
_MOST_STATES = 2_000
_MOST_KINDS = 20
MEASURES = ("cost", "contacts", "contacts_per_week", "unsubscribes")


@dataclass(frozen=True)
class Kind:
    """Customers who are alike."""

    rate: float
    """Organic orders a day."""
    dropout: float
    mean_value: float
    effect: float
    """Multiplier of what a contact does."""


@dataclass(frozen=True, order=True)
class Condition:
    """A state of the chain: how a customer gets up in the morning."""

    kind: int
    active: bool
    recency: int
    """Days since the last order; the last segment's are all one."""
    fatigue: float
    credit: tuple[int, ...]
    """By channel, in steps of the menu."""
    subscribed: tuple[bool, ...]


@dataclass(frozen=True)
class Followed:
    """What a plan does, exactly: expected totals of the real base."""

    value: float
    """Contribution over no contact."""
    parts: npt.NDArray[np.float64]
    """(parts,) what the limits measure, as ``optimizer.limits.parts_of``."""


@dataclass(frozen=True)
class Twin:
    """The chain. X states, D days, L channels, B bundles: one level of every channel."""

    space: Space
    bundles: tuple[tuple[int, ...], ...]
    states: tuple[Condition, ...]
    segment: npt.NDArray[np.int64]
    """(X,)"""
    start: npt.NDArray[np.float64]
    """(X,) customers of the real base on the morning of day 0."""
    step: npt.NDArray[np.float64]
    """(B, X, X) chance to be in another state tomorrow; what is missing to 1 is out of reach of every channel."""
    value: npt.NDArray[np.float64]
    """(B, X) expected contribution of the day's contacts, currency."""
    sent: npt.NDArray[np.float64]
    """(B, X, L) contacts."""
    lost: npt.NDArray[np.float64]
    """(B, X, L) expected opt-outs."""
    costs: npt.NDArray[np.float64]
    """(L,) currency a contact."""
    weeks: int

    @property
    def days(self) -> int:
        return DAYS_PER_WEEK * self.weeks

    def bundle(self, choice: Choice) -> npt.NDArray[np.int64]:
        """(S,) number of the bundle each segment gets."""
        place = {bundle: n for n, bundle in enumerate(self.bundles)}
        return np.array([place[tuple(int(k) for k in row)] for row in choice])

    def choice(self, bundle: Sequence[int]) -> Choice:
        """The plan that gives each segment a bundle."""
        return np.array([self.bundles[b] for b in bundle], dtype=np.int64)

    def follow(self, choice: Choice, limits: Sequence[Limit] = ()) -> Followed:
        """Push the distribution over states through the horizon."""
        b = self.bundle(choice)[self.segment]
        everybody = np.arange(len(b))
        step, value = self.step[b, everybody], self.value[b, everybody]
        present = np.empty((self.days, len(b)))
        present[0] = self.start
        for day in range(1, self.days):
            present[day] = present[day - 1] @ step
        use = [float(present[days].sum(axis=0) @ much[b, everybody]) for much, days in self.measured(limits)]
        return Followed(float(present.sum(axis=0) @ value), np.array(use))

    def measured(self, limits: Sequence[Limit]) -> list[tuple[npt.NDArray[np.float64], slice]]:
        """Of every part of the limits: (B, X) how much a customer adds on a day, and the days."""
        found = []
        for limit in limits:
            much = self._measure(limit)
            weeks = list(weeks_of(limit, self.weeks))
            spans = [(week, week) for week in weeks] if limit.weekly else [(weeks[0], weeks[-1])]
            found += [(much, slice(DAYS_PER_WEEK * (a - 1), DAYS_PER_WEEK * b)) for a, b in spans]
        return found

    def keeps(self, followed: Followed, limits: Sequence[Limit]) -> bool:
        """Whether a plan is within all limits."""
        rows = rows_of(limits, self.weeks, enforced=True)
        return bool(np.all(rows.use(followed.parts) <= rows.bound * (1 + 1e-9 * np.sign(rows.bound))))

    def _measure(self, limit: Limit) -> npt.NDArray[np.float64]:
        known = limit.measure in MEASURES and limit.per is None and not limit.segments and limit.enforce == "hard"
        require(known, f"limit '{limit.name}'", "a twin cannot hold it", limit.measure, f"hard, {', '.join(MEASURES)}")
        names = self.space.channels
        weights = np.array([1.0 if limit.by_channel is None else limit.by_channel.get(name, 0.0) for name in names])
        if limit.measure == "cost":
            weights = weights * self.costs
        return np.asarray((self.lost if limit.measure == "unsubscribes" else self.sent) @ weights)


def enumerate_plans(twin: Twin, limits: Sequence[Limit]) -> Iterator[tuple[Choice, Followed]]:
    """Every plan of the space and what it does."""
    for bundle in itertools.product(range(len(twin.bundles)), repeat=len(twin.space.segments)):
        choice = twin.choice(bundle)
        yield choice, twin.follow(choice, limits)


def twin_of(world: World, space: Space) -> Twin:
    """The twin of a world; one that cannot have one is refused."""
    check_twin(world, space)
    chain = _Chain(world, space)
    return chain.build()


def check_twin(world: World, space: Space) -> None:
    """Name the first mechanism that a finite chain cannot hold."""
    behaviour, response = world.behaviour, world.behaviour.response
    for fits, what, given, allowed in (
        (world.policy == ContactPolicy(), "policy", "rules", "no rules"),
        (world.program == Program() and not space.campaigns and not space.offers, "campaigns", "some", "none"),
        (not world.capacities, "capacity", "shared capacity", "none"),
        (world.start == "rested", "horizon.start", world.start, "rested"),
        (world.tail_weeks == 0, "horizon.tail_weeks", world.tail_weeks, "0"),
        (world.timing is None and world.suppressed is None, "timing, suppressed", "given", "none"),
        (world.population.order_ticks == 1, "base: order ticks k", world.population.order_ticks, "1"),
        (world.population.joined is None, "base.newcomers", "some", "none"),
        (world.consent_rate_correlation == 0, "base.consent_rate_correlation", world.consent_rate_correlation, "0"),
        (world.rfm.recompute_days == 1, "segments.recompute_days", world.rfm.recompute_days, "1"),
        (behaviour.seasonality == Seasonality(), "seasonality", "some", "none"),
        (behaviour.reputation == Reputation(), "reputation", "on", "off"),
        (behaviour.fatigue.relief_at_order == 1, "fatigue.relief_at_order", behaviour.fatigue.relief_at_order, "1"),
        (response.half_life_days <= _INSTANT_DAYS, "response.half_life_days", response.half_life_days, "0.02 at most"),
        (response.responsiveness_cv == 0, "response.responsiveness_cv", response.responsiveness_cv, "0"),
        (response.saturation_orders_per_day is None, "response.saturation_orders_per_day", "given", "none"),
        (response.pull_forward_share == 0, "response.pull_forward_share", response.pull_forward_share, "0"),
        (response.waking_share == 0, "response.waking_share", response.waking_share, "0"),
        (response.loyalty_gain == 0, "response.loyalty_gain", response.loyalty_gain, "0"),
        (behaviour.fatigue.dropout_growth == 0, "fatigue.dropout_growth", behaviour.fatigue.dropout_growth, "0"),
        (
            response.dormant_half_life_days >= _FOR_EVER_DAYS, "response.dormant_half_life_days",
            response.dormant_half_life_days, "1e6 at least",
        ),
        (behaviour.optout.frailty_shape >= _ALIKE, "optout.frailty_shape", behaviour.optout.frailty_shape, "1e6 up"),
    ):  # fmt: skip
        require(fits, what, "a twin cannot hold it", given, allowed)
    _check_segments(world)
    _credit_steps(space)


def _check_segments(world: World) -> None:
    by_recency = np.reshape(world.rfm.cells, (world.rfm.shape[0], -1))
    require(
        bool((by_recency == by_recency[:, :1]).all()),
        "segments.map", "a twin cannot hold it", "F or M matter", "segments by recency alone",
    )  # fmt: skip


def _credit_steps(space: Space) -> tuple[int, ...]:
    """Per channel, how many steps make a contact: all levels are whole multiples of 7 / steps a week."""
    steps = []
    for channel, levels in zip(space.channels, space.levels, strict=True):
        whole = [m for m in (1, 2, 4, 8) if all(float(level * m / 7).is_integer() for level in levels)]
        require(
            bool(whole), f"optimize.levels_per_week.{channel}", "a twin cannot hold them", list(levels),
            "multiples of 7/8 a week",
        )  # fmt: skip
        steps.append(whole[0])
    return tuple(steps)


class _Chain:
    """Grows the states that can be reached from those of day 0."""

    def __init__(self, world: World, space: Space) -> None:
        self.world, self.space = world, space
        self.channels: tuple[Channel, ...] = world.channels
        self.steps = _credit_steps(space)
        self.rates = [[round(k * m / 7) for k in menu] for menu, m in zip(space.levels, self.steps, strict=True)]
        self.decay = daily_decay(world.behaviour.fatigue.half_life_days)
        borders = world.rfm.recency_borders_days
        self.oldest = borders[-1] + 1
        cells = np.reshape(world.rfm.cells, (world.rfm.shape[0], -1))[:, 0]
        self.segment_of = [int(cells[len(borders) - np.searchsorted(borders, r)]) for r in range(self.oldest + 1)]
        self.kinds: list[Kind] = []

    def build(self) -> Twin:
        begin = self._begin()
        bundles = tuple(itertools.product(*(range(len(menu)) for menu in self.space.levels)))
        number: dict[Condition, int] = {}
        rows: list[tuple[int, int, dict[Condition, float], float, npt.NDArray[np.float64], npt.NDArray[np.float64]]]
        rows, waiting = [], sorted(begin)
        for state in waiting:
            number[state] = len(number)
        while waiting:
            state = waiting.pop()
            for b, bundle in enumerate(bundles):
                after, value, sent, lost = self._day(state, bundle)
                rows.append((b, number[state], after, value, sent, lost))
                for one in after:
                    if one not in number:
                        number[one] = len(number)
                        waiting.append(one)
            require(
                len(number) <= _MOST_STATES, "fatigue.half_life_days", "too many states for a twin", len(number),
                f"{_MOST_STATES:,} at most: shorter fatigue, lower recency borders, fewer channels",
            )  # fmt: skip
        x, shape = len(number), (len(bundles), len(number))
        step, value_of = np.zeros((*shape, x)), np.zeros(shape)
        sent_of, lost_of = np.zeros((*shape, len(self.channels))), np.zeros((*shape, len(self.channels)))
        for b, n, after, value, sent, lost in rows:
            value_of[b, n], sent_of[b, n], lost_of[b, n] = value, sent, lost
            for one, chance in after.items():
                step[b, n, number[one]] += chance
        start = np.zeros(x)
        for state, customers in begin.items():
            start[number[state]] = customers
        return Twin(
            space=self.space,
            bundles=bundles,
            states=tuple(number),
            segment=np.array([self.segment_of[state.recency] for state in number]),
            start=start,
            step=step,
            value=value_of,
            sent=sent_of,
            lost=lost_of,
            costs=np.array([channel.unit_cost for channel in self.channels]),
            weeks=self.world.weeks,
        )

    def _begin(self) -> dict[Condition, float]:
        """Customers of the real base by state on the morning of day 0: consent and credit as their chances are."""
        people, response = self.world.population, self.world.behaviour.response
        reference = reference_moment(
            response.reference_shape, response.reference_orders_per_year / DAYS_PER_YEAR, response.rate_elasticity
        )
        seen: dict[tuple[float, ...], int] = {}
        columns = (people.rate, people.dropout, people.mean_value, people.active, people.last_order)
        for row in zip(*(column.tolist() for column in columns), strict=True):
            seen[row] = seen.get(row, 0) + 1
        begin: dict[Condition, float] = {}
        for (rate, dropout, mean_value, active, last), count in seen.items():
            kind = Kind(rate, dropout, mean_value, rate**response.rate_elasticity / reference)
            if kind not in self.kinds:
                require(len(self.kinds) < _MOST_KINDS, "base", "a twin cannot hold it", "everybody different",
                        f"{_MOST_KINDS} kinds of customers at most")  # fmt: skip
                self.kinds.append(kind)
            recency = min(-int(last), self.oldest)
            for credit in itertools.product(*(range(m) for m in self.steps)):
                for consent in itertools.product((True, False), repeat=len(self.channels)):
                    given = math.prod(
                        channel.consent_share if yes else 1 - channel.consent_share
                        for channel, yes in zip(self.channels, consent, strict=True)
                    )
                    if given and any(consent):
                        state = Condition(self.kinds.index(kind), bool(active), recency, 0.0, credit, consent)
                        share = given * count * people.scale / math.prod(self.steps)
                        begin[state] = begin.get(state, 0.0) + share
        return begin

    def _day(
        self, state: Condition, bundle: tuple[int, ...]
    ) -> tuple[dict[Condition, float], float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Tomorrow's states with their chances; today's contribution, contacts and opt-outs."""
        count = len(self.channels)
        due, credit = [False] * count, list(state.credit)
        for c in range(count):
            if state.subscribed[c]:
                credit[c] += self.rates[c][bundle[c]]
                due[c] = credit[c] >= self.steps[c]
                credit[c] -= self.steps[c] * due[c]
        sent = np.array(due, dtype=np.float64)
        kind, economics = self.kinds[state.kind], self.world.economics
        after: dict[Condition, float] = {}
        value, lost = -float(sent @ [channel.unit_cost for channel in self.channels]), np.zeros(count)
        for chance, stimulus, fatigue, subscribed in self._contacts(state, due):
            lost += chance * (np.array(state.subscribed, dtype=float) - np.array(subscribed, dtype=float))
            ordered = min(1.0, stimulus)
            value += chance * ordered * kind.mean_value * economics.margin
            if any(subscribed):
                for share, active, recency in self._evening(state, ordered):
                    rested = round(round(fatigue * self.decay / _GRID) * _GRID, 6)
                    one = Condition(state.kind, active, recency, rested, tuple(credit), subscribed)
                    after[one] = after.get(one, 0.0) + chance * share
        return after, value, sent, lost

    def _contacts(self, state: Condition, due: Sequence[bool]) -> list[tuple[float, float, float, tuple[bool, ...]]]:
        """(chance, stimulated orders, fatigue, subscribed) after the day's contacts, in the channels' order."""
        behaviour = self.world.behaviour
        gain = self.kinds[state.kind].effect * (1.0 if state.active else behaviour.response.dormant_share)
        branches = [(1.0, 0.0, state.fatigue, state.subscribed)]
        for c, channel in enumerate(self.channels):
            if not due[c]:
                continue
            grown = []
            for chance, stimulus, fatigue, subscribed in branches:
                damped = math.exp(-behaviour.fatigue.damping * fatigue)
                rested = -math.log1p(-channel.unsubscribe_per_contact)
                leaves = -math.expm1(-rested * math.exp(behaviour.optout.fatigue_growth * fatigue))
                more, tired = stimulus + channel.orders_per_contact * gain * damped, fatigue + channel.fatigue_weight
                gone = tuple(yes and n != c for n, yes in enumerate(subscribed))
                grown += [
                    (chance * (1 - channel.delivered), stimulus, fatigue, subscribed),
                    (chance * channel.delivered * (1 - leaves), more, tired, subscribed),
                    (chance * channel.delivered * leaves, more, tired, gone),
                ]
            branches = [branch for branch in grown if branch[0] > 0.0]
        return branches

    def _evening(self, state: Condition, stimulated: float) -> list[tuple[float, bool, int]]:
        """(chance, active, recency) tomorrow: organic and stimulated orders are two independent processes."""
        kind = self.kinds[state.kind]
        organic = -math.expm1(-kind.rate) if state.active else 0.0
        older = min(state.recency + 1, self.oldest)
        evenings = [
            (organic * (1 - kind.dropout), True, 1),
            (organic * kind.dropout, False, 1),
            ((1 - organic) * stimulated, state.active, 1),
            ((1 - organic) * (1 - stimulated), state.active, older),
        ]
        return [evening for evening in evenings if evening[0] > 0.0]
