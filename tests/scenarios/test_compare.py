"""Alternatives side by side: the same numbers as `simulate`, exact pairing, plain words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios import cli, compare, load_scenario, simulate
from scenarios.alternatives import Alternative, Valuer
from scenarios.comparing import changes_from
from scenarios.finished import RunResult
from scenarios.report import render_report
from scenarios.vary import parse_variant, varied
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
CAP = 'policy.caps."e-mail: 3 in 7 days".max_contacts'
WEEKLY = {"default": {"email": 1}}


@pytest.fixture(scope="module")
def small() -> Any:
    return load_scenario("library:small", {"horizon.weeks": 4, "horizon.tail_weeks": 4})


@pytest.fixture(scope="module")
def done(small: Any, kernels: None) -> RunResult:
    dear = varied(small, ["channels.sms.unit_cost=0.5"])
    return compare({"today": small, "weekly": (small, WEEKLY), "dear": dear, "same": small}, customers=1_000)


def row(done: RunResult, name: str) -> dict[str, Any]:
    return next(entry for entry in done.result["alternatives"] if entry["name"] == name)


def test_each_is_worth_what_simulate_says(done: RunResult, small: Any) -> None:
    for name, plan in (("today", None), ("weekly", WEEKLY)):
        alone = simulate(small, plan, customers=1_000).result
        assert row(done, name)["value"] == alone["value"]["versus_none"]
        assert row(done, name)["contribution"] == alone["incremental"]["versus_none"]["total"]["contribution"]
        assert row(done, name)["contacts"] == alone["contacts"]
        assert row(done, name)["unsubscribes_by_channel"] == alone["unsubscribes"]
        assert row(done, name)["cost"]["mean"] == pytest.approx(alone["cost"], rel=1e-12)


def test_differences_are_paired(done: RunResult) -> None:
    same, dear, today = (row(done, name) for name in ("same", "dear", "today"))
    assert same["minus_first"]["value"] == {"mean": 0, "ci_low": 0, "ci_high": 0}
    assert dear["minus_first"]["value"]["mean"] == pytest.approx(dear["value"]["mean"] - today["value"]["mean"])
    gap = row(done, "weekly")["minus_first"]["value"]
    assert 2 * (gap["ci_high"] - gap["ci_low"]) < today["value"]["ci_high"] - today["value"]["ci_low"]  # luck cancels


def test_a_price_changes_cost_and_nothing_else(done: RunResult) -> None:
    gap = row(done, "dear")["minus_first"]
    assert gap["revenue"]["mean"] == gap["orders"]["mean"] == gap["unsubscribes"]["mean"] == 0
    sent = row(done, "today")["contacts"]["sms"]
    assert gap["cost"]["mean"] == pytest.approx(sent * (0.5 - 0.06))
    assert gap["contribution"]["mean"] == pytest.approx(-gap["cost"]["mean"])


def test_the_verdict_names_the_winner_and_the_gap(done: RunResult, small: Any) -> None:
    assert done.result["winner"] in ("today", "same")
    assert "“today” and “same” are worth the same" in done.result["verdict"]
    two = compare({"today": small, "weekly": (small, WEEKLY)}, customers=1_000)
    gap = row(two, "weekly")["winner_minus_this"]["value"]
    assert (two.result["winner"], gap["ci_low"] > 0) == ("today", True)
    assert two.result["verdict"].startswith("“today” wins: USD ")
    assert "more than “weekly”" in repr(two)


def test_all_start_from_the_first_ones_past(small: Any) -> None:
    """A plan that stops contacting today finds customers as tired as the current policy has left them."""
    silent = varied(small, ["policy.current.default={email = 3, sms = 0}"])
    shared, own = (
        Valuer(small, seed=1, customers=1_000, own_past=own).value(Alternative("x", silent)).estimate("value").mean
        for own in (False, True)
    )
    alone = simulate(silent, customers=1_000).result["value"]["versus_none"]["mean"]
    assert own == alone
    assert shared != own


def test_other_customers_are_not_paired_and_it_says_so(small: Any) -> None:
    other = varied(small, ["base.synthetic=900", "base.simulated_customers=900"])
    found = compare({"a": small, "b": other})
    assert row(found, "b")["paired"] is False
    assert found.result["warnings"] == ["b has other customers than a: not paired, wide intervals"]
    with pytest.raises(InputError, match="different currencies"):
        compare({"a": small, "b": varied(small, ['currency="EUR"'])})


def test_what_is_changed_is_listed(small: Any) -> None:
    other = varied(small, [f"{CAP}=5", "channels.sms.unit_cost=0.08"])
    assert changes_from(small, other) == [
        {"key": "channels.sms.unit_cost", "old": 0.06, "new": 0.08},
        {"key": CAP, "old": 3, "new": 5},
    ]


def test_variants_are_read_as_written() -> None:
    assert parse_variant(f"loose: {CAP}=5; horizon.weeks=3") == ("loose", (f"{CAP}=5", "horizon.weeks=3"))
    assert parse_variant(f"{CAP}=5") == (f"{CAP}=5", (f"{CAP}=5",))
    assert parse_variant("a: policy.caps=[]") == ("a", ("policy.caps=[]",))
    for text in ("", "name:", "name: 3", ": a=1"):
        with pytest.raises(InputError, match="--variant: is not a name and changes"):
            parse_variant(text)


def test_a_variant_replaces_what_set_said() -> None:
    loaded = load_scenario("library:small", ["economics.margin=0.3"])
    assert varied(loaded, ["economics.margin=0.5"]).scenario.economics.margin.value == 0.5


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["compare", "library:small", "--customers", "300", *arguments])
        streams = capsys.readouterr()
        return int(stop.value.code or 0), streams.out, streams.err

    code, out, _ = call("--variant", "dear: channels.sms.unit_cost=1", "-o", str(tmp_path / "a"), "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "a" / "result.json").read_text())
    assert (tmp_path / "a" / "report.html").stat().st_size < 3_000_000
    code, out, _ = call("--variant", "dear: channels.sms.unit_cost=1", "-o", str(tmp_path / "b"))
    assert (code, "What they change" in out, "channels.sms.unit_cost" in out) == (0, True, True)
    code, _, err = call("--variant", "dear: channels.sms.unit_csot=1", "-o", str(tmp_path / "c"))
    assert (code, (tmp_path / "c").exists()) == (2, False)
    assert err.startswith("--variant channels.sms.unit_csot: unknown key; did you mean 'unit_cost'")


def test_the_page_has_every_name_and_unit(done: RunResult) -> None:
    page = render_report(done.result)
    assert page == render_report(done.result)
    for text in ("today", "weekly", "dear", "channels.sms.unit_cost", "cost, USD", "95% interval"):
        assert text in page
