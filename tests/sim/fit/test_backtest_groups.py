"""The backtest by week, frequency class and segment: parts add up to the whole, and misses are told with their size."""

from dataclasses import replace

import numpy as np
import pytest

from sim.fit._backtest import GroupForecast, backtest, hold_out
from sim.fit._diagnose import _groups_miss
from sim.fit.mbg_nbd import MbgNbd
from sim.fit.organic import fit_organic
from tests.sim.fit.conftest import CALIBRATION_END

MODEL = MbgNbd(0.525, 6.183, 0.891, 1.614)


@pytest.fixture(scope="module")
def test(sample):
    holdout = hold_out(sample, CALIBRATION_END, CALIBRATION_END + 273)
    index = np.arange(len(holdout.summary)) % 3
    return backtest(MODEL, holdout, (("a", "b", "empty", "c"), np.array([0, 1, 3])[index]))


def test_groups_and_weeks_add_up_to_the_whole(test):
    for groups in (test.by_frequency, test.by_segment):
        assert sum(g.customers for g in groups) == 2_357
        assert sum(g.customers * g.forecast_mean for g in groups) == pytest.approx(test.forecast)
        assert sum(g.customers * g.actual_mean for g in groups) == pytest.approx(test.actual)
    assert [g.group for g in test.by_segment] == ["a", "b", "c"]
    last = test.weekly[-1]
    assert (last.cumulative_forecast, last.cumulative_actual) == (pytest.approx(test.forecast), test.actual)
    assert last.cumulative_error_pct == pytest.approx(test.error_pct)


def test_chance_covers_groups_that_differ_by_chance_only(test):
    """Three groups formed without regard to behaviour: shifted by the common miss, they lie within their interval."""
    for g in test.by_segment:
        shifted = replace(g, forecast_mean=g.forecast_mean * test.actual / test.forecast)
        assert not shifted.beyond_chance
        assert 0.05 < g.chance_mean / g.actual_mean < 0.35


def test_a_group_that_is_missed_is_told_with_its_size():
    good = GroupForecast("Loyal", 1_000, 1.0, 1.02, 0.05)
    bad = GroupForecast("At Risk", 1_000, 0.5, 1.0, 0.05)
    rare = GroupForecast("Lost", 10, 0.5, 1.0, 0.05)
    by_chance = GroupForecast("New", 1_000, 0.5, 1.0, 0.4)
    assert _groups_miss([good, rare, by_chance], "segments", 3_000) is None
    told = _groups_miss([good, bad, rare], "segments", 3_000)
    assert "missed beyond chance for segments: At Risk -50 % (0.5 against 1). " in told
    assert "Loyal" not in told


def test_segments_are_those_of_the_end_of_the_calibration(sample):
    asked = []

    def segments(orders, day):
        asked.append(day)
        return ("all",), np.zeros(len(orders.summary(day)), dtype=np.int64)

    fit = fit_organic(sample, until_day=CALIBRATION_END, segments=segments)
    assert asked == [CALIBRATION_END]
    assert [(g.group, g.customers) for g in fit.backtest.by_segment] == [("all", 2_357)]
    assert fit_organic(sample, until_day=CALIBRATION_END).backtest.by_segment == ()
