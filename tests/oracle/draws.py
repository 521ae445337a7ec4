"""Randomness: a uniform is a function of its place."""

from __future__ import annotations

import hashlib
from functools import cache

_WORD = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """SplitMix64's finalizer on a Python integer."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


@cache
def place_key(seed: int, stream: str, day: int) -> int:
    """Key of one stream on one day."""
    text = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return mix((mix(int.from_bytes(text, "little")) + _GOLDEN * day) & _WORD)


def word(key: int, seed: int, stream: str, day: int) -> int:
    """The 64 random bits of a customer, stream and day."""
    return mix(key ^ place_key(seed, stream, day))


def high(h: int) -> float:
    return (h >> 32) / 2**32


def low(h: int) -> float:
    return (h & 0xFFFFFFFF) / 2**32


def full(h: int) -> float:
    return (h >> 11) / 2**53


def uniform(key: int, seed: int, stream: str) -> float:
    """Uniform of a latent."""
    return ((word(key, seed, stream, 0) >> 11) + 0.5) / 2**53
