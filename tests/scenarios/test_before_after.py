"""`before-after`: the effect is that of the twins, and nothing where nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios import cli, load_scenario, simulate
from scenarios.report import render_report
from scenarios.run import plan_of
from scenarios.switching import before_after
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
WEEKLY = {"default": {"email": 1}}


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", ["horizon.weeks=5", "horizon.tail_weeks=5"])


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> dict[str, Any]:
    return before_after(small, plan_of(WEEKLY, small), customers=2_000).result


def test_the_parts_add_up(found: dict[str, Any]) -> None:
    for row in (*found["measures"], *found["segments"]):
        seems, effect, anyway = (row[key]["mean"] for key in ("seems", "effect", "anyway"))
        assert seems == pytest.approx(effect + anyway)
        assert seems == pytest.approx(row["after"]["mean"] - row["before"]["mean"])
    contribution = found["measures"][0]
    for key in ("before", "after", "seems", "effect"):
        assert sum(row[key]["mean"] for row in found["segments"]) == pytest.approx(contribution[key]["mean"])


def test_periods_are_those_of_simulate(found: dict[str, Any], small: Any) -> None:
    """Before: the current policy's weeks. After: what ten weeks bring beyond the first five."""
    half = simulate(small, customers=2_000).result
    long = load_scenario("library:small", ["horizon.weeks=10", "horizon.tail_weeks=0"])
    whole = simulate(long, customers=2_000).result
    rows = {row["measure"]: row for row in found["measures"]}
    assert rows["cost"]["before"]["mean"] == pytest.approx(half["cost"])
    assert rows["cost"]["after_without"]["mean"] == pytest.approx(whole["cost"] - half["cost"])
    lost = sum(whole["unsubscribes"].values()) - sum(half["unsubscribes"].values())
    assert rows["unsubscribes"]["after_without"]["mean"] == pytest.approx(lost)
    channels = {row["channel"]: row for row in found["channels"]}
    assert channels["email"]["before"]["contacts"] == pytest.approx(half["contacts"]["email"])
    assert channels["sms"]["after"]["contacts"] < channels["sms"]["after_without"]["contacts"]


def test_a_change_to_the_same_has_no_effect(small: Any) -> None:
    same = plan_of({"default": {"email": 2, "sms": 0.25}}, small)
    result = before_after(small, same, customers=1_000).result
    for row in (*result["measures"], *result["segments"]):
        assert row["effect"] == {"mean": 0, "ci_low": 0, "ci_high": 0}
    assert "nothing that the simulation can tell from zero" in result["verdict"]
    assert result["measures"][0]["seems"]["mean"] != 0  # before/after sees something all the same


def test_the_best_fall_back_whatever_is_sent(found: dict[str, Any]) -> None:
    """Regression to the mean: who ordered lately and much on the day of the change orders less afterwards."""
    best = found["segments"][0]
    assert best["anyway"]["ci_high"] < 0
    assert abs(best["anyway"]["mean"]) > 2 * abs(best["effect"]["mean"])
    assert "compared with its twin" in found["remarks"][0]
    assert "What it seems and what it is" in render_report(found)


def test_mistakes_and_the_command(small: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    with pytest.raises(InputError, match="--weeks: is out of range"):
        before_after(small, plan_of(WEEKLY, small), weeks=0)
    plan = tmp_path / "plan.toml"
    plan.write_text("[default]\nemail = 1\n")
    with pytest.raises(SystemExit) as stop:
        cli.main(
            ["before-after", "library:small", "--plan", str(plan), "--customers", "200", "-o", str(tmp_path / "r")]
        )
    assert stop.value.code in (None, 0)
    assert "Before, after, and the twin" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(["before-after", "library:small"])
    assert stop.value.code == 2
