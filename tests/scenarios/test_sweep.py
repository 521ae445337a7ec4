"""Sweeps: points as `simulate` values them, the cap benchmark in words, the frontier, stopping and going on."""

from __future__ import annotations

import itertools
import json
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import Infeasible
from scenarios import cli, load_scenario, run, simulate, sweeping
from scenarios.alternatives import Valuer
from scenarios.cap_benchmark import _crowded_out
from scenarios.finished import RunResult
from scenarios.frontier import efficient
from scenarios.grid import parse_axes
from scenarios.pointstore import PointStore
from scenarios.report import render_report
from scenarios.sweeping import make_sweep, run_sweep
from scenarios.vary import varied
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
CAP = 'policy.caps."e-mail: 3 in 7 days".max_contacts'
SHORT = ["horizon.weeks=4", "horizon.tail_weeks=4"]


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", SHORT)


@pytest.fixture(scope="module")
def benchmark(small: Any, kernels: None) -> RunResult:
    axes = parse_axes([f"{CAP}=1,3,5,7"])
    return run_sweep(make_sweep(small, axes, customers=2_000, own_past=True))


def tightest_as_good_as_the_best(runs: dict[int, RunResult]) -> int:
    """By hand: the smallest cap whose value, customer by customer, is not surely below that of the best one."""
    frames = {cap: done.frame("customers") for cap, done in runs.items()}
    worth = {cap: (frame["plan_value"] - frame["no_contact_value"]).to_numpy() for cap, frame in frames.items()}
    best = max(worth.values(), key=lambda values: float(values.mean()))

    def surely_worse(values: np.ndarray) -> bool:
        gap = best - values
        return bool(gap.mean() > 1.959964 * gap.std(ddof=1) / np.sqrt(len(gap)))

    return min(cap for cap, values in worth.items() if not surely_worse(values))


def test_the_verdict_on_a_cap_agrees_with_simulating_by_hand(benchmark: RunResult, small: Any) -> None:
    """A plan that asks for a daily e-mail, simulated under each cap; best value and differences are the same."""
    daily = {"default": {"email": 7, "sms": 0.25}}
    runs = {
        cap: simulate(varied(small, [f"{CAP}={cap}"]), daily, customers=2_000, per_customer=True)
        for cap in (1, 3, 5, 7)
    }
    by_hand = {cap: done.result for cap, done in runs.items()}
    for row in benchmark.result["points"]:
        alone = by_hand[row["values"][0]]
        assert row["value"] == alone["value"]["versus_none"]
        assert row["contribution"] == alone["incremental"]["versus_none"]["total"]["contribution"]
        assert row["unsubscribes_by_channel"] == alone["unsubscribes"]
    found = benchmark.result["cap_benchmark"]
    assert found["recommended"] == tightest_as_good_as_the_best(runs)
    assert f" at {found['recommended']} in any 7 days." in found["verdict"]
    for step in found["steps"]:
        before, after = by_hand[step["from"]], by_hand[step["to"]]
        gain, was = (
            result["incremental"]["versus_none"]["total"]["contribution"]["mean"] for result in (after, before)
        )
        assert step["contribution"]["mean"] == pytest.approx(gain - was)
        assert step["contribution_share"]["mean"] == pytest.approx(gain / was - 1)


def test_the_list_is_counted_after_3_6_and_12_months(benchmark: RunResult, small: Any) -> None:
    """A run of a year under the cap loses what the benchmark says."""
    year = varied(small, [f"{CAP}=3", "horizon.weeks=52", "horizon.tail_weeks=0"])
    alone = simulate(year, {"default": {"email": 7, "sms": 0.25}}, customers=2_000).result
    row = benchmark.result["points"][1]
    lost = row["list_lost_after_weeks"]
    assert list(lost) == ["13", "26", "52"]
    assert lost["13"]["mean"] < lost["26"]["mean"] < lost["52"]["mean"]
    started = row["list_lost_share"]["mean"] / sum(row["unsubscribes_by_channel"].values())
    assert lost["52"]["mean"] == pytest.approx(sum(alone["unsubscribes"].values()) * started)


def test_the_verdict_is_plain_words(benchmark: RunResult) -> None:
    says = benchmark.result["verdict"]
    assert says.startswith(("Set the cap “e-mail: 3 in 7 days” at ", "Keep the cap “e-mail: 3 in 7 days” at "))
    assert "% of the list in a year" in says or "% more of the list in a year" in says
    same = [step for step in benchmark.result["cap_benchmark"]["steps"] if step["from"] == 5]
    assert same[0]["contacts"] == 0  # 3 in 5 days over all channels never lets more than 5 in 7 days through


@pytest.mark.slow
def test_the_verdict_on_the_shipped_shop_agrees_with_simulating_by_hand(kernels: None) -> None:
    """The same question as in the guide: bundled shop, its own horizon, three caps; a tenth of the customers."""
    shop = load_scenario("library:cdnow", ["base.where={in_sample=1}"])
    cap, levels = 'policy.caps."e-mail: 3 in 7 days".max_contacts', (1, 3, 5)
    axes = parse_axes([f"{cap}={','.join(map(str, levels))}"])
    found = run_sweep(make_sweep(shop, axes, customers=800, own_past=True)).result
    daily = {"default": {**shop.scenario.policy.current.default, "email": 7}}
    runs = {
        level: simulate(varied(shop, [f"{cap}={level}"]), daily, customers=800, per_customer=True) for level in levels
    }
    by_hand = {level: done.result for level, done in runs.items()}
    assert found["cap_benchmark"]["recommended"] == tightest_as_good_as_the_best(runs)
    assert f" at {found['cap_benchmark']['recommended']} in any 7 days." in found["verdict"]
    for row in found["points"]:
        alone = by_hand[row["values"][0]]
        assert row["value"] == alone["value"]["versus_none"]
        assert row["unsubscribes_by_channel"] == alone["unsubscribes"]
    for step in found["cap_benchmark"]["steps"]:
        gain, was = (
            by_hand[step[end]]["incremental"]["versus_none"]["total"]["contribution"]["mean"] for end in ("to", "from")
        )
        assert step["contribution"]["mean"] == pytest.approx(gain - was)


def test_prices_in_two_dimensions(small: Any) -> None:
    axes = parse_axes(["channels.sms.unit_cost=0.02,0.2", "economics.margin=0.3,0.5"])
    done = run_sweep(make_sweep(small, axes, customers=500))
    rows = {tuple(row["values"]): row for row in done.result["points"]}
    assert list(rows) == [(0.02, 0.3), (0.02, 0.5), (0.2, 0.3), (0.2, 0.5)]
    assert rows[0.02, 0.3]["revenue"] == rows[0.2, 0.5]["revenue"]
    assert done.result["points"][done.result["best"]]["values"] == [0.02, 0.5]
    assert done.result["mode"] == "current"
    page = render_report(done.result)
    assert "Value by both" in page
    assert "Value at a glance" in page
    assert "sms unit cost" in done.summary()


@pytest.mark.slow
def test_budgets_are_searched(small: Any) -> None:
    floor = varied(small, ["optimize.search_customers=500"])
    axes = parse_axes(["optimize.limits.budget.max_cost=20,200"])
    done = run_sweep(make_sweep(floor, axes, customers=500))
    poor, rich = done.result["points"]
    assert done.result["mode"] == "search"
    assert poor["cost"]["mean"] < rich["cost"]["mean"]
    assert poor["value"]["mean"] <= rich["value"]["mean"]
    assert {"plan", "contacts", "efficient"} <= rich.keys()


def test_a_point_without_a_plan_is_said_and_the_others_stand(small: Any, monkeypatch: Any) -> None:
    def search(loaded: Any, **_: Any) -> Any:
        if loaded.scenario.optimize.limits[0].max_cost == 1:
            raise Infeasible("no plan fits budget")
        return type("Done", (), {"plan": None, "result": {}})

    monkeypatch.setattr(run, "optimize_scenario", search)
    done = run_sweep(make_sweep(small, parse_axes(["optimize.limits.budget.max_cost=1,200"]), customers=300))
    assert done.result["points"][0] == {"values": [1], "name": "1", "infeasible": "no plan fits budget"}
    assert (done.result["best"], done.result["reference"]) == (1, 1)
    assert "no plan" in done.summary()
    assert "no plan fits" in render_report(done.result)


def test_an_interrupted_sweep_goes_on_where_it_stopped(small: Any, tmp_path: Path, monkeypatch: Any) -> None:
    asked = make_sweep(small, parse_axes([f"{CAP}=1,2,3"]), customers=300)
    whole = run_sweep(asked)
    valued: list[str] = []
    plain = Valuer.value

    def value(self: Valuer, alternative: Any, *rest: Any) -> Any:
        if len(valued) == 2:
            raise KeyboardInterrupt
        valued.append(alternative.name)
        return plain(self, alternative, *rest)

    monkeypatch.setattr(Valuer, "value", value)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(asked, folder=tmp_path / "points")
    assert valued == ["1", "2"]
    assert len(list((tmp_path / "points").glob("*.npz"))) == 2
    valued.clear()
    again = run_sweep(asked, folder=tmp_path / "points")
    assert valued == ["3"]
    assert again.result["points"] == whole.result["points"]
    assert again.result["verdict"] == whole.result["verdict"]


def test_a_broken_point_is_computed_again(tmp_path: Path) -> None:
    store = PointStore(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"half")
    assert store.get("a") is None
    with pytest.raises(InputError, match="being worked on by another process"):
        PointStore(tmp_path)
    store.close()
    PointStore(tmp_path).close()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_efficient_points_are_those_nobody_beats(points: list[tuple[int, int]]) -> None:
    gain, price = [p[0] for p in points], [p[1] for p in points]
    flags = efficient(gain, price)
    assert any(flags)
    front = sorted((p, g) for g, p, flag in zip(gain, price, flags, strict=True) if flag)
    assert all(a <= b for (_, a), (_, b) in itertools.pairwise(front))  # more costs more
    for g, p, flag in zip(gain, price, flags, strict=True):
        beaten = any(other != (g, p) and other[0] >= g and other[1] <= p for other in points)
        assert flag is not beaten


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["channels.sms.unit_csot=1,2"], "--vary channels.sms.unit_csot: unknown key; did you mean 'unit_cost'"),
        (["channels.sms.unit_cost="], "--vary: is not KEY=v1,v2,..."),
        (["channels.sms.unit_cost"], "--vary: is not KEY=v1,v2,..."),
        (["channels.sms.unit_cost=1"], "--vary channels.sms.unit_cost: needs at least two values"),
        (["channels.sms.unit_cost=1,1"], "--vary channels.sms.unit_cost: has a value twice"),
        (["channels.sms.unit_cost=1,,2"], "--vary channels.sms.unit_cost: needs at least two values"),
        (["channels.sms.unit_cost=0.1,-1"], "--vary channels.sms.unit_cost: is out of range (given: -1)"),
        (["policy.caps.email.max_contacts=1,2"], "--vary policy.caps.email: there is no item of this name"),
        (["a=1,2", "a=2,3"], "--vary: the same key twice"),
        (["a=1,2", "b=2,3", "c=1,2"], "--vary: is needed once or twice"),
        (["a=" + ",".join(map(str, range(401)))], "--vary: too many points (given: 401); allowed: at most 400"),
    ],
)
def test_bad_grids_are_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, vary: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "library:small", *(f"--vary={text}" for text in vary), "-o", str(tmp_path / "out")])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_key_is_told_once(small: Any) -> None:
    with pytest.raises(InputError) as refused:
        make_sweep(small, parse_axes(["economics.margn=0.1,0.2,0.3"]))
    (problem,) = refused.value.problems
    assert problem.given == "margn = 0.1"


def test_axes_have_units(small: Any) -> None:
    axes = parse_axes(["channels.sms.unit_cost=1,2", "optimize.limits.budget.max_cost=1,2"])
    assert [axis.unit("EUR") for axis in axes] == ["EUR per contact", "EUR over the horizon"]
    assert parse_axes([f"{CAP}=1,2"])[0].unit("EUR") == "contacts"
    assert parse_axes(["policy.arbitration=value,priority"])[0].unit("EUR") == ""


def test_fill_needs_a_cap(small: Any) -> None:
    with pytest.raises(InputError, match="--fill: no cap is varied"):
        run_sweep(make_sweep(small, parse_axes(["economics.margin=0.1,0.2"]), mode="fill"))


def test_the_command_writes_a_run_and_cleans_up(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    def call(*more: str) -> tuple[int, str, str]:
        arguments = ["sweep", "library:small", "--customers", "200", "--vary", f"{CAP}=1,3", *more]
        with pytest.raises(SystemExit) as stop:
            cli.main([*arguments, "-o", str(tmp_path / "out")])
        streams = capsys.readouterr()
        return int(stop.value.code or 0), streams.out, streams.err

    with monkeypatch.context() as broken:
        broken.setattr(sweeping, "_result", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        code, _, err = call()
    assert code == 130
    assert "2 of 2 points are kept in " in err
    code, out, _ = call("--json")
    assert code == 0
    assert json.loads(out)["cap_benchmark"]["levels"] == [1, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {"result.json", "report.html", "points.parquet"} <= {path.name for path in (tmp_path / "out").iterdir()}
    assert call("--fill", "--search")[0] == 2


def test_channels_that_a_looser_cap_crowds_out_are_named() -> None:
    def valued(email: float, sms: float) -> Any:
        return types.SimpleNamespace(contacts={"email": email, "sms": sms})

    crowded = _crowded_out([valued(100, 40), valued(200, 5)], [3, 5], (0, 1))
    assert len(crowded) == 1
    assert "With 5 instead of 3" in crowded[0]
    assert "sms 40 → 5 contacts" in crowded[0]
    assert crowded == _crowded_out([valued(100, 40), valued(200, 5)], [3, 5], (1, 0))
    assert _crowded_out([valued(100, 40), valued(200, 39)], [3, 5], (0, 1)) == []
    assert _crowded_out([valued(100, 40)], [3], (0, 0)) == []
