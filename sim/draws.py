"""Addressed draws of a population's latents: gamma and beta variates by place, compiled.

Quantile functions of gamma and beta cost microseconds; a base of millions has several per customer. These
latents are drawn once and no plan can change which of them are drawn, so rejection is harmless here: attempt
number n of a customer is simply one more coordinate of the address (Marsaglia & Tsang 2000, ACM TOMS 26(3)).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.jit import inlined, kernel
from sim.rng import full, mix

U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]

_ATTEMPTS = 64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@inlined
def _uniform(key, place, attempt):  # type: ignore[no-untyped-def]
    """Uniform in (0, 1)."""
    return full(mix(key ^ mix(place + _GOLDEN * np.uint64(attempt + 1)))) + 2.0**-54


@inlined
def _gamma(key, place, shape):  # type: ignore[no-untyped-def]
    """One Gamma(shape, 1) variate."""
    boosted = shape + 1.0 if shape < 1.0 else shape
    d = boosted - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    value = d
    for attempt in range(_ATTEMPTS):
        u1 = _uniform(key, place, 3 * attempt)
        u2 = _uniform(key, place, 3 * attempt + 1)
        z = math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)
        v = 1.0 + c * z
        if v <= 0.0:
            continue
        v = v * v * v
        u = _uniform(key, place, 3 * attempt + 2)
        if math.log(u) < 0.5 * z * z + d - d * v + d * math.log(v):
            value = d * v
            break
    if shape < 1.0:
        value *= _uniform(key, place, 3 * _ATTEMPTS) ** (1.0 / shape)
    return value


def gammas(keys: U64, place: np.uint64, shapes: F64, rates: F64) -> F64:
    """Gamma(shape, rate) variates (N,); ``shapes`` and ``rates`` (N,), ``place`` one key of a stream."""
    out = np.empty(keys.shape[0])
    _gammas(keys, place, shapes, rates, out)
    return out


def betas(keys: U64, place_a: np.uint64, place_b: np.uint64, a: F64, b: F64) -> F64:
    """Beta(a, b) variates (N,) as ratios of gammas from two streams."""
    out = np.empty(keys.shape[0])
    _betas(keys, place_a, place_b, a, b, out)
    return out


@kernel
def _gammas(keys, place, shapes, rates, out):  # type: ignore[no-untyped-def]
    for i in range(keys.shape[0]):
        out[i] = _gamma(keys[i], place, shapes[i]) / rates[i]


@kernel
def _betas(keys, place_a, place_b, a, b, out):  # type: ignore[no-untyped-def]
    for i in range(keys.shape[0]):
        x = _gamma(keys[i], place_a, a[i])
        y = _gamma(keys[i], place_b, b[i])
        out[i] = x / (x + y) if x + y > 0.0 else a[i] / (a[i] + b[i])
