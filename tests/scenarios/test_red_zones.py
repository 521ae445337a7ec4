"""Red zones: rates beyond the scenario's borders are named in result, page and terminal."""

from __future__ import annotations

import pytest

from scenarios import load_scenario, simulate
from scenarios.red_zones import base_of, by_measure, is_beyond
from scenarios.report import render_report
from scenarios.report.tables import funnel_rows
from scenarios.schema_red_zones import RedZone
from sim.errors import InputError

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["horizon.weeks=3", "horizon.tail_weeks=0", "red_zones.email.seen_below=0.05"]
"""Under the shipped pressure hardly .12 of the e-mails are seen: at the shipped border."""


def test_a_rate_beyond_its_border_is_named_everywhere() -> None:
    changes = [*SHORT, "red_zones.email.unsubscribes_above=0.0001", "red_zones.sms.unsubscribes_above=1"]
    done = simulate(load_scenario("library:small", changes), customers=500)
    result = done.result
    (row,) = result["red_zones"]["reached"]
    assert (row["channel"], row["measure"], row["side"], row["border"]) == ("email", "unsubscribes", "above", 0.0001)
    assert row["rate"] == pytest.approx(result["unsubscribes"]["email"] / result["funnel"]["email"]["delivered"])
    assert "In the red zone: email: unsubscribes 0.1" in render_report(result)
    assert "red zone  email: unsubscribes 0.1" in done.summary()


def test_bad_delivery_is_seen_too() -> None:
    """With .90 delivered the shipped border of .95 is passed; a channel without borders is not judged."""
    changes = [*SHORT, "channels.email.delivered=0.9", "channels.push.enabled=true", "channels.push.delivered=0.5"]
    result = simulate(load_scenario("library:small", changes), customers=500).result
    (row,) = result["red_zones"]["reached"]
    assert (row["channel"], row["measure"], row["of"]) == ("email", "delivered", "sent")
    assert row["rate"] == pytest.approx(0.9, abs=0.03)
    assert set(result["red_zones"]["borders"]) == {"email", "push", "sms"}


def test_no_red_zone_and_mistakes() -> None:
    done = simulate(load_scenario("library:small", SHORT), customers=500)
    assert done.result["red_zones"]["reached"] == []
    assert "red zone" not in done.summary()
    assert "no rate is" in render_report(done.result)
    with pytest.raises(InputError, match="unknown channel; did you mean 'email'"):
        load_scenario("library:small", ["red_zones.emial.seen_below=0.1"])
    with pytest.raises(InputError, match=r"red_zones\.email\.seen_below: is out of range"):
        load_scenario("library:small", ["red_zones.email.seen_below=2"])


def test_the_keys_of_a_scenario_say_measure_and_side() -> None:
    """Every key that a scenario may have names a step of the funnel; a rate at its border is on neither side."""
    zone = by_measure(dict.fromkeys(RedZone.model_fields, 0.5))
    assert zone == {
        "delivered": (0.5, "below"), "seen": (0.5, "below"), "clicked": (0.5, "below"),
        "unsubscribes": (0.5, "above"), "complaints": (0.5, "above"),
    }  # fmt: skip
    assert [base_of(measure) for measure in zone] == ["sent", *["delivered"] * 4]
    assert is_beyond(0.49, 0.5, "below")
    assert is_beyond(0.51, 0.5, "above")
    assert not is_beyond(0.5, 0.5, "below")
    assert not is_beyond(0.5, 0.5, "above")


def test_the_marks_on_the_page_are_those_of_the_result() -> None:
    """.00104 complaints are above .001 although they are printed as 0.10 %; without borders nothing is marked."""
    result = {
        "plan": [], "contacts": {"email": 10_000}, "complaints": {"email": 10.4}, "unsubscribes": {"email": 1},
        "funnel": {"email": {"sent": 10_000, "delivered": 10_000, "seen": 1_000, "clicked": 500}},
        "red_zones": {"borders": {"email": {"complaints_above": 0.001, "seen_below": 0.12, "clicked_below": 0.05}}},
    }  # fmt: skip
    (row,) = funnel_rows(result)
    assert [item["alarm"] for item in row["cells"]] == [False, False, True, False, False, True]
    (row,) = funnel_rows({key: value for key, value in result.items() if key != "red_zones"})
    assert not any(item["alarm"] for item in row["cells"])
