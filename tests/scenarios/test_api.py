"""The notebook API: scenarios from changes, customers from frames, results that speak."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import scenarios
from scenarios import RunResult, deliver, experiment, fit, load_scenario, optimize, simulate, sweep
from scenarios.files import LIBRARY
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = {"horizon": {"weeks": 3, "tail_weeks": 2}}


@pytest.fixture(scope="module")
def orders() -> pl.DataFrame:
    return pl.read_csv(LIBRARY / "data" / "cdnow_orders.csv.gz", try_parse_dates=True).filter(pl.col("in_sample") == 1)


@pytest.fixture(scope="module")
def found(kernels: None) -> RunResult:
    return optimize(load_scenario("library:small", SHORT), customers=400)


def test_the_api_is_lazy_and_complete() -> None:
    code = "import sys, scenarios; print([m for m in ('numpy', 'numba', 'polars', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert set(scenarios.__all__) <= set(dir(scenarios))
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        scenarios.simulat  # noqa: B018


def test_planning_in_a_few_lines(tmp_path: Path) -> None:
    small = load_scenario("library:small", {**SHORT, "delivery.email": {"per_hour": 50}})
    swept = sweep(small, {"channels.sms.unit_cost": [0.02, 0.2]}, customers=200)
    assert swept.frame("points")["value_mean"].to_list()[0] > swept.frame("points")["value_mean"].to_list()[1]
    searched = sweep(small, {"economics.margin": [0.2, 0.4]}, {"default": {"email": 1}}, customers=200)
    assert searched.result["mode"] == "plan"
    proof = experiment(small, {"default": {"email": 1}}, weeks=3, customers=200, experiments=10, out=tmp_path / "p")
    assert proof.frame("durations")["weeks"].to_list() == [3]
    assert (tmp_path / "p" / "report.html").exists()
    door = deliver(small, weeks=1, customers=200)
    assert "email" in door.result["verdict"]
    assert repr(door).startswith("<deliver: small")
    assert set(swept.charts()) >= {"Value"}
    assert "var(--" not in swept.charts()["Value"].to_json()
    done = simulate(small, customers=200)
    assert len(done.charts()) > 3
    drawn = json.loads(done.plot().to_json())
    assert len(drawn["vconcat"]) == len(done.charts())
    assert '"name": "rows"' not in json.dumps(drawn)  # every chart has its own numbers
    assert all(chart["title"]["subtitle"] for chart in drawn["vconcat"][:1])
    assert [chart["title"]["text"] for chart in json.loads(done.plot("reachable").to_json())["vconcat"]] == [
        "The reachable base: email", "The reachable base: sms",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no chart has such a title"):
        done.plot("wine")
    assert done._repr_html_().startswith("<pre")
    assert "Increment over the horizon" in done._repr_html_()


def test_explaining_in_a_few_lines(tmp_path: Path) -> None:
    small = load_scenario("library:small", SHORT)
    weekly = {"default": {"email": 1}}
    done = [
        scenarios.rules(small, weekly, customers=100),
        scenarios.ledger(small, weekly, versus="current", customers=100),
        scenarios.credit(small, customers=100),
        scenarios.cohorts(small, weekly, by="year", customers=100),
        scenarios.before_after(small, weekly, customers=100),
        scenarios.sensitivity(small, [weekly], samples=16, factors=1, customers=50),
    ]
    for found, command in zip(
        done, ("rules", "ledger", "credit", "cohorts", "before-after", "sensitivity"), strict=True
    ):
        assert repr(found).startswith(f"<{command}: small")
        assert found.frames
        assert found.charts()
    run = simulate(small, weekly, customers=100, out=tmp_path / "run").directory
    assert run is not None
    summary, folder = scenarios.export(run, weeks=1, out=tmp_path / "handed")
    assert (folder / "calendar.csv").is_file()
    assert summary
    with pytest.raises(InputError, match="--target: is not a goal"):
        scenarios.require(small, "value=lots")


def test_changes_are_written_as_in_toml() -> None:
    loaded = load_scenario(
        "library:small",
        {
            "name": 'say "hi" ü',
            "channels.sms.unit_cost": {"value": np.float64(0.08), "low": 0.01, "high": 1, "origin": "user"},
            "policy.current": {"default": {"email": 1}, "by_segment": {"At Risk": {"email": 0.5}}},
            "policy.caps": [],
            "horizon": {"weeks": np.int64(5), "start": dt.date(2025, 1, 6)},
            "channels.push.enabled": True,
        },
    )
    scenario = loaded.scenario
    assert loaded.name == 'say "hi" ü'
    assert (scenario.channels["sms"].unit_cost.value, scenario.channels["sms"].unit_cost.high) == (0.08, 1)
    assert scenario.policy.current.by_segment == {"At Risk": {"email": 0.5}}
    assert (scenario.policy.caps, scenario.horizon.weeks) == ((), 5)
    assert scenario.horizon.start == dt.date(2025, 1, 6)
    assert scenario.channels["push"].enabled
    assert load_scenario("library:small", ["horizon.weeks=5"]).scenario.horizon.weeks == 5


def test_changes_that_no_scenario_can_hold() -> None:
    with pytest.raises(InputError, match=r"horizon\.weeks: cannot be written in a scenario \(given: object\)"):
        load_scenario("library:small", {"horizon.weeks": object()})
    with pytest.raises(InputError, match=r"horizon\.weks"):
        load_scenario("library:small", {"horizon.weks": 3})
    with pytest.raises(InputError, match=r"base\.orders: no such file"):
        load_scenario("library:cdnow", {"base.orders": "none.csv"})


def test_a_frame_is_as_good_as_a_file(orders: pl.DataFrame) -> None:
    changes = {"base.where": {"in_sample": 1}, **SHORT}
    from_file = simulate(load_scenario("library:cdnow", changes), customers=200)
    for frame in (orders, orders.to_pandas() if _pandas() else orders):
        from_frame = simulate(load_scenario("library:cdnow", SHORT, orders=frame), customers=200)
        assert from_frame.result["value"] == from_file.result["value"]
        assert from_frame.result["scenario"]["base_customers"] == 2_357


def test_as_of_is_the_last_order_or_what_is_said(orders: pl.DataFrame) -> None:
    named = orders.rename({"order_date": "day"}).with_columns(pl.col("day").cast(pl.String))
    columns = {"base.columns.order_date": "day"}
    assert load_scenario(changes=columns, orders=named).scenario.base.as_of == dt.date(1998, 6, 30)
    said = load_scenario(changes={**columns, "base.as_of": dt.date(1998, 3, 31)}, orders=named)
    assert said.scenario.base.as_of == dt.date(1998, 3, 31)
    with pytest.raises(InputError, match=r"orders: has no column of this name \(given: order_date\)"):
        load_scenario(orders=named)
    german = named.with_columns(day=pl.lit("30.06.1998"))
    with pytest.raises(InputError, match=r"base\.as_of: is missing"):
        load_scenario(changes=columns, orders=german)
    with pytest.raises(InputError, match=r"base\.where: is for files"):
        simulate(load_scenario(changes={"base.where": {"in_sample": 1}}, orders=orders), customers=10)


def test_results_say_what_matters(found: RunResult) -> None:
    assert repr(found).startswith("<optimize: small: a first try in seconds; value ")
    assert "over the current policy" in repr(found)
    assert "Found plan, contacts a week" in found.summary()
    assert found.directory is None
    assert set(found.frames) == {"weekly", "segments", "flows", "assumptions"}
    assert found.frame("weekly").height == 3 * 5 * 2
    with pytest.raises(KeyError, match="no table 'week', only weekly, segments"):
        found.frame("week")


def test_a_found_plan_goes_back_in(found: RunResult, tmp_path: Path) -> None:
    scenario = load_scenario("library:small", SHORT)
    done = simulate(scenario, found.plan, seed=3, customers=400, out=tmp_path / "x")
    assert done.result["value"] == found.result["value"]
    assert done.directory == tmp_path / "x"
    assert (
        simulate(scenario, tmp_path / "x" / "plan.toml", seed=3, customers=400).result["value"] == done.result["value"]
    )


def test_a_plan_may_be_a_dict() -> None:
    scenario = load_scenario("library:small", SHORT)
    plan = {"default": {"email": 1}, "Lost": {"email": 0, "sms": 0.5}}
    done = simulate(scenario, plan, customers=50, per_customer=True)
    assert done.plan is not None
    assert done.plan.per_week[0].tolist() == [1, 0]
    assert done.plan.per_week[-1].tolist() == [0, 0.5]
    assert done.frame("customers").height == 50
    with pytest.raises(InputError, match="unknown segment"):
        simulate(scenario, {"lost": {"email": 1}}, customers=50)


def test_nothing_is_written_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: pl.DataFrame) -> None:
    monkeypatch.chdir(tmp_path)
    simulate("library:small", customers=50)
    done = fit(orders, until=dt.date(1997, 9, 30))
    assert list(tmp_path.iterdir()) == []
    assert repr(done).startswith("<fit: data frame; mbg-nbd of 2,357 customers; forecast -16.2 % orders in 39 later")
    written = done.write()
    assert written.directory is not None
    assert (written.directory / "scenario_fragment.toml").is_file()


def _pandas() -> bool:
    import importlib.util

    return importlib.util.find_spec("pandas") is not None and importlib.util.find_spec("pyarrow") is not None
