"""Messages of the past: who was contacted when, through what, and what came of it.

`read_messages` streams a log of any size: a batch of rows is in memory at a time, and of each message 12 bytes remain
(7 in the end). What is odd is counted and named, with what was done about it and what else one may choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.data_findings import Finding
from sim.errors import InputError
from sim.orders import OrderLog

Texts = npt.NDArray[np.str_]
_SORTED_AT_ONCE = 4_000_000
"""Messages that are sorted together, those of some customers: more would only cost memory."""

DELIVERED, OPENED, CLICKED, UNSUBSCRIBED, COMPLAINED, HOLDOUT = (1 << bit for bit in range(6))
"""Bits of `MessageLog.marks`."""


@dataclass(frozen=True, eq=False)
class MessageLog:
    """Messages sorted by customer, then day, then channel; arrays are (C,) unless said otherwise."""

    customer_ids: Texts
    """(N,) those of the order log, where one was given: customers without a message included."""
    channels: tuple[str, ...]
    arms: tuple[str, ...]
    """Arms of an experiment; ``arm`` k + 1 is the k-th, 0 is none."""
    known: tuple[str, ...]
    """Which of delivered, opened, clicked, unsubscribed, complained, holdout the log tells."""
    first: npt.NDArray[np.int64]
    """(N + 1,) where the messages of each customer begin."""
    day: npt.NDArray[np.int32]
    """Days since 1970-01-01."""
    channel: npt.NDArray[np.uint8]
    """Index into `channels`."""
    arm: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.uint8]
    """Bits: `DELIVERED`, `OPENED`, ..."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"MessageLog({self.day.size:,} messages to {self.n_contacted:,} customers, {', '.join(self.channels)})"

    @property
    def sent(self) -> npt.NDArray[np.bool_]:
        """Not held back: rows marked as holdout are messages that were not sent."""
        return np.asarray((self.marks & HOLDOUT) == 0)

    @property
    def customer(self) -> npt.NDArray[np.int32]:
        """Index into `customer_ids`."""
        return np.repeat(np.arange(self.customer_ids.size, dtype=np.int32), np.diff(self.first))

    def decided(self, name: str) -> str | None:
        """What was done about an oddity of `findings`; None = it did not occur."""
        return next((found.decision for found in self.findings if found.question.name == name), None)

    @property
    def n_contacted(self) -> int:
        """Customers with a message that was sent."""
        return int(np.unique(self.customer[self.sent]).size)

    def contact_days(self, channel: str, *, since: int | None = None) -> ContactDays:
        """Days on which each customer was contacted through a channel, from day ``since`` on."""
        if channel not in self.channels:
            raise InputError.of("channel", "is not in the message log", channel, ", ".join(self.channels))
        wanted = self.sent & (self.channel == self.channels.index(channel))
        if since is not None:
            wanted &= self.day >= since
        counts = np.bincount(self.customer[wanted], minlength=self.customer_ids.size)
        return ContactDays(np.concatenate([[0], np.cumsum(counts)]), self.day[wanted])

    def rates(self) -> list[dict[str, Any]]:
        """By channel: messages sent, customers, contacts a week of a contacted customer, shares of what came of them.

        ``delivered`` is a share of sent, the others are shares of delivered; what the log does not tell is absent.
        These are rates, not effects: those who open often may order often without any message.
        """
        rows = []
        for index, name in enumerate(self.channels):
            mine = self.sent & (self.channel == index)
            marks, customers = self.marks[mine], np.unique(self.customer[mine]).size
            row: dict[str, Any] = {"channel": name, "messages": int(mine.sum()), "customers": int(customers)}
            if customers:
                weeks = (int(self.day[mine].max()) - int(self.day[mine].min()) + 1) / 7
                row["per_week"] = row["messages"] / customers / max(weeks, 1.0)
                arrived = (marks & DELIVERED) > 0 if "delivered" in self.known else np.ones(marks.size, dtype=bool)
                if "delivered" in self.known:
                    row["delivered"] = float(arrived.mean())
                for bit, mark in (
                    (OPENED, "opened"),
                    (CLICKED, "clicked"),
                    (UNSUBSCRIBED, "unsubscribed"),
                    (COMPLAINED, "complained"),
                ):
                    if mark in self.known and arrived.any():
                        row[mark] = float(((marks[arrived] & bit) > 0).mean())
            rows.append(row)
        return rows


@dataclass(frozen=True, eq=False)
class ContactDays:
    """Days of contact of N customers through one channel."""

    first: npt.NDArray[np.int64]
    """(N + 1,) where those of each customer begin in `day`."""
    day: npt.NDArray[np.int32]
    """Days since 1970-01-01, ascending per customer; a day with two messages stands twice."""


def read_messages(
    source: object,
    orders: OrderLog | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    encoding: str = "auto",
    channel: str | None = None,
    preset: str | None = None,
    where: str | None = None,
    latest: date | None = None,
    progress: Callable[[int], None] | None = None,
) -> MessageLog:
    """Read customer_id, sent_at, channel (and the columns of `sim.fit._message_rows.OPTIONAL`).

    Parameters
    ----------
    source : path (.csv, .txt, .tsv, also with .gz; .parquet), or a pandas, polars or pyarrow data frame. One row is one
        message; what came of it is 1/0, true/false, yes/no, or the time at which it happened.
    orders : the customers; messages to others are counted and dropped. Without it: the customers of the log.
    columns : our column name -> the name in the source, where they differ.
    decisions : what to do about oddities, by name; `sim.fit._message_rows.QUESTIONS` lists them with their defaults.
    encoding : of a text file; "auto" is UTF-8, or UTF-16 with its mark.
    channel : where the log has no such column: the channel of all its messages.
    preset : the log is one of `sim.fit.export_presets.MESSAGE_PRESETS`.
    latest : last possible day; default today.
    progress : called with the number of rows read so far.

    Raises
    ------
    InputError
        Columns are missing, the file cannot be read, or something was found that is to be refused.
    """
    import polars as pl

    from sim.data_findings import Findings
    from sim.fit._batches import open_batches
    from sim.fit._message_rows import QUESTIONS, Reader

    opened = open_batches(source, where, encoding)
    if channel is not None:
        opened = _with_channel(opened, channel)
    if preset is not None:
        from sim.fit.export_presets import messages_of

        opened = messages_of(opened, preset)
    findings = Findings(opened.where, QUESTIONS, decisions or {})
    ids = None if orders is None else orders.customer_ids
    began = None if orders is None else orders.day[np.flatnonzero(np.diff(orders.customer, prepend=-1))]
    reader = Reader(opened, columns or {}, findings, ids, began, latest or date.today())
    for rows in reader.read():
        if progress is not None:
            progress(rows)
    return _finish(reader, findings, pl)


def _with_channel(opened: Any, channel: str) -> Any:
    from dataclasses import replace

    import polars as pl

    batches = ((first, frame.with_columns(channel=pl.lit(channel))) for first, frame in opened.batches)
    return replace(opened, headings=(*opened.headings, "channel"), batches=batches)


def _finish(reader: Any, findings: Any, pl: Any) -> MessageLog:
    from sim.fit._message_rows import ARM_SHIFT, CHANNEL_SHIFT, CUSTOMER_SHIFT, DAY_SHIFT, MARKS

    if not reader.packed.key:
        gone = "; ".join(f"{found.count:,} {found.question.what}" for found in findings.done())
        allowed = "messages to customers who have orders"
        raise InputError.of(reader.source.where, "no message is left", gone or "no rows", allowed)
    ids = reader.ids["id"].to_numpy().astype(np.str_)
    pieces = max(1, sum(key.size for key in reader.packed.key) // _SORTED_AT_ONCE)
    borders = [(ids.size * k // pieces) << CUSTOMER_SHIFT for k in range(pieces + 1)]
    counts, copies = np.zeros(ids.size, dtype=np.int64), 0
    days: list[npt.NDArray[np.int32]] = []
    kinds: list[list[npt.NDArray[np.uint8]]] = [[], [], []]
    for begin, end in pairwise(borders):
        key, more = _sorted_part(reader.packed, begin, end, findings["duplicates"] == "drop", pl)
        copies += more
        counts += np.bincount((key >> np.uint64(CUSTOMER_SHIFT)).astype(np.int64), minlength=ids.size)
        days.append((key >> np.uint64(DAY_SHIFT) & np.uint64(2**18 - 1)).astype(np.int32))
        for shift, kind in zip((CHANNEL_SHIFT, ARM_SHIFT, 0), kinds, strict=True):
            kind.append((key >> np.uint64(shift) & np.uint64(63)).astype(np.uint8))
    findings.add("duplicates", copies)
    reader.packed.key.clear(), reader.packed.row.clear()
    day = np.concatenate(days)
    channel, arm, marks = (np.concatenate(kind) for kind in kinds)
    log = MessageLog(
        customer_ids=ids,
        channels=tuple(reader.channels),
        arms=tuple(reader.arms),
        known=tuple(name for name in MARKS if name in reader.names),
        first=np.concatenate([[0], np.cumsum(counts)]),
        day=day,
        channel=channel,
        arm=arm,
        marks=marks,
    )
    return _judged(log, reader, findings)


def _sorted_part(packed: Any, begin: int, end: int, drop: bool, pl: Any) -> tuple[npt.NDArray[np.uint64], int]:
    """Messages of the customers from ``begin`` to ``end`` (bounds of the keys), sorted, and how many are copies."""
    inside = [(key >= np.uint64(begin)) & (key < np.uint64(end)) for key in packed.key]
    columns = {
        name: np.concatenate([batch[mine] for batch, mine in zip(batches, inside, strict=True)])
        for name, batches in (("key", packed.key), ("row", packed.row))
    }
    rows = pl.DataFrame(columns).sort("key", "row")
    copies = ((rows["key"].diff() == 0) & (rows["row"].diff() == 0)).fill_null(False)
    if drop and copies.any():
        return rows["key"].filter(~copies).to_numpy(), int(copies.sum())
    return rows["key"].to_numpy(), int(copies.sum())


def _judged(log: MessageLog, reader: Any, findings: Any) -> MessageLog:
    """What can be said only of the whole log."""
    from dataclasses import replace

    customer = log.customer
    if "unsubscribed" in log.known:
        left = (log.marks & UNSUBSCRIBED) > 0
        small = log.customer_ids.size * len(log.channels) < 2**31
        lane = (customer if small else customer.astype(np.int64)) * len(log.channels) + log.channel
        day_left = np.full(log.customer_ids.size * len(log.channels), np.iinfo(np.int32).max, dtype=np.int32)
        np.minimum.at(day_left, lane[left], log.day[left])
        findings.add("after_unsubscribe", int((log.day > day_left[lane]).sum()))
    if log.arms or "holdout" in log.known:
        group = log.arm.astype(np.int16) * 2 + ((log.marks & HOLDOUT) > 0)
        findings.add("holdout_changes", int(_changing(log, group).sum()))
    return replace(log, findings=findings.done(), notes=reader.source.notes)


def _changing(log: MessageLog, group: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """(N,) customers whose messages belong to more than one group."""
    counts = log.arm > 0 if len(log.arms) > 1 else np.ones(group.size, dtype=bool)  # before the arms: no group
    who, inside = log.customer[counts], group[counts]
    changing = np.zeros(log.customer_ids.size, dtype=bool)
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    if starts.size:
        changing[who[starts]] = np.maximum.reduceat(inside, starts) != np.minimum.reduceat(inside, starts)
    return changing
