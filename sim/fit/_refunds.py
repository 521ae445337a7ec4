"""Refunds netted against orders: same customer, same day first, then the latest earlier orders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_CENT = 1e-9
"""Relative size below which what is left of an amount is rounding."""


def net_refunds(
    customer: npt.NDArray[np.int32],
    day: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
    refund_customer: npt.NDArray[np.int32],
    refund_day: npt.NDArray[np.int32],
    refund: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Subtract each refund from the order of that day, else from the most recent earlier orders.

    A refund greater than that order goes on to the order before it. An order that is refunded whole stays an
    order of value 0: it was placed.

    Parameters
    ----------
    customer, day, value : (M,) orders, sorted by customer then day, one per customer and day, value >= 0.
    refund_customer, refund_day, refund : (R,) refunds in any order, refund > 0 the amount to give back.

    Returns
    -------
    (M,) values that are left, never negative, and (R,) amounts that found no order (0 where all was netted).
    """
    left_value, left_refund = value.copy(), refund.copy()
    key = _key(customer, day)
    position = np.searchsorted(key, _key(refund_customer, refund_day), side="right") - 1
    for index in np.lexsort((refund, refund_day, refund_customer)):
        rounding = _CENT * refund[index]
        at = int(position[index])
        while left_refund[index] > rounding and at >= 0 and customer[at] == refund_customer[index]:
            taken = min(left_value[at], left_refund[index])
            left_refund[index] -= taken
            left_value[at] -= taken
            if left_value[at] <= _CENT * value[at]:
                left_value[at] = 0.0
            at -= 1
        if left_refund[index] <= rounding:
            left_refund[index] = 0.0
    return left_value, left_refund


def _key(customer: npt.NDArray[np.int32], day: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """One sortable number per customer and day."""
    return (customer.astype(np.int64) << 32) + day.astype(np.int64) + (1 << 31)
