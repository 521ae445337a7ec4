"""Rows of a message log, a batch at a time: what each must be, how it is packed, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sim.data_findings import Findings, Question
from sim.errors import InputError, Problem
from sim.fit._batches import ROW, Source
from sim.fit._instants import FORMS, Instants, read_instants

REQUIRED = ("customer_id", "sent_at", "channel")
MARKS = ("delivered", "opened", "clicked", "unsubscribed", "complained", "holdout")
"""Optional columns, in the order of their bits: yes or no, or the time at which it happened."""
OPTIONAL = (*MARKS, "campaign", "arm")
MOST_CHANNELS, MOST_ARMS = 31, 63

QUESTIONS = (
    Question("incomplete", "messages without customer, time or channel", ("drop", "refuse"), "drop"),
    Question("unreadable_times", f"times that are none of {FORMS}", ("refuse", "drop"), "refuse"),
    Question("future", "messages sent after the last possible day", ("refuse", "drop"), "refuse"),
    Question("unknown_marks", "marks that are neither yes, no nor a time", ("refuse", "as_no"), "refuse"),
    Question("duplicates", "messages that repeat another row in every column", ("drop", "keep", "refuse"), "drop"),
    Question("unknown_customers", "messages to customers without an order", ("drop", "refuse"), "drop"),
    Question("before_first_order", "messages before the customer's first order", ("keep", "drop", "refuse"), "keep"),
    Question("opened_before_sent", "messages opened before they were sent", ("as_no", "keep", "refuse"), "as_no"),
    Question("several_clocks", "messages in other time zones", ("as_written", "utc", "refuse"), "as_written"),
    Question("after_unsubscribe", "messages after the customer left the channel", ("keep", "refuse"), "keep"),
    Question("holdout_changes", "customers whose holdout or arm changes", ("exclude", "first", "refuse"), "exclude"),
)  # fmt: skip

_ALIASES = {
    "e-mail": "email", "mail": "email", "text": "sms", "web push": "push", "mobile push": "push", "app push": "push",
    "webpush": "push", "mobilepush": "push", "push notification": "push", "whatsapp": "messenger", "viber": "messenger",
    "telegram": "messenger",
}  # fmt: skip
_YES, _NO = ("1", "true", "yes", "y", "t"), ("0", "false", "no", "n", "f", "", "null", "none", "nan")
CUSTOMER_SHIFT, DAY_SHIFT, CHANNEL_SHIFT, ARM_SHIFT = 36, 18, 12, 6
"""A message in 64 bits: customer, day, channel, arm, marks."""


@dataclass
class Packed:
    """Messages of one batch after the other, 12 bytes each."""

    key: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    row: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    """Hash of the whole row, to tell copies."""


class Reader:
    """Turns batches into packed messages; customers and channels get numbers in the order of appearance."""

    def __init__(
        self,
        source: Source,
        columns: Mapping[str, str],
        findings: Findings,
        customers: npt.NDArray[np.str_] | None,
        first_day: npt.NDArray[np.int32] | None,
        latest: date,
    ) -> None:
        self.source, self.findings = source, findings
        self.names = choose(source, columns)
        self.fixed = customers is not None
        self.ids = pl.DataFrame({"id": pl.Series(customers if customers is not None else [], dtype=pl.String)})
        self.ids = self.ids.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("customer"))
        self.first_day = first_day
        self.latest = (latest - date(1970, 1, 1)).days
        self.channels: dict[str, int] = {}
        self.arms: dict[str, int] = {}
        self.offset: str | None = None
        self.packed = Packed()

    def read(self) -> Iterator[int]:
        """Read everything; yields the number of rows so far."""
        for first, frame in self.source.batches:
            self._take(first, frame)
            yield first + frame.height - 1

    def _take(self, first: int, frame: pl.DataFrame) -> None:
        named = frame.select(
            pl.col(theirs).cast(pl.String).str.strip_chars().alias(ours) for ours, theirs in self.names.items()
        )
        rows = named.with_columns(
            hash=frame.drop(ROW, strict=False).hash_rows(seed=1).cast(pl.UInt64),
            row=frame[ROW].cast(pl.Int64)
            if ROW in frame.columns
            else pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True),
        )
        rows = self._drop(
            rows, "incomplete", pl.any_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in REQUIRED)
        )
        if rows.height == 0:
            return
        sent = read_instants(rows["sent_at"])
        rows = rows.with_columns(day=self._days(rows, sent), sent=sent.seconds)
        self.findings.add("unreadable_times", *_some(rows, rows["day"].is_null(), "sent_at"))
        rows = rows.filter(pl.col("day").is_not_null())
        rows = self._drop(rows, "future", pl.col("day") > self.latest)
        rows = self._customers(rows)
        if self.first_day is not None and rows.height:
            early = rows["day"].to_numpy() < self.first_day[rows["customer"].to_numpy()]
            self.findings.add("before_first_order", *_some(rows, pl.Series(early)))
            if self.findings["before_first_order"] == "drop":
                rows = rows.filter(pl.Series(~early))
        if rows.height:
            self._pack(rows)

    def _drop(self, rows: pl.DataFrame, name: str, wrong: pl.Expr) -> pl.DataFrame:
        mask = rows.select(wrong.fill_null(False)).to_series()
        self.findings.add(name, *_some(rows, mask))
        return rows.filter(~mask) if mask.any() else rows

    def _days(self, rows: pl.DataFrame, sent: Instants) -> pl.Series:
        if sent.offset.null_count() == sent.offset.len():
            return sent.day
        if self.offset is None:
            self.offset = sent.offset.drop_nulls()[0]
        other = (sent.offset != self.offset).fill_null(True)
        utc = (sent.seconds // 86_400).cast(pl.Int32)
        moved = int((other & (utc != sent.day)).sum())
        self.findings.add("several_clocks", *_some(rows, other, "sent_at"))
        return utc if self.findings["several_clocks"] == "utc" and (moved or other.any()) else sent.day

    def _customers(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not self.fixed:
            new = rows.select(id=pl.col("customer_id").unique()).join(self.ids, on="id", how="anti").sort("id")
            numbered = new.with_columns(customer=pl.int_range(pl.len(), dtype=pl.Int64) + self.ids.height)
            self.ids = pl.concat([self.ids, numbered])
        joined = rows.join(self.ids, left_on="customer_id", right_on="id", how="left", maintain_order="left")
        return self._drop(joined, "unknown_customers", pl.col("customer").is_null())

    def _pack(self, rows: pl.DataFrame) -> None:
        channel = self._numbers(rows, "channel", self.channels, MOST_CHANNELS)
        arm = self._numbers(rows, "arm", self.arms, MOST_ARMS, 1) if "arm" in self.names else np.uint64(0)
        marks = np.zeros(rows.height, dtype=np.uint64)
        for bit, name in enumerate(MARKS):
            if name in self.names:
                marks |= self._mark(rows, name).astype(np.uint64) << np.uint64(bit)
        customer, day = (rows[name].to_numpy().astype(np.uint64) for name in ("customer", "day"))
        key = customer << np.uint64(CUSTOMER_SHIFT) | day << np.uint64(DAY_SHIFT) | channel << np.uint64(CHANNEL_SHIFT)
        self.packed.key.append(key | arm << np.uint64(ARM_SHIFT) | marks)
        self.packed.row.append((rows["hash"].to_numpy() >> np.uint64(32)).astype(np.uint32))

    def _numbers(self, rows: pl.DataFrame, name: str, known: dict[str, int], most: int, start: int = 0) -> Any:
        """Numbers of the texts of a column; new texts get the next ones."""
        text = rows[name].fill_null("")
        if name == "channel":
            text = text.str.to_lowercase().replace(_ALIASES)
        for value in text.unique(maintain_order=True).to_list():
            if value not in known and (value or not start):
                known[value] = len(known) + start
        if len(known) > most:
            raise InputError.of(
                self.source.where, f"more than {most} different values of {name}", ", ".join([*known][:5])
            )
        return text.replace_strict(known, default=0, return_dtype=pl.UInt64).to_numpy()

    def _mark(self, rows: pl.DataFrame, name: str) -> npt.NDArray[np.bool_]:
        text = rows[name].fill_null("").str.to_lowercase()
        yes, no = text.is_in(_YES), text.is_in(_NO)
        rest = ~(yes | no)
        if rest.any():
            when = read_instants(rows[name].set(~rest, None))
            self.findings.add("unknown_marks", *_some(rows, rest & when.day.is_null(), name))
            yes = yes | when.day.is_not_null()
            if name in ("opened", "clicked") and when.timed:
                early = (when.seconds < rows["sent"]).fill_null(False)
                self.findings.add("opened_before_sent", *_some(rows, early))
                if self.findings["opened_before_sent"] == "as_no":
                    yes = yes & ~early
        return yes.to_numpy()


def channel_key(name: str) -> str:
    """What a log calls a channel: lower case, one name for synonyms."""
    return _ALIASES.get(name.lower(), name.lower())


def choose(source: Source, columns: Mapping[str, str]) -> dict[str, str]:
    """Our names -> theirs, of the columns that are there; InputError if one that must be is missing."""
    known = (*REQUIRED, *OPTIONAL)
    problems = [
        Problem("columns", "unknown column to map", name, ", ".join(known)) for name in columns if name not in known
    ]
    chosen = {ours: columns.get(ours, ours) for ours in known}
    there = ", ".join(source.headings)
    for ours, theirs in chosen.items():
        if theirs not in source.headings and (ours in REQUIRED or ours in columns):
            hint = f"columns that exist: {there}; name it with {ours}=NAME"
            problems.append(Problem(source.where, f"the column {theirs!r} is missing", None, hint))
    if problems:
        raise InputError(problems)
    return {ours: theirs for ours, theirs in chosen.items() if theirs in source.headings}


def _some(rows: pl.DataFrame, wrong: pl.Series, quoted: str = "") -> tuple[int, str]:
    """How many, and the first: its row, and what stands there."""
    count = int(wrong.fill_null(False).sum())
    if count == 0:
        return 0, ""
    at = int(wrong.fill_null(False).arg_max() or 0)
    given = f": {rows[quoted][at]!r}" if quoted else ""
    return count, f"row {rows['row'][at]:,}{given}"
