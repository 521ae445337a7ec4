"""From a file of orders to a customer model: CDNOW, 23,570 customers."""

from __future__ import annotations

import datetime as dt
import tempfile
import time

import polars as pl

from benchmarks.case import Case, Reading, alternate, command
from scenarios import fit
from scenarios.files import LIBRARY
from sim.fit.organic import fit_organic
from sim.orders import read_orders

ORDERS = LIBRARY / "data" / "cdnow_orders.csv.gz"
PUBLISHED = -9582.4
"""Log-likelihood of the BG/NBD on the 1/10 sample, weeks 1 to 39 (Fader, Hardie & Lee 2005)."""


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
    ]


CASE = Case("fit", "Fit", run)
