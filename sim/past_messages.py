"""Contacts before day 0 that are known one by one: who was sent what on which day, and who left a channel since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.messages import DELIVERED, UNSUBSCRIBED, MessageLog

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PastMessages:
    """The messages of a log to B real customers; day 0 is the first simulated day, all days are negative."""

    channels: tuple[str, ...]
    """Names as a world has them."""
    first_day: int
    """From this day on the log is taken for complete: who is not in it was not contacted."""
    first: Ints
    """(B + 1,) where the messages of each customer begin."""
    day: npt.NDArray[np.int32]
    """(M,) ascending per customer, on one day in the order of ``channels``."""
    channel: npt.NDArray[np.int8]
    """(M,) index into ``channels``; -1 = one that is not among them."""
    arrived: npt.NDArray[np.bool_] | None
    """(M,) None = the log does not tell what was delivered."""
    left: npt.NDArray[np.bool_]
    """(B, C) whether the customer unsubscribed from each channel: for good."""

    @classmethod
    def of(cls, log: MessageLog, channels: Sequence[str], as_of: int) -> PastMessages:
        """What ``log`` tells until the evening of ``as_of`` (days since 1970-01-01); the next day is day 0. Rows that
        were held back are no messages."""
        from sim.fit._message_rows import channel_key

        keys = [channel_key(name) for name in channels]
        _refuse_alike(channels, keys)
        place = {key: lane for lane, key in enumerate(keys)}
        lanes = np.array([place.get(name, -1) for name in log.channels], dtype=np.int8)
        known = log.sent & (log.day <= as_of)
        customer = log.customer[known]
        day, channel, marks = log.day[known] - np.int32(as_of + 1), lanes[log.channel[known]], log.marks[known]
        order = np.lexsort((channel, day, customer))
        left = np.zeros((log.customer_ids.size, len(channels)), dtype=np.bool_)
        leaving = ((marks & UNSUBSCRIBED) > 0) & (channel >= 0)
        left[customer[leaving], channel[leaving]] = True
        return cls(
            channels=tuple(channels),
            first_day=int(day.min(initial=0)),
            first=np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=log.customer_ids.size))]),
            day=day[order],
            channel=channel[order],
            arrived=((marks & DELIVERED) > 0)[order] if "delivered" in log.known else None,
            left=left,
        )

    def between(self, start: int, stop: int) -> PastMessages:
        """Those of the customers from ``start`` to before ``stop``; the log begins and ends as it did."""
        inside = slice(int(self.first[start]), int(self.first[stop]))
        return replace(
            self,
            first=self.first[start : stop + 1] - self.first[start],
            day=self.day[inside],
            channel=self.channel[inside],
            arrived=None if self.arrived is None else self.arrived[inside],
            left=self.left[start:stop],
        )

    @property
    def customer(self) -> Ints:
        """(M,) row of the real customer."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def days_of(self, days: int) -> Ints:
        """(B, C) bit mask of the days with a contact through each channel, of the last ``days`` (at most 63): bit k is
        day -1 - k. Several on one day are one."""
        bits = np.zeros(self.left.shape, dtype=np.int64)
        age = -1 - self.day.astype(np.int64)
        recent = (age < days) & (self.channel >= 0)
        np.bitwise_or.at(bits, (self.customer[recent], self.channel[recent]), np.int64(1) << age[recent])
        return bits

    def repeated(self) -> int:
        """Messages to a customer who already got one through the same channel on the same day."""
        same = (np.diff(self.day) == 0) & (np.diff(self.channel) == 0) & (np.diff(self.customer) == 0)
        return int((same & (self.channel[1:] >= 0)).sum())

    def contacted(self) -> npt.NDArray[np.bool_]:
        """(B, C) who got at least one message through each channel."""
        found = np.zeros(self.left.shape, dtype=np.bool_)
        named = self.channel >= 0
        found[self.customer[named], self.channel[named]] = True
        return found


def _refuse_alike(channels: Sequence[str], keys: Sequence[str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            alike = ", ".join(name for name, other in zip(channels, keys, strict=True) if other == key)
            raise InputError.of(
                "base.messages", f"{key!r} may be several channels", alike, "names that are not synonyms"
            )
