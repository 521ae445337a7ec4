"""What benchmarks conclude from readings; nothing is timed here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.case import Reading
from benchmarks.cost import Point, fitted
from benchmarks.guard import compared


def test_prices_are_found_again() -> None:
    events = [(c, o) for c in (0.0, 0.1, 0.3) for o in (0.001, 0.01, 0.03)]
    points = [Point(c, o, 4.0 + 25.0 * c + 60.0 * o) for c, o in events]
    prices, misses = fitted(points)
    assert prices == pytest.approx([4.0, 25.0, 60.0])
    assert np.abs(misses).max() < 1e-9
    _, misses = fitted([*points[:-1], Point(0.3, 0.03, 20.0)])
    assert np.abs(misses).max() > 0.01


def test_the_guard_tells_what_has_become_slower() -> None:
    last = {"readings": [{"name": "start", "median": 2.0}, {"name": "days", "median": 1.0}]}
    now = [Reading("start", "", (2.4, 2.3, 9.0)), Reading("days", "", (1.1,)), Reading("other", "", (1.0,))]
    lines, slower = compared(last, now, tolerance=0.25)
    assert not slower
    assert "+20.0%" in lines[1]
    assert lines[3].split() == ["other", "new"]
    lines, slower = compared(last, now, tolerance=0.1)
    assert slower
    assert [line.endswith("slower") for line in lines[1:]] == [True, False, False]
    assert compared({}, now)[1], "nothing recorded: nothing is known to be as fast"
