"""``contactpolicy dryrun``: from files of orders and messages to who is contacted on a day."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from scenarios.cli import main
from scenarios.dry_running import dry_run_scenario
from scenarios.load import load_scenario
from sim.dry_run import SUPPRESSED
from sim.errors import InputError
from tests.scenarios.test_rules_said import ORDERS, PEOPLE

MESSAGES = "customer_id,sent_at,channel\nc5,2025-08-31 09:00,email\nc5,2025-08-28,email\nc6,2025-08-20,sms\nc6,2025-06-29,sms\nc6,2025-09-01,sms\nghost,2025-08-30,sms\nc7,2025-08-30,fax\n"


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "no.csv").write_text("customer_id,channel\nc1,\nc2,sms\n")
    (tmp_path / "customers.csv").write_text(
        "customer_id,consent_email\n" + "".join(f"c{n},{'no' if n % 10 == 3 else 'yes'}\n" for n in range(40))
    )
    (tmp_path / "messages.csv").write_text(MESSAGES)
    text = PEOPLE.replace("[base]\n", '[base]\nmessages = "messages.csv"\n') + (
        "caps = []\nquiet_days_after_order = 0\n[policy.current]\ndefault = { email = 7, push = 0, sms = 7 }\n"
    )
    (tmp_path / "s.toml").write_text(text)
    (tmp_path / "capped.toml").write_text(
        'extends = "s.toml"\n[[policy.caps]]\nname = "rest"\nmax_contacts = 2\nwindow.rolling_days = 5\n'
    )
    return tmp_path


def test_who_goes_out_and_who_is_removed(shop):
    done = dry_run_scenario(load_scenario(shop / "capped.toml"), threads=1)
    result, contacts = done.result, done.contacts
    assert result["date"] == "2025-09-01"
    assert result["past_contacts"] == "messages"
    by = {(row["customer_id"], row["channel"]): row["outcome"] for row in contacts.iter_rows(named=True)}
    assert len(by) == 80  # 40 customers, daily e-mail and SMS
    assert [by["c1", c] for c in ("email", "sms")] == [SUPPRESSED] * 2
    assert by["c2", "email"] == "sent"
    assert by["c2", "sms"] == SUPPRESSED
    assert [by[f"c{n}", "email"] for n in (3, 13, 23, 33)] == [SUPPRESSED] * 4
    assert by["c5", "email"] == "rest"  # the day before, and three days before that
    assert by["c6", "email"] == "sent"
    sent = contacts.filter(pl.col("outcome") == "sent")
    assert result["sent"]["contacts"] == sent.height == sum(row["sent"] for row in result["lines"])
    assert result["sent"]["expected_contribution"] == pytest.approx(sent["expected_contribution"].sum())
    assert result["due"] == {"contacts": 80, "customers": 40}
    removed = {row["rule"]: row["removed"] for row in result["rules"]}
    assert removed[SUPPRESSED] == 3 + 4
    assert removed["rest"] >= 1
    assert sum(removed.values()) == result["removed"]["contacts"] == 80 - sent.height
    for key in ("contacts", "expected_contribution"):
        total = sum(row[key] for row in result["cells"])
        assert total == pytest.approx(result["sent"][key] + result["removed"][key])


def test_another_date_sees_only_what_was_known_then(shop):
    done = dry_run_scenario(load_scenario(shop / "capped.toml"), date=dt.date(2025, 8, 15), threads=1)
    assert done.result["date"] == "2025-08-15"
    assert done.result["scenario"]["as_of"] == "2025-08-14"
    by = {(row["customer_id"], row["channel"]): row["outcome"] for row in done.contacts.iter_rows(named=True)}
    assert by["c5", "email"] == "sent"  # those messages were not sent yet
    with pytest.raises(InputError, match=r"--date: is for a base with orders"):
        dry_run_scenario(load_scenario("library:small"), date=dt.date(2025, 8, 15))
    with pytest.raises(InputError, match=r"--date: there is no order before it \(given: 1990-01-01\)"):
        dry_run_scenario(load_scenario(shop / "capped.toml"), date=dt.date(1990, 1, 1), threads=1)


def test_the_command_prints_tables_writes_files_and_takes_a_plan(shop, capsys, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "plan.toml").write_text("[default]\nemail = 7\n")
    for arguments, code in (
        (["dryrun", "capped.toml", "--plan", "plan.toml", "-o", "out", "--threads", "1"], 0),
        (["dryrun", "capped.toml", "--json", "-o", "again", "--threads", "1"], 0),
        (["dryrun", "capped.toml", "--date", "soon"], 2),
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert (end.value.code or 0) == code
    said = capsys.readouterr()
    assert "Removed by rule" in said.out
    assert "rest" in said.out
    assert "--date: is not a date (given: soon)" in said.err
    result = json.loads((shop / "out" / "result.json").read_text())
    assert (result["command"], result["plan_name"]) == ("dryrun", "plan.toml")
    assert {row["channel"]: row["due"] for row in result["lines"]}["sms"] == 0
    assert '"command": "dryrun"' in said.out
    page = (shop / "out" / "report.html").read_text()
    due, sent = (f"{round(result[what]['contacts']):,}" for what in ("due", "sent"))
    assert f"{sent} of {due} contacts that are due on {result['date']} go out" in page
    rows = pl.read_csv(shop / "out" / "contacts.csv")
    assert rows.height == result["due"]["contacts"] == pl.read_parquet(shop / "out" / "contacts.parquet").height
