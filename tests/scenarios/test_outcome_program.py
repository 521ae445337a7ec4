"""What offers cost and what campaigns send, in the result of ``simulate``, in the terminal and on the page."""

from __future__ import annotations

import io
from typing import Any

import pytest

from scenarios import load_scenario, simulate
from scenarios.console import show
from scenarios.report import render_report

pytestmark = pytest.mark.usefixtures("kernels")


def result_of(name: str, *changes: str) -> dict[str, Any]:
    return dict(simulate(load_scenario(f"library:{name}", list(changes)), customers=600).result)


@pytest.fixture(scope="module")
def trap(kernels: None) -> dict[str, Any]:
    return result_of("rules/discount_trap")


def text_of(result: dict[str, Any]) -> str:
    stream = io.StringIO()
    show(result, file=stream)
    return stream.getvalue()


def test_the_money_adds_up(trap: dict[str, Any]) -> None:
    """Contribution is margin x revenue - contacts - discounts, and no contact has neither."""
    gain = trap["incremental"]["versus_none"]["total"]
    spent = trap["offer_cost"]["total"]["mean"]
    assert gain["contribution"]["mean"] == pytest.approx(0.4 * gain["revenue"]["mean"] - trap["cost"] - spent, abs=1e-3)
    assert 0 < trap["offer_cost"]["organic"]["mean"] < spent
    assert trap["offer_cost"]["total"]["ci_low"] < spent < trap["offer_cost"]["total"]["ci_high"]


def test_terminal_and_page_name_both_amounts(trap: dict[str, Any]) -> None:
    said = text_of(trap)
    assert "discounts, USD" in said
    assert "of it on orders that would have come anyway, USD" in said
    assert "went to orders that would have come anyway" in render_report(trap)


def test_campaigns_are_counted_step_by_step() -> None:
    result = result_of("rules/win_back")
    rows = result["campaign_contacts"]
    assert [(row["campaign"], row["step"], row["channel"]) for row in rows] == [
        ("win_back", 1, "email"), ("win_back", 2, "push"), ("win_back", 3, "sms"),
    ]  # fmt: skip
    assert rows[0]["share_of_first_step"] == 1
    assert rows[1]["share_of_first_step"] == rows[1]["contacts"] / rows[0]["contacts"]
    assert rows[0]["contacts"] > rows[1]["contacts"] > 0
    assert "win_back, step 3" in text_of(result)
    assert "win_back, step 3" in render_report(result)
    off = result_of("rules/win_back", "policy.current.campaigns=[]")
    assert off["campaign_contacts"] == []
    regular = {name: off["contacts"][name] for name in ("email", "push", "sms")}
    assert all(result["contacts"][row["channel"]] > row["contacts"] for row in rows)
    assert regular["email"] > 0


def test_without_offers_and_campaigns_nothing_is_said() -> None:
    result = result_of("small")
    assert "offer_cost" not in result
    assert "campaign_contacts" not in result
    assert "discounts" not in text_of(result)
    assert "come anyway" not in render_report(result)
