"""`cohorts`: parts of what `simulate` says; cohorts by calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from scenarios import cli, load_scenario, simulate
from scenarios.cohorting import cohorts_of, compare_cohorts, natural_period
from scenarios.report import render_report
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["horizon.weeks=6", "horizon.tail_weeks=0", "base.where={in_sample=1}"]


@pytest.fixture(scope="module")
def shop() -> Any:
    return load_scenario("library:cdnow", SHORT)


@pytest.fixture(scope="module")
def found(shop: Any, kernels: None) -> dict[str, Any]:
    return compare_cohorts(shop, by="month", customers=1_000).result


def test_names_follow_the_calendar() -> None:
    days = np.array([-1, -31, -32, -366, 3])
    number, names = cohorts_of(days, dt.date(1998, 2, 1), "month")
    assert names == ["1997-01", "1997-12", "1998-01", "1998-02"]
    assert number.tolist() == [2, 2, 1, 0, 3]
    assert cohorts_of(days, dt.date(1998, 2, 1), "quarter")[1] == ["1997 Q1", "1997 Q4", "1998 Q1"]
    assert cohorts_of(days, dt.date(1998, 2, 1), "year")[1] == ["1997", "1998"]
    number, names = cohorts_of(np.array([-1, -91, -92, 3]), None, "quarter")
    assert names == ["91 to 181 days before the start", "0 to 90 days before the start", "after the start"]
    assert number.tolist() == [1, 1, 0, 2]


def test_the_cohorts_are_the_whole(found: dict[str, Any], shop: Any) -> None:
    rows, alone = found["cohorts"], simulate(shop, customers=1_000).result
    assert [row["cohort"] for row in rows] == ["1997-01", "1997-02", "1997-03"]
    assert sum(row["customers"] for row in rows) == pytest.approx(2_357)
    assert found["total"] == alone["incremental"]["versus_none"]["total"]["contribution"]
    assert sum(row["gain"]["mean"] for row in rows) == pytest.approx(found["total"]["mean"])
    for key, whole in (
        ("contacts", sum(alone["contacts"].values())),
        ("opt_outs", sum(alone["unsubscribes"].values())),
    ):
        assert sum(row["customers"] * row["plan"][key]["mean"] for row in rows) == pytest.approx(whole)
    orders = sum(row["customers"] * row["other"]["orders"]["mean"] for row in rows)
    assert orders == pytest.approx(alone["baseline"]["orders"])
    assert all(row["other"]["contacts"]["mean"] == row["other"]["opt_outs"]["mean"] == 0 for row in rows)


def test_who_orders_in_a_month_orders_at_all(found: dict[str, Any]) -> None:
    for row in found["cohorts"]:
        months = [month for month in found["still_ordering"] if month["cohort"] == row["cohort"]]
        assert [(month["from_week"], month["to_week"]) for month in months] == [(1, 4), (5, 6)]
        for world in ("plan", "other"):
            shares = [month[world]["mean"] for month in months]
            assert max(shares) <= row[world]["ordering"]["mean"] + 1e-12 <= 1e-12 + sum(shares) + 1e-12
            assert all(month[world]["ci_low"] < month[world]["mean"] < month[world]["ci_high"] for month in months)
    assert "What the plan adds, cohort by cohort" in render_report(found)


def test_mistakes_and_the_command(shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    with pytest.raises(InputError, match="the plan is the current policy itself"):
        compare_cohorts(shop, versus="current")
    with pytest.raises(SystemExit) as stop:
        cli.main(["cohorts", "library:small", "--customers", "200", "-o", str(tmp_path / "r")])
    assert stop.value.code in (None, 0)
    assert "(most) and" in capsys.readouterr().out
    alone = load_scenario("library:small", ["horizon.weeks=2", "base.tenure_days=0"])
    assert "are of one cohort, 0 to 29 days before the start" in compare_cohorts(alone, customers=100).result["verdict"]


def test_the_period_fits_the_history() -> None:
    """Four years, two years, one quarter; and without dates."""
    start = dt.date(1998, 7, 1)
    assert natural_period(np.arange(-1461, 0, 30), start) == "year"
    assert natural_period(np.arange(-730, 0, 30), start) == "quarter"
    assert natural_period(np.arange(-540, -450, 5), start) == "month"
    assert natural_period(np.array([-1]), start) == "month"
    assert natural_period(np.arange(-400, 0, 10), None) == "quarter"
