"""The file of past messages of a scenario: what it tells of the real customers, and what of it was passed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scenarios.outcome import Part
from scenarios.words import nearest
from sim.data_findings import Finding
from sim.messages import MessageLog, read_messages
from sim.orders import OrderLog
from sim.past_messages import PastMessages

Ints = npt.NDArray[np.int64]
PASSED_OVER = {"future": "drop", "unknown_marks": "as_no"}
"""Of what may be odd in a message log: a morning does not know the future, and only asks who was contacted."""
STALE_DAYS = 14
"""A log that ends earlier than so many days before the start is worth a word."""
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class ToldMessages:
    """What the messages until the start tell; B customers."""

    past: PastMessages
    consent: dict[str, Ints]
    """Channel of the log -> (B,) 1 = was contacted and has not left, 0 = has left, -1 = unknown."""
    part: Part
    """``past_messages`` of a result."""
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class MessageFiles:
    """Files of messages that have been read; bases that are made from each other share them."""

    read: dict[tuple[object, ...], ToldMessages] = field(default_factory=dict)

    def told(
        self, path: Path, columns: Mapping[str, str], orders: OrderLog, channels: Sequence[str], as_of: dt.date
    ) -> ToldMessages:
        """``told_by``, once for each file and question."""
        key = (path, tuple(columns.items()), orders.n_customers, tuple(channels), as_of)
        if key not in self.read:
            self.read[key] = told_by(path, columns, orders, channels, as_of)
        return self.read[key]


def told_by(
    path: Path, columns: Mapping[str, str], orders: OrderLog, channels: Sequence[str], as_of: dt.date
) -> ToldMessages:
    """The messages to the customers of ``orders`` until ``as_of``, the evening before the start. Passed over, counted
    and named: messages to other customers, after that evening, and through other channels."""
    log = read_messages(path, orders, columns=columns, decisions=PASSED_OVER)
    last = (as_of - _EPOCH).days
    past = PastMessages.of(log, channels, last)
    consent: dict[str, Ints] = {}
    contacted = past.contacted()
    for lane, name in enumerate(channels):
        left = past.left[:, lane]
        if contacted[:, lane].any() or left.any():
            consent[name] = np.where(left, 0, np.where(contacted[:, lane], 1, -1)).astype(np.int64)
    return ToldMessages(past, consent, _part(path, past, as_of), tuple(_warnings(path.name, log, past, as_of)))


def _part(path: Path, past: PastMessages, as_of: dt.date) -> Part:
    counted = past.channel >= 0
    part: Part = {"file": path.name, "messages": int(counted.sum())}
    if counted.any():
        days = {"first_day": past.first_day, "last_day": int(past.day[counted].max())}
        part |= {key: (as_of + dt.timedelta(days=day + 1)).isoformat() for key, day in days.items()}
    return part | {
        "customers": int(past.contacted().any(axis=1).sum()),
        "by_channel": {name: int((past.channel == lane).sum()) for lane, name in enumerate(past.channels)},
        "unsubscribed": {name: int(past.left[:, lane].sum()) for lane, name in enumerate(past.channels)},
    }


def _warnings(file: str, log: MessageLog, past: PastMessages, as_of: dt.date) -> list[str]:
    found = [_told(file, finding) for finding in log.findings if finding.question.name not in _OF_NO_CONSEQUENCE]
    later = log.sent & (log.day > (as_of - _EPOCH).days)
    if later.any():
        latest = _EPOCH + dt.timedelta(days=int(log.day.max()))
        found.append(
            f"{file}: {later.sum():,} messages after {as_of}, the evening before the start, the latest of {latest}: "
            "passed over"
        )
    found += [_unknown(file, name, log, past, (as_of - _EPOCH).days) for name in _strange(log, past)]
    repeated = past.repeated()
    if repeated:
        found.append(
            f"{file}: {repeated:,} messages were not the customer's first of the day through their channel: rules "
            "count such a day once, fatigue counts each message"
        )
    counted = past.day[past.channel >= 0]
    silent = -1 - int(counted.max(initial=-10_000))
    if not counted.size:
        found.append(f"{file}: no message to these customers before the start: they start as if nobody had written")
    elif silent > STALE_DAYS:
        latest = as_of - dt.timedelta(days=silent)
        found.append(
            f"{file}: the last message is of {latest}, {silent} days before the start: customers have rested since"
        )
    return found


_OF_NO_CONSEQUENCE = ("before_first_order", "opened_before_sent", "holdout_changes")
"""Findings that do not matter to the question who was contacted."""


_DONE = {"drop": "passed over", "keep": "counted", "as_no": "taken for no", "as_written": "days are those written"}


def _told(file: str, finding: Finding) -> str:
    first = f", first in {finding.first}" if finding.first else ""
    return f"{file}: {finding.count:,} {finding.question.what}{first}: {_DONE.get(finding.decision, finding.decision)}"


def _strange(log: MessageLog, past: PastMessages) -> list[str]:
    from sim.fit._message_rows import channel_key

    known = [channel_key(name) for name in past.channels]
    return [name for name in log.channels if name not in known]


def _unknown(file: str, name: str, log: MessageLog, past: PastMessages, last: int) -> str:
    count = int((log.sent & (log.channel == log.channels.index(name)) & (log.day <= last)).sum())
    close = nearest(name, past.channels)
    hint = f"; did you mean '{close}'" if close else ""
    return (
        f"{file}: {count:,} messages through {name!r}, which is none of the scenario's channels{hint}: passed over; "
        f"known: {', '.join(past.channels)}"
    )
