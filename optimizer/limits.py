"""Limits of a plan: linear rules on what a simulation measures, and how much of each a simulated plan uses.

A limit is a sum, an average or a ratio of measures, at most or at least so much, over the horizon or in every week;
a weekly limit is a row per week. Every row is written as

    matrix[j] . parts <= bound[j]

where ``parts`` are the numerators and denominators of all limits: linear in what is simulated, so the same rows
serve the program over the effects table and the check of a simulated plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from optimizer.measures import (
    BY_CHANNEL,
    BY_SEGMENT,
    EXTRA,
    MEASURES,
    STOCKS,
    Measure,
    needs_details,
    over_weeks,
    weekly,
)
from sim.checks import not_negative, positive, require
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.result import SimulationResult

Enforce = Literal["hard", "soft", "report"]


@dataclass(frozen=True)
class Limit:
    """A measure, or a ratio of two, at most ``most`` and at least ``least``."""

    name: str
    measure: Measure
    """``contacts_per_week`` is ``contacts`` in every week."""
    most: float | None = None
    """Currency, contacts, people ...; of a ratio, measure per ``per``."""
    channel: str | None = None
    """One channel, or None for all together."""
    least: float | None = None
    segments: tuple[str, ...] = ()
    """Only what happens to customers while they are in these segments; () = everybody."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """By channel: how much one contact, click ... counts; channels left out count nothing. {} = every channel once."""
    every: Literal["horizon", "week"] = "horizon"
    weeks: tuple[int, int] | None = None
    """First and last week it holds for, from 1; None = all."""
    exceptions: Mapping[int, float] = field(default_factory=dict)
    """Of a weekly limit: another bound in these weeks."""
    per: Measure | None = None
    """Denominator: the rule is on measure / per."""
    per_segments: tuple[str, ...] = ()
    """The denominator counts these segments only; () = everybody."""
    per_all_channels: bool = False
    """The denominator counts all channels, not those of the numerator: the rule is a share."""
    enforce: Enforce = "hard"
    price: float = 0.0
    """Of a soft limit: currency for every unit beyond it (of a ratio, per unit of measure)."""

    def __post_init__(self) -> None:
        here = f"optimize.limits '{self.name}'"
        require(bool(self.name), "optimize.limits", "every limit has a name", repr(self.name), "a text")
        require(
            (self.most is None) != (self.least is None),
            here, "needs either at most or at least", f"most = {self.most}, least = {self.least}", "one of the two",
        )  # fmt: skip
        not_negative(f"{here}.{self.measure}", self.bound)
        for week, bound in self.exceptions.items():
            require(self.weekly, f"{here}.exceptions", "are for limits of every week", week, 'every = "week"')
            not_negative(f"{here}.exceptions.{week}", bound)
        if self.enforce == "soft":
            positive(f"{here}.price", self.price)
        self._check_measures(here)

    def _check_measures(self, here: str) -> None:
        for measure, segments in ((self.measure, self.segments), (self.per, self.per_segments)):
            if measure is None:
                continue
            require(measure in MEASURES, here, "unknown measure", measure, ", ".join(MEASURES))
            if segments:
                kinds = ", ".join(sorted(BY_SEGMENT))
                require(measure in BY_SEGMENT, f"{here}.segments", "cannot be told by segment", measure, kinds)
        if self.channel is not None or self.weights:
            kinds = ", ".join(sorted(BY_CHANNEL))
            require(self.measure in BY_CHANNEL, f"{here}.channel", "cannot be told by channel", self.measure, kinds)
            what = "a limit is on channels or on segments, not on both"
            require(not self.segments, f"{here}.segments", what, ", ".join(self.segments), "one of the two")

    @property
    def bound(self) -> float:
        """The number the user gave."""
        return float(self.least if self.most is None else self.most)  # type: ignore[arg-type]

    @property
    def at_most(self) -> bool:
        return self.most is not None

    @property
    def weekly(self) -> bool:
        return self.every == "week" or self.measure == "contacts_per_week"

    @property
    def by_channel(self) -> Mapping[str, float] | None:
        """Weights of channels, None = every channel once."""
        return dict(self.weights) or (None if self.channel is None else {self.channel: 1.0})

    def unit(self, currency: str) -> str:
        """Unit of the bound."""
        what = _words(self.measure, currency)
        if self.per is not None:
            return f"{what} per {_words(self.per, currency)}"
        return f"{what} a week" if self.weekly and self.measure not in STOCKS else what

    def at(self, factor: float) -> Limit:
        """The same limit with bounds times ``factor``."""
        from dataclasses import replace

        scaled = {week: bound * factor for week, bound in self.exceptions.items()}
        most = None if self.most is None else self.most * factor
        least = None if self.least is None else self.least * factor
        return replace(self, most=most, least=least, exceptions=scaled)


def _words(measure: str, currency: str) -> str:
    if measure in ("cost", "revenue", "extra_revenue"):
        return {"cost": currency, "revenue": f"{currency} of revenue"}.get(measure, f"{currency} of extra revenue")
    return {"contacts_per_week": "contacts", "reachable": "reachable customers"}.get(measure, measure.replace("_", " "))


@dataclass(frozen=True)
class Rows:
    """matrix (rows, parts) @ parts <= bound (rows,), and of each row its limit and the week (from 1) where weekly."""

    matrix: npt.NDArray[np.float64]
    bound: npt.NDArray[np.float64]
    owner: tuple[tuple[Limit, int | None], ...]

    def use(self, parts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., rows) left-hand sides of (..., parts)."""
        return np.asarray(parts @ self.matrix.T)

    def calibrated(self, calibration: npt.NDArray[np.float64]) -> Rows:
        """The same rules on ``calibration`` (parts, parts) @ parts; soft limits, which are paid for, stay."""
        hard = np.isinf(self.prices())[:, None]
        return Rows(np.where(hard, self.matrix @ calibration, self.matrix), self.bound, self.owner)

    def sizes(self, parts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(rows,) what an excess is a share of: the bound; of a ratio, the bound times its denominator (where the rule
        just holds, that is half of what the two sides add up to)."""
        sides = np.abs(self.matrix) @ np.abs(parts) / 2.0
        ratio = np.array([limit.per is not None for limit, _ in self.owner], dtype=bool)
        return np.maximum(np.where(ratio, sides, np.abs(self.bound)), 1e-9)

    def of(self, limit: Limit) -> npt.NDArray[np.bool_]:
        """(rows,) which rows belong to a limit."""
        return np.array([owner.name == limit.name for owner, _ in self.owner], dtype=bool)

    def prices(self) -> npt.NDArray[np.float64]:
        """(rows,) of soft limits the price of a unit beyond, of hard ones infinite."""
        return np.array([limit.price if limit.enforce == "soft" else np.inf for limit, _ in self.owner])


def check_limits(
    limits: Sequence[Limit], channels: Sequence[str], segments: Sequence[str] = (), weeks: int = 0
) -> None:
    """Refuse limits of unknown channels, segments or weeks, and names that are used twice."""
    names = [limit.name for limit in limits]
    for limit in limits:
        here = f"optimize.limits '{limit.name}'"
        for channel in (*([limit.channel] if limit.channel else []), *limit.weights):
            if channel not in channels:
                raise InputError.of(f"{here}.channel", "unknown channel", channel, ", ".join(channels))
        for segment in (*limit.segments, *limit.per_segments):
            if segments and segment not in segments:
                raise InputError.of(f"{here}.segments", "unknown segment", segment, ", ".join(segments))
        for week in (*(limit.weeks or ()), *limit.exceptions):
            if weeks and not 1 <= week <= weeks:
                raise InputError.of(f"{here}.weeks", "outside the horizon", week, f"1 to {weeks}")
        if names.count(limit.name) > 1:
            raise InputError.of("optimize.limits", "two limits share a name", limit.name, "unique names")


def details_needed(limits: Sequence[Limit]) -> bool:
    """Whether the limits ask for weekly tables by segment."""
    return any(
        needs_details(limit.measure, limit.segments)
        or (limit.per is not None and needs_details(limit.per, limit.per_segments))
        for limit in limits
    )


def weeks_of(limit: Limit, weeks: int) -> range:
    """Weeks of the horizon that a limit is about, from 1."""
    first, last = limit.weeks or (1, weeks)
    return range(first, min(last, weeks) + 1)


def parts_of(result: SimulationResult, limits: Sequence[Limit]) -> npt.NDArray[np.float64]:
    """(W, parts) numerators, and denominators where there are, of every limit in turn."""
    columns = []
    for limit in limits:
        columns.append(_part(result, limit, limit.measure, limit.by_channel, limit.segments))
        if limit.per is not None:
            alike = limit.per in BY_CHANNEL and not limit.per_segments and not limit.per_all_channels
            shared = limit.by_channel if alike else None
            columns.append(_part(result, limit, limit.per, shared, limit.per_segments))
    return np.concatenate(columns, axis=1) if columns else np.zeros((len(result.plans), 0))


def _part(
    result: SimulationResult,
    limit: Limit,
    measure: str,
    channels: Mapping[str, float] | None,
    segments: Sequence[str],
) -> npt.NDArray[np.float64]:
    chosen = [week - 1 for week in weeks_of(limit, result.world.weeks)]
    by_week = weekly(result, measure, channels, segments)[:, chosen]
    return by_week if limit.weekly else over_weeks(measure, by_week)[:, None]


def extra_parts(limits: Sequence[Limit], weeks: int) -> npt.NDArray[np.bool_]:
    """(parts,) which parts are counted over no contact."""
    marks: list[bool] = []
    for limit in limits:
        rows = len(weeks_of(limit, weeks)) if limit.weekly else 1
        marks += [limit.measure in EXTRA] * rows
        marks += [limit.per in EXTRA] * rows if limit.per is not None else []
    return np.array(marks, dtype=bool)


def rows_of(limits: Sequence[Limit], weeks: int, buffer: float = 0.0, *, enforced: bool = False) -> Rows:
    """The rows of the limits, tightened by a share ``buffer``; ``enforced``: without those that are only reported."""
    matrix: list[npt.NDArray[np.float64]] = []
    bounds: list[float] = []
    owner: list[tuple[Limit, int | None]] = []
    parts = sum(
        (len(weeks_of(limit, weeks)) if limit.weekly else 1) * (1 if limit.per is None else 2) for limit in limits
    )
    first = 0
    for limit in limits:
        spots = list(weeks_of(limit, weeks)) if limit.weekly else [None]
        for n, week in enumerate(spots):
            row = np.zeros(parts)
            sign = 1.0 if limit.at_most else -1.0
            bound = sign * limit.exceptions.get(week or 0, limit.bound) * (1.0 - sign * buffer)
            row[first + n] = sign
            if limit.per is not None:
                row[first + len(spots) + n] = -bound
            if not (enforced and limit.enforce == "report"):
                matrix.append(row)
                bounds.append(0.0 if limit.per is not None else bound)
                owner.append((limit, week))
        first += len(spots) * (1 if limit.per is None else 2)
    return Rows(np.array(matrix).reshape(len(bounds), parts), np.array(bounds), tuple(owner))


def used_of(limit: Limit, limits: Sequence[Limit], parts: npt.NDArray[np.float64], weeks: int) -> float:
    """How much of a limit one plan uses, in the unit of its bound: of a weekly limit, in its worst week."""
    first = 0
    for other in limits:
        rows = len(weeks_of(other, weeks)) if other.weekly else 1
        if other.name == limit.name:
            used = parts[first : first + rows]
            if other.per is not None:
                below = parts[first + rows : first + 2 * rows]
                used = np.divide(used, below, out=np.zeros(rows), where=below != 0)
            return float(used[_worst(limit, used, weeks)])
        first += rows * (1 if other.per is None else 2)
    raise KeyError(limit.name)


def _worst(limit: Limit, used: npt.NDArray[np.float64], weeks: int) -> int:
    """The week nearest to (or farthest beyond) its bound."""
    spots = weeks_of(limit, weeks) if limit.weekly else [0]
    room = [
        (limit.exceptions.get(week, limit.bound) - u) * (1 if limit.at_most else -1)
        for week, u in zip(spots, used, strict=True)
    ]
    return int(np.argmin(room))


def broken(limits: Sequence[Limit], parts: npt.NDArray[np.float64], weeks: int) -> list[str]:
    """Names of the enforced limits that one plan's parts exceed."""
    rows = rows_of(limits, weeks, enforced=True)
    over = rows.use(parts) > rows.bound + tolerance(rows.bound)
    return list(
        dict.fromkeys(
            owner.name
            for (owner, _), beyond in zip(rows.owner, over, strict=True)
            if beyond and owner.enforce == "hard"
        )
    )


def tolerance(bound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What counts as equal."""
    return np.asarray(1e-9 * np.maximum(1.0, np.abs(bound)))
