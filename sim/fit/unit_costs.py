"""What a contact costs, from bills: one row a bill, with its channel, how many contacts it is for, and its amount.

A plan decides how many contacts there are, so what counts is what one more costs. Where bills of different size show
that a part of them does not depend on it (least squares, amount = fee + cost x contacts, the 95 % interval of the fee
above 0), the unit cost is that slope; else it is all that was paid over all contacts. Student's t for the intervals; a
single bill has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from sim.errors import InputError
from sim.fit._order_rows import Decimal, Mistakes, check_values
from sim.fit._table import Table, read_table

Floats = npt.NDArray[np.float64]
COLUMNS = ("channel", "contacts", "cost")
FEWEST_FOR_A_FEE = 4


@dataclass(frozen=True)
class UnitCost:
    """Of one channel, in the currency of the bills."""

    channel: str
    bills: int
    contacts: float
    value: float
    low: float | None
    """95 % interval; None from a single bill."""
    high: float | None
    fee: float
    """Part of a bill that does not depend on the contacts; 0 = none that shows."""


def read_unit_costs(
    source: object, *, columns: Mapping[str, str] | None = None, encoding: str = "auto", decimal: Decimal = "."
) -> list[UnitCost]:
    """``columns``: our name -> the name in the file.

    Raises
    ------
    InputError
        A column is missing, or a row has no channel, no contacts or no amount.
    """
    table = read_table(source, encoding=encoding)
    names = {ours: (columns or {}).get(ours, ours) for ours in COLUMNS}
    missing = [theirs for theirs in names.values() if theirs not in table.frame.columns]
    if missing:
        raise InputError.of(
            table.where, f"columns {', '.join(missing)} are missing", ", ".join(table.headings), ", ".join(COLUMNS)
        )
    rows = table.frame.select(pl.col(theirs).alias(ours) for ours, theirs in names.items())
    contacts, cost = (_numbers(table, rows[name], name, decimal) for name in ("contacts", "cost"))
    channel = rows["channel"].cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    mistakes = Mistakes(table)
    mistakes.add(channel == "", "a bill without a channel", None, "email, sms, ...")
    mistakes.add(contacts <= 0, "a bill for no contacts", contacts, "more than 0; leave out bills of pure fees")
    mistakes.add(
        cost < 0, "a bill of less than nothing", cost, "0 or more; credit notes go off the bill they belong to"
    )
    mistakes.raise_all()
    each = pl.DataFrame({"channel": channel, "contacts": contacts, "cost": cost})
    return [
        unit_cost(str(name), mine["contacts"].to_numpy(), mine["cost"].to_numpy())
        for (name,), mine in each.group_by("channel", maintain_order=True)
    ]


def unit_cost(channel: str, contacts: Floats, cost: Floats) -> UnitCost:
    """From the bills of one channel, (n,) each."""
    n, total = contacts.size, float(contacts.sum())
    with_fee = _line(contacts, cost) if n >= FEWEST_FOR_A_FEE and np.ptp(contacts) > 0 else None
    if with_fee is not None:
        fee, slope, se = with_fee
        t = float(stdtrit(n - 2, 0.975))
        if fee[0] - t * fee[1] > 0 and slope > 0:
            return UnitCost(channel, n, total, slope, max(slope - t * se, 0.0), slope + t * se, fee[0])
    mean = float(cost.sum()) / total
    if n == 1:
        return UnitCost(channel, n, total, mean, None, None, 0.0)
    se = float(np.sqrt(n / (n - 1) * np.sum((cost - mean * contacts) ** 2))) / total
    t = float(stdtrit(n - 1, 0.975))
    return UnitCost(channel, n, total, mean, max(mean - t * se, 0.0), mean + t * se, 0.0)


def _line(contacts: Floats, cost: Floats) -> tuple[tuple[float, float], float, float]:
    """Intercept with its standard error, slope, standard error of the slope."""
    centred = contacts - contacts.mean()
    square = float(centred @ centred)
    slope = float(centred @ cost) / square
    fee = float(cost.mean()) - slope * float(contacts.mean())
    variance = float(np.sum((cost - fee - slope * contacts) ** 2)) / (contacts.size - 2)
    of_fee = variance * (1 / contacts.size + float(contacts.mean()) ** 2 / square)
    return (fee, float(np.sqrt(of_fee))), slope, float(np.sqrt(variance / square))


def _numbers(table: Table, column: pl.Series, name: str, decimal: Decimal) -> pl.Series:
    mistakes = Mistakes(table)
    values = check_values(mistakes, column, decimal)
    for place, problem in enumerate(mistakes.problems):
        said = problem.what.replace("order_value", name)
        allowed = (problem.allowed or "").partition(";")[0] or None
        mistakes.problems[place] = type(problem)(problem.where, said, problem.given, allowed)
    mistakes.raise_all()
    return values
