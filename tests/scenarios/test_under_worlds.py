"""`optimize.under`: the plan for worlds drawn from the assumptions, end to end."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.worlds import OverWorlds
from scenarios import run
from scenarios.doubt import drawn_scenario
from scenarios.load import load_scenario
from scenarios.under_worlds import worlds_part
from sim.errors import InputError

SMALL = ["optimize.search_customers=400", "horizon.weeks=4", "horizon.tail_weeks=2", "optimize.worlds=5"]


def test_the_choice_is_told_in_both_cases() -> None:
    value = np.array([[100.0, 20.0], [-60.0, 10.0]])
    other = worlds_part(OverWorlds("worst_decile", value, stated=0, chosen=1), "USD")
    assert other["plan"] == {"mean": 15.0, "worst_decile": 10.0, "regret": 80.0}
    assert other["stated_plan"] == {"mean": 20.0, "worst_decile": -60.0, "regret": 70.0}
    assert not other["same_plan"]
    assert "worst tenth 10 (instead of -60)" in other["statement"]
    same = worlds_part(OverWorlds("mean", value, stated=0, chosen=0), "USD")
    assert same["same_plan"]
    assert "is the same" in same["statement"]
    assert same["values"] == [100.0, -60.0]


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(InputError, match="under"):
        load_scenario("library:small", ["optimize.under=median"])


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_a_plan_is_chosen_for_the_worst_worlds_and_keeps_the_limits() -> None:
    loaded = load_scenario("library:small", [*SMALL, "optimize.under=worst_decile"])
    done = run.optimize_scenario(loaded, customers=600)
    part = done.result["over_worlds"]
    assert part["worlds"] == 5 == len(part["values"])
    assert part["candidates"] >= 2
    assert part["plan"]["worst_decile"] == pytest.approx(min(part["values"]))
    assert part["plan"]["worst_decile"] >= part["stated_plan"]["worst_decile"]
    assert all(row["used"] <= row["limit"] for row in done.result["limits"])
    assert "best worst tenth over 5 worlds" in done.result["certificate"]["statement"]
    assert part["statement"] in " ".join(done.summary().split())
    # the first of the drawn worlds is the stated one: there the plan is worth what is said of it, on few customers
    assert drawn_scenario(loaded, 0, 3)[0].scenario.fatigue == loaded.scenario.fatigue
    assert part["values"][0] == pytest.approx(done.result["promised"]["value"]["mean"], rel=0.02)
