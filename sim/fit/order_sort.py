"""An export of orders in any order, and of any size, sorted into files of some customers each.

It is read twice, a piece at a time: to check it and see whose orders these are (the ids of a sample of customers say
where to cut), and to write the pieces sorted. From these the orders of every customer are brought together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from sim.errors import InputError
from sim.fit import _order_rows as rows
from sim.fit._order_build import IdOrder, build, id_keys, id_order
from sim.fit._table import Table, parquet_height, parquet_piece, row_name
from sim.fit.order_store import OrderStore, keys_path, orders_path
from sim.orders import OrderLog
from sim.rng import id_hashes, uniforms

ROWS = 1_000_000
"""Rows of the export that are in memory at a time."""
CUSTOMERS = 65_536
"""Customers of a file, about; fewer where they have so many orders that there would be more than ``ROWS`` of them."""
LOOKED_AT = 16_384
"""Customers whose ids say where to cut."""

Say = Callable[[float], None]
"""say(share done)."""


@dataclass(frozen=True)
class Export:
    """A Parquet file of orders, and how to read it: options of `read_orders`."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    duplicates: rows.Duplicates = "keep"
    refunds: rows.Refunds = "refuse"

    @property
    def name(self) -> str:
        """How errors call it."""
        return self.path.name

    @property
    def height(self) -> int:
        """Its rows."""
        return parquet_height(self.path, self.name)

    def pieces(self, say: Say) -> Iterator[pl.DataFrame]:
        """Checked rows: columns row (its place in the file), id, day, value and twin, a hash of all the row has."""
        height = self.height
        for start in range(0, height, ROWS):
            yield self._checked(parquet_piece(self.path, self.name, start, ROWS), start)
            say(min(1.0, (start + ROWS) / height))

    def _checked(self, piece: Table, start: int) -> pl.DataFrame:
        place = start + rows.filled_rows(piece.frame).cast(pl.Int64)
        table, _ = rows.skip_empty(piece)
        rows.one_currency(table.frame, table.where)
        chosen, mistakes = rows.choose_columns(table, self.columns), rows.Mistakes(table)
        found = rows.checked(mistakes, chosen, self.refunds, dt.date.today())
        mistakes.raise_all()
        twin = table.frame.select(rows.comparable_columns(table.frame)).hash_rows()
        found = found.with_columns(row=place, twin=twin)
        return found.filter(pl.col("value") >= 0) if self.refunds == "drop" else found


@dataclass(frozen=True)
class Survey:
    """What is known of an export once all of it was seen."""

    last_day: int
    order: IdOrder
    borders: pl.Series
    """What ids are sorted by, where one file ends and the next begins."""

    @property
    def files(self) -> int:
        """How many files there will be."""
        return len(self.borders) + 1


def sort_orders(export: Export, folder: Path, *, until: int | None = None, say: Say = lambda share: None) -> OrderStore:
    """Orders up to and including the day ``until`` (days since 1970-01-01; None = all), as files in an empty folder.

    Raises
    ------
    InputError
        As `read_orders` does; of mistakes in many pieces of the file, those of the first one are told.
    """
    seen = _survey(export, lambda share: say(0.3 * share))
    runs = _sorted_pieces(export, seen, folder, lambda share: say(0.3 + 0.4 * share))
    first = [0]
    with keys_path(folder).open("wb") as keys:
        for file in range(seen.files):
            log = _together(export, seen, runs, file, until)
            if log is not None:
                _write(log, orders_path(folder, file))
                id_hashes(log.customer_ids).tofile(keys)
            first.append(first[-1] + (0 if log is None else log.n_customers))
            say(0.7 + 0.3 * (file + 1) / seen.files)
    for run in runs:
        run.unlink()
    if first[-1] == 0:
        raise InputError.of("orders", "there is no order")
    return OrderStore(folder, tuple(first), seen.last_day)


def _survey(export: Export, say: Say) -> Survey:
    """Check every row; find the last day, the order of ids, and borders between files of about the same size."""
    height, last_day, order = 0, -(2**31), IdOrder.NUMBER
    sample = pl.DataFrame(schema={"id": pl.String, "lot": pl.Float64})
    for found in export.pieces(say):
        ids = found["id"].unique()
        height += found.height
        last_day = max([last_day, *found.filter(pl.col("value") >= 0)["day"].top_k(1)])
        order = max(order, id_order(ids))
        lots = uniforms(0, "cut", ids.hash(0).to_numpy())
        sample = pl.concat([sample, pl.DataFrame({"id": ids, "lot": lots})]).unique("id").bottom_k(LOOKED_AT, by="lot")
    if height == 0:
        raise rows.no_order(export.name)
    keys = id_keys(sample["id"], order).sort()
    files = max(-(-_estimated(sample["lot"]) // CUSTOMERS), -(-height // ROWS))
    return Survey(last_day, order, keys.gather(np.unique(np.arange(1, files) * len(keys) // files)))


def _estimated(lots: pl.Series) -> int:
    """How many customers there are, of whom these have the smallest lots (even in 0 to 1)."""
    return len(lots) if len(lots) < LOOKED_AT else round(LOOKED_AT / lots.to_numpy().max())


def _sorted_pieces(export: Export, seen: Survey, folder: Path, say: Say) -> list[Path]:
    """The rows of every piece by the file they will be in; few row groups have to be read for one file."""
    runs = []
    for number, found in enumerate(export.pieces(say)):
        file = seen.borders.search_sorted(id_keys(found["id"], seen.order), side="right")
        runs.append(folder / f"piece-{number:05}.parquet")
        by_file = found.with_columns(file=file.cast(pl.UInt32)).sort("file")
        by_file.write_parquet(runs[-1], row_group_size=max(1_024, found.height // seen.files))
    return runs


def _together(export: Export, seen: Survey, runs: list[Path], file: int, until: int | None) -> OrderLog | None:
    """The orders of a file's customers; None = there are none until then."""
    frame = pl.scan_parquet(runs).filter(pl.col("file") == file).collect().sort("row")
    if frame.height == 0:
        return None
    place = frame["row"]
    table = Table(frame.select("id", "twin"), export.name, lambda at: [row_name(place[i]) for i in at], ())
    mistakes = rows.Mistakes(table)
    kept, _ = rows.check_duplicates(mistakes, export.duplicates)
    mistakes.raise_all()
    given = frame.select("id", "day", "value").with_row_index("row").filter(kept)
    merged = build(given, export.refunds, mistakes, seen.order)
    log = OrderLog(merged.customer_ids, merged.customer, merged.day, merged.value)
    if until is None or log.last_day <= until:
        return log
    return log.until(until) if log.first_day <= until else None


def _write(log: OrderLog, path: Path) -> None:
    names = pl.Series(log.customer_ids.tolist(), dtype=pl.String).gather(log.customer)
    pl.DataFrame({"customer_id": names, "day": log.day, "value": log.value}).write_parquet(path)
