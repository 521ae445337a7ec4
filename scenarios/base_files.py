"""Files beside the orders: what is known of customers, who must not be contacted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.words import nearest
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

    from scenarios.past_messages import ToldMessages
    from sim.fit._table import Table

UNKNOWN = -1
CONSENT = "consent_"
YES, NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n")
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class CustomerFacts:
    """Of each real customer (N,), as far as a file tells."""

    birthday: Ints | None = None
    """Day of the year, 1 to 365 (29 February counts as the 28th); -1 = unknown."""
    household: Ints | None = None
    """Number of the household; -1 = unknown."""
    consent: dict[str, Ints] | None = None
    """Channel -> 1 yes, 0 no, -1 unknown."""
    messages: ToldMessages | None = None
    """What the file of past messages tells."""


def read_customers(path: Path, ids: Texts, channels: Sequence[str]) -> CustomerFacts:
    """``base.customers``: rows of customers without orders are passed over; those without a row are unknown."""
    opened, rows = _rows(path)
    _refuse_unknown_consent(opened, channels)
    place = _places(rows, ids)
    _refuse_twice(opened, rows)
    columns = set(rows.columns)
    told = [name for name in channels if CONSENT + name in columns]
    return CustomerFacts(
        birthday=_spread(_birthdays(opened, rows), place, len(ids)) if "birthday" in columns else None,
        household=_spread(_numbered(rows["household_id"]), place, len(ids)) if "household_id" in columns else None,
        consent={name: _spread(_consent(opened, rows, CONSENT + name), place, len(ids)) for name in told},
    )


def read_suppressed(path: Path, ids: Texts, channels: Sequence[str], all_channels: Sequence[str]) -> Ints:
    """``policy.suppress`` as a bit mask of ``channels`` (N,); a row without a channel means all of them."""
    opened, rows = _rows(path)
    mask = np.zeros(len(ids), dtype=np.int64)
    place = _places(rows, ids)
    named = rows["channel"].to_list() if "channel" in rows.columns else [None] * rows.height
    problems = []
    for row, (where, name) in enumerate(zip(place.tolist(), named, strict=True)):
        text = (name or "").strip()
        if text and text not in all_channels:
            line = opened.row_names([row])[0]
            problems.append(Problem(f"{opened.where}, {line}", "unknown channel", text, ", ".join(all_channels)))
        elif where >= 0 and text in channels:
            mask[where] |= 1 << list(channels).index(text)
        elif where >= 0 and not text:
            mask[where] |= (1 << len(channels)) - 1
    if problems:
        raise InputError(problems[:5])
    return mask


def _rows(path: Path) -> tuple[Table, pl.DataFrame]:
    """All columns as text, without blanks around."""
    import polars as pl

    from sim.fit._table import read_table

    opened = read_table(path)
    frame = opened.frame.select(pl.all().cast(pl.String).str.strip_chars())
    if "customer_id" not in frame.columns:
        raise InputError.of(opened.where, "has no column of this name", "customer_id", ", ".join(frame.columns))
    return opened, frame


def _places(rows: pl.DataFrame, ids: Texts) -> Ints:
    """Row of the base for each row of the file; -1 = not a customer of the base."""
    given = rows["customer_id"].fill_null("").to_numpy().astype(np.str_)
    order = np.argsort(ids)
    at = np.minimum(np.searchsorted(ids[order], given), len(ids) - 1)
    found = order[at]
    return np.where(ids[found] == given, found, UNKNOWN).astype(np.int64)


def _spread(values: Ints, place: Ints, size: int) -> Ints:
    found = np.full(size, UNKNOWN, dtype=np.int64)
    found[place[place >= 0]] = values[place >= 0]
    return found


def _refuse_twice(opened: Table, rows: pl.DataFrame) -> None:
    twice = np.flatnonzero(rows["customer_id"].is_duplicated().to_numpy())
    if len(twice):
        given = rows["customer_id"][int(twice[-1])]
        where = f"{opened.where}, {opened.row_names([int(twice[-1])])[0]}"
        raise InputError.of(where, "a customer stands in two rows", given, "one row per customer")


def _refuse_unknown_consent(opened: Table, channels: Sequence[str]) -> None:
    problems = []
    for name in opened.frame.columns:
        channel = name.removeprefix(CONSENT)
        if name.startswith(CONSENT) and channel not in channels:
            close = nearest(channel, channels)
            hint = f"; did you mean '{CONSENT}{close}'" if close else ""
            allowed = ", ".join(CONSENT + channel for channel in channels)
            problems.append(Problem(opened.where, f"consent for an unknown channel{hint}", name, allowed))
    if problems:
        raise InputError(problems)


def _birthdays(opened: Table, rows: pl.DataFrame) -> Ints:
    """Day of a year of 365 days."""
    found = np.full(rows.height, UNKNOWN, dtype=np.int64)
    for row, text in enumerate(rows["birthday"].to_list()):
        if text:
            try:
                month, day = (int(part) for part in text[:10].split("-")[-2:])
                found[row] = dt.date(2001, month, 28 if (month, day) == (2, 29) else day).timetuple().tm_yday
            except ValueError:
                where = f"{opened.where}, {opened.row_names([row])[0]}"
                raise InputError.of(where, "is not a birthday", text, "a date like 1980-06-30, or 06-30") from None
    return found


def _numbered(column: pl.Series) -> Ints:
    """A number per distinct text; -1 where there is none."""
    known = {text: number for number, text in enumerate(dict.fromkeys(filter(None, column.to_list())))}
    return np.array([known[text] if text else UNKNOWN for text in column.to_list()], dtype=np.int64)


def _consent(opened: Table, rows: pl.DataFrame, name: str) -> Ints:
    found = np.full(rows.height, UNKNOWN, dtype=np.int64)
    for row, text in enumerate(rows[name].to_list()):
        word = (text or "").lower()
        if word in YES or word in NO:
            found[row] = int(word in YES)
        elif word:
            where = f"{opened.where}, {opened.row_names([row])[0]}, {name}"
            raise InputError.of(where, "is neither yes nor no", text, "yes, no, 1, 0, true, false, or empty")
    return found
