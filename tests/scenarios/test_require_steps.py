"""Steps of `require`: an interrupted run goes on where it stopped, and a budget that no plan fits is only too small.

The search is a stand-in that takes the current policy as far as the money goes; everything else is the real thing.
"""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import Infeasible
from scenarios import build, cli, load_scenario, requiring_steps
from scenarios.requiring import Goal, require_goal

pytestmark = pytest.mark.usefixtures("kernels")
SMALL = ["horizon.weeks=2", "horizon.tail_weeks=2"]
GOAL = Goal("orders", None, -0.4)
ENOUGH = 80.0
"""Money at which the stand-in gives the whole current policy."""


class Search:
    """Frequencies of the current policy in proportion to the budget; counts how often it was asked."""

    def __init__(self, least: float = 0.0, stop_after: int | None = None) -> None:
        self.least, self.stop_after = least, stop_after
        self.budgets: list[float] = []

    def __call__(self, loaded: Any, **_: Any) -> Any:
        if len(self.budgets) == self.stop_after:
            raise KeyboardInterrupt
        (budget,) = (limit.max_cost for limit in loaded.scenario.optimize.limits if limit.max_cost is not None)
        self.budgets.append(budget)
        if budget < self.least:
            raise Infeasible("no plan fits")
        current = build.current_plan(loaded)
        plan = replace(current, name="found", per_week=current.per_week * min(1.0, budget / ENOUGH))
        return types.SimpleNamespace(plan=plan, result={"limits": [{"name": "budget", "binding": True}]})


@pytest.fixture
def small() -> Any:
    return load_scenario("library:small", SMALL)


def test_an_interrupted_run_goes_on_where_it_stopped(small: Any, tmp_path: Path, monkeypatch: Any) -> None:
    def run(search: Search, folder: Path | None) -> Any:
        monkeypatch.setattr(requiring_steps, "optimize_scenario", search)
        return require_goal(small, GOAL, customers=300, folder=folder)

    whole = run(Search(), None)
    asked = Search(stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        run(asked, tmp_path / "steps")
    assert len(list((tmp_path / "steps").glob("*.npz"))) == len(asked.budgets) == 3
    rest = Search()
    again = run(rest, tmp_path / "steps")
    assert len(rest.budgets) == len(whole.result["steps"]) - 3 > 0
    assert not set(rest.budgets) & set(asked.budgets)
    for key in ("steps", "plan", "budget", "reached", "verdict", "held_back_by"):
        assert again.result[key] == whole.result[key], key


def test_a_budget_that_no_plan_fits_is_too_small(small: Any, monkeypatch: Any) -> None:
    """Limits that ask for more than a budget allows: the answer is a larger budget, not that there is none."""
    search = Search(least=60.0)
    monkeypatch.setattr(requiring_steps, "optimize_scenario", search)
    found = require_goal(small, GOAL, customers=300).result
    least = min(row["budget"] for row in found["steps"])
    assert min(search.budgets) < 60 <= least
    assert least == pytest.approx(60, rel=0.05)  # what the stand-in's plan costs is another number
    assert all(row["reaches"] for row in found["steps"])


def test_the_command_keeps_its_steps_until_the_run_is_written(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    options = [item for text in SMALL for item in ("--set", text)]

    def call(search: Search, target: str) -> tuple[int, str]:
        monkeypatch.setattr(requiring_steps, "optimize_scenario", search)
        asked = ["--customers", "300", "--target", target, "-o", str(tmp_path / "run")]
        with pytest.raises(SystemExit) as stop:
            cli.main(["require", "library:small", *options, *asked])
        return int(stop.value.code or 0), capsys.readouterr().err

    code, said = call(Search(stop_after=2), "orders=-40%")
    assert code == 130
    assert "2 steps are kept in " in said
    assert "the same command goes on from there" in said
    (kept,) = tmp_path.iterdir()
    code, said = call(Search(), "orders=999999")  # another question never finds them; its answer leaves nothing behind
    assert code == 3
    assert "are kept" not in said
    assert list(tmp_path.iterdir()) == [kept]
    rest = Search()
    assert call(rest, "orders=-40%")[0] == 0
    assert not any(budget == requiring_steps.UNLIMITED for budget in rest.budgets)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
