"""The likelihood of order histories under contacts, on a grid: the compiled recursion of `sim.fit.history`.

Probabilities of days with an order are divided by a day's length in weeks, so that the likelihood is a density per week
like those in continuous time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.jit import allocating_kernel
from sim.units import DAYS_PER_WEEK

Floats = npt.NDArray[np.float64]

_RESCALED = 16
"""Orders after which the likelihoods are scaled by their own size too, lest they vanish."""
_DAY = 1.0 / DAYS_PER_WEEK
"""Weeks."""


class Gaps(NamedTuple):
    """The gaps between the orders of each history, in weeks, and the stimulus in them.

    A history has one gap for each repeat order, which ends it, and a last one from the last order to the end of
    observation. The stimulus is that of a customer with a multiplier of 1; a customer's own is m times as strong.
    """

    first: npt.NDArray[np.int64]
    """(n + 1,) where the gaps of each history begin."""
    weeks: Floats
    """(G,) length."""
    exposure: Floats
    """(G,) stimulated orders expected in the gap, its last day included, of an active customer."""
    rate: Floats
    """(G,) stimulated orders a week on its last day."""
    idle_exposure: Floats
    """(G,) the same for a customer who has dropped out ..."""
    idle_rate: Floats

    def take(self, rows: npt.NDArray[np.intp]) -> Gaps:
        """The gaps of some histories."""
        count = np.diff(self.first)[rows]
        first = np.concatenate([[0], np.cumsum(count)])
        inside = np.arange(first[-1]) - np.repeat(first[:-1], count) + np.repeat(self.first[rows], count)
        return Gaps(first, *(array[inside] for array in self[1:]))


@allocating_kernel
def walk(gaps, rates, dropouts, multiplier, weight, at_first, alive, dropped, log_scale):  # type: ignore[no-untyped-def]
    """Fill ``alive`` and ``dropped`` (n, J, K), each divided by exp(``log_scale``) (n,).

    ``rates`` (J,) per week, ``dropouts`` (K,), ``multiplier`` (J, S) of the stimulus with ``weight`` (S,);
    ``at_first``: whether dropout is possible at the first order.
    """
    n_rates, n_dropouts, levels = rates.size, dropouts.size, weight.size
    a, d = np.empty((n_rates, levels, n_dropouts)), np.empty((n_rates, levels, n_dropouts))
    still, left = np.empty((n_rates, levels)), np.empty((n_rates, levels))
    pushed = np.empty((n_rates, levels))
    staying = 1.0 - dropouts
    ordering, resting = -np.expm1(-rates * _DAY) / _DAY, np.exp(-rates * _DAY)
    for i in range(gaps.first.size - 1):
        for k in range(n_dropouts):
            p = dropouts[k] if at_first else 0.0
            a[:, :, k] = 1.0 - p
            d[:, :, k] = p
        last = gaps.first[i + 1] - 1
        scale = 0.0
        for g in range(gaps.first[i], last):
            top = 1e-300
            for j in range(n_rates):
                for s in range(levels):
                    m = multiplier[j, s]
                    quiet = gaps.exposure[g] - gaps.rate[g] * _DAY
                    still[j, s] = np.exp(-rates[j] * (gaps.weeks[g] - _DAY) - m * quiet)
                    pushed[j, s] = still[j, s] * resting[j] * -np.expm1(-m * gaps.rate[g] * _DAY) / _DAY
                    idle = np.exp(-m * (gaps.idle_exposure[g] - gaps.idle_rate[g] * _DAY))
                    left[j, s] = idle * -np.expm1(-m * gaps.idle_rate[g] * _DAY) / _DAY
                    top = max(top, still[j, s] * ordering[j] + pushed[j, s], left[j, s])
            if (g - gaps.first[i]) % _RESCALED == _RESCALED - 1:
                top *= max(np.max(a), np.max(d))
            scale += np.log(top)
            for j in range(n_rates):
                for s in range(levels):
                    organic, stays = still[j, s] / top * ordering[j], left[j, s] / top
                    stimulated = pushed[j, s] / top
                    for k in range(n_dropouts):
                        before = a[j, s, k]
                        d[j, s, k] = before * (organic * dropouts[k]) + d[j, s, k] * stays
                        a[j, s, k] = before * (organic * staying[k] + stimulated)
        for j in range(n_rates):
            alive[i, j, :] = 0.0
            dropped[i, j, :] = 0.0
            for s in range(levels):
                m = multiplier[j, s]
                active = weight[s] * np.exp(-rates[j] * gaps.weeks[last] - m * gaps.exposure[last])
                idle = weight[s] * np.exp(-m * gaps.idle_exposure[last])
                for k in range(n_dropouts):
                    alive[i, j, k] += a[j, s, k] * active
                    dropped[i, j, k] += d[j, s, k] * idle
        log_scale[i] = scale
