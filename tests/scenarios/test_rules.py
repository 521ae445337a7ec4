"""`rules`: what a rule is worth is the paired difference that `compare` finds without it."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios import cli, compare, load_scenario
from scenarios.attributing import ALL, attribute_rules, without_each
from scenarios.report import render_report
from scenarios.run import plan_of
from scenarios.vary import varied
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
DAILY = {"default": {"email": 7, "sms": 0.25}}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "bare.toml").write_text('extends = "library:small.toml"\n[policy]\ncaps = []\n')
    caps = "".join(
        f'[[policy.caps]]\nname = "{name}"\nmax_contacts = {most}\nwindow = {{ rolling_days = 7 }}\n'
        for name, most in (("A", 2), ("B", 50))
    )
    (folder / "ruled.toml").write_text(f'extends = "bare.toml"\n{caps}')
    return load_scenario(folder / "ruled.toml", ["horizon.weeks=4", "horizon.tail_weeks=4"])


def test_each_rule_is_what_compare_says(small: Any, kernels: None) -> None:
    done = attribute_rules(small, plan=plan_of(DAILY, small), customers=1_000)
    rows = {row["rule"]: row for row in done.result["rules"]}
    assert list(rows) == ["A", "B", "2 quiet days after an order", ALL]
    without = without_each(small)
    pairs = compare({"with": (small, DAILY), "without": (without["A"], DAILY)}, customers=1_000).result["alternatives"]
    assert rows["A"]["value"]["mean"] == -pairs[1]["minus_first"]["value"]["mean"]
    assert rows["A"]["contacts_removed"] == pytest.approx(
        sum(pairs[1]["contacts"].values()) - sum(pairs[0]["contacts"].values())
    )
    assert rows["A"]["contacts_removed"] > 0
    assert (rows["B"]["contacts_removed"], rows["B"]["value"]["mean"]) == (0, 0)  # 50 a week never holds anything back
    assert rows[ALL]["contacts_removed"] >= rows["A"]["contacts_removed"]
    assert "“A” matters most" in done.result["verdict"]
    assert "1 of 3 rules change nothing" in done.result["verdict"]
    assert "Worth of each rule" in render_report(done.result)
    assert "What each rule is worth" in done.summary()


def test_a_plan_that_no_rule_touches_and_no_rules(
    small: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    silent = attribute_rules(small, plan=plan_of({"default": {}}, small), customers=200)
    assert silent.result["verdict"] == "No rule changes anything: all 3 leave this plan as it is."
    with pytest.raises(InputError, match="has no rules"):
        attribute_rules(varied(small, ["policy.caps=[]", "policy.quiet_days_after_order=0"]), customers=200)
    with pytest.raises(SystemExit) as stop:
        cli.main(["rules", "library:small", "--customers", "200", "-o", str(tmp_path / "r")])
    assert stop.value.code in (None, 0)
    assert "What each rule is worth" in capsys.readouterr().out
