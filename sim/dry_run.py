"""A day's contacts without any behaviour: who is due, who would be contacted, who is removed by which rule.

Plain array code beside the kernel, with the same meaning of every rule (`sim.policy`, `sim.lines.selects`): each line
has its turn in the order of arbitration, and what it sends counts for the lines after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.dry_rules import Judge, Verdict
from sim.dry_state import Bools, Floats, Ints, Morning
from sim.dry_value import contribution
from sim.lines import Line, lines_of, precedence
from sim.policy import Frequencies
from sim.rng import uniforms
from sim.start import Started
from sim.world import World

NOT_DUE, SENT = -2, -1
HOLDOUT, SUPPRESSED, NO_CONSENT = "holdout", "suppressed, or no consent on file", "no consent"


@dataclass(frozen=True)
class DryRun:
    """What happens to every contact that is due; L lines, R reasons."""

    lines: tuple[Line, ...]
    reasons: tuple[str, ...]
    """What can remove a contact, in the order of reports."""
    outcome: npt.NDArray[np.int16]
    """(N, L) NOT_DUE, SENT, or the reason that removes it: of several rules the one that releases it last."""
    forbids: Ints
    """(R, L) due contacts that a reason forbids, alone or with others."""
    alone: Ints
    """(R, L) ... that it alone forbids: they would go out without it."""
    violations: Ints
    """(R, L) contacts that go out against a rule that is only reported."""
    value: Floats
    """(N, L) expected contribution of the contact, in the currency."""
    segment: Ints
    """(N,)"""


def dry_run(
    started: Started, plan: Frequencies, *, registered: Bools | None = None, entered: Ints | None = None
) -> DryRun:
    """The morning of day 0 under ``plan``.

    ``registered`` (N,): first day today, default those whose first order was yesterday. ``entered`` (N,): number of the
    segment entered this morning, -1 = none, default by comparing with yesterday's recency, frequency and value.
    Of cascades the first steps are due that are triggered today; those begun earlier are not known.
    """
    morning = Morning.of(started, plan, registered, entered)
    return _Desk(morning, started).work()


@dataclass
class _Desk:
    """The work of a morning: line after line."""

    morning: Morning
    started: Started
    sent: Bools = field(init=False)
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        world = self.morning.world
        self.lines = lines_of(world)
        self.sent = np.zeros(self.morning.due.shape, dtype=np.bool_)
        self.judge = Judge(self.morning, self.sent)
        capacities = [f"capacity: {capacity.name}" for capacity in world.capacities]
        self.reasons = (HOLDOUT, SUPPRESSED, NO_CONSENT, *self.judge.names, *capacities)
        self.outcome = np.where(self.morning.due, 0, NOT_DUE).astype(np.int16)
        shape = (len(self.reasons), len(self.lines))
        self.forbids, self.alone, self.violations = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        self.value = contribution(self.started, self.morning.plan, self.morning.segment)
        self.granted = self._grants()

    def work(self) -> DryRun:
        for line, turn in self._turns():
            self._line(line, turn & self.morning.due[:, line])
        return DryRun(
            self.lines, self.reasons, self.outcome, self.forbids, self.alone, self.violations, self.value,
            self.morning.segment,
        )  # fmt: skip

    def _turns(self) -> Iterator[tuple[int, Bools]]:
        """(line, customers whose turn it is), by arbitration; ties in the order of precedence."""
        order, world = precedence(self.morning.world), self.morning.world
        everybody = np.ones(len(self.sent), dtype=np.bool_)
        if world.policy.arbitration == "priority":
            yield from ((int(line), everybody) for line in order)
            return
        key = -self.morning.waiting.astype(np.float64)
        if world.policy.arbitration == "value":
            key = -contribution(self.started, self.morning.plan, self.morning.segment, rested=True)
        ranked = order[np.argsort(key[:, order], axis=1, kind="stable")]
        for place in range(len(order)):
            yield from ((int(line), ranked[:, place] == line) for line in order)

    def _line(self, line: int, due: Bools) -> None:
        """One line's turn: consent, rules, capacity; what remains goes out."""
        open_, channel = due, self.lines[line].channel
        for reason, holds in enumerate(
            (self.morning.held, self.morning.suppressed[:, channel], ~self.morning.consent[:, channel])
        ):
            self._remove(reason, line, open_ & holds)
            open_ = open_ & ~holds
        verdict = self.judge.of(line, open_)
        self._book(verdict, line, open_)
        open_ = open_ & ~verdict.forbidden
        first = len(self.reasons) - len(self.granted)
        for place, granted in enumerate(self.granted):
            refused = open_ & ~granted[:, line]
            self.forbids[first + place, line] += refused.sum()
            self.alone[first + place, line] += refused.sum()
            self._remove(first + place, line, refused)
            open_ = open_ & ~refused
        for rule in verdict.only_reported:
            self.violations[3 + rule.number, line] += (open_ & rule.forbids).sum()
        self.outcome[open_, line] = SENT
        self.sent[open_, line] = True

    def _remove(self, reason: int, line: int, rows: Bools) -> None:
        self.outcome[rows, line] = reason
        if reason < 3:
            self.forbids[reason, line] += rows.sum()
            self.alone[reason, line] += rows.sum()

    def _book(self, verdict: Verdict, line: int, open_: Bools) -> None:
        several = np.zeros(len(open_), dtype=np.int64)
        for rule in verdict.rules:
            several += rule.forbids
        for rule in verdict.rules:
            mine = open_ & rule.forbids
            self.forbids[3 + rule.number, line] += mine.sum()
            self.alone[3 + rule.number, line] += (mine & (several == 1)).sum()
        rows = open_ & verdict.forbidden
        self.outcome[rows, line] = 3 + verdict.last[rows]

    def _grants(self) -> list[Bools]:
        """By capacity (N, L): who may use it, from the state before anything is sent."""
        world, morning = self.morning.world, self.morning
        may = morning.due & ~morning.held[:, None]
        for number, line in enumerate(self.lines):
            may[:, number] &= morning.consent[:, line.channel] & ~morning.suppressed[:, line.channel]
            may[:, number] &= ~self.judge.of(number, may[:, number]).forbidden
        return [self._grant(place, world, may) for place in range(len(world.capacities))]

    def _grant(self, place: int, world: World, may: Bools) -> Bools:
        capacity = world.capacities[place]
        granted = np.ones(may.shape, dtype=np.bool_)
        bound = [n for n, line in enumerate(self.lines) if world.channels[line.channel].name in capacity.channels]
        rows, columns = np.nonzero(may[:, bound])
        numbers = np.array(bound)[columns]
        first_week = capacity.weeks.get(0, capacity.per_week)
        limits = [limit for limit in (capacity.per_day, first_week) if limit is not None]
        if not limits:
            return granted
        granted[:, bound] = False
        score = -self.morning.waiting[rows, numbers].astype(np.float64)
        if world.policy.arbitration == "value":
            score = -self.value[rows, numbers]
        tie = np.empty(len(rows))
        for n in bound:
            name = world.channels[self.lines[n].channel].name
            chance = uniforms(self.started.seed, f"capacity:{name}", world.population.key)
            tie[numbers == n] = chance[rows[numbers == n]]
        turn = np.lexsort((tie, score))
        use = np.array([_use(world, self.lines[n], place) for n in range(len(self.lines))])[numbers[turn]]
        fits = turn[np.cumsum(use) <= min(limits) / world.population.scale * (1 + 1e-12)]
        granted[rows[fits], numbers[fits]] = True
        return granted


def _use(world: World, line: Line, place: int) -> float:
    """What a contact of this line uses of a capacity, with the clicks it is expected to bring."""
    channel, capacity = world.channels[line.channel], world.capacities[place]
    return capacity.use_per_contact + capacity.use_per_click * channel.delivered * channel.clicked
