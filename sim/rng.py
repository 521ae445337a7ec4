"""Randomness as a function of its place: uniform(seed, stream, customer, day).

A draw is the finalizer of SplitMix64 (Steele, Lea & Flood 2014, constants of Stafford's variant 13) applied to

    customer_key XOR place_key(seed, stream, day)

where both keys are themselves full 64-bit hashes. Nothing is sequential: a draw does not depend on what
happened before, on other customers, on threads or blocks, nor on which other draws were taken. One stream per
kind of decision, and per channel where the decision is a channel's; a stream is known by its name, so a new
channel leaves the draws of the others alone. Two independent decisions may take the two 32-bit halves of one
hash. Uniforms are compared with probabilities (inverse-CDF only), so plans share every draw.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from sim.jit import inlined

U64 = np.uint64

_C1 = U64(0xBF58476D1CE4E5B9)
_C2 = U64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32, _S11 = U64(27), U64(30), U64(31), U64(32), U64(11)
_LOW = U64(0xFFFFFFFF)
_GOLDEN = U64(0x9E3779B97F4A7C15)
_TWO_M32 = 2.0**-32
_TWO_M53 = 2.0**-53


@inlined
def mix(z):  # type: ignore[no-untyped-def]
    """SplitMix64 finalizer: a bijection of 64-bit words in which every input bit moves every output bit."""
    z = (z ^ (z >> _S30)) * _C1
    z = (z ^ (z >> _S27)) * _C2
    return z ^ (z >> _S31)


@inlined
def high(h):  # type: ignore[no-untyped-def]
    """Uniform in [0, 1) from the upper 32 bits."""
    return np.int64(h >> _S32) * _TWO_M32


@inlined
def low(h):  # type: ignore[no-untyped-def]
    """Uniform in [0, 1) from the lower 32 bits; independent of ``high``."""
    return np.int64(h & _LOW) * _TWO_M32


@inlined
def full(h):  # type: ignore[no-untyped-def]
    """Uniform in [0, 1) from the upper 53 bits."""
    return np.int64(h >> _S11) * _TWO_M53


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """``mix`` on arrays, outside kernels."""
    z = np.asarray(words, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = (z ^ (z >> _S30)) * _C1
        z = (z ^ (z >> _S27)) * _C2
        return z ^ (z >> _S31)


def name_hash(name: str) -> int:
    """64-bit hash of a text, the same everywhere and for ever."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def id_hashes(ids: npt.NDArray[np.str_]) -> npt.NDArray[np.uint64]:
    """64-bit hash per customer id (N,); depends on the id's text alone."""
    numbers = _plain_numbers(ids)
    if numbers is not None:  # the same hash as below would give, without a Python loop
        return number_hashes(numbers)
    return np.fromiter((_id_hash(str(text)) for text in ids.tolist()), dtype=np.uint64, count=len(ids))


def _plain_numbers(ids: npt.NDArray[np.str_]) -> npt.NDArray[np.int64] | None:
    """The ids as numbers if all are numbers of up to 18 digits, written the usual way."""
    if ids.dtype.itemsize > 4 * 18:  # the array may be wider than any text in it
        if np.char.str_len(ids).max(initial=0) > 18:
            return None
        ids = ids.astype("U18")
    try:
        numbers = ids.astype(np.int64)
    except ValueError:
        return None
    usual = bool((numbers >= 0).all()) and bool(np.all(numbers.astype(ids.dtype) == ids))
    return numbers if usual else None


def number_hashes(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """``id_hashes`` of ids that are whole numbers from 0 to 10^18 - 1, written the usual way."""
    return _mix(numbers.astype(np.uint64) ^ U64(name_hash("decimal id")))


def _id_hash(text: str) -> int:
    if len(text) <= 18 and text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0"):
        return int(number_hashes(np.array([int(text)], dtype=np.int64))[0])
    return name_hash(text)


def customer_keys(id_hash: npt.NDArray[np.uint64], copy: npt.NDArray[np.int64] | int) -> npt.NDArray[np.uint64]:
    """Key per simulated customer (N,): real customer and number of the copy."""
    with np.errstate(over="ignore"):
        return _mix(id_hash + _GOLDEN * (np.asarray(copy).astype(np.uint64) + U64(1)))


def place_keys(seed: int, stream: str, days: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Key per day (D,) of one stream; days may be negative (history)."""
    start = _mix(np.array([name_hash(f"{seed}/{stream}")], dtype=np.uint64))
    with np.errstate(over="ignore"):
        return _mix(start + _GOLDEN * np.asarray(days, dtype=np.int64).astype(np.uint64))


def uniforms(seed: int, stream: str, customer_key: npt.NDArray[np.uint64], day: int = 0) -> npt.NDArray[np.float64]:
    """Uniforms in (0, 1), one per customer (N,), outside kernels; half a step from 0 so quantiles are finite."""
    h = _mix(customer_key ^ place_keys(seed, stream, np.array([day]))[0])
    return np.asarray(((h >> _S11).astype(np.float64) + 0.5) * _TWO_M53)
