"""Plans by period from the scenario file to the run directory: told in weeks, kept in files, shown period by period."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.limits import Limit
from scenarios import build, run
from scenarios.crediting import only, pieces_of
from scenarios.dry_running import _week_of
from scenarios.exporting import caps_frame
from scenarios.load import load_scenario
from scenarios.planfile import load_plan, plan_csv, plan_part, plan_toml
from scenarios.report.tables import plan_heats
from scenarios.world import load_base, make_world
from sim.errors import InputError
from sim.periods import Period, PeriodPlan, average_week
from sim.policy import Frequencies

SEGMENTS, CHANNELS = ("Loyal", "At Risk"), ("email", "sms")
PERIODS = (Period("autumn", 1, 3), Period("Advent, early", 4, 4))
PLAN = PeriodPlan.by(
    "seasons", SEGMENTS, CHANNELS, PERIODS, [[[2, 0], [1, 0.5]], [[0, 0], [1, 0.25]]], ("welcome",),
    (("Loyal", "email", "tenth"),),
)  # fmt: skip
TWO = ["optimize.periods=[{ name='late', first_week=5 }, { name='early', first_week=1 }]"]


def test_periods_of_a_scenario_are_weeks_of_the_horizon() -> None:
    loaded = load_scenario("library:small", TWO)
    assert build.periods(loaded) == (Period("early", 1, 4), Period("late", 5, 8))
    world = make_world(load_base(loaded), load_base(loaded).population(10, 1))
    assert build.space(loaded, world).periods == build.periods(loaded)
    assert build.periods(load_scenario("library:small")) == ()


def test_a_limit_of_a_period_holds_in_its_weeks() -> None:
    limits = ["optimize.limits=[{ name='x', period='late', channel='sms', max_contacts=9 }]"]
    found = next(limit for limit in build.limits(load_scenario("library:small", [*TWO, *limits])) if limit.name == "x")
    assert found == Limit("x", "contacts", 9, "sms", weeks=(5, 8))


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["optimize.periods=[{ name='a', first_week=2 }]"], "no period begins in week 1"),
        (["optimize.periods=[{ name='a', first_week=1 }, { name='b', first_week=9 }]"], "begins after the horizon"),
        (["optimize.periods=[{ name='a', first_week=1 }, { name='b', first_week=1 }]"], "two periods begin together"),
        ([*TWO, "optimize.limits=[{ name='x', period='lat', max_cost=9 }]"], "unknown period; did you mean 'late'"),
        ([*TWO, "optimize.limits=[{ name='x', period='late', weeks=[5, 6], max_cost=9 }]"], "not both"),
        (["optimize.limits=[{ name='x', period='late', max_cost=9 }]"], "unknown period"),
    ],
)
def test_wrong_periods_are_refused(sets: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_scenario("library:small", sets)


def test_a_plan_by_period_is_kept_in_its_files(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    plan = replace(PLAN, campaigns=(), offers=())
    file.write_text(plan_toml(plan), encoding="utf-8")
    back = load_plan(file, SEGMENTS, CHANNELS)
    assert isinstance(back, PeriodPlan)
    assert back == plan
    np.testing.assert_array_equal(back.by_period, plan.by_period)
    rows = list(csv.DictReader(io.StringIO(plan_csv(plan))))
    assert rows[3] == {
        "period": "autumn", "first_week": "1", "last_week": "3", "segment": "At Risk", "channel": "sms", "per_week": "0.5",
    }  # fmt: skip
    assert len(rows) == 8
    assert "offer" in plan_part(PLAN)["plan_by_period"][4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[default]\nemail = 1\n[[periods]]\nname = 'a'\nfirst_week = 1\nlast_week = 2\n[periods.default]\n",
            "within the",
        ),
        ("[[periods]]\nname = 'a'\nfirst_week = 2\nlast_week = 2\n[periods.default]\n", "leaves a gap or overlaps"),
        ("[[periods]]\nname = 'a'\nfirst_week = 1\nlast_week = 0\n[periods.default]\n", "last_week"),
        ("[[periods]]\nname = 'a'\nfirst_week = 1\nlast_week = 2\n", r"4|is missing"),
        (
            "[[periods]]\nname = 'a'\nfirst_week = 1\nlast_week = 2\n[periods.default]\nmail = 1\n",
            "did you mean 'email'",
        ),
        ("periods = []\n", "no period at all"),
    ],
)
def test_wrong_plan_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_plan(file, SEGMENTS, CHANNELS)


def test_a_result_tells_the_average_week_and_each_period() -> None:
    part = plan_part(PLAN)
    assert [row["per_week"] for row in part["plan"]] == [1.5, 0, 1, 0.4375]
    heats = plan_heats({**part, "current_plan": plan_part(average_week(PLAN))["plan"]})
    assert [heat["title"] for heat in heats] == ["autumn (weeks 1 to 3)", "Advent, early (week 4)"]
    tints = [[[cell["tint"] for cell in row["cells"]] for row in heat["rows"]] for heat in heats]
    assert tints == [[[1.0, 0.0], [0.5, 1.0]], [[0.0, 0.0], [0.5, 0.5]]], "comparable between periods"
    assert plan_heats(plan_part(average_week(PLAN)))[0]["title"] == ""
    assert plan_heats({}) == []


def test_a_channel_is_taken_out_of_every_period() -> None:
    plan = replace(PLAN, campaigns=(), offers=())
    alone = only(plan, pieces_of(plan), ["sms"])
    assert isinstance(alone, PeriodPlan)
    np.testing.assert_array_equal(alone.by_period[:, :, 0], 0.0)
    np.testing.assert_array_equal(alone.by_period[:, :, 1], plan.by_period[:, :, 1])


def test_a_platform_is_told_the_caps_of_each_period() -> None:
    loaded = load_scenario("library:small")
    names = build.segment_names(loaded), build.channel_names(loaded)
    tables = [np.full((len(names[0]), 2), rate) for rate in (2.0, 0.5)]
    caps = caps_frame(loaded, PeriodPlan.by("p", *names, PERIODS, tables))
    assert caps.height == 2 * len(names[0]) * 2
    assert caps.filter(caps["period"] == "autumn")["max_contacts"].to_list() == [2] * 16
    assert set(caps.filter(caps["first_week"] == 4)["window_days"]) == {14}


def test_a_day_is_in_a_week_of_the_horizon() -> None:
    loaded = load_scenario("library:cdnow")
    start = build.start_date(loaded)
    assert start is not None
    days = [-3, 0, 6, 7, 20]
    assert [_week_of(loaded, start + dt.timedelta(days=n)) for n in days] == [1, 1, 1, 2, 3]
    assert _week_of(loaded, None) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_from_the_scenario_to_a_plan_that_loads_back(tmp_path: Path) -> None:
    """The found plan by period, simulated again from its file on the customers of the report, is worth the same."""
    small = ["optimize.search_customers=400", "horizon.weeks=4", "horizon.tail_weeks=2", "base.synthetic=2000"]
    periods = "optimize.periods=[{ name='one', first_week=1 }, { name='two', first_week=3 }]"
    limits = "optimize.limits=[{ name='two', period='two', max_cost=10 }, { name='all', max_cost=60 }]"
    loaded = load_scenario("library:small", [*small, periods, limits])
    done = run.run_optimize(loaded, customers=600, out=tmp_path / "best")
    result = done.result
    assert {(row["period"], row["first_week"]) for row in result["plan_by_period"]} == {("one", 1), ("two", 3)}
    assert "plan_by_period" in result["baselines"]["all_year"]
    assert "period, segment and channel" in result["certificate"]["statement"]
    used = {row["name"]: row["used"] for row in result["limits"]}
    assert 0 < used["two"] <= 10 < used["all"] <= 60
    again = run.simulate_scenario(loaded, plan=tmp_path / "best" / "plan.toml", customers=600, seed=3)
    assert again.result["value"]["versus_none"] == pytest.approx(result["value"]["versus_none"])
    assert again.result["plan_by_period"] == result["plan_by_period"]
    average = run.simulate_scenario(loaded, plan=average_week(done.plan), customers=600, seed=3)
    assert average.result["value"]["versus_none"] != again.result["value"]["versus_none"]
    assert not isinstance(average_week(done.plan), PeriodPlan)
    assert isinstance(done.plan, Frequencies)
