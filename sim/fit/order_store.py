"""Orders of more customers than memory holds: on disk, some customers to a file, in the order of `read_orders`.

`sim.fit.order_sort` makes the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from sim.orders import OrderLog
from sim.rng import uniforms

_LOTS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class OrderStore:
    """A base on disk; customers are numbered in natural order of their ids. The folder is whoever's made it."""

    folder: Path
    first: tuple[int, ...]
    """(files + 1,) the first customer of each file, and last how many customers there are; a file may have none."""
    last_day: int
    """Day of the last order of the export, days since 1970-01-01."""

    @property
    def customers(self) -> int:
        """How many have an order."""
        return self.first[-1]

    def orders(self, file: int) -> OrderLog:
        """Orders of the customers of a file."""
        frame = pl.read_parquet(orders_path(self.folder, file))
        return OrderLog(
            customer_ids=frame["customer_id"].unique(maintain_order=True).to_numpy().astype(np.str_),
            customer=frame["customer_id"].rle_id().cast(pl.Int32).to_numpy(),
            day=frame["day"].to_numpy(),
            value=frame["value"].to_numpy(),
        )

    def ids(self, customers: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
        """Names of these customers (ascending)."""
        parts = []
        for file, start, stop in self.by_file(customers):
            names = pl.read_parquet(orders_path(self.folder, file), columns=["customer_id"])["customer_id"]
            parts.append(names.unique(maintain_order=True).to_numpy()[customers[start:stop] - self.first[file]])
        return np.concatenate(parts).astype(np.str_)

    def orders_of(self, customers: npt.NDArray[np.int64]) -> OrderLog:
        """Orders of these customers (ascending), few enough for memory."""
        found = [self.orders(file).of(customers[a:b] - self.first[file]) for file, a, b in self.by_file(customers)]
        before = np.cumsum([0, *(log.n_customers for log in found)])
        return OrderLog(
            customer_ids=np.concatenate([log.customer_ids for log in found]),
            customer=np.concatenate([log.customer + n for log, n in zip(found, before, strict=False)]).astype(np.int32),
            day=np.concatenate([log.day for log in found]),
            value=np.concatenate([log.value for log in found]),
        )

    def by_file(self, customers: npt.NDArray[np.int64]) -> list[tuple[int, int, int]]:
        """(file, start, stop) of the files that have some of these customers (ascending): ``customers[start:stop]``."""
        borders = np.searchsorted(customers, self.first).tolist()
        return [(file, a, b) for file, (a, b) in enumerate(pairwise(borders)) if a < b]

    def sample(self, customers: int, seed: int) -> npt.NDArray[np.int64]:
        """So many customers, ascending: those that `RealCustomers.simulated` takes of the same base in memory."""
        if customers >= self.customers:
            return np.arange(self.customers)
        keys = np.memmap(keys_path(self.folder), dtype=np.uint64, mode="r")
        lots, chosen = np.zeros(0), np.zeros(0, dtype=np.int64)
        for start in range(0, self.customers, _LOTS_AT_ONCE):
            some = np.array(keys[start : start + _LOTS_AT_ONCE])
            lots = np.concatenate([lots, uniforms(seed, "latent:sample", some)])
            chosen = np.concatenate([chosen, np.arange(start, start + len(some))])
            smallest = np.argsort(lots, kind="stable")[:customers]
            lots, chosen = lots[smallest], chosen[smallest]
        return np.sort(chosen)


def orders_path(folder: Path, file: int) -> Path:
    """Where a file's orders are: customer_id, day, value."""
    return folder / f"orders-{file:05}.parquet"


def keys_path(folder: Path) -> Path:
    """Where the hashes of all ids are, 64 bits each, by number of the customer."""
    return folder / "ids.u64"
