"""`report` of several runs: one page that says what each says, compares what compares, and leads to their pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from scenarios import cli, load_scenario, simulate, sweep
from scenarios.overview import overview
from scenarios.report import render_report
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["horizon.weeks=2", "horizon.tail_weeks=2"]
WEEKLY = {"default": {"email": 1}}


@pytest.fixture(scope="module")
def runs(kernels: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("some runs")
    small = load_scenario("library:small", SHORT)
    simulate(small, customers=100, out=place / "now")
    simulate(small, WEEKLY, customers=100, out=place / "one e-mail #2")
    simulate(
        load_scenario("library:small", ["horizon.weeks=3", "horizon.tail_weeks=2"]), customers=100, out=place / "3"
    )
    sweep(small, {"channels.sms.unit_cost": [0.02, 0.06]}, customers=50, out=place / "prices")
    return place


def result_of(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "result.json").read_text())
    return found


def test_it_says_what_the_runs_say(runs: Path, tmp_path: Path) -> None:
    listed = [runs / "now", runs / "one e-mail #2", runs / "prices"]
    done = overview(listed, tmp_path / "all").write(tmp_path / "all")
    now, weekly, prices = done.result["runs"]
    assert now["value"] == result_of(listed[0])["value"]["versus_none"]
    assert weekly["cost"] == result_of(listed[1])["cost"]
    assert prices["says"] == result_of(listed[2])["verdict"]
    assert "value" not in prices
    best = max((now, weekly), key=lambda row: float(row["value"]["mean"]))
    assert f"that of “{best['name']}” is worth most" in done.result["verdict"]
    overlap = min(now["value"]["ci_high"], weekly["value"]["ci_high"]) >= max(
        now["value"]["ci_low"], weekly["value"]["ci_low"]
    )
    assert ("overlaps with that of" in done.result["remarks"][0]) == overlap
    for row, run in zip(done.result["runs"], listed, strict=True):
        assert (tmp_path / "all" / unquote(row["page"])).resolve() == (run / "report.html").resolve()
    page = (tmp_path / "all" / "report.html").read_text()
    assert page.count('<a href="../') >= 5  # two tables lead to the pages
    assert "Contacts a week where the plans differ" in page
    differing = {(row["segment"], row["channel"]): row["per_week"] for row in done.result["plans"]}
    assert differing["Lost", "email"] == {str(listed[0]): 2, str(listed[1]): 1}


def test_what_does_not_compare_is_not_compared(runs: Path) -> None:
    done = overview([runs / "now", runs / "3"])
    assert done.result["comparable"] is False
    assert "they differ in currency, weeks or customers" in done.result["verdict"]
    assert "worth most" not in done.result["verdict"]
    assert "The greatest one is coloured" not in render_report(done.result)
    one = overview([runs / "now", runs / "prices"]).result
    assert one["verdict"].startswith("One of 2 runs values a plan, “now”: ")


def test_the_command_and_mistakes(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["report", *map(str, arguments)])
        code = stop.value.code
        printed = capsys.readouterr()
        return int(code or 0), printed.out, printed.err

    code, out, _ = call(runs / "now", runs / "prices", "-o", tmp_path / "page")
    assert code == 0
    assert "What the plans are worth" in out
    assert out.endswith(f"written to {tmp_path / 'page'}\n")
    assert {"report.html", "result.json", "runs.parquet"} == {file.name for file in (tmp_path / "page").iterdir()}
    code, _, err = call(runs / "now", runs / "prices", "-o", runs / "now")
    assert (code, "is not empty" in err) == (2, True)
    code, _, err = call(runs / "now", runs / "nowhere")
    assert (code, "has no result.json" in err) == (2, True)
    with pytest.raises(InputError, match="is given twice"):
        overview([runs / "now", runs / "now"])
    with pytest.raises(InputError, match="is one run only"):
        overview([runs / "now"])
