"""Unit costs from bills: exact where bills are exact, within their interval where they are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.fit.unit_costs import read_unit_costs, unit_cost
from tests.scenarios.seasonal_worlds import lived, waves


def test_a_price_that_is_the_same_on_every_bill_is_that_price():
    found = unit_cost("sms", np.array([1000.0, 4000.0, 2500.0]), np.array([60.0, 240.0, 150.0]))
    assert (found.value, found.fee) == (pytest.approx(0.06), 0.0)
    assert found.low == pytest.approx(0.06) == found.high


def test_a_monthly_fee_is_no_cost_of_a_contact():
    contacts = np.array([1000.0, 4000.0, 2500.0, 800.0])
    found = unit_cost("sms", contacts, 100 + 0.06 * contacts + np.array([0.1, -0.1, 0.1, -0.1]))
    assert found.value == pytest.approx(0.06, rel=1e-3)
    assert found.fee == pytest.approx(100, rel=1e-2)


def test_a_single_bill_has_no_interval():
    assert unit_cost("sms", np.array([1000.0]), np.array([60.0])).low is None


@given(st.floats(0.001, 1), st.lists(st.integers(1, 10**6), min_size=2, max_size=20))
def test_all_paid_over_all_contacts_lies_within(price, volumes):
    contacts = np.array(volumes, dtype=float)
    found = unit_cost("sms", contacts, price * contacts)
    assert found.value == pytest.approx(price, rel=1e-6)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("fee", [0.0, 40.0])
def test_the_interval_holds_the_cost_that_the_bills_were_made_with(fee):
    """Monthly bills for e-mails that the engine sent, an amount that scatters by 3 %, many times."""
    _, messages = lived(waves(), customers=300, weeks=60, seed=1, per_week=2.0)
    months = messages.group_by(pl.col("sent_at").dt.truncate("1mo")).len().sort("sent_at")
    contacts = months["len"].to_numpy().astype(float)
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        found = unit_cost("email", contacts, (fee + 0.02 * contacts) * (1 + 0.03 * rng.standard_normal(contacts.size)))
        inside += found.low < 0.02 < found.high
    print(f"\nfee {fee}: {inside} of 400")
    assert 0.88 < inside / 400 < 0.99


def test_a_file_of_bills(tmp_path):
    (tmp_path / "b.csv").write_text("channel;volume;paid\nSMS;1000;60,50\nsms;2000;121,00\nemail;100000;20\n")
    names = {"contacts": "volume", "cost": "paid"}
    sms, email = read_unit_costs(tmp_path / "b.csv", columns=names, decimal=",")
    assert (sms.channel, sms.bills, sms.contacts) == ("sms", 2, 3000)
    assert sms.value == pytest.approx(181.5 / 3000)
    assert email.value == pytest.approx(0.0002)


@pytest.mark.parametrize(("rows", "said"), [
    ("sms,0,5", "a bill for no contacts"), ("sms,10,-5", "less than nothing"), (",10,5", "without a channel"),
    ("sms,x,5", "contacts is not a number"), ("sms,10,", "cost is missing"),
])  # fmt: skip
def test_what_is_no_bill_is_named_with_its_line(tmp_path, rows, said):
    (tmp_path / "b.csv").write_text(f"channel,contacts,cost\nsms,1,1\n{rows}\n")
    with pytest.raises(InputError) as raised:
        read_unit_costs(tmp_path / "b.csv")
    assert said in str(raised.value)
    assert "line 3" in str(raised.value)


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "b.csv").write_text("channel,contacts\nsms,1\n")
    with pytest.raises(InputError, match="cost are missing"):
        read_unit_costs(tmp_path / "b.csv")
