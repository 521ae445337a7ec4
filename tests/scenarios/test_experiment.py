"""`experiment`: designs for a plan of a scenario, in money and in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios import cli, load_scenario, simulate
from scenarios.experiment_outcomes import covariate, simulate_period
from scenarios.experiment_terms import Terms
from scenarios.experimenting import design_experiment
from scenarios.report import render_report
from scenarios.world import load_base, make_world, no_contact
from sim.errors import InputError
from sim.experiment import many_experiments, variance_left, z_sum
from sim.start import start_world

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", ["base.synthetic=400_000"])


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> dict[str, Any]:
    return design_experiment(small, terms=Terms(metric="orders", most_weeks=26), customers=20_000).result


def test_the_effect_is_the_expected_one_of_simulate(found: dict[str, Any], small: Any) -> None:
    alone = simulate(small, customers=20_000).result["incremental"]["versus_none"]["per_customer"]
    row = next(row for row in found["durations"] if row["weeks"] == 8)
    assert row["effect"] == pytest.approx(alone["orders"]["mean"], rel=1e-9)
    assert row["forgone"] == pytest.approx(row["held_out"] * alone["contribution"]["mean"], rel=1e-9)


def test_the_design_keeps_its_promise(found: dict[str, Any]) -> None:
    design = found["design"]
    assert found["provable"] is True
    assert found["method"] == "plain"
    assert design["power"] >= 0.8 - 1e-6
    assert design["mde"] <= design["effect"] * (1 + 1e-6)
    assert design["buyers_held_out"] >= 60 - 1e-6
    assert found["verdict"].startswith("Hold out ")
    cheaper = [row for row in found["durations"] if row["provable"] and row["forgone"] < design["forgone"]]
    assert cheaper == []
    tried = found["simulated"]
    assert 0.91 <= tried["coverage"] <= 0.985
    assert tried["power"] == pytest.approx(design["power"], abs=0.1)


def test_segments_and_regions(found: dict[str, Any]) -> None:
    assert sum(row["customers"] for row in found["segments"]) == pytest.approx(400_000)
    weighted = sum(row["customers"] * row["effect"] for row in found["segments"]) / 400_000
    assert weighted == pytest.approx(found["design"]["effect"], rel=1e-6)
    for row in found["segments"]:
        assert (row["effect"] >= row["mde"]) is (row["power"] >= 0.8)
    assert found["geo"]["power"] < found["geo"]["power_without_shocks"]
    assert found["geo"]["power"] == pytest.approx(found["geo"]["power_simulated"], abs=0.06)


def test_a_small_base_cannot_prove_it_and_it_says_so() -> None:
    done = design_experiment(load_scenario("library:small"), customers=4_000)
    result = done.result
    assert result["provable"] is False
    assert result["verdict"].startswith("This cannot be proved at an acceptable cost: even with 20.0%")
    row = result["design"]
    needed = row["customers_needed"]
    assert f"about {round(needed, -3):,.0f} customers" in result["verdict"]
    assert row["effect_low"] < row["effect"] < row["effect_high"]
    assert all(part["effect_low"] < part["effect"] < part["effect_high"] for part in result["segments"])
    # as many customers, and the power would be there
    assert row["effect"] / (row["mde"] / z_sum()) * (needed / 4_000) ** 0.5 == pytest.approx(z_sum(), rel=1e-6)
    assert "How to need less" in done.summary()
    assert "This cannot be proved" in render_report(result)


def test_too_few_buyers_are_said() -> None:
    result = design_experiment(
        load_scenario("library:small"), terms=Terms(share=0.02, weeks=4, experiments=20), customers=4_000
    ).result
    assert result["design"]["interval_allowed"] is False
    assert result["simulated"] == {"experiments": 20, "refused": 20}
    assert "fewer than 60) no interval is given" in result["remarks"][0]


def test_the_covariate_knows_only_the_past() -> None:
    """It is a function of a customer's past orders, and says something about what organic orders follow."""
    base = load_base(load_scenario("library:small"))
    one, other = base.population(4_000, 1), base.population(4_000, 1)
    known = covariate(base, one, 8)
    assert np.array_equal(known, covariate(base, other, 8))
    assert (known > 0).all()
    truth = one.rate * one.active * one.mean_value
    assert 0.3 < np.corrcoef(known, truth)[0, 1] < 0.95


def test_bad_terms_and_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for option, value in (
        ("share", 0.6),
        ("share", 0.0),
        ("weeks", 0),
        ("power", 1.0),
        ("regions", 7),
        ("region_cv", -1),
    ):
        with pytest.raises(InputError, match=f"--{option.replace('_', '-')}: is out of range"):
            Terms(**{option: value})

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["experiment", "library:small", "--customers", "500", *arguments])
        streams = capsys.readouterr()
        return int(stop.value.code or 0), streams.out, streams.err

    code, _, err = call("--versus", "current")
    assert (code, "the plan is the current policy itself" in err) == (2, True)
    plan = tmp_path / "p.toml"
    plan.write_text("[default]\nemail = 1\n")
    code, out, _ = call("--plan", str(plan), "--versus", "current", "--weeks", "6", "-o", str(tmp_path / "r"), "--json")
    assert code == 0
    result = json.loads(out)
    assert [row["weeks"] for row in result["durations"]] == [6]
    assert result["design"]["forgone"] < 0  # fewer e-mails bring less: holding out pays


def cover(buyers: int, customers: int, experiments: int) -> None:
    """Experiments on simulated customers of the bundled shop: intervals hold the truth, CUPED gains 1 - rho^2."""
    loaded = load_scenario("library:cdnow")
    base = load_base(loaded)
    world = make_world(base, base.population(customers, 1))
    started = start_world(world, seed=1, threads=2)
    plans = [replace(world.current, name="current"), no_contact(world)]
    period = simulate_period(base, started, plans, 26, "contribution", 1, 2)
    held = round(buyers / period.buyers)
    spreads = []
    for pool in (period.pool, period.pool.adjusted()):
        found = many_experiments(pool, 10 * held, 0.1, experiments, seed=5)
        given = experiments - found.refused
        slack = 0.0 if experiments >= 1_000 else 3 * (0.05 * 0.95 / given) ** 0.5
        assert 0.93 - slack <= found.coverage <= 0.97 + slack
        spreads.append(found.spread)
    left = variance_left(period.pool.control, period.pool.covariate)
    assert (spreads[1] / spreads[0]) ** 2 == pytest.approx(left, abs=5 * (2 / given) ** 0.5)


@pytest.mark.slow
def test_intervals_of_simulated_customers_cover() -> None:
    cover(100, 5_000, 300)


@pytest.mark.proof
@pytest.mark.parametrize("buyers", [62, 75, 100, 200])
def test_intervals_of_simulated_customers_cover_in_thousands_of_experiments(buyers: int) -> None:
    cover(buyers, 23_570, 2_000)
