"""Plans by period: other frequencies in other weeks of the horizon, as seasons ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.errors import InputError
from sim.policy import Frequencies

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Period:
    """Weeks of the horizon in which one table of frequencies holds."""

    name: str
    first_week: int
    """From 1."""
    last_week: int
    """Included."""

    @property
    def weeks(self) -> int:
        return self.last_week - self.first_week + 1


@dataclass(frozen=True)
class PeriodPlan(Frequencies):
    """A plan with a table of frequencies for each period of the horizon.

    ``per_week`` is its average week: what it is shown as where there is room for one table only, and how it goes on
    after the horizon.
    """

    periods: tuple[Period, ...] = ()
    """In order, without gaps, from week 1."""
    by_period: Rates = field(default_factory=lambda: np.zeros((0, 0, 0)), compare=False)
    """(P, S, L) contacts per week, 0 to 7."""

    def __post_init__(self) -> None:
        super().__post_init__()
        rates = np.array(self.by_period, dtype=np.float64)
        require(
            rates.shape == (len(self.periods), *self.per_week.shape) and len(self.periods) > 0,
            self.name, "one table of frequencies per period", rates.shape,
            f"shape {(len(self.periods), *self.per_week.shape)}",
        )  # fmt: skip
        for period, table in zip(self.periods, rates, strict=True):
            Frequencies(f"{self.name}: {period.name}", self.segments, self.channels, table)
        if not np.allclose(_average(self.periods, rates), self.per_week):
            raise ValueError("per_week is the average of the periods: change them instead (changed_rates)")
        rates.setflags(write=False)
        object.__setattr__(self, "by_period", rates)

    @classmethod
    def by(
        cls,
        name: str,
        segments: Sequence[str],
        channels: Sequence[str],
        periods: Sequence[Period],
        tables: Any,
        campaigns: tuple[str, ...] = (),
        offers: tuple[tuple[str, str, str], ...] = (),
    ) -> PeriodPlan:
        """From the tables (P, S, L) of its periods; what runs beside is the same in all of them."""
        average = _average(periods, np.asarray(tables, dtype=np.float64))
        return cls(name, tuple(segments), tuple(channels), average, campaigns, offers, tuple(periods), tables)

    def during(self, number: int) -> Frequencies:
        """What holds in a period, by number from 0."""
        return Frequencies(self.name, self.segments, self.channels, self.by_period[number], self.campaigns, self.offers)

    def average_week(self) -> Frequencies:
        """The same contacts over the horizon, every week alike."""
        return Frequencies(self.name, self.segments, self.channels, self.per_week, self.campaigns, self.offers)


def cut_into_periods(starts: Sequence[tuple[str, int]], weeks: int) -> tuple[Period, ...]:
    """Periods (name, first week from 1) of a horizon, each until the next one begins."""
    firsts = [first for _, first in starts]
    if firsts[:1] != [1] or firsts != sorted(set(firsts)) or firsts[-1] > weeks:
        raise InputError.of(
            "periods", "first weeks must ascend from 1 within the horizon", firsts, f"1 first, at most {weeks}"
        )
    names = [name for name, _ in starts]
    require(len(set(names)) == len(names), "periods", "two periods share a name", names, "unique names")
    lasts = [*(first - 1 for first in firsts[1:]), weeks]
    return tuple(Period(name, first, last) for (name, first), last in zip(starts, lasts, strict=True))


def in_week(plan: Frequencies, week: int) -> Frequencies:
    """What holds in a week of the horizon, from 1; of a plan without periods, the plan."""
    if not isinstance(plan, PeriodPlan):
        return plan
    later = [n for n, period in enumerate(plan.periods) if period.first_week <= week]
    return plan.during(later[-1])


def weeks_of_change(plans: Sequence[Frequencies], weeks: int) -> list[int]:
    """Weeks of a horizon, from 0, in which a period of any plan begins; the first is 0."""
    begins = {period.first_week - 1 for plan in plans if isinstance(plan, PeriodPlan) for period in plan.periods}
    return sorted(week for week in begins | {0} if week < weeks)


def in_weeks(plan: Frequencies, weeks: Sequence[int]) -> list[Frequencies]:
    """What holds in each of these weeks of the horizon, from 0."""
    return [in_week(plan, week + 1) for week in weeks]


def average_week(plan: Frequencies) -> Frequencies:
    """How a plan goes on after the horizon."""
    return plan.average_week() if isinstance(plan, PeriodPlan) else plan


def changed_rates(plan: Frequencies, change: Callable[[Rates], Rates], **others: Any) -> Frequencies:
    """The plan with ``change`` applied to its frequencies (S, L), in every period alike; ``others``: other fields."""
    if not isinstance(plan, PeriodPlan):
        return replace(plan, per_week=change(np.array(plan.per_week)), **others)
    tables = np.stack([change(np.array(table)) for table in plan.by_period])
    return replace(plan, per_week=_average(plan.periods, tables), by_period=tables, **others)


def told_rates(plan: Frequencies) -> list[Any]:
    """All frequencies of a plan as plain lists, with the weeks of its periods: what tells two plans apart."""
    if not isinstance(plan, PeriodPlan):
        return list(plan.per_week.tolist())
    return [[(period.first_week, period.last_week) for period in plan.periods], plan.by_period.tolist()]


def during(plan: Frequencies, period: Period) -> Rates:
    """(S, L) contacts a week that a plan of any kind makes in these weeks, on average."""
    weeks = range(period.first_week, period.last_week + 1)
    return np.asarray(np.mean([in_week(plan, week).per_week for week in weeks], axis=0))


def _average(periods: Sequence[Period], tables: Rates) -> Rates:
    share = np.array([period.weeks for period in periods], dtype=np.float64)
    return np.asarray(np.clip(np.tensordot(share / share.sum(), tables, axes=1), 0.0, 7.0))
