"""Simulating choices: value and use of many plans on the same customers, each plan once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.budget import Budget
from optimizer.limits import Limit, Rows, details_needed, extra_parts, parts_of, rows_of, tolerance
from optimizer.objective import Objective, worth
from optimizer.space import Choice, Space
from optimizer.tariffs import Tariff, cost_columns, surcharges, volumes
from sim.engine.tables import NANO, UNSUBSCRIBED_EXPECTED
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.start import Started
from sim.units import MICRO

if TYPE_CHECKING:
    from optimizer.effects import Effects

_SIDE_BY_SIDE = 8
"""Plans simulated in one pass; more leave the cache (measured: 32 take 1.5 times as long each)."""
_REMEMBERED_BYTES = 64 * 2**20
"""What is kept per customer, of the latest plans, to compare others with them."""


@dataclass(frozen=True)
class Evaluated:
    """One simulated choice."""

    choice: Choice
    value: float
    """Value over no contact, total of the real base, currency; surcharges of tariffs and prices of soft limits are
    taken off."""
    use: npt.NDArray[np.float64]
    """(rows,) left-hand sides of the enforced rows."""
    parts: npt.NDArray[np.float64]
    """(parts,) what the limits measure, at the bills of the tariffs."""
    plain_parts: npt.NDArray[np.float64]
    """(parts,) the same at unit costs, before tariffs."""
    volume: npt.NDArray[np.float64]
    """(tariffs,) contacts of the horizon."""
    lost: float = 0.0
    """Expected unsubscribes of the horizon, customers lost to a channel."""


def parts_over_nothing(
    result: SimulationResult, limits: Sequence[Limit], tariffs: Sequence[Tariff] = ()
) -> npt.NDArray[np.float64]:
    """(W, parts) at the bills of the tariffs; the result's plan 0 is no contact."""
    weeks, costs = result.world.weeks, {channel.name: channel.unit_cost for channel in result.world.channels}
    plain = parts_of(result, limits)
    plain = plain - np.where(extra_parts(limits, weeks), plain[0], 0.0)
    extra = surcharges(volumes(result, tariffs), tariffs, [costs[tariff.channel] for tariff in tariffs])
    return np.asarray(plain + extra @ cost_columns(limits, tariffs, weeks))


def charges(
    result: SimulationResult, limits: Sequence[Limit], tariffs: Sequence[Tariff], objective: Objective
) -> npt.NDArray[np.float64]:
    """(W,) what a plan pays beyond what was simulated: surcharges of tariffs (where the objective counts costs) and
    prices of soft limits. The result's plan 0 is no contact."""
    costs = {channel.name: channel.unit_cost for channel in result.world.channels}
    extra = surcharges(volumes(result, tariffs), tariffs, [costs[tariff.channel] for tariff in tariffs])
    rows = rows_of(limits, result.world.weeks, enforced=True)
    over = penalty(rows, rows.use(parts_over_nothing(result, limits, tariffs)))
    return np.asarray(extra.sum(axis=1) * (objective == "contribution") + over)


def penalty(rows: Rows, use: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(W,) currency for exceeding soft limits; ``use`` (W, rows)."""
    prices = rows.prices()
    priced = np.where(np.isinf(prices), 0.0, prices)
    return np.asarray(np.maximum(0.0, use - rows.bound) @ priced)


@dataclass
class Evaluator:
    """Simulates choices on one set of customers, draws and tail; remembers what it has simulated."""

    started: Started
    space: Space
    limits: tuple[Limit, ...]
    tail: Frequencies
    objective: Objective
    threads: int
    tariffs: tuple[Tariff, ...] = ()
    budget: Budget = field(default_factory=Budget)
    customer_days: int = 0
    known: dict[bytes, Evaluated] = field(default_factory=dict)
    people: dict[bytes, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Worth per customer (N,) of the latest choices."""
    calibration: npt.NDArray[np.float64] | None = None
    """(parts, parts) from what these customers measure to what everybody would (``optimizer.calibrate``); None = the
    same."""
    tables: dict[tuple[bytes, int | None], Effects] = field(default_factory=dict)
    """Effects tables around choices, by the levels up and down that they hold (``optimizer.around``)."""
    bundles: dict[bytes, Effects] = field(default_factory=dict)
    """Tables around choices of all that single segments may get."""
    _made: dict[float, Rows] = field(default_factory=dict)
    _nothing: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None = None

    @property
    def weeks(self) -> int:
        return self.started.world.weeks

    @property
    def customers(self) -> int:
        return int(self.started.people.key.shape[0])

    @property
    def most(self) -> npt.NDArray[np.float64]:
        """(rows,) what the enforced rows allow."""
        return self.rows().bound

    def rows(self, buffer: float = 0.0) -> Rows:
        """The enforced rows, tightened by a share, as calibrated."""
        if buffer not in self._made:
            rows = rows_of(self.limits, self.weeks, buffer, enforced=True)
            self._made[buffer] = rows if self.calibration is None else rows.calibrated(self.calibration)
        return self._made[buffer]

    def calibrate(self, calibration: npt.NDArray[np.float64] | None) -> None:
        """Measure limits as everybody would."""
        self.calibration = calibration
        self._made.clear()

    @cached_property
    def unit_costs(self) -> list[float]:
        """Of the tariffs' channels."""
        costs = {channel.name: channel.unit_cost for channel in self.started.world.channels}
        return [costs[tariff.channel] for tariff in self.tariffs]

    def feasible(self, evaluated: Evaluated, buffer: float = 0.0) -> bool:
        """Whether all hard limits hold, tightened by a share."""
        return self.beyond(evaluated, buffer) == 0.0

    def beyond(self, evaluated: Evaluated, buffer: float = 0.0) -> float:
        """By how much hard limits are exceeded: shares of their bounds, added up."""
        return float(self.excess(evaluated, buffer).clip(min=0.0).sum())

    def excess(self, evaluated: Evaluated, buffer: float = 0.0) -> npt.NDArray[np.float64]:
        """(hard rows,) use over what is allowed, in shares of the bound; negative = room, 0 = as good as equal."""
        rows = self.rows(buffer)
        over = rows.use(evaluated.parts) - rows.bound
        over = np.where(np.abs(over) <= tolerance(rows.bound), 0.0, over)
        return np.asarray((over / rows.sizes(evaluated.parts))[np.isinf(rows.prices())])

    def average_excess(self, evaluated: Evaluated, buffer: float = 0.0) -> float:
        """The greatest excess of a hard limit; of a weekly one, the mean of its weeks."""
        names = [limit.name for limit, _ in self.rows(buffer).owner if limit.enforce == "hard"]
        by_row = self.excess(evaluated, buffer)
        means = [by_row[[other == name for other in names]].mean() for name in dict.fromkeys(names)]
        return float(max(means, default=0.0))

    def run(self, choices: Sequence[Choice], *, detailed: bool = False) -> SimulationResult:
        """Simulate choices side by side."""
        self.budget.check()
        plans = [self.space.plan(choice, f"plan {n}") for n, choice in enumerate(choices)]
        self.spend(len(plans) * self.customers * self.started.world.days)
        return simulate(
            self.started, plans, seed=self.started.seed, tail=self.tail, threads=self.threads,
            detailed=detailed or self.detailed,
        )  # fmt: skip

    def spend(self, customer_days: int) -> None:
        """Count what was simulated."""
        self.customer_days += customer_days
        self.budget.spend(customer_days)

    @cached_property
    def detailed(self) -> bool:
        """Whether the limits need weekly tables by segment."""
        return details_needed(self.limits)

    def evaluate(self, choices: Sequence[Choice], progress: Callable[[float], None] | None = None) -> list[Evaluated]:
        """Value and use of each choice, in order; those known already are not simulated again."""
        new = {c.tobytes(): c for c in choices if c.tobytes() not in self.known}
        self._simulate(list(new.values()), progress, keep=False)
        return [self.known[c.tobytes()] for c in choices]

    def gain(self, choices: Sequence[Choice], over: Choice) -> list[tuple[Evaluated, float, float]]:
        """Of each choice: what it is, what it is worth more than another one, and the standard error of that."""
        wanted = {c.tobytes(): c for c in (*choices, over)}
        have = {key: self.people[key] for key in wanted if key in self.people}
        have |= self._simulate([c for key, c in wanted.items() if key not in have])
        base, scale = have[over.tobytes()], self.started.world.population.scale / MICRO
        found = []
        for choice in choices:
            difference = (have[choice.tobytes()] - base).astype(np.float64)
            e = self.known[choice.tobytes()]
            found.append(
                (e, e.value - self.known[over.tobytes()].value, float(np.sqrt(difference @ difference)) * scale)
            )
        return found

    def _simulate(
        self, choices: Sequence[Choice], progress: Callable[[float], None] | None = None, *, keep: bool = True
    ) -> dict[bytes, npt.NDArray[np.int64]]:
        """Simulate and remember; worth per customer of each (not ``keep``: of the last ones only)."""
        made: dict[bytes, npt.NDArray[np.int64]] = {}
        for first in range(0, len(choices), _SIDE_BY_SIDE):
            part = choices[first : first + _SIDE_BY_SIDE]
            value = self._remember(part, self.run(part))
            latest = {c.tobytes(): worths for c, worths in zip(part, value, strict=True)}
            made = {**made, **latest} if keep else latest
            self._keep(latest)
            if progress:
                progress(min(1.0, (first + len(part)) / len(choices)))
        return made

    def _keep(self, latest: dict[bytes, npt.NDArray[np.int64]]) -> None:
        self.people = {**self.people, **latest}
        most = max(1, _REMEMBERED_BYTES // (8 * self.customers))
        for key in list(self.people)[:-most]:
            del self.people[key]

    def _remember(self, choices: Sequence[Choice], result: SimulationResult) -> npt.NDArray[np.int64]:
        nothing, parts_of_nothing = self._of_nothing()
        value = worth(result, self.objective)
        plain = parts_of(result, self.limits)
        plain = plain - np.where(extra_parts(self.limits, self.weeks), parts_of_nothing, 0.0)
        volume = volumes(result, self.tariffs)
        extra = surcharges(volume, self.tariffs, self.unit_costs)
        parts = plain + extra @ cost_columns(self.limits, self.tariffs, self.weeks)
        use = self.rows().use(parts)
        paid = extra.sum(axis=1) * (self.objective == "contribution") + penalty(self.rows(), use)
        scale = self.started.world.population.scale
        lost = result.totals.lane[:, : self.weeks, :, UNSUBSCRIBED_EXPECTED].sum(axis=(1, 2)) * (scale / NANO)
        for n, choice in enumerate(choices):
            total = int((value[n] - nothing).sum()) * scale / MICRO - float(paid[n])
            self.known[choice.tobytes()] = Evaluated(
                choice.copy(), total, use[n], parts[n], plain[n], volume[n], float(lost[n])
            )
        return value

    def _of_nothing(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        if self._nothing is None:
            result = self.run([self.space.nothing()])
            self._nothing = worth(result, self.objective)[0], parts_of(result, self.limits)[0]
        return self._nothing

    def elsewhere(self, started: Started | None = None, tail: Frequencies | None = None) -> Evaluator:
        """The same question on other customers or with another tail; nothing is known yet."""
        return Evaluator(
            started or self.started, self.space, self.limits, tail or self.tail, self.objective, self.threads,
            self.tariffs, self.budget,
        )  # fmt: skip
