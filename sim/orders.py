"""Orders of the past: one row per customer and day, and the summary that the organic models are fitted to.

`read_orders` takes an export as it is, names every row that is wrong, and drops nothing without saying so.
Values are in one currency, whichever it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.errors import InputError

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class OrderLog:
    """Orders sorted by customer, then day; at most one per customer and day; arrays are read-only.

    Raises
    ------
    InputError
        The arrays are not of that form, or there is no order.
    """

    customer_ids: Texts
    """(N,) unique ids as text, in natural order (2 before 10 where all are numbers)."""
    customer: Int32s
    """(M,) index into `customer_ids`."""
    day: Int32s
    """(M,) days since 1970-01-01."""
    value: Floats
    """(M,) order value, >= 0; what a customer ordered on one day is one order."""
    notes: tuple[str, ...] = ()
    """What was merged, kept, netted or dropped on reading, with counts."""

    def __post_init__(self) -> None:
        if self.day.size == 0:
            raise InputError.of("orders", "there is no order")
        if not (self.customer.shape == self.day.shape == self.value.shape and self._is_sorted_and_complete()):
            what = "orders must be sorted by customer and day, one per day, values >= 0, all customers present"
            raise InputError.of("orders", what)
        for name in ("customer_ids", "customer", "day", "value"):
            frozen = getattr(self, name).view()
            frozen.flags.writeable = False
            object.__setattr__(self, name, frozen)

    def _is_sorted_and_complete(self) -> bool:
        step_customer, step_day = np.diff(self.customer), np.diff(self.day)
        in_order = (step_customer == 1) | ((step_customer == 0) & (step_day > 0))
        ends = (int(self.customer[0]), int(self.customer[-1]))
        return bool(in_order.all() and ends == (0, self.n_customers - 1) and (self.value >= 0).all())

    def __repr__(self) -> str:
        days = f"{_as_date(self.first_day)} to {_as_date(self.last_day)}"
        return f"OrderLog({self.n_orders:,} orders of {self.n_customers:,} customers, {days})"

    @property
    def n_customers(self) -> int:
        return int(self.customer_ids.size)

    @property
    def n_orders(self) -> int:
        """Orders after merging those of one customer on one day."""
        return int(self.day.size)

    @property
    def first_day(self) -> int:
        """Day of the first order, days since 1970-01-01."""
        return int(self.day.min())

    @property
    def last_day(self) -> int:
        """Day of the last order, days since 1970-01-01."""
        return int(self.day.max())

    def until(self, day: int) -> OrderLog:
        """Orders up to and including `day`, and the customers who have any; InputError if none."""
        return self._where(self.day <= day)

    def between(self, first: int, last: int) -> OrderLog:
        """Orders from `first` to `last`, both included, of the customers who have any; InputError if none."""
        return self._where((self.day >= first) & (self.day <= last))

    def of(self, customers: npt.NDArray[np.int64]) -> OrderLog:
        """Orders of some customers, by their place in `customer_ids`, in their order here; InputError if none."""
        wanted = np.zeros(self.n_customers, dtype=bool)
        wanted[customers] = True
        return self._where(wanted[self.customer])

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """customer_id, order_date, order_value: (M,) each; any data frame library takes them."""
        return {
            "customer_id": self.customer_ids[self.customer],
            "order_date": self.day.astype("datetime64[D]"),
            "order_value": self.value,
        }

    def summary(self, until_day: int) -> RepeatSummary:
        """What each customer did up to and including `until_day`; customers who came later are left out."""
        if until_day < self.first_day:
            what = "no order on or before this date"
            raise InputError.of("orders", what, _as_date(until_day), f"from {_as_date(self.first_day)}")
        return _summarize(self, until_day)

    def _where(self, keep: npt.NDArray[np.bool_]) -> OrderLog:
        if keep.all():
            return self
        present, customer = np.unique(self.customer[keep], return_inverse=True)
        return replace(
            self,
            customer_ids=self.customer_ids[present],
            customer=customer.astype(np.int32),
            day=self.day[keep],
            value=self.value[keep],
        )


@dataclass(frozen=True, eq=False)
class RepeatSummary:
    """Sufficient statistics of each customer whose first order is on or before `until_day`; arrays are (n,).

    The first order founds the customer and is not counted: the models speak of repeat orders (Fader, Hardie
    and Lee 2005). Time runs from the day of the first order.
    """

    customer_ids: Texts
    customer: Int32s
    """Index into the `customer_ids` of the log that this was made from."""
    frequency: Int32s
    """x: repeat order days."""
    recency_days: Int32s
    """t_x: days from the first to the last order; 0 where x is 0."""
    age_days: Int32s
    """T: days from the first order to `until_day`."""
    first_day: Int32s
    """Days since 1970-01-01."""
    mean_value: Floats
    """zbar: mean value of the repeat order days that have a positive value; 0 where there is none."""
    n_positive: Int32s
    """Repeat order days with a positive value."""
    until_day: int
    """Last observed day, days since 1970-01-01."""

    def __len__(self) -> int:
        return int(self.customer.size)

    @property
    def recency_weeks(self) -> Floats:
        return self.recency_days / 7.0

    @property
    def age_weeks(self) -> Floats:
        return self.age_days / 7.0


def _summarize(log: OrderLog, until_day: int) -> RepeatSummary:
    seen = log.day <= until_day
    day, value = log.day[seen], log.value[seen]
    customer, first = np.unique(log.customer[seen], return_index=True)
    orders = np.diff(np.append(first, day.size))
    last = first + orders - 1
    paid_repeat = (value > 0).astype(np.int64)
    paid_repeat[first] = 0
    n_positive = np.add.reduceat(paid_repeat, first)
    spent = np.add.reduceat(value * paid_repeat, first)
    return RepeatSummary(
        customer_ids=log.customer_ids[customer],
        customer=customer.astype(np.int32),
        frequency=(orders - 1).astype(np.int32),
        recency_days=(day[last] - day[first]).astype(np.int32),
        age_days=(until_day - day[first]).astype(np.int32),
        first_day=day[first],
        mean_value=spent / np.maximum(n_positive, 1),
        n_positive=n_positive.astype(np.int32),
        until_day=int(until_day),
    )


def read_orders(
    source: object,
    *,
    columns: Mapping[str, str] | None = None,
    duplicates: Literal["keep", "drop", "refuse"] = "keep",
    refunds: Literal["refuse", "net", "drop"] = "refuse",
    before_registration: Literal["keep", "drop", "refuse"] = "keep",
    where: str | None = None,
    latest: date | None = None,
    decimal: Literal[".", ","] = ".",
    encoding: str = "auto",
    preset: str | None = None,
) -> OrderLog:
    """Read customer_id, order_date, order_value from a CSV, CSV.GZ or Parquet file or a data frame.

    Orders of one customer on one day become one order. Orders of value 0 are orders.

    Parameters
    ----------
    source : path (.csv, .csv.gz, .parquet), or a pandas, polars or pyarrow data frame.
    columns : our column name -> the name in the source, where they differ.
    duplicates : rows that equal an earlier row in every column: "keep" as orders, "drop", or "refuse".
    refunds : rows with a negative value: "refuse"; "net" against the customer's order of that day, else the
        most recent earlier orders (what finds no order is refused); or "drop".
    before_registration : orders dated before ``registered_at`` of the row, where there is such a column.
    where : how errors name the source; default the file's name.
    latest : last date that is not "in the future"; default today.
    decimal : "," for values like 1.234,50.
    encoding : of a text file; "auto" is UTF-8, or UTF-16 with its mark.
    preset : the export is one of `sim.fit.export_presets.ORDER_PRESETS`.

    Raises
    ------
    InputError
        With one problem for each mistake, file and line named; five of a kind are shown, all are counted.
    """
    import polars as pl

    from sim.fit import _order_rows as rows
    from sim.fit._order_build import build
    from sim.fit._registration import check_registration
    from sim.fit._table import read_table

    _check_choice("duplicates", duplicates, ("keep", "drop", "refuse"))
    _check_choice("refunds", refunds, ("refuse", "net", "drop"))
    _check_choice("before_registration", before_registration, ("keep", "drop", "refuse"))
    _check_choice("decimal", decimal, (".", ","))
    table, skipped = rows.skip_empty(read_table(source, where, encoding))
    if preset is not None:
        from sim.fit.export_presets import orders_of

        table = orders_of(table, preset)
    rows.one_currency(table.frame, table.where)
    chosen = rows.choose_columns(table, columns)
    if table.frame.height == 0:
        raise rows.no_order(table.where)
    mistakes = rows.Mistakes(table)
    kept, copies = rows.check_duplicates(mistakes, duplicates)
    checked = rows.checked(mistakes, chosen, refunds, latest or date.today(), decimal)
    registered = table.frame[chosen["registered_at"]] if "registered_at" in chosen else None
    in_time, early = check_registration(mistakes, registered, checked["day"].cast(pl.Date), before_registration)
    mistakes.raise_all()
    merged = build(checked.with_row_index("row").filter(kept & in_time), refunds, mistakes)
    notes = (*table.notes, *skipped, *copies, *early, *merged.notes)
    return OrderLog(merged.customer_ids, merged.customer, merged.day, merged.value, notes)


def _check_choice(name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise InputError.of(name, "unknown choice", repr(given), ", ".join(allowed))


def _as_date(day: int) -> str:
    return str(np.datetime64(day, "D"))
