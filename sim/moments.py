"""Exact sums over customers: of whole numbers and of their squares, so that parts can be added up in any order.

Sums are Python integers, without bounds and without rounding. What is computed from them (means, variances) has the
same bits whether customers came all at once, in blocks, or from several machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class Count(Protocol):
    """Whom the customers of a simulation stand for; a ``Population`` is one."""

    @property
    def size(self) -> int:
        """Simulated customers."""

    @property
    def base_size(self) -> int:
        """Customers all totals stand for."""

    @property
    def copies(self) -> int:
        """Copies of each real customer."""

    @property
    def scale(self) -> float:
        """Real customers per simulated one."""


@dataclass(frozen=True)
class Census:
    """A ``Count`` by itself: of customers who are never all in memory."""

    size: int
    base_size: int
    copies: int

    @property
    def scale(self) -> float:
        return self.base_size / self.size


class Moments(NamedTuple):
    """Of whole-number values of n simulated customers."""

    n: int
    total: int
    squares: int
    """Sum of the values' squares."""
    group_squares: int
    """Sum of the squares of what the copies of one real customer add up to; 0 where there is one copy."""

    def plus(self, other: Moments) -> Moments:
        """Of both groups of customers; no real customer has copies in both."""
        return Moments(*(a + b for a, b in zip(self, other, strict=True)))

    def negated(self) -> Moments:
        """Of the same values with the other sign."""
        return self._replace(total=-self.total)

    def variance_of_sum(self, copies: int) -> float:
        """Variance of the total: copies of a customer are independent draws, and customers themselves are given; with
        one copy, the spread between customers. Infinite for a single customer."""
        if copies > 1:
            return (self.squares - self.group_squares / copies) * copies / (copies - 1)
        if self.n < 2:
            return float("inf")
        return (self.squares - self.total**2 / self.n) * self.n / (self.n - 1)

    def variance(self) -> float:
        """Variance of one value, over n."""
        return (self.squares - self.total**2 / self.n) / self.n


def moments(values: npt.NDArray[np.int64], base_customer: npt.NDArray[np.int64] | None, copies: int) -> Moments:
    """Moments of values (N,); ``base_customer`` (N,) tells whose copies they belong to, None = copies stand side by
    side. Customers come with all their copies."""
    group_squares = 0
    if copies > 1:
        if base_customer is not None and (base_customer[1:] < base_customer[:-1]).any():
            grouped = values[np.argsort(base_customer, kind="stable")]
        else:
            grouped = values
        group_squares = exact_sum_of_squares(grouped.reshape(-1, copies).sum(axis=1))
    return Moments(len(values), int(values.sum()), exact_sum_of_squares(values), group_squares)


def exact_sum_of_squares(values: npt.NDArray[np.int64]) -> int:
    """Sum of squares of 64-bit integers as a Python integer."""
    high, low = values >> 24, values & 0xFFFFFF
    total = 0
    for start in range(0, len(values), 4096):
        h, k = high[start : start + 4096], low[start : start + 4096]
        total += (int(h @ h) << 48) + (int(h @ k) << 25) + int(k @ k)
    return total
