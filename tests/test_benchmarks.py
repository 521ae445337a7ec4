"""What benchmarks conclude from readings; nothing is timed here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.case import Reading
from benchmarks.cost import Point, fitted
from benchmarks.growth import FEW, Measured, _day_more
from benchmarks.guard import compared
from benchmarks.processes import digest


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
    assert len(lines) == 4, "nothing to do"
    lines, slower = compared(last, now, tolerance=0.1)
    assert slower
    assert [line.endswith("slower") for line in lines[1:4]] == [True, False, False]
    assert "--case guard" in "\n".join(lines[4:]), "what to do is said"
    assert compared({}, now)[1], "nothing recorded: nothing is known to be as fast"


def test_results_are_the_same_but_for_times() -> None:
    one = '{"cost": 1.5, "provenance": {"seconds": 3}, "plan": [1, 2]}'
    other = '{"plan": [1, 2], "provenance": {"seconds": 4}, "cost": 1.5}'
    assert digest(one) == digest(other)
    assert digest(one) != digest(other.replace("1.5", "1.5000000000000002"))


def test_a_day_more_has_no_price_of_a_customer() -> None:
    """Two seconds of draws and 3 ns a day: only the latter is left."""
    found = {(FEW, weeks): Measured((2.0 + 3e-9 * FEW * 7 * weeks,) * 2, (300.0, 301.0)) for weeks in (13, 26)}
    assert _day_more(found, 13, 26).values == pytest.approx((3.0, 3.0))
    assert found[FEW, 13].per_day(FEW, 13)[0] > 200
