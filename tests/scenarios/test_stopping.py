"""A search that is stopped: nothing that was found is lost, and nothing cut short passes for whole."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from optimizer.budget import Budget
from optimizer.evaluate import Evaluator
from scenarios import build, cli, load_scenario
from scenarios.cli_resume import best_so_far
from scenarios.grid import parse_axes
from scenarios.planfile import load_plan
from scenarios.run import optimize_scenario
from scenarios.stopping import stops_early
from scenarios.sweeping import make_sweep, run_sweep
from sim.policy import Frequencies

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["horizon.weeks=3", "horizon.tail_weeks=2"]
ASKED = ["optimize", "library:small", "--customers", "400", "--set", SHORT[0], "--set", SHORT[1]]


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupted_after(passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the search simulates for the n-th time."""
    run, count = Evaluator.run, 0

    def counted(self: Evaluator, *arguments: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count == passes:
            interrupt()
        return run(self, *arguments, **more)

    monkeypatch.setattr(Evaluator, "run", counted)


def stopped(arguments: list[str]) -> Any:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    return stop.value.code or 0


def test_the_first_ctrl_c_is_a_wish_and_the_second_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    budget = Budget()
    before = signal.getsignal(signal.SIGINT)

    def twice() -> None:
        with stops_early(budget):
            interrupt()
            assert budget.interrupted
            assert "Ctrl-C again" in capsys.readouterr().err
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize("passes", [3, 12])
def test_ctrl_c_ends_the_search_with_a_run(passes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(passes, monkeypatch)
    assert stopped([*ASKED, "-o", str(tmp_path / "r")]) == 0
    result = json.loads((tmp_path / "r" / "result.json").read_text())
    assert result["interrupted"] is True
    assert "interrupted" in result["certificate"]["statement"]
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_run_that_dies_goes_on_from_its_best_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    starts: list[Any] = []

    def dying(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("optimizer.optimize.parts_over_nothing", dying)
        assert stopped([*ASKED, "-o", str(tmp_path / "r")]) == cli.INTERRUPTED
    assert "the best plan so far is kept in" in capsys.readouterr().err
    (kept,) = tmp_path.glob(".r-*.points/best.toml")
    loaded = load_scenario("library:small", SHORT)
    assert load_plan(kept, build.segment_names(loaded), build.channel_names(loaded)).per_week.any()

    from optimizer import optimize as module

    def started(*arguments: Any, **more: Any) -> Any:
        starts.append(more["start"])
        return optimize(*arguments, **more)

    optimize = module.optimize
    monkeypatch.setattr("scenarios.run.optimize", started)
    assert stopped([*ASKED, "-o", str(tmp_path / "r")]) == 0
    assert "going on from the best plan of an interrupted run" in capsys.readouterr().err
    assert isinstance(starts[0], Frequencies)
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_mistake_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="oops"), best_so_far(tmp_path / "kept"):
        raise ValueError("oops")
    assert list(tmp_path.iterdir()) == []


def test_a_point_whose_search_was_cut_short_is_no_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = load_scenario("library:small", SHORT)
    asked = make_sweep(small, parse_axes(["optimize.limits.budget.max_cost=100,200"]), customers=300)
    interrupted_after(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(asked, folder=tmp_path / "points")
    assert list((tmp_path / "points").glob("*.npz")) == []


def test_the_best_plan_is_told_after_each_stage() -> None:
    told: list[Frequencies] = []
    done = optimize_scenario(load_scenario("library:small", SHORT), customers=400, keep=told.append)
    assert len(told) > 3
    assert (told[-1].per_week == done.plan.per_week).all()  # type: ignore[union-attr]
