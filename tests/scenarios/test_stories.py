"""The four stories of the library have the shape they tell of, on few customers; and not without what causes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from scenarios.alternatives import Alternative
from scenarios.comparing import compare_alternatives
from scenarios.load import load_scenario
from scenarios.report import render_report
from scenarios.report.compared import sections
from scenarios.vary import parse_variant, varied

pytestmark = pytest.mark.usefixtures("kernels")
Row = dict[str, Any]
EMAIL = "policy.current.default.email"
RISING = ["1", "2", "3", "7"]


def told(story: str, *variants: str, changes: Sequence[str] = (), customers: int = 3_000) -> dict[str, Row]:
    """The alternatives of a story by name; the first one is the story's own."""
    first = load_scenario(f"library:stories/{story}", list(changes))
    others = [(name, varied(first, said)) for name, said in map(parse_variant, variants)]
    listed = [Alternative("first", first), *(Alternative(name, loaded) for name, loaded in others)]
    done = compare_alternatives(listed, seed=1, customers=customers)
    return {row["name"]: row for row in done.result["alternatives"]} | {"result": done.result}


def value(row: Row, measure: str = "value") -> float:
    return float(row[measure]["mean"])


# --- fatigue --------------------------------------------------------------------------------------------------


def rising(*changes: str) -> list[Row]:
    rows = told("fatigue", *(f"{n}: {EMAIL}={n}" for n in RISING), changes=changes)
    return [rows[n] for n in RISING]


def rate(row: Row, what: str) -> float:
    steps = row["funnel"]["email"]
    number = row["unsubscribes_by_channel"]["email"] if what == "unsubscribes" else steps[what]
    return float(number / steps["delivered"])


def test_more_to_everybody_burns_the_list() -> None:
    rows = rising()
    borders = load_scenario("library:stories/fatigue").scenario.red_zones["email"].model_dump()
    opens, leaving = ([rate(row, what) for row in rows] for what in ("seen", "unsubscribes"))
    left = [row["reachable_by_channel"]["email"]["end"] for row in rows]
    assert opens == sorted(opens, reverse=True)
    assert opens[0] > borders["seen_below"] > opens[-1]
    assert leaving == sorted(leaving)
    assert leaving[0] < borders["unsubscribes_above"] < leaving[-1]
    assert left == sorted(left, reverse=True)
    complaining = [row["complaints_by_channel"]["email"] / row["funnel"]["email"]["delivered"] for row in rows]
    assert complaining == sorted(complaining)
    assert complaining[0] < borders["complaints_above"] < complaining[-1]
    assert left[-1] < 0.6 * rows[0]["reachable_by_channel"]["email"]["start"]
    complaints = [row["complaints_by_channel"]["email"] for row in rows]
    assert complaints == sorted(complaints)
    for measure in ("value", "contribution"):
        worth = [value(row, measure) for row in rows]
        best = max(range(4), key=worth.__getitem__)
        assert best in (1, 2), worth  # rises, turns
        assert worth[-1] < 0 < worth[best]
        assert rows[-1]["minus_first"][measure]["ci_high"] < 0


def test_without_fatigue_opens_do_not_fall_and_nothing_turns() -> None:
    rows = rising("fatigue.damping=0", "optout.fatigue_growth=0", "channels.email.unsubscribe_per_contact=0")
    opens = [rate(row, "seen") for row in rows]
    assert max(opens) - min(opens) < 0.01
    worth = [value(row) for row in rows]
    assert worth == sorted(worth)


@pytest.mark.slow
def test_a_plan_by_segments_beats_the_best_uniform_one() -> None:
    lost = f"by segment: {EMAIL}=2; policy.current.by_segment.Lost.email=1"
    rows = told("fatigue", *(f"{n}: {EMAIL}={n}" for n in ("1.5", "2", "3")), lost, customers=20_000)
    assert rows["result"]["winner"] == "by segment"
    for name in ("first", "1.5", "2", "3"):
        assert rows[name]["winner_minus_this"]["value"]["ci_low"] > 0
    assert sum(rows["by segment"]["contacts"].values()) < 0.8 * sum(rows["2"]["contacts"].values())


# --- cascade --------------------------------------------------------------------------------------------------


@cache
def cascades() -> dict[str, Row]:
    campaigns = {"unless clicked": "unless_clicked", "no SMS": "free_only", "SMS to all": "sms_to_all"}
    return told("cascade", *(f'{name}: policy.current.campaigns=["{c}"]' for name, c in campaigns.items()))


def steps(row: Row) -> list[Row]:
    return list(row["campaign_contacts"])


def test_the_paid_step_reaches_only_those_who_did_not_react(kernels: None) -> None:
    rows = cascades()
    assert [(s["step"], s["channel"]) for s in steps(rows["first"])] == [(1, "email"), (2, "push"), (3, "sms")]
    mail, push, sms = (s["contacts"] for s in steps(rows["first"]))
    (everybody,) = steps(rows["SMS to all"])
    assert 0 < push < mail
    assert sms < 0.9 * everybody["contacts"]
    assert steps(rows["first"])[2]["share_of_first_step"] == sms / mail < 0.6
    assert sms < steps(rows["unless clicked"])[2]["contacts"] <= everybody["contacts"]


def test_an_order_is_cheaper_by_the_cascade() -> None:
    rows = cascades()
    ours, all_by_sms = (rows[name]["cost_per_order"] for name in ("first", "SMS to all"))
    assert ours["ci_high"] < all_by_sms["ci_low"]
    assert ours["mean"] == pytest.approx(value(rows["first"], "cost") / value(rows["first"], "orders"))
    assert value(rows["first"], "orders") > value(rows["SMS to all"], "orders")
    paid = (value(rows["first"], "cost") - value(rows["no SMS"], "cost")) / (
        value(rows["first"], "orders") - value(rows["no SMS"], "orders")
    )
    assert paid > ours["mean"]  # what the average hides


# --- discount -------------------------------------------------------------------------------------------------


@cache
def discounts() -> dict[str, Row]:
    cells = ("Champions", "At Risk")
    return told("discount_trap", *(f'{s}: policy.current.offers."{s}".email=fifteen_off' for s in cells))


def test_a_discount_to_champions_loses(kernels: None) -> None:
    rows = discounts()
    for measure in ("contribution", "value"):
        assert rows["Champions"]["minus_first"][measure]["ci_high"] < 0
    assert value(rows["Champions"], "orders") > value(rows["first"], "orders")
    assert rows["first"]["offer_cost"]["total"]["mean"] == 0
    champions, risk = (rows[name]["offer_cost"] for name in ("Champions", "At Risk"))
    wasted = [spent["organic"]["mean"] / spent["total"]["mean"] for spent in (champions, risk)]
    assert wasted[0] > 0.85
    assert wasted[1] < wasted[0]


def test_without_a_discount_there_is_no_trap() -> None:
    free = ("offers.fifteen_off.discount_share=0", "offers.fifteen_off.pull_forward_share=0")
    rows = told("discount_trap", "Champions: policy.current.offers.Champions.email=fifteen_off", changes=free)
    assert rows["Champions"]["offer_cost"]["organic"]["mean"] == 0
    assert rows["Champions"]["minus_first"]["value"]["ci_low"] > 0


# --- arbitration ----------------------------------------------------------------------------------------------

ARBITRATED = ("priority: policy.arbitration=priority", "value: policy.arbitration=value")


def test_value_beats_arrival_beats_priority() -> None:
    rows = told("arbitration", *ARBITRATED)
    assert rows["result"]["winner"] == "value"
    assert all(rows[name]["paired"] for name in ("first", "priority", "value"))
    assert rows["value"]["minus_first"]["value"]["ci_low"] > 0 > rows["priority"]["minus_first"]["value"]["ci_high"]
    sent = [sum(row["contacts"].values()) for row in (rows["first"], rows["priority"], rows["value"])]
    assert max(sent) < 1.02 * min(sent)  # the same cap


def test_where_there_is_room_for_all_hardly_anything_changes() -> None:
    """Then only who comes first on a day differs: the second message of a day meets a little more fatigue."""
    rows = told("arbitration", *ARBITRATED, changes=["policy.caps=[]"], customers=1_000)
    for name in ("priority", "value"):
        gap = value(rows[name]["minus_first"])
        assert abs(gap) < 0.03 * value(rows["first"]), gap
        sent = [sum(row["contacts"].values()) for row in (rows["first"], rows[name])]
        assert sent[0] == pytest.approx(sent[1], rel=0.005)


# --- what is shown --------------------------------------------------------------------------------------------


def test_the_tables_say_it() -> None:
    result = discounts()["result"]
    shown = {section.title: section for section in sections(result)}
    prices = shown["What an order costs"].table
    assert prices is not None
    assert prices.columns[2:] == ["discounts, USD", "of it on orders that would have come anyway", "share"]
    assert [str(row[0]) for row in prices.rows] == ["first", "Champions", "At Risk"]
    assert str(prices.rows[0][-1]) == ""
    assert str(prices.rows[1][-1]).endswith("%")
    assert "Campaigns and cascades" not in shown
    assert "What the messages do" in shown
    assert "would have come anyway" in render_report(result)
    rows = {section.title: section.table for section in sections(cascades()["result"])}["Campaigns and cascades"]
    assert rows is not None
    assert len(rows.rows) == 3 + 3 + 2 + 1
