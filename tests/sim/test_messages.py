"""Message logs: read from anything, whatever is odd counted and decided, nothing lost in between."""

import datetime as dt
import gzip
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import messages
from sim.errors import InputError
from sim.fit import _batches
from sim.messages import CLICKED, DELIVERED, HOLDOUT, OPENED, read_messages
from sim.orders import read_orders

HEAD = "customer_id,sent_at,channel,campaign,delivered,opened,clicked,unsubscribed,holdout,arm\n"
LATEST = dt.date(2024, 12, 31)


@pytest.fixture
def orders():
    rows = {"customer_id": ["a", "b", "c"], "order_date": ["2024-01-10"] * 3, "order_value": [1.0] * 3}
    return read_orders(pl.DataFrame(rows))


@pytest.fixture
def log_of(tmp_path):
    def make(text, name="log.csv"):
        path = tmp_path / name
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return make


def read(source, orders=None, **more):
    return read_messages(source, orders, **{"latest": LATEST, **more})


def found(log):
    return {f.question.name: (f.count, f.decision) for f in log.findings}


def days(log, channel):
    each = log.contact_days(channel)
    as_dates = each.day.astype("datetime64[D]").astype(str).tolist()
    return {
        str(c): as_dates[a:b]
        for c, a, b in zip(log.customer_ids, each.first[:-1], each.first[1:], strict=True)
        if b > a
    }


def test_a_log_as_it_should_be(log_of, orders):
    path = log_of(
        HEAD
        + "b,2024-02-01 10:00:00,Email,x,1,1,0,0,0,\na,2024-02-03,sms,x,1,0,0,0,0,\nb,2024-01-15 09:30:00,E-mail,x,0,0,0,0,0,\n"
    )
    log = read(path, orders)
    assert log.customer_ids.tolist() == ["a", "b", "c"]
    assert log.channels == ("email", "sms")
    assert days(log, "email") == {"b": ["2024-01-15", "2024-02-01"]}
    assert days(log, "sms") == {"a": ["2024-02-03"]}
    assert log.marks.tolist() == [DELIVERED, 0, DELIVERED | OPENED]
    assert log.contact_days("email", since=19_754).first.tolist() == [0, 0, 1, 1]
    email, sms = log.rates()
    assert (email["messages"], email["delivered"], email["opened"]) == (2, 0.5, 1.0)
    assert (sms["customers"], sms["clicked"]) == (1, 0.0)
    assert log.findings == ()
    with pytest.raises(InputError, match="is not in the message log"):
        log.contact_days("push")


def test_what_is_odd_is_counted_and_decided(log_of, orders):
    rows = [
        "a,2024-02-01 10:00:00,email,x,1,2024-02-01 09:00:00,0,0,0,A",  # opened before it was sent
        "a,2024-02-02 10:00:00,email,x,1,0,0,1,0,A",
        "a,2024-02-05 10:00:00,email,x,1,0,0,0,0,A",  # after unsubscribing
        "b,2024-01-05,email,x,1,0,0,0,0,A",  # before the first order
        "b,2024-02-05,email,x,1,0,0,0,1,B",  # holdout and arm change
        "z,2024-02-05,email,x,1,0,0,0,0,A",  # no order
        ",2024-02-05,email,x,1,0,0,0,0,A",
        "a,2024-02-02 10:00:00,email,x,1,0,0,1,0,A",  # the second row again
    ]
    path = log_of(HEAD + "\n".join(rows) + "\n")
    log = read(path, orders)
    assert found(log) == {
        "incomplete": (1, "drop"),
        "duplicates": (1, "drop"),
        "unknown_customers": (1, "drop"),
        "before_first_order": (1, "keep"),
        "opened_before_sent": (1, "as_no"),
        "after_unsubscribe": (1, "keep"),
        "holdout_changes": (1, "exclude"),
    }
    assert log.day.size == 5
    assert not (log.marks & OPENED).any()
    assert (log.sent.sum(), log.arms) == (4, ("A", "B"))
    text = {f.question.name: str(f) for f in log.findings}
    assert text["unknown_customers"] == "1 messages to customers without an order, first in row 6: drop (else: refuse)"
    other = read(
        path, orders, decisions={"duplicates": "keep", "opened_before_sent": "keep", "before_first_order": "drop"}
    )
    assert other.day.size == 5
    assert (other.marks & OPENED).sum() == OPENED


def test_what_is_to_be_refused_is_refused_at_once(log_of, orders):
    path = log_of(
        HEAD + "a,sometime,email,x,1,0,0,0,0,\na,2030-01-01,email,x,1,maybe,0,0,0,\nz,2024-01-01,email,,,,,,,\n"
    )
    with pytest.raises(InputError) as refused:
        read(path, orders, decisions={"unknown_customers": "refuse"})
    told = [str(problem) for problem in refused.value.problems]
    assert len(told) == 3
    assert "1 times that are none of YYYY-MM-DD" in told[0]
    assert "(given: row 1: 'sometime'); allowed: correct them, or decide unreadable_times=drop" in told[0]
    assert "1 messages sent after the last possible day" in told[1]
    assert "1 messages to customers without an order" in told[2]


@pytest.mark.parametrize(
    ("decisions", "message"),
    [({"duplicate": "keep"}, "unknown question"), ({"duplicates": "net"}, "allowed: drop, keep, refuse")],
)
def test_unknown_decisions(decisions, message, log_of, orders):
    with pytest.raises(InputError, match=message):
        read(log_of(HEAD), orders, decisions=decisions)


def test_clocks_of_several_zones(log_of, orders):
    path = log_of(
        "customer_id,sent_at,channel\na,2024-02-01T23:30:00+00:00,email\na,2024-02-03T01:30:00+03:00,email\nb,2024-02-04T23:30:00-05:00,email\n"
    )
    assert found(read(path, orders)) == {"several_clocks": (2, "as_written")}
    assert days(read(path, orders), "email") == {"a": ["2024-02-01", "2024-02-03"], "b": ["2024-02-04"]}
    utc = read(path, orders, decisions={"several_clocks": "utc"})
    assert days(utc, "email") == {"a": ["2024-02-01", "2024-02-02"], "b": ["2024-02-05"]}


@pytest.mark.parametrize(
    ("text", "name", "encoding"),
    [
        ("клиент;time;channel\nü1;01.02.2024 10:00;email\n".encode("utf-16"), "log.csv", "auto"),
        ("клиент;time;channel\nя1;01.02.2024 10:00;email\n".encode("cp1251"), "log.txt", "cp1251"),
        ("\ufeffклиент\ttime\tchannel\nя1\t2024/02/01 10:00:00\temail\n".encode(), "log.tsv.gz", "auto"),
        (
            b'"\xd0\xba\xd0\xbb\xd0\xb8\xd0\xb5\xd0\xbd\xd1\x82"|time|channel\r\n"a\nb"|1706781600|email\r\n',
            "log.csv",
            "auto",
        ),
    ],
)
def test_encodings_separators_and_times(text, name, encoding, log_of):
    log = read(log_of(text, name), columns={"customer_id": "клиент", "sent_at": "time"}, encoding=encoding)
    assert log.day.tolist() == [19_754]
    assert log.customer_ids.size == 1
    assert any("separated by" in note for note in log.notes)


def test_another_encoding_is_refused_with_the_line(log_of):
    path = log_of("customer_id,sent_at,channel\na,2024-02-01,email\nя,2024-02-01,email\n".encode("cp1251"))
    with pytest.raises(
        InputError, match=r"log.csv, near line 3: the text is not utf-8 \(given: byte 0xff\); allowed: another"
    ):
        read(path)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "log.csv", "the file is empty"),
        ("customer_id,when\n", "log.csv", "the column 'sent_at' is missing"),
        (HEAD, "log.csv", "no message is left"),
        ("PAR1", "log.csv", "the content is a Parquet file"),
        ("x", "log.xlsx", "unknown kind of file"),
        ("customer_id,sent_at,channel\na,2024-02-01,email,3\n", "log.csv", "no valid CSV"),
    ],
)
def test_refusals(text, name, message, log_of):
    with pytest.raises(InputError, match=message):
        read(log_of(text, name))


def test_files_and_frames_say_the_same(tmp_path, log_of, orders):
    frame = pl.DataFrame(
        {
            "customer_id": ["a", "b", "b"],
            "sent_at": [dt.datetime(2024, 2, d, 10) for d in (1, 2, 3)],
            "channel": ["email", "sms", "sms"],
            "opened": [True, False, True],
            "clicked": [None, dt.datetime(2024, 2, 2, 9), dt.datetime(2024, 2, 3, 11)],
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    frame.write_csv(tmp_path / "log.csv")
    logs = [
        read(source, orders)
        for source in (
            frame,
            pd.DataFrame(frame.to_dict(as_series=False)),
            tmp_path / "log.parquet",
            tmp_path / "log.csv",
        )
    ]
    for log in logs:
        assert log.marks.tolist() == [OPENED, 0, OPENED | CLICKED]
        assert found(log) == {"opened_before_sent": (1, "as_no")}
        assert log.day.tolist() == logs[0].day.tolist()
    numbers = pd.DataFrame({"customer_id": [1.0, 2.0], "sent_at": ["2024-02-01"] * 2, "channel": ["email"] * 2})
    assert read(numbers).customer_ids.tolist() == ["1", "2"]


ROW = st.tuples(
    st.sampled_from("abcz"), st.integers(0, 40), st.sampled_from(["email", "sms"]), st.booleans(), st.booleans()
)


@given(st.lists(ROW, min_size=1, max_size=60), st.integers(1, 7))
def test_no_message_is_lost_however_the_file_is_cut(rows, batch):
    """Pieces of any size, in any order, give the same log: that of a plain count."""
    rows = [(*row, place) for place, row in enumerate(rows)]
    wanted = Counter((c, day, channel) for c, day, channel, _, held, _ in rows if c != "z" and not held)
    orders = read_orders(
        pl.DataFrame({"customer_id": ["a", "b", "c"], "order_date": ["2024-01-01"] * 3, "order_value": [1.0] * 3})
    )
    names = ["customer_id", "sent_at", "channel", "opened", "holdout", "campaign"]
    frame = pl.DataFrame(
        [(c, str(dt.date(2024, 2, 1) + dt.timedelta(days=d)), *rest) for c, d, *rest in rows], names, orient="row"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_batches, "BATCH_ROWS", batch)
        if all(c == "z" for c, *_ in rows):
            with pytest.raises(InputError, match="no message is left"):
                read(frame, orders)
            return
        log = read(frame, orders)
    got = Counter()
    for channel in log.channels:
        for c, dates in days(log, channel).items():
            got.update((c, (dt.date.fromisoformat(d) - dt.date(2024, 2, 1)).days, channel) for d in dates)
    assert got == wanted
    assert ((log.marks & HOLDOUT) > 0).sum() == sum(held for c, _, _, _, held, _ in rows if c != "z")
    assert ((log.marks & OPENED) > 0).sum() == sum(opened for c, _, _, opened, _, _ in rows if c != "z")


def test_blocks_of_a_file_end_between_records(log_of, monkeypatch):
    text = "customer_id,sent_at,channel,campaign\n" + "".join(
        f'a,2024-02-{d:02d},email,"line\nbreak, {d}"\n' for d in range(1, 29)
    )
    monkeypatch.setattr(_batches, "BLOCK_BYTES", 50)
    assert np.diff(read(log_of(text)).day).tolist() == [1] * 27
    assert np.diff(read(log_of(text, "log.csv.gz")).day).tolist() == [1] * 27


def test_sorted_in_pieces_it_is_the_same_log(monkeypatch):
    """Copies, customers without a message, several channels and arms; a customer's messages stay together."""
    rng = np.random.default_rng(5)
    rows = {
        "customer_id": rng.integers(0, 40, 900), "sent_at": [f"2024-01-{day:02}" for day in rng.integers(1, 29, 900)],
        "channel": rng.choice(["email", "sms"], 900), "arm": rng.choice(["a", "b"], 900), "opened": rng.integers(0, 2, 900),
    }  # fmt: skip
    frame = pl.DataFrame(rows).filter(pl.col("customer_id") % 7 != 3)
    whole = read(frame)
    monkeypatch.setattr(messages, "_SORTED_AT_ONCE", 50)
    pieces = read(frame)
    assert whole.first[-1] < frame.height, "there are copies"
    for name in ("first", "day", "channel", "arm", "marks", "customer_ids"):
        assert getattr(whole, name).tolist() == getattr(pieces, name).tolist()
    assert found(whole) == found(pieces)
