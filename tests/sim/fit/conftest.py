"""The CDNOW orders that ship with the package, and their published summaries."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sim.orders import OrderLog, RepeatSummary, read_orders

CDNOW = Path(__file__).parents[3] / "scenarios" / "library" / "data" / "cdnow_orders.csv.gz"
CALIBRATION_END = int(np.datetime64("1997-09-30", "D").astype(np.int64))


def data_file(name: str) -> Path | None:
    """A file of the data that are not part of this repository: in ``$CONTACTPOLICY_DATA``, or in a folder
    ``shared/data`` beside the repository or above it. None where it is not."""
    folders = [Path(os.environ["CONTACTPOLICY_DATA"])] if "CONTACTPOLICY_DATA" in os.environ else []
    folders += [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


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
