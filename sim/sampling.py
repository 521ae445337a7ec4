"""Uniforms for what is not a customer's day: trials of an experiment, calls of a queue. Addressed like all draws."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.rng import customer_keys, uniforms

Floats = npt.NDArray[np.float64]


def numbered(seed: int, stream: str, count: int, trial: int = 0) -> Floats:
    """(count,) uniforms in (0, 1): number k of a stream and trial is always the same, whatever else is drawn."""
    return uniforms(seed, stream, _keys(count), trial)


def chosen(seed: int, stream: str, count: int, among: int, trial: int = 0) -> npt.NDArray[np.int64]:
    """(count,) independent places 0 .. among - 1, with replacement."""
    return np.minimum((numbered(seed, stream, count, trial) * among).astype(np.int64), among - 1)


@lru_cache(maxsize=8)
def _keys(count: int) -> npt.NDArray[np.uint64]:
    return customer_keys(np.arange(count, dtype=np.uint64), 0)
