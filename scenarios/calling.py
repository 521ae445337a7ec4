"""Calls that follow the contacts, through the queue of a call centre, many times; and the seats that would do.

Arrivals, lengths of calls and patience are random. So the same weeks are played several times: numbers are means, and
their range is what single periods have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from scenarios.daily import Daily
from scenarios.outcome import Part
from scenarios.schema_delivery import CallCentre as CallCentreTable
from sim.call_centre import CallCentre, fewest_seats, take_calls
from sim.delivery import DAY, HOUR, Hours, Sent
from sim.sampling import numbered

Floats = npt.NDArray[np.float64]
MOST_RUNS, FEWEST_RUNS = 20, 3
CALLS = 20_000
"""Calls that are played in all, about: a large centre has fewer runs, and each of them says more."""
MOST_SEATS = 2_000
FEWEST_CALLS, MOST_CALLS = 1 / 32, 8.0
"""Multiples of a plan's calls that are tried."""


class Run(NamedTuple):
    """Calls of one period, in opening hours."""

    seed: int
    arrivals: Floats
    """Minutes, ascending."""
    priority: npt.NDArray[np.int64]
    outside: int
    """Calls outside opening hours, that nobody answers."""


def calls_part(
    centre: CallCentreTable,
    names: Sequence[str],
    sent: dict[str, Sent],
    daily: Daily,
    first_weekday: int,
    weeks: int,
    seed: int,
) -> Part:
    """The answer about calls, as in result.json."""
    hours = Hours(centre.opens_hour, centre.closes_hour, centre.weekdays, first_weekday)

    def run(number: int) -> Run:
        return _run(centre, names, sent, daily, hours, seed + number)

    first = run(0)
    many = min(MOST_RUNS, max(FEWEST_RUNS, CALLS // max(1, len(first.arrivals))))
    runs = [first, *(run(number) for number in range(1, many))]
    staffed = CallCentre(centre.seats, centre.call_minutes, centre.patience_minutes)
    open_minutes = weeks * hours.per_week * HOUR
    played = [_played(staffed, one, centre.answer_within_minutes, open_minutes) for one in runs]
    part: Part = {
        "runs": many,
        "seats": centre.seats,
        "answer_within_minutes": centre.answer_within_minutes,
        "service_level": centre.service_level,
    }
    for key in played[0]:
        values = [one[key] for one in played]
        part |= {key: float(np.mean(values)), f"{key}_low": float(min(values)), f"{key}_high": float(max(values))}

    def kept(seats: int) -> bool:
        more = replace(staffed, seats=seats)
        return _service(more, runs, centre.answer_within_minutes) >= centre.service_level

    needed = fewest_seats(kept, most=MOST_SEATS)
    if needed is not None:
        part["seats_needed"] = needed
    scale = _bearable(staffed, runs, centre.answer_within_minutes, centre.service_level)
    per_week = {name: float(daily.contacts[:, lane].sum()) / weeks for lane, name in enumerate(names)}
    causing = {name: per_week[name] for name, rate in centre.calls_per_contact.items() if rate and per_week.get(name)}
    return part | {"bearable_share_of_plan": scale, "capacity_per_week": {n: scale * v for n, v in causing.items()}}


def _run(
    centre: CallCentreTable, names: Sequence[str], sent: dict[str, Sent], daily: Daily, hours: Hours, seed: int
) -> Run:
    arrivals, priority = _call_times(centre, names, sent, daily, seed)
    inside = np.array([hours.open_at(float(minute)) for minute in arrivals], dtype=bool)
    return Run(seed, arrivals[inside], priority[inside], int((~inside).sum()))


def _played(centre: CallCentre, run: Run, within: float, open_minutes: float) -> dict[str, float]:
    """What one period shows."""
    answered = take_calls(centre, run.arrivals, run.priority, seed=run.seed)
    return {
        "calls": float(answered.calls),
        "outside_hours": float(run.outside),
        "answered_in_time": answered.within(within),
        "abandoned": answered.abandoned,
        "mean_wait_minutes": answered.mean_wait,
        "share_busy": answered.busy_minutes / (centre.seats * open_minutes),
    }


def _service(centre: CallCentre, runs: Sequence[Run], within: float) -> float:
    """Share answered in time, mean of the runs."""
    return float(np.mean([take_calls(centre, run.arrivals, seed=run.seed).within(within) for run in runs]))


def _call_times(
    centre: CallCentreTable, names: Sequence[str], sent: dict[str, Sent], daily: Daily, seed: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Minutes of the calls, ascending, and the segment's place of each caller."""
    minutes, classes = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for name, rate in centre.calls_per_contact.items():
        if name not in names or not rate:
            continue
        at, number, priority = _left(name, names, sent, daily)
        many = poisson.ppf(numbered(seed, f"calls: {name}", len(at)), number * rate).astype(np.int64)
        delay = -centre.call_delay_hours * HOUR * np.log(numbered(seed, f"calls: {name} delay", int(many.sum())))
        minutes.append(np.repeat(at, many) + delay)
        classes.append(np.repeat(priority, many))
    times, kinds = np.concatenate(minutes), np.concatenate(classes)
    order = np.argsort(times, kind="stable")
    return times[order], kinds[order]


def _left(name: str, names: Sequence[str], sent: dict[str, Sent], daily: Daily) -> tuple[Any, Any, Any]:
    """When contacts of a channel left, how many, of which segment; without a send window at 9 in the morning."""
    if name in sent:
        return sent[name].at, sent[name].count, sent[name].priority
    contacts = daily.contacts[:, names.index(name)]
    day, segment = np.nonzero(contacts)
    return day * DAY + 9 * HOUR, contacts[day, segment], segment


def _bearable(centre: CallCentre, runs: Sequence[Run], within: float, level: float) -> float:
    """Largest multiple of these calls, 1/32 to 8, at which the service level is kept, to about 3 %; 0 if none is.
    (Of the first runs: a share of the plan needs no more.)"""
    some = runs[:FEWEST_RUNS]
    if not any(len(run.arrivals) for run in some):
        return MOST_CALLS

    def kept(scale: float) -> bool:
        return _service(centre, [_scaled(run, scale) for run in some], within) >= level

    low = 1.0
    while not kept(low):
        low /= 2
        if low < FEWEST_CALLS:
            return 0.0
    high = 2 * low
    while high <= MOST_CALLS and low >= 1 and kept(high):
        low, high = high, 2 * high
    if low >= MOST_CALLS:
        return MOST_CALLS
    while high / low > 1.03:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


def _scaled(run: Run, scale: float) -> Run:
    """On average ``scale`` of each call."""
    copies = np.floor(scale + numbered(run.seed, "calls: copies", len(run.arrivals))).astype(int)
    jitter = numbered(run.seed, "calls: jitter", int(copies.sum()))
    arrivals = np.sort(np.repeat(run.arrivals, copies) + jitter)
    return Run(run.seed, arrivals, np.zeros(len(arrivals), dtype=np.int64), 0)
