"""`require`: the budget it names is enough, a smaller one is not, and a goal out of reach is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import Infeasible
from scenarios import build, cli, load_scenario, optimize, simulate
from scenarios.delivering import plan_delivery
from scenarios.load import LoadedScenario
from scenarios.report import render_report
from scenarios.requiring import Goal, require_goal
from scenarios.requiring_delivery import delivery_needs, needs_in_words
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SMALL = ["horizon.weeks=4", "horizon.tail_weeks=4", "optimize.search_customers=1_000"]


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", SMALL)


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> Any:
    return require_goal(small, Goal.parse("contribution=+3%"), customers=4_000)


@pytest.mark.slow
def test_the_budget_put_back_into_optimize_reaches_the_goal(found: Any, tmp_path: Path) -> None:
    found.write(tmp_path / "run")
    file = tmp_path / "again.toml"
    file.write_text('extends = ["library:small.toml", "run/required.toml"]\n')
    again = optimize(load_scenario(file, SMALL), customers=4_000, seed=21).result
    reached = again["delivered"]["contribution"]
    today = again["baselines"]["current"]["contribution"]["mean"]  # on the same customers and draws as the plan
    assert reached["mean"] >= 1.03 * today
    assert reached["ci_high"] >= found.result["goal"]["target"]  # other draws
    limits = {row["name"]: row for row in again["limits"]}
    assert {"email"} <= set(found.result["capacity_per_week"]) <= {"email", "sms"}
    for channel, most in found.result["capacity_per_week"].items():
        limit = limits[f"{channel}: required capacity"]
        assert most <= limit["limit"] <= 1.05 * most + 1
        assert limit["used"] <= limit["limit"]
    assert again["delivered"]["cost"] <= 1.05 * found.result["budget"] + 0.01


@pytest.mark.slow
def test_smaller_budgets_were_not_enough(found: Any, small: Any) -> None:
    result = found.result
    steps = result["steps"]
    assert [row["budget"] for row in steps] == sorted(row["budget"] for row in steps)
    failed = [row["budget"] for row in steps if not row["reaches"]]
    assert failed
    assert max(failed) < 1.1 * result["budget"]
    today = simulate(small, customers=4_000, seed=3).result["incremental"]["versus_none"]["total"]["contribution"]
    assert result["goal"]["target"] == pytest.approx(1.03 * today["mean"])
    assert result["reached"]["mean"] == pytest.approx(result["goal"]["target"], rel=0.15)
    assert "needs USD" in result["verdict"]
    more = result["more_than_asked"]
    assert abs(more["mean"]) < 0.1 * result["goal"]["target"]
    assert more["ci_high"] - more["ci_low"] < 0.5 * (
        result["reached"]["ci_high"] - result["reached"]["ci_low"]
    )  # paired
    assert ("more" if more["mean"] >= 0 else "less") + " than asked for" in result["verdict"]
    with pytest.raises(InputError, match="--target: is reached without any contact"):
        require_goal(small, Goal.parse("orders=-100%"), customers=100)
    assert "What other budgets reach" in render_report(result)
    assert "needs USD" in found.summary()


@pytest.mark.slow
def test_out_of_reach_is_explained(small: Any, capsys: Any, tmp_path: Path) -> None:
    with pytest.raises(Infeasible, match=r"value of 99,999 over no contact cannot be reached: .* brings [\d,]+ for"):
        require_goal(small, Goal.parse("value=99999"), customers=500)
    with pytest.raises(Infeasible, match="held back by: list loss"):
        require_goal(small, Goal.parse("orders=+1%"), most_list_loss=0.001, customers=500)
    options = [item for text in SMALL for item in ("--set", text)]
    with pytest.raises(SystemExit) as stop:
        cli.main(
            [
                "require",
                "library:small",
                *options,
                "--customers",
                "200",
                "--target",
                "value=9e9",
                "-o",
                str(tmp_path / "o"),
            ]
        )
    assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        cli.main(
            [
                "require",
                "library:small",
                *options,
                "--customers",
                "200",
                "--target",
                "value=9999999",
                "-o",
                str(tmp_path / "o"),
            ]
        )
    assert stop.value.code == 3
    assert "cannot be reached" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["value", "value=", "profit=3", "value=+5", "value=5%", "value=a", "value=1.2.3"])
def test_goals_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="--target: is not a goal"):
        Goal.parse(text)


def test_goals() -> None:
    assert Goal.parse("value=15_000") == Goal("value", 15_000, 0.0)
    assert Goal.parse("orders = +5%") == Goal("orders", None, 0.05)
    assert Goal.parse("revenue=-10%") == Goal("revenue", None, -0.10)
    with pytest.raises(InputError, match="--most-list-loss: is out of range"):
        require_goal(load_scenario("library:small"), Goal.parse("value=1"), most_list_loss=2)


def test_seats_and_throughput_are_those_of_deliver(kernels: None) -> None:
    """What it names, put into the scenario, is enough, and less is not; without windows and seats nothing is said."""
    short = ["horizon.weeks=1", "horizon.tail_weeks=0", "base.synthetic=1_000"]

    def scenario(per_hour: float, seats: int) -> LoadedScenario:
        calls = f"call_centre={{seats = {seats}, call_minutes = 10, calls_per_contact = {{email = 0.2}}}}"
        sending = f"delivery.email={{per_hour = {per_hour!r}, on_time_hours = 6}}"
        return load_scenario("library:small", [*short, sending, calls])

    loaded = scenario(20.0, 1)
    plan = build.current_plan(loaded)
    needs = delivery_needs(loaded, plan, seed=3, threads=1)["delivery"]
    seats, per_hour = needs["calls"]["seats_needed"], needs["channels"][0]["per_hour_needed"]
    assert per_hour > 20
    assert seats > needs["calls"]["seats"] == 1
    assert needs_in_words(needs) == f"{per_hour:,.0f} messages an hour by email, {seats} seats"

    def played(per_hour: float, seats: int) -> dict[str, Any]:
        return plan_delivery(scenario(per_hour, seats), plan=plan, weeks=needs["weeks"], seed=3, threads=1).result

    enough, slow, few = played(per_hour, seats), played(0.9 * per_hour, seats), played(per_hour, seats - 1)
    assert enough["channels"][0]["on_time_share"] >= needs["target_share"] > slow["channels"][0]["on_time_share"]
    level = needs["calls"]["service_level"]
    assert enough["calls"]["answered_in_time"] >= level > few["calls"]["answered_in_time"]
    assert delivery_needs(load_scenario("library:small", SMALL), plan, seed=3, threads=1) == {}
    assert needs_in_words({}) == ""
