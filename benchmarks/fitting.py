"""From a file of orders to a customer model: CDNOW, 23,570 customers; and a million invented ones."""

from __future__ import annotations

import datetime as dt
import tempfile
import time

import numpy as np
import polars as pl

from benchmarks.case import Case, Reading, alternate, command
from scenarios import fit
from scenarios.files import LIBRARY
from sim.fit.organic import fit_organic
from sim.orders import read_orders
from sim.population import OrganicModel, synthetic

ORDERS = LIBRARY / "data" / "cdnow_orders.csv.gz"
PUBLISHED = -9582.4
"""Log-likelihood of the BG/NBD on the 1/10 sample, weeks 1 to 39 (Fader, Hardie & Lee 2005)."""

MODEL = OrganicModel("mbg-nbd", 0.6, 7.0, 0.85, 1.33, 6.25, 3.74, 15.4)
"""About that of CDNOW."""
DAYS = 546
BAR_SECONDS = 60


def run(quick: bool) -> list[Reading]:
    """Reading and fitting apart, then the command with its backtest and page."""
    runs = 1 if quick else 3
    log = read_orders(ORDERS)
    until = log.last_day
    seconds = alternate(
        {"read": lambda: read_orders(ORDERS), "fit": lambda: fit_organic(log, until_day=until)}, runs, time.perf_counter
    )
    whole = []
    for _ in range(1 if quick else 2):
        with tempfile.TemporaryDirectory() as folder:
            whole.append(command("fit", str(ORDERS), "-o", f"{folder}/run").seconds)
    sample = pl.read_csv(ORDERS).filter(pl.col("in_sample") == 1)
    paper = fit(sample, until=dt.date(1997, 9, 30), model="bg-nbd").result["organic"]["log_likelihood"]
    return [
        Reading("read and check 69,659 orders", "s", tuple(seconds["read"])),
        Reading("fit BG/NBD, MBG/NBD, spend and the backtest, 23,570 customers", "s", tuple(seconds["fit"]), bar=2),
        Reading("contactpolicy fit, from start to end", "s", tuple(whole)),
        Reading("BG/NBD on the published sample: log-likelihood", "", (paper,), note=f"published: {PUBLISHED}"),
        *([] if quick else [_million()]),
    ]


def _million(customers: int = 1_000_000) -> Reading:
    """Read and fit, with intervals and the backtest: a year and a half of orders of invented customers."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/orders.parquet"
        orders = _invented(customers)
        orders.write_parquet(file)
        began, busy = time.perf_counter(), time.process_time()
        fit_organic(read_orders(file), level=0.95)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
    label = f"read {orders.height:,} orders and fit {customers:,} customers, with intervals"
    return Reading(label, "s", (seconds,), bar=BAR_SECONDS, note=f"{busy:.0f} s of processor time")


def _invented(customers: int) -> pl.DataFrame:
    made = synthetic(MODEL, customers, seed=1, tenure_days=DAYS)
    first = np.concatenate([[0], made.order_to[:-1]])
    day = np.datetime64("2025-01-01") + made.order_day.astype("timedelta64[D]")
    who = np.repeat(np.arange(customers), made.order_to - first)
    return pl.DataFrame({"customer_id": who, "order_date": day, "order_value": made.order_value / 1e6})


CASE = Case("fit", "Fit", run)
