"""A scenario's file of past messages: what is taken from it, what is passed over and said, and where it shows."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

from scenarios.cli import main
from scenarios.dry_running import dry_run_scenario
from scenarios.load import load_scenario
from scenarios.past_messages import told_by
from scenarios.report import render_report
from scenarios.run import optimize_scenario, simulate_scenario
from scenarios.world import load_base, make_world
from sim.errors import InputError
from sim.lower import subscribed
from sim.orders import read_orders
from sim.start import start_world
from tests.scenarios.test_rules_said import ORDERS, PEOPLE

EVENING = dt.date(2025, 8, 31)
MESSAGES = "customer_id,sent_at,channel\nc5,2025-08-31 09:00,email\nc5,2025-08-28,email\nc6,2025-08-20,sms\nc6,2025-06-29,sms\nc6,2025-09-01,sms\nghost,2025-08-30,sms\nc7,2025-08-30,fax\n"


def orders_of(*customers):
    days = [dt.date(2025, 6, 1)] * len(customers)
    return read_orders(pl.DataFrame({"customer_id": customers, "order_date": days, "order_value": 10.0}))


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "messages.csv").write_text(MESSAGES)
    alone = PEOPLE.replace('customers = "customers.csv"\n', "").replace('suppress = "no.csv"\n', "")
    text = alone.replace("[base]\n", '[base]\nmessages = "messages.csv"\n') + (
        "caps = []\nquiet_days_after_order = 0\n[policy.current]\ndefault = { email = 7, push = 0, sms = 7 }\n"
    )
    (tmp_path / "s.toml").write_text(text)
    (tmp_path / "without.toml").write_text(text.replace('messages = "messages.csv"\n', ""))
    return tmp_path


def days_of(shop, text, channels, as_of=EVENING, columns=()):
    (shop / "m.csv").write_text(text)
    return told_by(shop / "m.csv", dict(columns), orders_of("c5", "c6", "c7"), channels, as_of).past.days_of(63)


def test_messages_become_days_of_contact(shop):
    bits = days_of(shop, MESSAGES, ["email", "sms"])
    assert bits.tolist() == [[1 | 1 << 3, 0], [0, 1 << 11], [0, 0]]  # 63 days ago, and tomorrow, are not remembered
    assert days_of(shop, MESSAGES, ["sms"], dt.date(2025, 8, 30)).tolist() == [[0], [1 << 10 | 1 << 62], [0]]
    bits = days_of(shop, MESSAGES, ["push", "SMS", "Fax"])
    assert bits.tolist() == [[0, 0, 0], [0, 1 << 11, 0], [0, 0, 1 << 1]]
    held = "customer_id,sent_at,channel,holdout\nc5,2025-08-31,email,1\nc5,2025-08-30,sms,0\n"
    assert days_of(shop, held, ["email", "sms"])[0].tolist() == [0, 1 << 1]
    with pytest.raises(InputError, match=r"m.csv: the column 'time' is missing"):
        days_of(shop, MESSAGES, ["sms"], columns={"sent_at": "time"})
    with pytest.raises(InputError, match=r"'email' may be several channels \(given: email, mail\)"):
        days_of(shop, MESSAGES, ["email", "mail"])


def test_what_is_passed_over_is_counted_and_named(shop):
    (shop / "m.csv").write_text(MESSAGES + "c5,2025-08-28 18:00,email\nc7,2025-08-01,e-mial\n")
    told = told_by(shop / "m.csv", {}, orders_of("c5", "c6", "c7"), ["email", "sms"], EVENING)
    assert told.part == {
        "file": "m.csv", "messages": 5, "first_day": "2025-06-29", "last_day": "2025-08-31", "customers": 2,
        "by_channel": {"email": 3, "sms": 2}, "unsubscribed": {"email": 0, "sms": 0},
    }  # fmt: skip
    said = "\n".join(told.warnings)
    assert "m.csv: 1 messages to customers without an order, first in row 6: passed over" in said
    assert "1 messages after 2025-08-31, the evening before the start, the latest of 2025-09-01: passed over" in said
    assert "1 messages through 'fax', which is none of the scenario's channels: passed over; known: email, sms" in said
    assert "through 'e-mial', which is none of the scenario's channels; did you mean 'email'" in said
    assert "1 messages were not the customer's first of the day" in said
    assert len(told.warnings) == 5


@pytest.mark.parametrize(("day", "said"), [
    ("2025-08-30", ()), ("2025-08-10", ("the last message is of 2025-08-10, 21 days before the start",)),
    ("2025-09-02", ("messages after 2025-08-31", "no message to these customers before the start")),
])  # fmt: skip
def test_a_log_that_ends_early_or_begins_late_is_told(shop, day, said):
    (shop / "m.csv").write_text(f"customer_id,sent_at,channel\nc5,{day},email\n")
    told = told_by(shop / "m.csv", {}, orders_of("c5"), ["email"], EVENING)
    assert len(told.warnings) == len(said)
    for text, warning in zip(said, told.warnings, strict=True):
        assert text in warning


def started(folder, name):
    base = load_base(load_scenario(folder / name))
    population = base.population(400, 1)
    return base, population, start_world(make_world(base, population), seed=1, threads=1)


@pytest.mark.usefixtures("kernels")
def test_customers_start_where_the_messages_leave_them(shop):
    base, population, with_log = started(shop, "s.toml")
    _, _, without = started(shop, "without.toml")
    ids = base.names(population)
    mail, sms = 0, list(make_world(base, population).channel_names).index("sms")
    assert (with_log.begin.ring[ids == "c5", mail] == (1 | 1 << 3)).all()
    assert (with_log.begin.ring[ids == "c6", sms] & 1 << 11 > 0).all()
    assert (with_log.begin.fatigue[ids == "c5"] > 1).all()
    assert (with_log.begin.fatigue[ids == "c1"] < 0.1).all(), "nobody wrote to c1 for two months"
    assert without.begin.fatigue[ids == "c1"].mean() > 1


@pytest.mark.usefixtures("kernels")
def test_who_was_written_to_consents_and_who_left_does_not(shop):
    """Of 40 customers 10 got e-mails; .85 consent in all: the others to 24 / 30."""
    rows = [f"c{n},2025-08-20,email,{int(n == 3)}" for n in range(10)]
    (shop / "messages.csv").write_text("customer_id,sent_at,channel,unsubscribed\n" + "\n".join(rows) + "\n")
    loaded = load_scenario(shop / "s.toml", ["channels.email.consent_share=0.85"])
    base = load_base(loaded)
    population = base.population(40_000, 1)
    may = subscribed(make_world(base, population)) & 1
    ids = base.names(population)
    assert may[np.isin(ids, [f"c{n}" for n in range(10) if n != 3])].all()
    assert not may[ids == "c3"].any()
    assert may.mean() == pytest.approx((9 + 25) / 40, abs=0.01)
    assert base.facts.messages.part["unsubscribed"]["email"] == 1


@pytest.mark.usefixtures("kernels")
def test_a_file_of_consents_goes_first(shop):
    rows = "".join(f"c{n},2025-08-20,email\n" for n in range(10))
    (shop / "messages.csv").write_text("customer_id,sent_at,channel\n" + rows)
    (shop / "customers.csv").write_text("customer_id,consent_email\nc1,no\nc20,yes\n")
    (shop / "t.toml").write_text('extends = "s.toml"\n[base]\ncustomers = "customers.csv"\n')
    base = load_base(load_scenario(shop / "t.toml"))
    population = base.population(4_000, 1)
    may, ids = subscribed(make_world(base, population)) & 1, base.names(population)
    assert not may[ids == "c1"].any()
    assert may[ids == "c20"].all()
    assert may[ids == "c2"].all()


@pytest.mark.usefixtures("kernels")
def test_simulate_optimize_and_the_dry_run_say_what_they_start_from(shop, capsys):
    overrides = ["horizon.weeks=2", "horizon.tail_weeks=0", "base.simulated_customers=40"]
    loaded = load_scenario(shop / "s.toml", overrides)
    done = simulate_scenario(loaded, threads=1)
    assert done.result["past_messages"]["by_channel"]["email"] == 2
    assert any("'fax'" in text for text in done.result["warnings"])
    assert "past contacts: 4 messages to 2 customers, 2025-06-29 to 2025-08-31" in done.summary()
    page = render_report(done.result)
    assert "Where customers start" in page
    assert "From 4 past messages in messages.csv to 2 customers (2 email, 2 sms, 2025-06-29 to 2025-08-31)" in page
    assert "which is none of the scenario" in page
    assert dry_run_scenario(loaded, threads=1).result["past_messages"] == done.result["past_messages"]
    bare = simulate_scenario(load_scenario(shop / "without.toml", overrides), threads=1)
    assert "past_messages" not in bare.result
    assert "Where customers start" not in render_report(bare.result)
    assert bare.result["contacts"] != done.result["contacts"]
    rested = simulate_scenario(load_scenario(shop / "s.toml", [*overrides, 'base.start="rested"']), threads=1)
    assert "past_messages" not in rested.result
    assert "of base.messages only consent is used" in rested.result["warnings"][0]


@pytest.mark.usefixtures("kernels")
def test_parts_on_several_threads_have_the_same_past(shop):
    overrides = ["horizon.weeks=2", "horizon.tail_weeks=1", "base.simulated_customers=4000"]
    results = [
        simulate_scenario(load_scenario(shop / "s.toml", overrides), threads=threads).result for threads in (1, 2)
    ]
    for result in results:
        result.pop("provenance")
    assert json.dumps(results[0]) == json.dumps(results[1])


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_a_plan_is_searched_from_there_too(shop):
    overrides = ["horizon.weeks=2", "horizon.tail_weeks=0", "base.simulated_customers=400"]
    done = optimize_scenario(load_scenario(shop / "s.toml", overrides), threads=1)
    assert done.result["past_messages"]["customers"] == 2


def test_history_contacts_need_the_file(shop):
    with pytest.raises(InputError, match=r"base.history_contacts: there is no file of messages"):
        load_scenario(shop / "without.toml", ['base.history_contacts="messages"'])


@pytest.mark.parametrize(("text", "said"), [
    ("customer_id,sent_at,channel\nghost,2025-08-30,sms\n", "no message is left"),
    ("customer_id,sent_at\nc1,2025-08-30\n", "the column 'channel' is missing"),
    ("customer_id,sent_at,channel\nc1,soon,sms\n", "times that are none of"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused(shop, capsys, text, said):
    (shop / "messages.csv").write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["simulate", str(shop / "s.toml"), "-o", str(shop / "out"), "--threads", "1"])
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert "messages.csv" in err
    assert said in err
    assert not (shop / "out").exists()
