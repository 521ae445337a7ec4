"""`credit`: parts are what `simulate` says of the plan without them, and fair shares add up to the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import build, cli, load_scenario, simulate
from scenarios.crediting import combinations, credit_parts, only, pieces_of, shapley_weights
from scenarios.report import render_report
from scenarios.run import plan_of
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["horizon.weeks=4", "horizon.tail_weeks=4"]


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", SHORT)


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> Any:
    return credit_parts(small, customers=1_000)


def test_parts_are_what_simulate_says(found: Any, small: Any) -> None:
    rows = {row["part"]: row for row in found.result["parts"]}
    values = {
        name: simulate(small, {"default": plan}, customers=1_000).result["value"]["versus_none"]["mean"]
        for name, plan in (("both", {"email": 2, "sms": 0.25}), ("email", {"email": 2}), ("sms", {"sms": 0.25}))
    }
    assert found.result["whole"]["value"]["mean"] == pytest.approx(values["both"])
    for one, other in (("email", "sms"), ("sms", "email")):
        assert rows[one]["alone"]["value"]["mean"] == pytest.approx(values[one])
        assert rows[one]["left_out"]["value"]["mean"] == pytest.approx(values["both"] - values[other])
    assert found.result["shared"]["mean"] == pytest.approx(values["email"] + values["sms"] - values["both"])


def test_fair_shares_add_up(found: Any) -> None:
    result = found.result
    for measure in ("value", "contribution", "cost", "unsubscribes"):
        parts = sum(row["fair"][measure]["mean"] for row in result["parts"])
        assert parts == pytest.approx(result["whole"][measure]["mean"], rel=1e-6, abs=1e-4)
        assert result["sums"]["fair"]["value"]["ci_low"] == pytest.approx(result["whole"]["value"]["ci_low"], abs=1e-4)
    for way, total in result["sums"].items():
        assert total["value"]["mean"] == pytest.approx(sum(row[way]["value"]["mean"] for row in result["parts"]))
        assert total["value"]["ci_low"] < total["value"]["mean"]
    assert "fair share" in result["verdict"]
    assert "Through what does the money come?" in render_report(result)
    assert "sum of the parts" in found.summary()


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_shapley_of_any_game(many: int, seed: int) -> None:
    """Shares add up, an idle part gets nothing, equal parts get the same."""
    names = [chr(97 + k) for k in range(many)]
    rng = np.random.default_rng(seed)
    core = {kept: 0.0 if not kept - {"a"} else float(rng.normal()) for kept in combinations(names[1:] or names)}
    worth = {kept: core.get(kept - {"a"} if many > 1 else kept, 0.0) for kept in combinations(names)}
    shares = {n: sum(w * worth[kept] for kept, w in shapley_weights(n, names).items()) for n in names}
    assert sum(shares.values()) == pytest.approx(worth[frozenset(names)] - worth[frozenset()], abs=1e-9)
    if many > 1:
        assert shares["a"] == pytest.approx(0, abs=1e-9)  # it never adds anything
    by_size = {n: sum(w * len(kept) ** 2 for kept, w in shapley_weights(n, names).items()) for n in names}
    assert list(by_size.values()) == pytest.approx([many] * many)


def test_many_parts_are_looked_at_one_by_one() -> None:
    wanted = combinations(list("abcdef"))
    assert len(wanted) == 1 + 6 + 6 + 1
    assert frozenset("abcde") in wanted


def test_offers_and_campaigns_are_parts_too(tmp_path: Path) -> None:
    file = tmp_path / "offers.toml"
    file.write_text(
        'extends = "library:small.toml"\n[offers.ten_off]\ndiscount_share = 0.1\n'
        '[campaigns.news]\nchannel = "email"\nper_week = 0.5\n'
        '[policy.current]\ncampaigns = ["news"]\noffers = { Loyal = { email = "ten_off" } }\n'
    )
    loaded = load_scenario(file, SHORT)
    plan = build.current_plan(loaded)
    pieces = pieces_of(plan)
    assert [piece.name for piece in pieces] == ["email", "sms", "offer ten_off", "campaign news"]
    without = only(plan, pieces, {"sms", "campaign news"})
    assert (without.offers, without.campaigns) == ((), ("news",))
    assert not without.per_week[:, 0].any()
    assert (without.per_week[:, 1] == plan.per_week[:, 1]).all()
    rows = {row["part"]: row for row in credit_parts(loaded, customers=300).result["parts"]}
    assert rows["offer ten_off"]["alone"]["value"]["mean"] == 0  # nothing carries it
    assert rows["campaign news"]["alone"]["cost"]["mean"] > 0


def test_a_plan_without_contacts(small: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contacts nobody"):
        credit_parts(small, plan=plan_of({"default": {}}, small), customers=100)
    with pytest.raises(SystemExit) as stop:
        cli.main(["credit", "library:small", "--customers", "200", "-o", str(tmp_path / "r")])
    assert stop.value.code in (None, 0)
    assert "What each part brings" in capsys.readouterr().out
