"""Which points are efficient: no other brings at least as much for at most as much, and more or less of one."""

from __future__ import annotations

from collections.abc import Sequence


def efficient(gain: Sequence[float], price: Sequence[float]) -> list[bool]:
    """Of points with a gain (more is better) and a price (less is better); equal twins are both efficient."""
    points = list(zip(gain, price, strict=True))
    return [not any(g >= mine and p <= paid and (g, p) != (mine, paid) for g, p in points) for mine, paid in points]
