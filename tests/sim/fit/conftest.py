"""The CDNOW orders that ship with the package, and their published summaries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sim.orders import OrderLog, RepeatSummary, read_orders

CDNOW = Path(__file__).parents[3] / "scenarios" / "library" / "data" / "cdnow_orders.csv.gz"
CALIBRATION_END = int(np.datetime64("1997-09-30", "D").astype(np.int64))


@pytest.fixture(scope="session")
def master() -> OrderLog:
    """All 23,570 customers."""
    return read_orders(CDNOW)


@pytest.fixture(scope="session")
def sample() -> OrderLog:
    """The 2,357 customers of the papers."""
    return read_orders(pl.read_csv(CDNOW).filter(pl.col("in_sample") == 1))


@pytest.fixture(scope="session")
def histories(sample: OrderLog) -> RepeatSummary:
    """The sample until the end of the papers' calibration period."""
    return sample.summary(CALIBRATION_END)
