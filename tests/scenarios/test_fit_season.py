"""Seasons in a fit from a file: told, shown, and carried into scenarios with their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load_scenario
from scenarios.run_fit import fit_orders
from sim.errors import InputError
from tests.scenarios.seasonal_worlds import ORDERS_A_YEAR, lived, waves

WEEKS = 112


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_a_fit_finds_seasons_and_a_scenario_takes_them(tmp_path):
    """With a log of two e-mails a week, whose orders are taken out; and without one, had there been no e-mails."""
    for per_week in (0.0, 2.0):
        orders, messages = lived(waves(), customers=3_000, weeks=WEEKS, seed=1, per_week=per_week)
        done = fit_orders(orders, messages=messages if per_week else None, model="mbg-nbd")
        found = done.result["seasonality"]
        assert found["used"]
        assert any("the backtest is without the seasons" in text for text in done.result["warnings"])
        assert done.result["backtest"]["seasons"] is False
        assert "Seasonality: week" in done.summary()
        assert done.frame("seasonality")["week"].to_list() == list(range(1, 53))
        inside = [row["low"] < true < row["high"] for row, true in zip(found["weeks"], waves(), strict=True)]
        assert np.mean(inside) > 0.8
        (tmp_path / "fragment.toml").write_text(done.texts["scenario_fragment.toml"])
        (tmp_path / "s.toml").write_text('extends = ["library:cdnow.toml", "fragment.toml"]\n')
        scenario = load_scenario(tmp_path / "s.toml").scenario
        assert scenario.seasonality.by_week.origin == "fitted"
        assert scenario.seasonality.by_week.value == pytest.approx([row["factor"] for row in found["weeks"]], abs=1e-4)
        model = scenario.base.fitted_model
        assert model.r.value / model.alpha.value == pytest.approx(ORDERS_A_YEAR / 365 * 7, rel=0.1)


def test_a_year_and_a_half_is_too_short_and_the_fit_says_so(calibration_fit):
    part = calibration_fit.result["seasonality"]
    assert part["used"] is False
    assert "it takes 104" in part["statement"]
    assert "[seasonality]" not in calibration_fit.texts["scenario_fragment.toml"]


@pytest.fixture(scope="module")
def calibration_fit():  # type: ignore[no-untyped-def]
    import polars as pl

    from scenarios.files import LIBRARY

    rows = pl.read_csv(LIBRARY / "data" / "cdnow_orders.csv.gz").filter(pl.col("in_sample") == 1)
    return fit_orders(rows)


ONES = ", ".join(["1"] * 52)
LAST_IS_MORE = ONES.removesuffix("1") + "0.9"


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (f"{{ value = [{ONES}], low = [0.5] }}", "1 numbers"),
        (f"{{ value = [{ONES}], high = [{LAST_IS_MORE}] }}", "week 52"),
        ("{ value = [1, 1] }", "2 factors"),
        (f"{{ value = [{ONES}], low = [-1] }}", "low"),
    ],
)
def test_intervals_of_factors_are_checked(tmp_path, told, wrong):
    (tmp_path / "s.toml").write_text(
        f'extends = "library:base.toml"\n[base]\nsynthetic = 10\n[seasonality]\nby_week = {told}\n'
    )
    with pytest.raises(InputError) as raised:
        load_scenario(tmp_path / "s.toml")
    assert wrong in str(raised.value)
    assert "s.toml:5" in str(raised.value)


def test_a_plain_list_is_the_users():
    text = "seasonality.by_week=[" + ", ".join(["1.5", *["0.99"] * 51]) + "]"
    assert load_scenario("library:small", [text]).scenario.seasonality.by_week.origin == "user"
