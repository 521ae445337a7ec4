"""`export` and `report`: what leaves a run, complete and consistent with it; runs of other versions are refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import cli, load_scenario, run, simulate
from scenarios.exporting import as_cap, export_run
from scenarios.read_run import load_result
from scenarios.reporting import report_run
from scenarios.spreadsheet import csv_text, workbook
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture(scope="module")
def runs(kernels: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    plan = folder / "mine.toml"
    plan.write_text("[default]\nemail = 1\nsms = 0.25\n[per_week.Lost]\nemail = 0.125\n")
    small = load_scenario("library:small", ["policy.holdout_share=0.1"])
    run.run_simulate(small, plan_file=plan, customers=500, out=folder / "run")
    return folder


@pytest.fixture(scope="module")
def handed(runs: Path) -> Path:
    export_run(runs / "run", weeks=3, out=runs / "out")
    return runs / "out"


def test_caps_say_what_the_plan_says(handed: Path) -> None:
    caps = pl.read_csv(handed / "caps.csv")
    assert caps.height == 16
    lost = caps.filter((pl.col("segment") == "Lost") & (pl.col("channel") == "email")).to_dicts()[0]
    assert (lost["per_week"], lost["max_contacts"], lost["window_days"]) == (0.125, 1, 56)
    assert "e-mail: 3 in 7 days" in lost["rules"]
    assert "SMS" not in lost["rules"]


@given(st.sampled_from([0.0, 0.1, 0.125, 0.2, 0.25, 1 / 3, 0.5, 1, 1.5, 1.75, 2, 2.5, 3, 4, 5.25, 7]))
def test_a_cap_allows_the_frequency_and_hardly_more(per_week: float) -> None:
    most, days = as_cap(per_week)
    assert days >= 7
    assert per_week * 0.98 <= most / days * 7 <= per_week * 1.25 + 1e-12


def test_calendar_contacts_and_audience_agree(handed: Path) -> None:
    calendar, contacts, audience = (pl.read_csv(handed / f"{n}.csv") for n in ("calendar", "contacts", "audience"))
    assert calendar["day"].max() < 21
    assert calendar["contacts"].sum() == contacts.height
    assert audience.height == 4_000 == audience["customer_id"].n_unique()
    held = audience.filter(pl.col("holdout"))
    assert 0.07 < held.height / 4_000 < 0.13
    assert held["email_per_week"].sum() == 0
    assert contacts.join(held, on="customer_id").height == 0  # nobody held out is contacted
    rates = dict(audience.filter(~pl.col("holdout")).select("segment", "email_per_week").unique().iter_rows())
    assert rates["Lost"] == 0.125
    assert rates["Champions"] == 1
    by_segment = (
        contacts.filter(pl.col("channel") == "email").join(audience, on="customer_id").group_by("segment").len()
    )
    counted = calendar.filter(pl.col("channel") == "email").group_by("segment").agg(pl.col("contacts").sum())
    assert dict(by_segment.iter_rows()) == dict(counted.iter_rows())


def test_the_summary_is_complete(handed: Path) -> None:
    summary = json.loads((handed / "export.json").read_text())
    assert summary["plan_name"] == "plan"
    assert summary["rules"]["holdout_share"] == 0.1
    assert {cap["name"] for cap in summary["rules"]["caps"]} >= {"e-mail: 3 in 7 days"}
    assert summary["files"]["audience.csv"] == 4_000


def test_dates_where_there_is_a_calendar(tmp_path: Path) -> None:
    loaded = load_scenario("library:small", ["horizon.start=2025-03-03"])
    simulate(loaded, customers=100, out=tmp_path / "run")
    export_run(tmp_path / "run", weeks=1, out=tmp_path / "out")
    assert pl.read_csv(tmp_path / "out" / "calendar.csv")["date"].min() == "2025-03-03"
    assert set(pl.read_csv(tmp_path / "out" / "contacts.csv")["date"]) <= {f"2025-03-0{day}" for day in range(3, 10)}


def test_campaigns_are_on_their_channel_and_named(tmp_path: Path) -> None:
    said = ['campaigns.texts={ channel = "sms", per_week = 1 }', 'policy.current.campaigns=["texts"]']
    loaded = load_scenario("library:small", [*said, "policy.current.default.sms=0"])
    simulate(loaded, customers=300, out=tmp_path / "run")
    export_run(tmp_path / "run", weeks=2, out=tmp_path / "out")
    contacts = pl.read_csv(tmp_path / "out" / "contacts.csv").with_columns(pl.col("campaign").fill_null(""))
    kinds = contacts.select("channel", "campaign").unique().sort("channel").rows()
    assert kinds == [("email", ""), ("sms", "texts")]
    calendar = pl.read_csv(tmp_path / "out" / "calendar.csv")
    by_channel = calendar.group_by("channel").agg(pl.col("contacts").sum()).sort("channel").rows()
    assert by_channel == contacts.group_by("channel").len().sort("channel").rows()


def test_a_changed_scenario_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "library:small.toml"\n')
    simulate(load_scenario(file), customers=100, out=tmp_path / "run")
    file.write_text('extends = "library:small.toml"\n[economics]\nmargin = 0.3\n')
    with pytest.raises(InputError, match="the scenario file has changed since the run"):
        export_run(tmp_path / "run", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_page_workbook_and_csv_again(runs: Path, tmp_path: Path) -> None:
    files = {file.relative_to(tmp_path).as_posix() for file in report_run(runs / "run", tmp_path)}
    assert {"report.html", "tables.xlsx", "tables/weekly.csv", "tables/segments.csv"} <= files
    assert (tmp_path / "report.html").read_text() == (runs / "run" / "report.html").read_text()
    weekly = pl.read_parquet(runs / "run" / "weekly.parquet")
    assert pl.read_csv(tmp_path / "tables" / "weekly.csv").height == weekly.height
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as book:
        assert sum(name.startswith("xl/worksheets/sheet") for name in book.namelist()) == len(files) - 2


def test_the_page_of_a_run_never_replaces_that_of_another(runs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("result.json", "report.html"):
        (other / name).write_bytes((runs / "run" / name).read_bytes())
    (other / "report.html").write_text("another page")
    with pytest.raises(InputError, match="-o: is the directory of another run"):
        report_run(runs / "run", other)
    assert (other / "report.html").read_text() == "another page"
    assert report_run(other, other)[0].read_text() != "another page"  # its own is made again


def test_text_that_looks_like_a_formula_stays_text() -> None:
    frame = pl.DataFrame({"name": ["=1+1", "a"], "list": [[1, 2], [3]]})
    with zipfile.ZipFile(io.BytesIO(workbook({"t": frame}))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        assert b"=1+1" in book.read("xl/sharedStrings.xml")
    assert csv_text(frame).splitlines()[1] == '=1+1,"[1, 2]"'
    with zipfile.ZipFile(io.BytesIO(workbook({}))) as book:
        assert "xl/worksheets/sheet1.xml" in book.namelist()


def test_a_run_of_another_version_is_refused(runs: Path, tmp_path: Path, capsys: Any) -> None:
    old: dict[str, Any] = load_result(runs / "run") | {"schema_version": 99}
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "result.json").write_text(json.dumps(old))
    for command in ("report", "export"):
        with pytest.raises(SystemExit) as stop:
            cli.main([command, str(tmp_path / "old")])
        assert stop.value.code == 2
        assert "is a run of another version (given: schema 99, written by contactpolicy " in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == ["result.json"]
    for command in ("report", "export"):
        with pytest.raises(SystemExit) as stop:
            cli.main([command, str(tmp_path / "nothing")])
        assert stop.value.code == 2
        assert "has no result.json" in capsys.readouterr().err


def test_a_result_that_lacks_what_its_page_shows_is_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"schema_version": 1, "command": "compare", "scenario": {}}')
    with pytest.raises(InputError, match=r"result.json: lacks 'alternatives'; allowed: a run as it was written"):
        report_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
