"""From checked order rows to merged arrays: index the customers, merge days, net or drop refunds."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sim.errors import InputError
from sim.fit._order_rows import Mistakes
from sim.fit._refunds import net_refunds


class Merged(NamedTuple):
    """Orders sorted by customer then day, one per customer and day."""

    customer_ids: npt.NDArray[np.str_]
    """(N,) in natural order."""
    customer: npt.NDArray[np.int32]
    """(M,) index into `customer_ids`."""
    day: npt.NDArray[np.int32]
    """(M,) days since 1970-01-01."""
    value: npt.NDArray[np.float64]
    """(M,) sums of the day."""
    notes: tuple[str, ...]


class IdOrder(IntEnum):
    """How the ids of a base are put in natural order; of several parts of a base, the greatest holds for all."""

    NUMBER = 0
    """By number: digits only, written the usual way, below 10^18."""
    DIGITS = 1
    """By number ("7" before "007" before "10"): digits only."""
    TEXT = 2


def build(rows: pl.DataFrame, refunds: str, mistakes: Mistakes, order: IdOrder | None = None) -> Merged:
    """Rows (row, id, day, value; refunds negative) -> merged orders.

    ``order``: of the ids, where the rows are a part of a base; default the one that fits them.

    Raises
    ------
    InputError
        No order is left, or a refund to be netted exceeds the customer's earlier orders.
    """
    orders, back = rows.filter(pl.col("value") >= 0), rows.filter(pl.col("value") < 0)
    if orders.height == 0:
        raise InputError.of(mistakes.table.where, "there are refunds, but no order")
    ids = _natural_order(orders["id"], order)
    # Sorted by value too: the sum of a day must not depend on the order of the rows.
    placed = _coded(orders.drop("row"), ids).sort("customer", "day", "value")
    customer, day = placed["customer"].to_numpy(), placed["day"].to_numpy()
    starts = np.flatnonzero(np.r_[True, (np.diff(customer) != 0) | (np.diff(day) != 0)])
    value = np.add.reduceat(placed["value"].to_numpy(), starts)
    customer, day = customer[starts], day[starts]
    notes = []
    if starts.size < orders.height:
        extra = orders.height - starts.size
        notes.append(f"{extra:,} orders merged with another of the same customer on the same day")
    if back.height and refunds == "drop":
        notes.append(f"{back.height:,} refunds dropped, worth {-back['value'].sum():,.2f}")
    elif back.height:
        value = _net(customer, day, value, _coded(back, ids), mistakes)
        notes.append(f"{back.height:,} refunds netted, worth {-back['value'].sum():,.2f}")
    return Merged(ids.to_numpy().astype(np.str_), customer, day, value + 0.0, tuple(notes))


def id_order(ids: pl.Series) -> IdOrder:
    """The order that fits these ids."""
    if not ids.str.contains(r"^[0-9]+$").all():
        return IdOrder.TEXT
    return IdOrder.DIGITS if ids.str.contains(r"^0|^.{19}").any() else IdOrder.NUMBER


def id_keys(ids: pl.Series, order: IdOrder) -> pl.Series:
    """What to sort ids by."""
    if order == IdOrder.TEXT:
        return ids
    if order == IdOrder.NUMBER:
        return ids.cast(pl.Int64)
    digits = ids.str.strip_chars_start("0")
    lengths = [text.str.len_bytes().cast(pl.String).str.zfill(3) for text in (digits, ids)]  # LONGEST_ID has 3 digits
    return lengths[0] + digits + lengths[1]


def _natural_order(ids: pl.Series, order: IdOrder | None) -> pl.Series:
    """Unique ids; by number where all are digits ("7" before "007" before "10"), else by text."""
    unique = ids.unique()
    return unique.gather(id_keys(unique, id_order(unique) if order is None else order).arg_sort())


def _coded(rows: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Rows with `customer`, the index of their id in `ids`, instead of the id; -1 where it is not there."""
    place = rows["id"].cast(pl.Enum(ids), strict=False).to_physical()
    return rows.drop("id").with_columns(customer=place.cast(pl.Int32).fill_null(-1))


def _net(
    customer: npt.NDArray[np.int32],
    day: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
    back: pl.DataFrame,
    mistakes: Mistakes,
) -> npt.NDArray[np.float64]:
    amounts = -back["value"].to_numpy()
    left_value, left_refund = net_refunds(
        customer, day, value, back["customer"].to_numpy(), back["day"].to_numpy(), amounts
    )
    homeless = back["row"].to_numpy()[left_refund > 0]
    wrong = np.zeros(mistakes.table.frame.height, dtype=np.bool_)
    wrong[homeless] = True
    what = f"refunds exceed what the customer ordered until then, by {left_refund.sum():,.2f} in all"
    mistakes.add_counted(pl.Series(wrong), what, "correct these rows, or refunds='drop'")
    mistakes.raise_all()
    return left_value
