"""From checked order rows to merged arrays: index the customers, merge days, net or drop refunds."""

from __future__ import annotations

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


def build(rows: pl.DataFrame, refunds: str, mistakes: Mistakes) -> Merged:
    """Rows (row, id, day, value; refunds negative) -> merged orders.

    Raises
    ------
    InputError
        No order is left, or a refund to be netted exceeds the customer's earlier orders.
    """
    orders, back = rows.filter(pl.col("value") >= 0), rows.filter(pl.col("value") < 0)
    if orders.height == 0:
        raise InputError.of(mistakes.table.where, "there are refunds, but no order")
    ids = _natural_order(orders["id"])
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


def _natural_order(ids: pl.Series) -> pl.Series:
    """Unique ids; by number where all are digits ("7" before "007" before "10"), else by text."""
    unique = ids.unique()
    if not unique.str.contains(r"^[0-9]+$").all():
        return unique.sort()
    if not unique.str.contains(r"^0|^.{19}").any():
        return unique.cast(pl.Int64).sort().cast(pl.String)
    digits = pl.col("id").str.strip_chars_start("0")
    frame = pl.DataFrame({"id": unique})
    return frame.sort(digits.str.len_bytes(), digits, pl.col("id").str.len_bytes())["id"]


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
