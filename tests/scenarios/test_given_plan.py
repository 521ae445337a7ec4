"""`--plan` takes a plan file or the run that holds one, everywhere alike; anything else is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenarios import build, cli, load_scenario
from scenarios.comparing import alternatives_of
from scenarios.planfile import load_plan, plan_toml
from scenarios.provenance import SCHEMA_VERSION
from scenarios.run import plan_of
from sim.errors import InputError


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small")


def a_run(folder: Path, plan: str | None, version: int = SCHEMA_VERSION) -> Path:
    folder.mkdir()
    made = {"schema_version": version, "command": "optimize", "provenance": {"versions": {"contactpolicy": "0.0.9"}}}
    (folder / "result.json").write_text(json.dumps(made))
    if plan is not None:
        (folder / "plan.toml").write_text(plan)
    return folder


def test_a_run_stands_for_the_plan_it_holds(small: Any, tmp_path: Path, monkeypatch: Any) -> None:
    current = build.current_plan(small)
    run = a_run(tmp_path / "best", plan_toml(replace(current, name="found", per_week=current.per_week / 2)))
    by_file = load_plan(run / "plan.toml", current.segments, current.channels)
    by_run = plan_of(run, small)
    assert by_run.name == by_file.name == "found"
    assert by_run.per_week.tolist() == by_file.per_week.tolist() == (current.per_week / 2).tolist()
    named = [one.name for one in alternatives_of([small], plans=[run / "plan.toml", run])]
    assert named == ["small: a first try in seconds", "plan of best", "plan of best (2)"]
    monkeypatch.chdir(run)
    assert alternatives_of([small], plans=[Path()])[1].name == "plan of best"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: a_run(folder, None), "is a run that holds no plan; allowed: a plan file, or a run with plan"),
        (
            lambda folder: a_run(folder, "name = 'x'", 99),
            "is a run of another version .*schema 99, written by .* 0.0.9",
        ),
        (lambda folder: folder.mkdir(), "has no result.json"),
        (lambda folder: None, "cannot be read"),
    ],
)
def test_what_holds_no_plan_is_refused(make: Any, message: str, tmp_path: Path, small: Any) -> None:
    folder = tmp_path / "run"
    make(folder)
    with pytest.raises(InputError, match=message):
        plan_of(folder, small)


def test_commands_refuse_it_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = a_run(tmp_path / "run", None)
    before = sorted(tmp_path.rglob("*"))
    plan = ["--plan", str(folder)]
    for command in (
        ["simulate", "library:small", *plan],
        ["deliver", "library:small", "--set", "delivery.email={per_hour=100}", *plan],
        ["experiment", "library:small", *plan],
        ["sweep", "library:small", "--vary", "economics.margin=0.3,0.5", *plan],
        ["optimize", "library:small", "--start", str(folder)],
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main([*command, "-o", str(tmp_path / "out")])
        assert stop.value.code == 2, command
        assert str(folder) in capsys.readouterr().err, command
    assert sorted(tmp_path.rglob("*")) == before
