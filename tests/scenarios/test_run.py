"""Runs from end to end: every key of result.json, the files of a run, and numbers that agree with each other."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from scenarios import cli, run
from scenarios.load import LIBRARY, load_scenario
from scenarios.planfile import load_plan
from scenarios.read_run import load_result
from scenarios.report import render_report
from scenarios.world import load_base, make_world
from sim.compare import compare, outcome_interval, sampled_contribution
from sim.errors import InputError
from sim.policy import Frequencies
from sim.simulate import simulate
from tests.worlds import uniform_plan, world_of

pytestmark = pytest.mark.usefixtures("kernels")
Json = dict[str, Any]

SIMULATED = {
    "schema_version", "command", "scenario", "provenance", "plan_name", "plan", "current_plan", "incremental",
    "tail_value", "value", "outcome", "baseline", "contacts", "unsubscribes", "complaints", "funnel", "red_zones", "cost",
    "cost_estimate",
    "weekly", "segments", "flows", "assumptions",
}  # fmt: skip
WITH_PLAN = SIMULATED | {"tail_sensitivity"}
OPTIMIZED = WITH_PLAN | {
    "objective", "promised", "delivered", "promised_minus_delivered", "baselines", "limits", "certificate", "search",
}  # fmt: skip
FILES = {
    "result.json", "report.html", "plan.toml", "plan.csv", "scenario.json", "weekly.parquet", "segments.parquet",
    "flows.parquet", "assumptions.parquet",
}  # fmt: skip


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> Json:
    """Run a command that works; its --json."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert stop.value.code in (None, 0), said.err
    result: Json = json.loads(said.out)
    return result


@pytest.fixture(scope="module")
def runs(kernels: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of this file are: ``now`` (current policy) and ``best`` (optimized)."""
    folder = tmp_path_factory.mktemp("runs")
    small = load_scenario("library:small")
    run.run_simulate(small, customers=1_500, out=folder / "now")
    run.run_optimize(small, customers=1_500, out=folder / "best")
    return folder


@pytest.fixture(scope="module")
def now(runs: Path) -> Json:
    return load_result(runs / "now")


@pytest.fixture(scope="module")
def best(runs: Path) -> Json:
    return load_result(runs / "best")


@pytest.fixture(scope="module")
def again(runs: Path) -> Json:
    """The found plan, simulated from its file with the seed of the report."""
    seed = load_result(runs / "best")["provenance"]["report_seed"]
    done = run.run_simulate(
        load_scenario("library:small"),
        plan_file=runs / "best" / "plan.toml",
        seed=seed,
        customers=1_500,
        out=runs / "again",
    )
    return done.result


def without_times(result: Json) -> Json:
    kept = json.loads(json.dumps(result))
    for key in ("started", "seconds"):
        del kept["provenance"][key]
    kept.get("search", {}).pop("seconds", None)
    return kept


# --- shape ----------------------------------------------------------------------------------------------------------


def test_results_have_the_promised_keys_and_no_others(now: Json, best: Json, again: Json) -> None:
    assert (set(now), set(best), set(again)) == (SIMULATED, OPTIMIZED, WITH_PLAN)
    assert set(now["incremental"]) == set(now["value"]) == set(now["tail_value"]) == {"versus_none"}
    for result in (best, again):
        assert set(result["incremental"]) == set(result["value"]) == {"versus_current", "versus_none"}
    assert set(now["scenario"]) == {
        "name", "digest", "files", "currency", "weeks", "tail_weeks", "base_customers", "simulated_customers",
        "changes", "source",
    }  # fmt: skip
    assert (now["scenario"]["base_customers"], now["scenario"]["simulated_customers"]) == (4_000, 1_500)
    assert {"python", "numpy", "numba", "pulp", "highspy"} <= set(now["provenance"]["versions"])
    assert set(best["delivered"]) == {"value", "contribution", "revenue", "orders", "cost"}
    assert set(best["promised"]) <= set(best["delivered"])
    assert list(best["baselines"]) == ["no_contact", "current", "uniform_best"]
    assert set(best["baselines"]["current"]) == set(best["delivered"]) | {
        "label", "feasible", "plan", "plan_minus_this",
    }  # fmt: skip
    assert [set(row) for row in best["limits"]] == [
        {
            "name", "measure", "unit", "limit", "used", "share_used", "binding", "price_step",
            "shadow_price_money", "shadow_price_money_se", "shadow_price_reach",
            "sell_price_money", "sell_price_money_se", "sell_price_reach",
        }
    ]  # fmt: skip
    assert set(best["search"]["history"][0]) == {"round", "value", "changed", "accepted", "how"}


def plain(node: Any) -> bool:
    if isinstance(node, dict):
        return all(type(key) is str and plain(value) for key, value in node.items())
    if isinstance(node, list):
        return all(map(plain, node))
    return type(node) in (int, float, str, bool)


def test_values_are_plain_finite_and_never_null(now: Json, best: Json) -> None:
    done = run.simulate_scenario(load_scenario("library:small"), customers=1)
    assert plain(now)
    assert plain(best)
    assert plain(done.result), "also in memory, also with one customer, who gives no interval"
    json.dumps(done.result, allow_nan=False)
    assert set(done.result["value"]["versus_none"]) == {"mean"}


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_run_directory_is_complete(runs: Path, now: Json, best: Json) -> None:
    for name, result in (("now", now), ("best", best)):
        assert {path.name for path in (runs / name).iterdir()} == FILES
        assert (runs / name / "report.html").read_text() == render_report(result)
        for table in ("weekly", "segments", "flows"):
            frame = pl.read_parquet(runs / name / f"{table}.parquet")
            assert frame.equals(pl.DataFrame(result[table], infer_schema_length=None))


def test_tables_sum_to_the_totals(best: Json, runs: Path) -> None:
    horizon = pl.col("week") <= 8
    mine = pl.col("world") == "plan"
    weekly = pl.read_parquet(runs / "best" / "weekly.parquet").filter(horizon, mine)
    for channel, sent in best["contacts"].items():
        assert weekly.filter(pl.col("channel") == channel)["contacts"].sum() == pytest.approx(sent)
        assert best["funnel"][channel]["sent"] == sent
    segments = pl.read_parquet(runs / "best" / "segments.parquet").filter(horizon)
    assert segments.filter(mine)["contacts"].sum() == pytest.approx(sum(best["contacts"].values()))
    by_world = {key: segments.filter(pl.col("world") == key) for key in ("plan", "current", "no_contact")}
    for what in ("orders", "revenue"):
        total = best["baseline"][what]
        assert by_world["no_contact"][what].sum() == pytest.approx(total)
        more = best["incremental"]["versus_none"]["total"][what]["mean"]
        assert by_world["plan"][what].sum() == pytest.approx(total + more)
        less = best["incremental"]["versus_current"]["total"][what]["mean"]
        assert by_world["current"][what].sum() == pytest.approx(total + more - less)
    for frame in by_world.values():
        assert frame.group_by("week").agg(pl.col("customers").sum())["customers"].to_list() == pytest.approx(
            [4_000] * 8
        )
    flows = pl.read_parquet(runs / "best" / "flows.parquet")
    assert flows.group_by("week").agg(pl.col("customers").sum())["customers"].to_list() == pytest.approx([4_000] * 16)


def test_money_adds_up(best: Json) -> None:
    costs = {"email": 0.002, "sms": 0.06}
    assert best["cost"] == pytest.approx(sum(costs[name] * n for name, n in best["contacts"].items()))
    for versus in ("versus_none", "versus_current"):
        total = {key: best[key][versus]["total"]["contribution"]["mean"] for key in ("incremental", "tail_value")}
        assert best["value"][versus]["mean"] == pytest.approx(sum(total.values()))
        each = best["incremental"][versus]["per_customer"]["revenue"]["mean"]
        assert each * 4_000 == pytest.approx(best["incremental"][versus]["total"]["revenue"]["mean"])
    money = best["incremental"]["versus_none"]["total"]
    told = best["cost_estimate"]
    assert told["mean"] == pytest.approx(best["cost"])
    assert told["ci_low"] < told["mean"] < told["ci_high"]
    assert money["contribution"]["mean"] == pytest.approx(0.4 * money["revenue"]["mean"] - best["cost"])
    assert best["delivered"]["value"] == best["value"]["versus_none"]
    assert best["baselines"]["no_contact"]["plan_minus_this"] == best["delivered"]["value"]
    assert best["baselines"]["current"]["plan_minus_this"] == best["value"]["versus_current"]
    assert best["baselines"]["no_contact"]["value"] == {"mean": 0, "ci_low": 0, "ci_high": 0}
    gap = best["promised"]["value"]["mean"] - best["delivered"]["value"]["mean"]
    assert best["promised_minus_delivered"]["mean"] == pytest.approx(gap)


def test_limits_hold_and_tell_their_use(best: Json) -> None:
    (budget,) = best["limits"]
    assert (budget["limit"], budget["unit"]) == (200, "USD")
    assert budget["used"] == pytest.approx(best["cost"])
    assert budget["share_used"] == pytest.approx(budget["used"] / 200)
    assert budget["binding"] == (budget["share_used"] >= 0.97)
    assert not best["baselines"]["current"]["feasible"]
    assert "1,500 simulated customers" in best["certificate"]["statement"]


def test_weekly_limits_tell_their_fullest_week() -> None:
    sets = ["optimize.limits=[{name='mails', channel='email', max_contacts_per_week=3000}]"]
    done = run.optimize_scenario(load_scenario("library:small", sets), customers=400)
    budget, row = done.result["limits"]
    sent = done.frame("weekly").filter(world="plan", channel="email").filter(pl.col("week") <= 8)["contacts"]
    assert budget["name"] == "budget", "limits join the inherited ones"
    assert row["used"] == pytest.approx(sent.max())
    assert (row["channel"], row["measure"]) == ("email", "contacts_per_week")


# --- the same again -------------------------------------------------------------------------------------------------


def test_the_plan_file_gives_the_reported_numbers_again(best: Json, again: Json) -> None:
    assert (again["plan_name"], again["plan"]) == ("plan.toml", best["plan"])
    same = WITH_PLAN - {"command", "provenance", "plan_name"}
    assert {key: again[key] for key in same} == {key: best[key] for key in same}


def test_the_current_plan_as_a_file_differs_by_nothing(runs: Path) -> None:
    done = run.simulate_scenario(load_scenario("library:small"), plan=runs / "now" / "plan.toml", customers=300)
    zero = {"mean": 0, "ci_low": 0, "ci_high": 0}
    assert done.result["value"]["versus_current"] == done.result["tail_sensitivity"]["versus_current"] == zero


def test_a_wrong_plan_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[default]\nfax = 1\n")
    heard: list[object] = []
    with pytest.raises(InputError, match=r"p\.toml:2: default\.fax: unknown channel"):
        run.simulate_scenario(
            load_scenario("library:cdnow"), plan=tmp_path / "p.toml", progress=lambda *all_: heard.append(all_)
        )
    assert heard == []


def test_plan_files_of_a_run_load_back(runs: Path, best: Json) -> None:
    segments = tuple(dict.fromkeys(row["segment"] for row in best["plan"]))
    plan = load_plan(runs / "best" / "plan.toml", segments, ("email", "sms"))
    assert plan.name == "found"
    assert plan.per_week.ravel().tolist() == [row["per_week"] for row in best["plan"]]


def test_seed_and_scenario_decide_the_result_whatever_the_threads(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, now: Json
) -> None:
    arguments = ("simulate", "library:small", "--customers", 1_500, "--threads", 1, "--json", "-o", tmp_path / "x")
    printed = command(capsys, *arguments)
    assert printed == load_result(tmp_path / "x")
    assert without_times(printed) == without_times(now)
    other = run.simulate_scenario(load_scenario("library:small"), customers=1_500, seed=2)
    assert other.result["value"] != now["value"]


def test_optimize_prints_what_it_writes_and_repeats_itself(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, best: Json
) -> None:
    printed = command(
        capsys, "optimize", "library:small", "--customers", 1_500, "--threads", 1, "--json", "-o", tmp_path / "x"
    )
    assert printed == load_result(tmp_path / "x")
    assert without_times(printed) == without_times(best)


@pytest.mark.parametrize("place", ["simulate", "render_report"])
def test_an_interrupted_run_leaves_nothing(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "scenarios.report.render_report" if place == "render_report" else "scenarios.simulating.simulate_stream",
        interrupt,
    )
    with pytest.raises(KeyboardInterrupt):
        run.run_simulate(load_scenario("library:small"), customers=50, out=tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_progress_goes_from_0_to_1_and_names_what_is_done() -> None:
    heard: list[tuple[float, float, str]] = []
    run.simulate_scenario(load_scenario("library:small"), customers=50, progress=lambda *all_: heard.append(all_))
    shares = [done / total for done, total, _ in heard]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert "simulation" in {text for _, _, text in heard}


# --- the base -------------------------------------------------------------------------------------------------------

SAMPLE = ["base.where={in_sample=1}", "horizon.weeks=4", "horizon.tail_weeks=0"]


def test_real_orders_columns_and_where() -> None:
    loaded = load_scenario("library:cdnow", SAMPLE)
    done = run.simulate_scenario(loaded, customers=500, per_customer=True)
    assert done.result["scenario"]["base_customers"] == 2_357
    assert done.result["scenario"]["as_of"] == "1998-06-30"
    assert not {"tail_value", "tail_sensitivity"} & set(done.result), "no tail, nothing about it"
    fitted = {row["key"]: row for row in done.result["assumptions"] if row["origin"] == "fitted"}
    assert set(fitted) == {f"base.fitted_model.{key}" for key in ("r", "alpha", "a", "b", "p", "q", "gamma")}
    assert all(row["low"] < row["value"] < row["high"] for row in fitted.values())
    customers = done.frame("customers")
    assert customers.height == 500
    known = load_base(loaded).history
    assert known is not None
    assert set(customers["customer_id"]) <= set(known.orders.customer_ids.tolist())
    scaled = customers["plan_orders"].sum() * 2_357 / 500
    more = done.result["incremental"]["versus_none"]["total"]["orders"]["mean"]
    assert scaled == pytest.approx(done.result["baseline"]["orders"] + more)


def test_orders_after_as_of_are_the_future() -> None:
    late = load_base(load_scenario("library:cdnow", [*SAMPLE, "base.as_of=1997-12-31"]))
    assert late.history is not None
    assert late.history.fit is not None
    assert np.datetime64(late.history.orders.last_day, "D") == np.datetime64("1997-12-31")
    assert late.history.fit.fitted_until == "1997-12-31"
    assert late.population(10, 1).order_day.max() == -1


def test_the_fit_watches_until_as_of_even_if_nobody_orders(tmp_path: Path) -> None:
    sets = [*SAMPLE, "base.as_of=1998-09-30"]
    base = load_base(load_scenario("library:cdnow", sets))
    assert base.history is not None
    assert base.history.fit is not None
    assert base.history.fit.fitted_until == "1998-09-30"


def test_a_stated_model_is_not_fitted() -> None:
    model = "base.fitted_model={model='bg-nbd', r=0.243, alpha=4.414, a=0.793, b=2.426, p=6.25, q=3.744, gamma=15.44}"
    base = load_base(load_scenario("library:cdnow", [*SAMPLE, model]))
    assert base.history is not None
    assert base.history.fit is None
    assert (base.history.organic.name, base.history.organic.r, base.history.spend.q) == ("bg-nbd", 0.243, 3.744)
    assert base.population(20, 1).rate_shape == 0.243


def test_a_gap_between_data_and_start_is_refused() -> None:
    with pytest.raises(InputError, match=r"horizon\.start: leaves a gap.*1998-07-01, the day after"):
        load_base(load_scenario("library:cdnow", ["horizon.start=1998-08-01"]))
    assert load_base(load_scenario("library:cdnow", [*SAMPLE, "horizon.start=1998-07-01"])).history


def test_quantile_borders_do_not_depend_on_seed_or_sample() -> None:
    base = load_base(load_scenario("library:cdnow", [*SAMPLE, "segments.borders='quantiles'"]))
    few, many = (make_world(base, base.population(*size)) for size in ((50, 1), (2_000, 9)))
    assert few.rfm == many.rfm


@pytest.mark.parametrize("customers", [500, 4_000, 9_000])
def test_an_invented_base_means_its_size_whatever_is_simulated(customers: int) -> None:
    population = load_base(load_scenario("library:small")).population(customers, 1)
    assert (population.size, population.base_size) == (customers, 4_000)


# --- fit ------------------------------------------------------------------------------------------------------------


def test_fit_writes_a_fragment_that_scenarios_extend(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    orders = LIBRARY / "data" / "cdnow_orders.csv.gz"
    result = command(
        capsys, "fit", orders, "--where", "in_sample=1", "--until", "1997-09-30", "--json", "-o", tmp_path / "fit"
    )
    assert result == load_result(tmp_path / "fit")
    assert plain(result)
    assert set(result) == {
        "schema_version", "command", "scenario", "provenance", "organic", "candidates", "choice", "spend", "backtest",
        "fitted_until", "refitted", "warnings", "label", "orders", "regularity", "unknown_contacts", "day_grid", "seasonality", "segments",
    }  # fmt: skip
    assert result["organic"]["model"] == "mbg-nbd"
    assert result["orders"]["customers"] == result["scenario"]["base_customers"] == 2_357
    means = {"customers", "forecast_mean", "actual_mean", "chance_mean"}
    for kind in ("frequency", "segment"):
        assert set(result["backtest"][f"by_{kind}"][0]) == {kind} | means
    weekly = pl.read_parquet(tmp_path / "fit" / "backtest_weekly.parquet")
    assert weekly["actual"].sum() == result["backtest"]["actual"]
    (tmp_path / "s.toml").write_text('extends = ["library:cdnow.toml", "fit/scenario_fragment.toml"]\n')
    stated = load_scenario(tmp_path / "s.toml").scenario.base.fitted_model
    assert stated is not None
    lived = result["day_grid"]
    assert (stated.r.value, stated.r.origin) == (lived["r"], "fitted")
    assert stated.r.low == pytest.approx(lived["low"]["r"], rel=1e-5)
    assert stated.r.high == pytest.approx(lived["high"]["r"], rel=1e-5)
    assert lived["alpha"] == pytest.approx(0.92 * result["organic"]["alpha"], rel=0.02)


def test_fit_takes_frames_and_dates() -> None:
    frame = pl.read_csv(LIBRARY / "data" / "cdnow_orders.csv.gz").filter(pl.col("in_sample") == 1)
    done = run.fit_orders(frame, until=dt.date(1997, 9, 30), model="bg-nbd")
    assert done.result["organic"]["r"] == pytest.approx(0.243, abs=0.001)
    assert done.result["orders"]["last_day"] == "1998-06-30"
    assert "backtest" in done.summary().lower()


# --- what one real period can show ------------------------------------------------------------------------------------


def test_the_outcome_interval_is_that_of_independent_groups() -> None:
    """Compare with real periods: pairs of runs with different seeds, sampled orders, no shared draws."""
    world = world_of(200, weeks=3, start="rested")
    plan, nothing = uniform_plan(world, 1.0, 0.5), Frequencies.nothing(world.rfm.segments, world.channel_names)
    result = simulate(world, [plan, nothing], seed=1)
    low, high = outcome_interval(result, 0, 1)
    assert (low + high) / 2 == pytest.approx(compare(result, 0, 1).contribution.mean)
    groups = []
    for seed in range(2, 42):
        treated, control = (world_of(world_population(200, 100 * seed + k), weeks=3, start="rested") for k in range(2))
        a = sampled_contribution(simulate(treated, [plan], seed=seed), 0).sum()
        b = sampled_contribution(simulate(control, [nothing], seed=seed + 1_000), 0).sum()
        groups.append(a - b)
    assert (high - low) / 2 == pytest.approx(1.96 * np.std(groups), rel=0.35)


def world_population(customers: int, seed: int) -> Any:
    from sim.population import synthetic
    from tests.worlds import LIVELY

    return synthetic(LIVELY, customers, seed=seed, tenure_days=200)
