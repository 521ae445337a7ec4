"""`sensitivity`: worlds are those of `simulate`, what cannot change the choice is worth nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios import cli, load_scenario, simulate, weighing
from scenarios.report import render_report
from scenarios.run import plan_of
from scenarios.unknowns import FATIGUE, scenario_at, unknowns
from scenarios.weighing import choices_of, weigh_assumptions, weighing_digest, worlds_asked
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
CUSTOMERS = 300


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", ["horizon.weeks=3", "horizon.tail_weeks=2"])


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> Any:
    return weigh_assumptions(small, samples=16, factors=2, customers=CUSTOMERS)


def test_a_point_of_the_cube_is_a_scenario(small: Any) -> None:
    axes = unknowns(small)
    keys = [axis.key for axis in axes]
    assert {"economics.margin", "channels.sms.unit_cost", FATIGUE} <= set(keys)
    assert not {"fatigue.damping", "fatigue.half_life_days"} & set(keys)  # the presets set them
    assert not any(key.startswith("channels.push") for key in keys)  # not in use
    nothing = [float("nan")] * len(axes)
    assert scenario_at(small, axes, nothing).scenario == small.scenario
    low, high = (scenario_at(small, axes, [end] * len(axes)).scenario for end in (0.0, 0.9999999))
    stated = small.scenario.economics.margin
    assert (low.economics.margin.value, high.economics.margin.value) == pytest.approx(
        (stated.low, stated.high), rel=1e-3
    )
    assert (low.fatigue.damping, high.fatigue.damping.value) == (small.scenario.fatigue.damping, 0)


def test_worlds_are_those_of_simulate(found: Any, small: Any) -> None:
    row = next(row for row in found.result["unknowns"] if row["key"] == "economics.margin")
    assert row["at"][0]["setting"] == "0.25"
    by_hand = {
        "stated": simulate(small, customers=CUSTOMERS),
        "0.25": simulate(load_scenario("library:small", ["horizon.weeks=3", "horizon.tail_weeks=2", "economics.margin=0.25"]),
                         customers=CUSTOMERS),
    }  # fmt: skip
    current = next(choice for choice in found.result["choices"] if choice["name"] == "current")
    assert current["stated"] == pytest.approx(by_hand["stated"].result["value"]["versus_none"]["mean"])
    assert current["stated_interval"] == pytest.approx(by_hand["stated"].result["value"]["versus_none"])
    assert row["at"][0]["values"]["current"] == pytest.approx(by_hand["0.25"].result["value"]["versus_none"]["mean"])


def test_parts_stay_within_the_whole(found: Any) -> None:
    result = found.result
    assert sum(choice["best_in"] for choice in result["choices"]) == pytest.approx(1)
    assert all(0 <= row["knowing"]["mean"] <= result["knowing_all"] + 1e-9 for row in result["unknowns"])
    assert all((row["knowing"]["mean"] > 0) == (row["changes_choice"] > 0) for row in result["unknowns"])
    assert [row["swing"] for row in result["unknowns"]] == sorted(
        (r["swing"] for r in result["unknowns"]), reverse=True
    )
    best = result["choices"][[choice["name"] for choice in result["choices"]].index(result["best_as_stated"])]
    for end in (end for row in result["unknowns"] for end in row["at"]):
        others = [value for name, value in end["values"].items() if name != best["name"]]
        assert end["lead"]["mean"] == pytest.approx(end["values"][best["name"]] - max(others))
        assert (
            end["lead"]["ci_high"] - end["lead"]["ci_low"]
            < end["stated_best"]["ci_high"] - end["stated_best"]["ci_low"]
        )
    assert result["knowing_all_interval"]["mean"] == pytest.approx(result["knowing_all"])
    assert sum("total" in row for row in result["unknowns"]) == 2
    assert result["other_unknowns"] == len(result["unknowns"]) - 2
    assert found.frame("worlds").height == 32
    assert "Which one to find out first" in found.summary()
    assert "Doubt about the difference" in render_report(result)


def test_choices_that_never_change_places(small: Any) -> None:
    """Silence beside today's contacts at a price that nobody would pay: knowing more is worth nothing."""
    dear = load_scenario(
        "library:small",
        [
            "horizon.weeks=2",
            "horizon.tail_weeks=0",
            "channels.sms.unit_cost={value=50, low=40, high=60, origin='user'}",
        ],
    )
    silent = plan_of({"default": {}}, dear)
    result = weigh_assumptions(dear, [silent], samples=16, factors=1, customers=100).result
    assert result["best"] == "plan"
    assert result["knowing_all"] == 0
    assert "no unknown could change that by much" in result["verdict"]


def test_choices_and_mistakes(small: Any, capsys: pytest.CaptureFixture[str]) -> None:
    current = plan_of({"default": {"email": 4}}, small)
    assert choices_of(current, [])[2].per_week.max() == 7
    assert [c.name for c in choices_of(current, [current, current])] == ["current", "plan (1)", "plan (2)"]
    with pytest.raises(InputError, match="--factors: is out of range"):
        weigh_assumptions(small, factors=0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["sensitivity", "library:small", "--samples", "100"])
    assert stop.value.code == 2
    assert "a power of two, 16 to 4096" in capsys.readouterr().err


def test_an_interrupted_run_goes_on(small: Any, found: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after five worlds, it simulates the others only and says what an uninterrupted run says."""
    asked = worlds_asked(small, 16, 2)
    simulated, stop = [0], [5]
    original = weighing.Worlds._simulated

    def counted(self: Any, point: Any) -> Any:
        if simulated[0] == stop[0]:
            raise KeyboardInterrupt
        simulated[0] += 1
        return original(self, point)

    monkeypatch.setattr(weighing.Worlds, "_simulated", counted)
    options: Any = {"samples": 16, "factors": 2, "customers": CUSTOMERS, "folder": tmp_path / "worlds"}
    with pytest.raises(KeyboardInterrupt):
        weigh_assumptions(small, **options)
    assert len(list((tmp_path / "worlds").glob("*.npz"))) == 5
    stop[0] = -1
    again = weigh_assumptions(small, **options)
    assert simulated[0] <= asked  # equal points are simulated once
    different = {"provenance"}
    assert {k: v for k, v in again.result.items() if k not in different} == {
        k: v for k, v in found.result.items() if k not in different
    }
    simulated[0] = 0
    weigh_assumptions(small, **options)
    assert simulated[0] == 0


def test_another_question_has_another_digest(small: Any) -> None:
    options: dict[str, Any] = {"samples": 16, "factors": 2, "seed": 1, "customers": None}
    weekly = plan_of({"default": {"email": 1}}, small)
    changed = load_scenario("library:small", ["horizon.weeks=4", "horizon.tail_weeks=2"])
    digests = [
        weighing_digest(small, [], **options),
        weighing_digest(small, [weekly], **options),
        weighing_digest(changed, [], **options),
        *(weighing_digest(small, [], **options | {key: 32}) for key in options),
    ]
    assert len(set(digests)) == len(digests)
    assert digests[0] == weighing_digest(small, [], **options)


def test_the_command_says_what_it_has_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original, left = weighing.Worlds._simulated, [2]

    def stopped(self: Any, point: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return original(self, point)

    monkeypatch.setattr(weighing.Worlds, "_simulated", stopped)
    with pytest.raises(SystemExit) as stop:
        cli.main(["sensitivity", "library:small", "--customers", "50", "--samples", "16", "-o", str(tmp_path / "out")])
    assert stop.value.code == cli.INTERRUPTED
    said = capsys.readouterr().err
    assert "2 of " in said
    assert " worlds are kept in " in said
    assert not (tmp_path / "out").exists()
