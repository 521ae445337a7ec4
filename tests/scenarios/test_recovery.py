"""How fast customers recover: a frequency test of eight weeks leaves it open, a stop and start in the log closes it."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load_scenario
from scenarios.report import render_report
from scenarios.run_effects import effects_of_log
from sim.fit.half_life import half_life
from sim.messages import read_messages
from sim.orders import read_orders
from tests.fuzzy import assert_share
from tests.scenarios.frequency_test import Arm, MadeLog, make

pytestmark = [pytest.mark.usefixtures("kernels")]

TRUTH = 7.0
CONTACTED_BEFORE = ('base.start="current_policy"', "policy.current.default.email=3")
"""Nobody starts rested, and the log does not tell what came before it."""
FREQUENCIES = {"none": Arm(0), "1": Arm(1), "2": Arm(2), "3": Arm(3), "5": Arm(5)}
STOP_START = {"none": Arm(0), "steady": Arm(5), "four weeks": Arm(5, weeks_on=4), "two weeks": Arm(7, weeks_on=2)}


def short_test(seed: int, customers: int = 15_000) -> MadeLog:
    return make(FREQUENCIES, customers=customers, weeks=8, seed=seed, more=CONTACTED_BEFORE)


def stop_start(seed: int, customers: int = 15_000) -> MadeLog:
    return make(STOP_START, customers=customers, weeks=24, seed=seed, more=CONTACTED_BEFORE)


@pytest.mark.slow
def test_a_frequency_test_of_eight_weeks_leaves_the_half_life_open(kernels, tmp_path):
    made = short_test(2)
    done = effects_of_log(made.orders, made.messages)
    part = done.result["recovery"]
    assert done.result["claimed"]
    assert not part["half_life_days"]["determined"]
    assert part["half_life_days"]["low"] <= TRUTH <= part["half_life_days"]["high"]
    assert part["from_orders"]["open_high"]
    assert sum(row["fits"] for row in part["fits"]) >= 5, "a whole set of pairs fits"
    assert "not determined by this log" in done.summary()
    assert "What would determine it: a stop and start" in done.summary()
    assert "not determined by this log" in render_report(done.result)
    fatigue = _fragment(done, tmp_path).fatigue.half_life_days
    assert (fatigue.origin, fatigue.value) == ("assumption", 7)
    assert fatigue.high / fatigue.low > 7


@pytest.mark.slow
def test_a_stop_and_start_closes_it(kernels, tmp_path):
    made = stop_start(2)
    done = effects_of_log(made.orders, made.messages)
    part = done.result["recovery"]
    assert part["half_life_days"]["determined"]
    assert part["half_life_days"]["low"] <= TRUTH <= part["half_life_days"]["high"]
    assert part["misfit"]["chi_square"] < part["misfit"]["degrees_of_freedom"] * 1.6
    assert "This log determines it" in done.summary()
    fatigue = _fragment(done, tmp_path).fatigue
    assert (fatigue.half_life_days.origin, fatigue.damping.origin) == ("fitted", "fitted")
    assert fatigue.damping.low <= 0.20 <= fatigue.damping.high


def _fragment(done, folder):
    (folder / "fragment.toml").write_text(done.texts["scenario_fragment.toml"])
    (folder / "s.toml").write_text('extends = ["library:small.toml", "fragment.toml"]\n')
    return load_scenario(folder / "s.toml").scenario


@pytest.mark.proof
def test_the_interval_covers_the_truth(kernels, capsys):
    """60 logs with a stop and start, customers contacted before them: 95 % intervals, and how many determine it."""
    inside, determined, widths, values = 0, 0, [], []
    for seed in range(60):
        made = stop_start(seed)
        orders = read_orders(made.orders)
        messages = read_messages(made.messages, orders)
        found = half_life(orders, messages, weights={"email": 1.0}, stimulus_half_life_days=2.0).interval
        inside += found.low <= TRUTH <= found.high
        determined += found.determined
        widths.append(found.high / found.low)
        values.append(np.log(found.value / TRUTH))
    with capsys.disabled():
        print(f"\n95 % interval holds the truth in {inside} of 60 logs; determined in {determined}; "
              f"median ratio of its ends {np.median(widths):.1f}; best value {TRUTH * np.exp(np.mean(values)):.1f} on "
              f"(geometric) average")  # fmt: skip
    assert_share(inside, 60, 0.95, precise_to=0.09)
    assert determined > 45
    assert abs(np.mean(values)) < 0.2, "leans neither to fast nor to slow recovery"
