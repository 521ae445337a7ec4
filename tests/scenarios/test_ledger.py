"""The migration ledger adds up, agrees with the simulation's own counts, and is empty where nothing is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios import cli, load_scenario, simulate
from scenarios.migrating import migration_ledger
from scenarios.report import render_report
from scenarios.run import plan_of
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", ["horizon.weeks=6", "horizon.tail_weeks=0"])


@pytest.fixture(scope="module")
def found(small: Any, kernels: None) -> Any:
    return migration_ledger(small, customers=2_000)


def test_the_parts_are_the_whole(found: Any, small: Any) -> None:
    result = found.result
    assert sum(row["customers"] for row in result["groups"]) == pytest.approx(4_000)
    assert sum(row["contribution"]["mean"] for row in result["groups"]) == pytest.approx(result["total"]["mean"])
    alone = simulate(small, customers=2_000).result["incremental"]["versus_none"]["total"]["contribution"]
    assert result["total"] == alone
    up_and_down = [row for row in result["groups"] if row["group"] != "same"]
    assert sum(row["customers"] for row in result["moves"]) == pytest.approx(sum(r["customers"] for r in up_and_down))
    assert sum(row["contribution"]["mean"] for row in result["moves"]) == pytest.approx(
        sum(row["contribution"]["mean"] for row in up_and_down)
    )


def test_net_moves_are_the_difference_of_the_segments_sizes(found: Any, small: Any) -> None:
    """Customers per segment at the end, plan minus no contact, from the simulation's weekly table."""
    rows = [row for row in simulate(small, customers=2_000).result["segments"] if row["week"] == 6]
    ends = {
        world: {r["segment"]: r["customers"] for r in rows if r["world"] == world} for world in ("plan", "no_contact")
    }
    for segment in ends["plan"]:
        entered = sum(row["customers"] for row in found.result["moves"] if row["with"] == segment)
        left = sum(row["customers"] for row in found.result["moves"] if row["without"] == segment)
        assert entered - left == pytest.approx(ends["plan"][segment] - ends["no_contact"][segment])
    assert found.result["moves"]


def test_no_contact_moves_nobody(small: Any) -> None:
    result = migration_ledger(small, plan=plan_of({"default": {}}, small), customers=300).result
    assert result["moves"] == []
    assert [row["customers"] for row in result["groups"]] == [0, 4_000, 0]
    assert np.allclose([row["contribution"]["mean"] for row in result["groups"]], 0)
    with pytest.raises(InputError, match="the plan is the current policy itself"):
        migration_ledger(small, versus="current")


def test_page_and_command(found: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    assert "never an average of a segment times a flow" in render_report(found.result)
    with pytest.raises(SystemExit) as stop:
        cli.main(["ledger", "library:small", "--customers", "200", "-o", str(tmp_path / "r")])
    assert stop.value.code in (None, 0)
    assert "The largest moves" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ([], "waking is off", "pulled forward"),
        (["response.waking_share=0.2"], "whom they woke", "waking is off"),
        (["response.pull_forward_share=0.2"], "pulled forward", "whom they woke"),
        (["response.loyalty_gain=0.2"], "(loyalty)", "irritation"),
        (["fatigue.dropout_growth=0.1"], "(irritation)", "loyalty"),
        (["offers.ten={discount_share=0.1, valid_days=3, pull_forward_share=0.1}"], "pulled forward", "whom they woke"),
    ],
)
def test_the_remark_follows_from_the_scenario(small: Any, changes: list[str], said: str, unsaid: str) -> None:
    found = migration_ledger(load_scenario("library:small", ["horizon.weeks=1", *changes]), customers=50)
    (remark,) = found.result["remarks"]
    assert said in remark
    assert unsaid not in remark


def test_the_current_policy_is_not_compared_with_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["ledger", "library:small", "--over-current"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("--over-current: the plan is the current policy itself")
