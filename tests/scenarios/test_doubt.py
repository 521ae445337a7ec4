"""Worlds drawn from the assumptions: shared by all plans, inside the intervals, the stated ones among them."""

from __future__ import annotations

import numpy as np

from scenarios import build, run
from scenarios.doubt import OPEN, PRESETS, drawn_scenario
from scenarios.load import load_scenario


def test_the_first_worlds_are_the_presets_as_stated() -> None:
    loaded = load_scenario("library:small")
    for number, preset in enumerate(PRESETS):
        wanted = load_scenario("library:small", presets=[f"library:{preset}"] if preset else [])
        assert drawn_scenario(loaded, number, 1)[0].scenario.fatigue == wanted.scenario.fatigue
        assert drawn_scenario(loaded, number, 1)[0].scenario.channels == loaded.scenario.channels


def test_drawn_numbers_lie_in_their_intervals_and_differ_between_worlds() -> None:
    loaded = load_scenario("library:small")
    open_rows = [
        r for r in build.assumptions(loaded) if r["key"].startswith(OPEN) and "low" in r and r["low"] < r["high"]
    ]
    assert len(open_rows) > 5
    drawn = []
    for number in range(4, 40, 4):  # under the scenario's own fatigue
        rows = {row["key"]: row["value"] for row in build.assumptions(drawn_scenario(loaded, number, 1)[0])}
        assert all(row["low"] <= rows[row["key"]] <= row["high"] for row in open_rows)
        drawn.append([rows[row["key"]] for row in open_rows])
    assert (np.std(drawn, axis=0) > 0).all()
    assert drawn_scenario(loaded, 4, 1)[0].scenario == drawn_scenario(loaded, 4, 1)[0].scenario


def test_the_result_tells_the_spread_and_where_other_plans_win() -> None:
    sets = ["optimize.search_customers=400", "horizon.weeks=4", "horizon.tail_weeks=2"]
    done = run.optimize_scenario(load_scenario("library:small", sets), customers=400, assumption_worlds=8)
    part, value = done.result["doubt"], done.result["delivered"]["value"]
    found = [row["values"]["plan"] for row in part["worlds"]]
    assert len(found) == 8
    assert min(found) <= part["parameter_low"] < part["parameter_high"] <= max(found)
    assert (value["parameter_low"], value["parameter_high"]) == (part["parameter_low"], part["parameter_high"])
    for name, better in part["worlds_where_better"].items():
        assert better == sum(row["values"][name] > row["values"]["plan"] for row in part["worlds"])
    assert set(part["worlds_where_better"]) == {"current", "uniform_best"}
    assert "Over 8 worlds" in done.summary()
