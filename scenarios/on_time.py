"""How far the share of messages on time swings from day to day, as an interval of the share over all days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.compare import Estimate
from sim.delivery import DAY, HOUR, Batch, Sent


def on_time_interval(sent: Sent, batches: Sequence[Batch], within_hours: float) -> tuple[float, float] | None:
    """95 % interval of ``sent.on_time(within_hours)``: a ratio of two sums over the days on which messages were due.

    Days are taken as independent; None with fewer than two of them.
    """
    due = np.array([batch.due for batch in batches])
    days, place = np.unique(due // DAY, return_inverse=True)
    if len(days) < 2:
        return None
    asked = np.bincount(place, weights=[batch.count for batch in batches])
    quick = sent.at - sent.due <= within_hours * HOUR + 1e-9
    good = np.bincount(np.searchsorted(days, sent.due[quick] // DAY), weights=sent.count[quick], minlength=len(days))
    share = float(good.sum() / asked.sum())
    spread = float(np.square(good - share * asked).sum()) * len(days) / (len(days) - 1)
    found = Estimate(share, float(np.sqrt(spread)) / float(asked.sum()))
    return max(0.0, found.ci_low), min(1.0, found.ci_high)
