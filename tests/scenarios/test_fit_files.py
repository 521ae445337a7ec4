"""Consent, costs and segments in a fit from files: told, and carried into scenarios with their intervals."""

from __future__ import annotations

import datetime as dt
import tomllib

import numpy as np
import polars as pl
import pytest

from scenarios.load import load_scenario
from scenarios.report import render_report
from scenarios.run_fit import fit_orders
from sim.errors import InputError

N = 400


def made():  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    who = np.concatenate([np.arange(N), rng.choice(np.arange(N) ** 2 // N, 3 * N)])
    day = np.concatenate([rng.integers(0, 30, N), 30 + rng.integers(0, 300, 3 * N)])
    dates = np.datetime64("2025-01-01") + day.astype("timedelta64[D]")
    return pl.DataFrame({"customer_id": who, "order_date": dates, "order_value": 5.0 + rng.gamma(3.0, 5.0, who.size)})


@pytest.fixture(scope="module")
def done(tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("files")
    told = pl.DataFrame({
        "customer_id": [f"{k}" for k in range(N + 50)],
        "consent_email": ["yes" if k % 4 else "no" for k in range(N + 50)],
        "consent_sms": ["" if k % 2 else "no" if k % 3 else "yes" for k in range(N + 50)],
    })  # fmt: skip
    told.write_csv(folder / "customers.csv")
    (folder / "bills.csv").write_text("channel,contacts,cost\nsms,1000,61\nsms,2000,119\nletter,10,9\nemail,1000,2\n")
    messages = pl.DataFrame({
        "customer_id": np.arange(N), "sent_at": dt.date(2025, 6, 1), "channel": "email", "delivered": np.arange(N) % 9 > 0,
    })  # fmt: skip
    return fit_orders(made(), messages=messages, consents=folder / "customers.csv", costs=folder / "bills.csv")


def test_shares_are_those_of_the_customers_who_order(done):
    email, sms = done.result["consent"]["shares"]
    assert (email["channel"], email["known"], email["value"]) == ("email", N, 0.75)
    assert (sms["known"], sms["value"]) == (N // 2, pytest.approx(1 / 3, abs=0.01))
    assert email["low"] < 0.75 < email["high"] < 0.80


def test_a_scenario_takes_them_with_origin_and_interval(done, tmp_path):
    """Also what a message log says of the same channel: one table in the fragment."""
    (tmp_path / "fragment.toml").write_text(done.texts["scenario_fragment.toml"])
    (tmp_path / "s.toml").write_text('extends = ["library:cdnow.toml", "fragment.toml"]\n')
    scenario = load_scenario(tmp_path / "s.toml").scenario
    email, sms = scenario.channels["email"], scenario.channels["sms"]
    assert (email.consent_share.value, email.consent_share.origin) == (0.75, "fitted")
    assert email.delivered.origin == "fitted"
    assert sms.unit_cost.value == pytest.approx(0.06)
    assert sms.unit_cost.low < 0.06 < sms.unit_cost.high
    assert email.unit_cost.value == 0.002
    assert email.unit_cost.low is None, "one bill has no interval"
    rho = scenario.base.consent_rate_correlation
    assert rho.low < 0 < rho.high
    assert rho.origin == "fitted"


def test_bills_of_unknown_channels_are_named(done):
    assert any("bills for letter are not used" in text for text in done.result["warnings"])
    said = done.summary()
    assert "Correlation of consent with the order rate" in said
    assert "unknown from one bill" in said
    page = render_report(done.result)
    assert "cost of one more" in page
    assert "Correlation of consent with the order rate" in page


def test_borders_of_segments_are_told_and_may_be_fixed(done, tmp_path):
    part = done.result["segments"]
    assert sum(row["customers"] for row in part["sizes"]) == N
    text = done.texts["scenario_fragment.toml"]
    assert "segments" not in tomllib.loads(text)
    fixed = text.partition("without # they are fixed.\n")[2].replace("# ", "")
    assert tomllib.loads(fixed)["segments"]["frequency_borders"] == part["frequency_borders"]
    (tmp_path / "fragment.toml").write_text(fixed)
    (tmp_path / "s.toml").write_text('extends = ["library:base.toml", "fragment.toml"]\n[base]\nsynthetic = 10\n'
        '[base.synthetic_model]\nmodel = "mbg-nbd"\nr = 1\nalpha = 5\na = 1\nb = 2\np = 5\nq = 4\ngamma = 15\n')  # fmt: skip
    assert load_scenario(tmp_path / "s.toml").scenario.segments.borders == "fixed"


def test_consent_for_a_channel_that_nobody_knows_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("customer_id,consent_emial\n1,yes\n")
    with pytest.raises(InputError, match="did you mean 'consent_email'"):
        fit_orders(made(), consents=tmp_path / "c.csv")
