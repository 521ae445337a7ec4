"""`deliver`: from a plan to what arrives in time, and back to a capacity that the search obeys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios import build, cli, load_scenario, simulate
from scenarios.daily import daily_contacts
from scenarios.delivering import plan_delivery
from scenarios.on_time import on_time_interval
from scenarios.report import render_report
from scenarios.run import plan_of
from scenarios.world import load_base
from sim.delivery import DAY, HOUR, Batch, Sent
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
EMAIL = "delivery.email={per_hour=100, on_time_hours=4}"
CALLS = "call_centre={seats=2, call_minutes=6, patience_minutes=5, calls_per_contact={email=0.05}}"


@pytest.fixture(scope="module")
def found(kernels: None) -> Any:
    loaded = load_scenario("library:small", ["horizon.weeks=2", EMAIL, CALLS])
    return plan_delivery(loaded, weeks=2, customers=2_000)


def test_days_add_up_to_what_simulate_counts() -> None:
    loaded = load_scenario("library:small", ["horizon.weeks=3"])
    base = load_base(loaded)
    daily = daily_contacts(base, plan_of({"default": {"email": 2, "sms": 0.25}}, loaded), 3, customers=1_000, seed=1)
    alone = simulate(loaded, customers=1_000).result["contacts"]
    assert daily.contacts.shape == (21, 2, 8)
    assert daily.contacts.sum(axis=(0, 2)).tolist() == pytest.approx([alone["email"], alone["sms"]])
    assert len(daily.log) == round(daily.contacts.sum() / 4)


TEXTS = [
    "horizon.weeks=3",
    'campaigns.texts={ channel = "sms", per_week = 1, message_class = "service" }',
    'policy.current={ default = { email = 2, sms = 0 }, campaigns = ["texts"] }',
]
"""A campaign, the third line, on the second channel."""


def test_campaigns_count_on_their_channel() -> None:
    loaded = load_scenario("library:small", TEXTS)
    daily = daily_contacts(load_base(loaded), build.current_plan(loaded), 3, customers=1_000, seed=1)
    alone = simulate(loaded, customers=1_000).result["contacts"]
    assert daily.contacts.shape == (21, 2, 8)
    assert daily.contacts.sum(axis=(0, 2)).tolist() == pytest.approx([alone["email"], alone["sms"]])
    assert alone["sms"] > 1_000
    assert set(daily.log[:, 2]) == {0, 1}
    assert set(daily.log[:, 3]) == {0, 2}


def test_what_leaves_in_time(found: Any) -> None:
    (row,) = found.result["channels"]
    assert row["capacity_per_week"] == pytest.approx(100 * 12 * 7)
    assert row["on_time_share"] < 0.95
    assert row["per_hour_needed"] > 100
    enough = ["horizon.weeks=2", f"delivery.email={{per_hour={row['per_hour_needed']}, on_time_hours=4}}"]
    better = plan_delivery(load_scenario("library:small", enough), weeks=2, customers=2_000).result["channels"][0]
    assert better["on_time_share"] >= 0.95
    assert "email" in found.result["verdict"]
    assert f"it needs {row['per_hour_needed']:,.0f} an hour instead of 100" in found.result["verdict"]


def test_the_interval_of_the_share_on_time_is_that_of_a_ratio_over_days() -> None:
    """Ten days of 100 messages each, of which 60 and 90 by turns leave in time."""
    batches = [Batch(day * DAY + 540.0, 100.0) for day in range(10)]
    good = [60.0, 90.0] * 5
    at = np.array([batch.due + HOUR * late for batch in batches for late in (0.5, 5.0)])
    due = np.repeat([batch.due for batch in batches], 2)
    count = np.array([part for share in good for part in (share, 100.0 - share)])
    sent = Sent(at, due, count, np.zeros(20, dtype=np.int64), 0.0, 0.0)
    low, high = on_time_interval(sent, batches, 1.0) or (0.0, 0.0)
    half = 1.959964 * np.std(good, ddof=1) / 100 / np.sqrt(10)  # equal days: the error of a mean
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half))
    assert sent.on_time(1.0) == pytest.approx(0.75)
    assert on_time_interval(sent, batches, 6.0) == (1.0, 1.0)
    assert on_time_interval(sent, batches[:1], 1.0) is None


def test_calls_follow_the_contacts(found: Any) -> None:
    calls, (row,) = found.result["calls"], found.result["channels"]
    expected = 0.05 * (row["contacts"] - row["waiting"] - row["lost"])
    assert abs(calls["calls"] + calls["outside_hours"] - expected) < 4 * expected**0.5
    assert 0 < calls["answered_in_time"] < 1
    assert calls["runs"] >= 3
    for key in ("calls", "answered_in_time", "mean_wait_minutes", "share_busy"):
        assert calls[f"{key}_low"] < calls[key] < calls[f"{key}_high"]
    seats = ["horizon.weeks=2", EMAIL, CALLS.replace("seats=2", f"seats={calls['seats_needed']}")]
    staffed = plan_delivery(load_scenario("library:small", seats), weeks=2, customers=2_000).result["calls"]
    assert staffed["answered_in_time"] >= 0.8 - 0.02  # priorities only reorder
    assert staffed["bearable_share_of_plan"] >= 0.9


def test_the_capacity_goes_back_into_the_scenario(found: Any, tmp_path: Path) -> None:
    found.write(tmp_path / "run")
    file = tmp_path / "mine.toml"
    file.write_text('extends = ["library:small.toml", "run/capacity.toml"]\n')
    limits = {limit.name: limit for limit in load_scenario(file).scenario.optimize.limits}
    assert list(limits) == ["budget", "email: delivery", "email: calls"]
    assert limits["email: delivery"].max_contacts_per_week == round(found.result["channels"][0]["capacity_per_week"])


def test_the_page_and_the_terminal(found: Any) -> None:
    page = render_report(found.result)
    assert "Delivered on time" in page
    assert "seats that answer 80% within" in found.summary()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("delivery.fax={per_hour=1}", "unknown channel"),
        ("delivery.emial={per_hour=1}", "unknown channel; did you mean 'email'"),
        ("delivery.email={per_hour=0}", "delivery.email.per_hour: is out of range"),
        ("delivery.email={per_hour=5, opens_hour=9, closes_hour=9}", "does not close after it opens"),
        ("delivery.email={per_hour=5, weekdays=[8]}", "is out of range"),
        ("call_centre={seats=1, call_minutes=1, calls_per_contact={fax=0.1}}", "unknown channel"),
    ],
)
def test_bad_delivery_settings(setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_scenario("library:small", [setting])


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["deliver", "library:small", "--customers", "300", *arguments])
        streams = capsys.readouterr()
        return int(stop.value.code or 0), streams.out, streams.err

    code, _, err = call()
    assert (code, "says nothing about delivery" in err) == (2, True)
    assert call("--set", EMAIL, "--weeks", "0")[0] == 2
    assert call("--set", EMAIL, "--target", "1")[0] == 2
    code, out, _ = call("--set", EMAIL, "--weeks", "1", "-o", str(tmp_path / "r"), "--json")
    assert (code, json.loads(out)["command"]) == (0, "deliver")
    assert np.isfinite(json.loads(out)["channels"][0]["on_time_share"])
