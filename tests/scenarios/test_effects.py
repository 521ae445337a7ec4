"""What contacts add, from logs made by the engine with the truth known, and from files on the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from scenarios import cli, effects
from scenarios.load import load_scenario
from scenarios.report import render_report
from scenarios.run_effects import effects_of_log
from scenarios.world import load_base, make_world
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED, NANO, ORDERS
from sim.errors import InputError
from sim.policy import Frequencies
from sim.simulate import simulate

CUSTOMERS, WEEKS = 120_000, 12
START = np.datetime64("2024-03-01")


@dataclass(frozen=True)
class Made:
    """A log of e-mails targeted at good customers, and who was drawn to be held back."""

    orders: pl.DataFrame
    messages: pl.DataFrame
    """Every e-mail due; ``holdout`` 1 where it was held back."""
    truth: float
    """Orders that the e-mails add to a customer who is due any, over the weeks."""


def make(held_back: float) -> Made:
    """Three e-mails a week to the best segments, one to the middle, none to the rest."""
    overrides = [f"horizon.weeks={WEEKS}", "horizon.tail_weeks=0", "base.tenure_days=400", 'base.start="rested"']
    base = load_base(load_scenario("library:calibration", overrides))
    world = make_world(base, base.population(CUSTOMERS, 5).standing_for(CUSTOMERS))
    names = world.rfm.segments
    rates = np.array([[3.0 if n in ("Champions", "Loyal") else 1.0 if n == "Potential" else 0.0] for n in names])
    plans = [
        Frequencies("targeted", names, world.channel_names, rates),
        Frequencies("none", names, world.channel_names, 0 * rates),
    ]
    run = simulate(world, plans, seed=5, log_lines=8_000_000)
    log = run.totals.log
    held = np.random.default_rng(5).random(CUSTOMERS) < held_back
    contacts = log[(log[:, 0] == 0) & (log[:, 3] == EV_CONTACT)]
    due = np.unique(contacts[:, 1])
    added = run.per_customer(0, 0, ORDERS) - run.per_customer(1, 0, ORDERS)
    lived = log[np.where(held[log[:, 1]], 1, 0) == log[:, 0]]  # those held back lived in the world without contacts
    lived = lived[np.isin(lived[:, 3], (EV_ORGANIC, EV_STIMULATED))]
    p = world.population
    past_who = np.repeat(np.arange(CUSTOMERS), p.order_to - p.order_from)
    past_day = p.order_day[np.concatenate([np.arange(a, b) for a, b in zip(p.order_from, p.order_to, strict=True)])]
    who, day = np.concatenate([past_who, lived[:, 1]]), np.concatenate([past_day, lived[:, 2]]).astype(np.int64)
    orders = {"customer_id": who, "order_date": START + day.astype("timedelta64[D]"), "order_value": 5.0 + who % 7}
    sent = {
        "customer_id": contacts[:, 1], "sent_at": START + contacts[:, 2].astype("timedelta64[D]"),
        "channel": np.full(len(contacts), "email"), "holdout": held[contacts[:, 1]].astype(int),
    }  # fmt: skip
    return Made(pl.DataFrame(orders), pl.DataFrame(sent), float(added[due].mean() / NANO))


@pytest.fixture(scope="module")
def targeted(kernels: None) -> Made:
    return make(0.0)


@pytest.fixture(scope="module")
def with_holdout(kernels: None) -> Made:
    return make(0.05)


@pytest.mark.slow
def test_a_targeted_log_claims_nothing(targeted: Made) -> None:
    """Contacted customers order several times as much; nearly all of that would have come anyway."""
    done = effects_of_log(targeted.orders, targeted.messages.drop("holdout"))
    naive = done.result["naive"]
    assert naive["contacted"] - naive["not_contacted"] > 3 * targeted.truth > 0
    assert done.result["claimed"] is False
    assert "effects" not in done.result
    assert "scenario_fragment.toml" not in done.texts
    assert "weeks" in done.result["needed"]
    said = done.summary()
    assert "That is no effect" in said
    assert "What would settle it: hold back" in said
    assert "No effect is claimed" in said
    assert "What would settle it" in render_report(done.result)


@pytest.mark.slow
def test_a_small_random_holdout_in_the_same_log_recovers_the_truth(with_holdout: Made) -> None:
    done = effects_of_log(with_holdout.orders, with_holdout.messages)
    assert done.result["claimed"]
    assert [arm["arm"] for arm in done.result["arms"]] == ["held back", "contacted"]
    found = next(e for e in done.result["effects"] if (e["outcome"], e["by"]) == ("orders", ""))
    assert found["low"] <= with_holdout.truth <= found["high"]
    assert found["se"] < 0.45 * with_holdout.truth
    assert done.result["variance_saved"]["orders"] > 0.1
    assert {e["group"] for e in done.result["effects"] if e["by"] == "segment"} >= {"Champions", "Potential"}
    assert 'origin = "fitted"' in done.texts["scenario_fragment.toml"]


@pytest.mark.slow
def test_a_holdout_that_was_not_drawn_at_random_is_found_out(with_holdout: Made) -> None:
    """The marketing team let its best customers out of the holdout."""
    orders = with_holdout.orders.group_by("customer_id").len().sort("len", descending=True)
    best = orders.head(18_000)["customer_id"].to_list()
    messages = with_holdout.messages.filter(~(pl.col("customer_id").is_in(best) & (pl.col("holdout") == 1)))
    done = effects_of_log(with_holdout.orders, messages)
    assert done.result["claimed"] is False
    assert any("differed before the trial" in warning for warning in done.result["warnings"])
    assert "Differences, which are no effects" in done.summary()
    assert not done.texts


# ---- the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def trial(tmp_path):
    rng = np.random.default_rng(1)
    arm = rng.integers(0, 3, 6_000)
    x = rng.poisson(2, 6_000)
    rows = {
        "customer_id": np.arange(6_000), "arm": np.array(["control", "A", "B"])[arm], "before": x,
        "bought": (rng.random(6_000) < 0.05 + 0.02 * x + 0.05 * (arm > 0)).astype(int),
    }  # fmt: skip
    path = tmp_path / "trial.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(["effects", *map(str, arguments)])
    said = capsys.readouterr()
    return stop.value.code or 0, said.out, said.err


def test_a_file_on_the_command_line(trial, tmp_path, capsys):
    options = ("--outcomes", "orders=bought", "--before", "before", "--by", "before", "--channel", "push", "--json")
    code, out, err = call(capsys, trial, *options, "-o", tmp_path / "run")
    assert code == 0, err
    result = json.loads(out)
    assert result["claimed"]
    assert [arm["arm"] for arm in result["arms"]] == ["control", "A", "B"]
    for row in result["effects"]:
        assert row["low"] < row["effect"] < row["high"]
    overall = {row["arm"]: row for row in result["effects"] if row["by"] == ""}
    assert all(row["low"] < 0.05 < row["high"] for row in overall.values())
    fragment = (tmp_path / "run" / "scenario_fragment.toml").read_text()
    assert "[channels.push]\norders_per_contact = { value = 0.0" in fragment
    (tmp_path / "s.toml").write_text('extends = ["library:small.toml", "run/scenario_fragment.toml"]\n')
    measured = load_scenario(tmp_path / "s.toml").scenario.channels["push"].orders_per_contact
    assert (measured.origin, measured.low < 0.05 < measured.high) == ("fitted", True)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Per 1,000 customers and against control, orders: A +" in page
    assert pl.read_parquet(tmp_path / "run" / "effects.parquet").height == len(result["effects"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "effects: needs a trial; allowed: a file of one, or --orders and --messages"),
        (["TRIAL"], "--outcomes: says nothing to compare; allowed: like orders=conversion"),
        (["none.csv", "--outcomes", "a=b"], "TRIAL: no such file (given: none.csv)"),
        (["TRIAL", "--outcomes", "a=b"], "trial.csv: the column 'b' is missing"),
        (
            ["TRIAL", "--outcomes", "a=bought", "--control", "C"],
            "control: there is no such arm (given: C); allowed: A, B",
        ),
    ],
)
def test_mistakes(arguments, message, trial, capsys):
    code, out, err = call(capsys, *[trial if a == "TRIAL" else a for a in arguments])
    assert (code, out) == (2, "")
    assert message in err


def test_from_a_notebook(trial):
    done = effects(pl.read_csv(trial), outcomes={"orders": "bought"}, before=["before"])
    assert done.result["claimed"]
    assert done.frame("effects")["arm"].to_list() == ["A", "B"]
    assert "orders, A: +0.0" in repr(done)
    with pytest.raises(InputError, match="needs a trial"):
        effects()
