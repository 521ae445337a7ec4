"""Scores on the benchmark worlds: the best is 0, the best uniform plan 1, a plan beyond a limit is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from scenarios import score as scoring
from scenarios.build import segment_names
from scenarios.console import print_parts
from scenarios.load import load_scenario
from scenarios.score import Judge, judge, score, score_tables, solve, world_names
from sim.errors import InputError
from sim.policy import Frequencies


@pytest.fixture(scope="module")
def one() -> Judge:
    return judge("two_segments", customers=600, seed=1, threads=2)


def test_every_world_loads_and_says_its_question() -> None:
    assert len(world_names()) >= 6
    for name in world_names():
        loaded = load_scenario(f"library:worlds/{name}")
        assert loaded.scenario.optimize.limits
        assert loaded.scenario.optimize.tail == "current", "the value of a plan depends on nothing else"
        assert 2 <= len(segment_names(loaded)) <= 4


def test_the_best_scores_0_and_the_best_uniform_plan_1(one: Judge) -> None:
    space = one.fresh.space
    assert one.score("best", space.plan(one.best.choice, "x"))["regret"] == 0.0
    assert one.score("uniform", space.plan(one.uniform.choice, "x"))["regret"] == pytest.approx(1.0)
    nothing = one.score("nothing", space.plan(space.nothing(), "x"))
    assert nothing["regret"] > 1
    assert nothing["value"] == 0.0


def test_a_plan_beyond_a_limit_is_told(one: Judge) -> None:
    space = one.fresh.space
    much = Frequencies("x", space.segments, space.channels, space.plan(space.nothing(), "x").per_week + 6.5)
    assert one.score("much", much)["broken"] == ["budget", "SMS capacity"]
    assert one.score("best", space.plan(one.best.choice, "x"))["broken"] == []


@pytest.mark.parametrize("solver", scoring.SOLVERS)
def test_every_solver_gives_a_plan_of_the_world(one: Judge, solver: str) -> None:
    plan, seconds = solve(one, solver, customers=600, seed=3)
    row = one.score(solver, plan, seconds)
    assert plan.per_week.shape == one.fresh.space.shape
    assert row["seconds"] >= 0
    if not row["broken"]:
        assert -0.2 < row["regret"] < 20
    if solver == "search":
        assert row["regret"] <= 1, "no worse than treating everybody alike"


def test_plans_are_scored_where_they_fit(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text('segments = ["fresh", "cold"]\n', encoding="utf-8")
    with pytest.raises(InputError, match="no benchmark world"):
        score([tmp_path / "plan.toml"])
    with pytest.raises(InputError, match="unknown benchmark world"):
        score([], worlds=["nowhere"])
    with pytest.raises(InputError, match="unknown solver"):
        score([], worlds=["two_segments"], solvers=["oracle"])


def test_the_table_names_plans_regret_and_limits() -> None:
    result = score([], worlds=["two_segments"], solvers=["uniform"], customers=300)
    page = io.StringIO()
    print_parts(Console(file=page, width=80), score_tables(result))
    text = page.getvalue()
    assert "two_segments: 256 plans" in text
    assert "solver uniform" in text
    assert "100.0%" in text
