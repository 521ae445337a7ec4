"""Reading orders: what is merged, kept, netted; and that every kind of mistake is named where it stands."""

from __future__ import annotations

import gzip
import io
import itertools
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.fit import _table
from sim.orders import OrderLog, read_orders

HEADING = "customer_id,order_date,order_value\n"
CDNOW = Path(__file__).parents[2] / "scenarios" / "library" / "data" / "cdnow_orders.csv.gz"


@pytest.fixture
def csv_of(tmp_path: Path):
    """Write text below the usual heading and give back the path."""

    def write(rows: str, heading: str = HEADING, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_bytes((heading + rows).encode())
        return path

    return write


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def refusal(source: object, **options: object) -> list[str]:
    """The problems that reading raises, as text."""
    with pytest.raises(InputError) as caught:
        read_orders(source, **options)  # type: ignore[arg-type]
    return [str(problem) for problem in caught.value.problems]


def as_rows(log: OrderLog) -> list[tuple[str, str, float]]:
    columns = log.columns()
    return list(
        zip(
            columns["customer_id"].tolist(),
            columns["order_date"].astype(str).tolist(),
            log.value.tolist(),
            strict=True,
        )
    )


# --- the bundled file --------------------------------------------------------------------------------------


def test_cdnow_is_read_whole() -> None:
    log = read_orders(CDNOW)
    assert (log.n_customers, log.n_orders) == (23_570, 67_591)
    assert log.value.sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert (log.first_day, log.last_day) == (day("1997-01-01"), day("1998-06-30"))
    assert log.notes == (
        "255 exact duplicate rows kept as orders of their own",
        "2,068 orders merged with another of the same customer on the same day",
    )
    assert log.customer_ids[[0, 1, 9, -1]].tolist() == ["1", "2", "10", "23570"]
    assert repr(log) == "OrderLog(67,591 orders of 23,570 customers, 1997-01-01 to 1998-06-30)"


def test_cdnow_summary_of_the_first_39_weeks() -> None:
    summary = read_orders(CDNOW).summary(day("1997-09-30"))
    assert summary.frequency.sum() == 24_337
    four = summary.customer_ids.tolist().index("4")
    assert summary.frequency[four] == 2
    assert summary.recency_weeks[four] == pytest.approx(30.4286, abs=1e-4)
    assert summary.age_weeks[four] == pytest.approx(38.8571, abs=1e-4)
    assert summary.mean_value[four] == pytest.approx(22.345)


# --- what is done to good rows -----------------------------------------------------------------------------


def test_orders_of_one_day_become_one(csv_of) -> None:
    log = read_orders(csv_of("b,2024-01-05,10\na,2024-01-02,1.5\nb,2024-01-01,4\nb,2024-01-05,0.5\n"))
    assert as_rows(log) == [("a", "2024-01-02", 1.5), ("b", "2024-01-01", 4.0), ("b", "2024-01-05", 10.5)]
    assert log.notes == ("1 orders merged with another of the same customer on the same day",)
    assert log.customer.dtype == log.day.dtype == np.int32


def test_ids_stay_text_and_stand_in_natural_order(csv_of) -> None:
    rows = "".join(f"{name},2024-01-01,1\n" for name in ["10", "007", "9", "7", "123456789012345678901"])
    assert read_orders(csv_of(rows)).customer_ids.tolist() == ["7", "007", "9", "10", "123456789012345678901"]
    text = "".join(f"{name},2024-01-01,1\n" for name in ["b10", "b9", "7"])
    assert read_orders(csv_of(text)).customer_ids.tolist() == ["7", "b10", "b9"]


def test_dates_that_are_understood(csv_of) -> None:
    written = [
        "2024-03-01",
        "2024/3/1",
        "2024.03.01",
        "20240301",
        "2024-03-01 23:59:59.5",
        "2024-03-01T23:59:00+02:00",
        " 2024-03-01 ",
    ]
    log = read_orders(csv_of("".join(f"c{i},{text},1\n" for i, text in enumerate(written))))
    assert set(log.day.tolist()) == {day("2024-03-01")}


def test_columns_are_mapped_and_others_ignored(csv_of) -> None:
    path = csv_of("1.5,x,2024-01-01,u7\n", "amount,note,date,cid\n")
    log = read_orders(path, columns={"customer_id": "cid", "order_date": "date", "order_value": "amount"})
    assert as_rows(log) == [("u7", "2024-01-01", 1.5)]


def test_other_separators_byte_order_mark_and_windows_lines(csv_of) -> None:
    text = "\ufeffcustomer_id;order_date;order_value\r\na;2024-01-01;2.5\r\n"
    log = read_orders(csv_of(text, heading=""))
    assert as_rows(log) == [("a", "2024-01-01", 2.5)]
    assert log.notes == ("columns are separated by ';'",)


def test_zero_is_an_order_but_no_spend(csv_of) -> None:
    log = read_orders(csv_of("a,2024-01-01,9\na,2024-01-03,0\na,2024-01-05,7\n"))
    summary = log.summary(day("2024-01-31"))
    assert (summary.frequency[0], summary.n_positive[0], summary.mean_value[0]) == (2, 1, 7.0)
    assert (summary.recency_days[0], summary.age_days[0]) == (4, 30)


def test_empty_lines_are_skipped_and_told(csv_of) -> None:
    log = read_orders(csv_of("a,2024-01-01,1\n\n,,\nb,2024-01-02,1\n"))
    assert log.n_orders == 2
    assert log.notes == ("2 empty rows skipped",)


def test_exact_duplicates(csv_of) -> None:
    path = csv_of("a,2024-01-01,5\na,2024-01-01,5\nb,2024-01-01,5\n")
    kept, dropped = read_orders(path), read_orders(path, duplicates="drop")
    assert kept.value.tolist() == [10, 5]
    assert dropped.value.tolist() == [5, 5]
    assert "1 exact duplicate rows kept as orders of their own" in kept.notes
    assert dropped.notes == ("1 exact duplicate rows dropped",)
    (problem,) = refusal(path, duplicates="refuse")
    assert problem.startswith(
        "orders.csv: 1 rows repeat an earlier row in every column (given: line 3); allowed: duplicates='keep'"
    )


def test_rows_that_differ_in_another_column_are_no_duplicates(csv_of) -> None:
    path = csv_of("a,2024-01-01,5,n1\na,2024-01-01,5,n2\n", "customer_id,order_date,order_value,number\n")
    assert read_orders(path, duplicates="drop").value.tolist() == [10]


# --- refunds -----------------------------------------------------------------------------------------------

REFUNDS = "a,2024-01-01,10\na,2024-01-05,20\na,2024-01-05,-5\na,2024-01-09,-18\nb,2024-01-01,3\n"


def test_refunds_are_refused_with_the_choice(csv_of) -> None:
    (problem,) = refusal(csv_of(REFUNDS))
    assert problem.startswith(
        "orders.csv: 2 negative order values (refunds) (given: line 4, line 5); allowed: refunds='net'"
    )
    assert "or refunds='drop'" in problem


def test_refunds_are_netted_same_day_first_then_backwards(csv_of) -> None:
    log = read_orders(csv_of(REFUNDS), refunds="net")
    assert as_rows(log) == [("a", "2024-01-01", 7.0), ("a", "2024-01-05", 0.0), ("b", "2024-01-01", 3.0)]
    assert log.notes[-1] == "2 refunds netted, worth 23.00"


def test_refunds_are_dropped(csv_of) -> None:
    log = read_orders(csv_of(REFUNDS), refunds="drop")
    assert log.value.tolist() == [10, 20, 3]
    assert log.notes == ("2 refunds dropped, worth 23.00",)


@pytest.mark.parametrize("row", ["a,2023-12-31,-1", "a,2024-01-05,-10.01", "z,2024-01-05,-1"])
def test_refunds_without_an_order_are_refused(csv_of, row: str) -> None:
    (problem,) = refusal(csv_of("a,2024-01-01,10\n" + row + "\n"), refunds="net")
    assert "refunds exceed what the customer ordered until then" in problem
    assert "line 3" in problem


def test_refunds_alone_are_no_orders(csv_of) -> None:
    assert refusal(csv_of("a,2024-01-01,-10\n"), refunds="drop") == ["orders.csv: there are refunds, but no order"]


# --- mistakes in rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",2024-01-01,1", "orders.csv, line 3: customer_id is missing; allowed: any text"),
        ("  ,2024-01-01,1", "orders.csv, line 3: customer_id is missing"),
        ("x" * 201 + ",2024-01-01,1", "orders.csv, line 3: customer_id is too long"),
        ("a,,1", "orders.csv, line 3: order_date is missing; allowed: YYYY-MM-DD"),
        (
            "a,01/12/2024,1",
            "orders.csv, line 3: order_date is not a date we can read (given: '01/12/2024'); allowed: YYYY-MM-DD",
        ),
        ("a,2024-02-30,1", "orders.csv, line 3: order_date is not a date we can read (given: '2024-02-30')"),
        ("a,2024-01-01x,1", "orders.csv, line 3: order_date is not a date we can read"),
        ("a,45292,1", "orders.csv, line 3: order_date is not a date we can read"),
        ("a,0001-01-01,1", "orders.csv, line 3: order_date is implausibly early"),
        (
            "a,2024-06-02,1",
            "orders.csv, line 3: order_date is in the future (given: '2024-06-02'); allowed: up to 2024-06-01",
        ),
        ("a,2024-01-01,", "orders.csv, line 3: order_value is missing"),
        (
            'a,2024-01-01,"1,234.50"',
            "orders.csv, line 3: order_value is not a number (given: '1,234.50'); allowed: a number such as 12.50",
        ),
        ("a,2024-01-01,$5", "orders.csv, line 3: order_value is not a number"),
        ("a,2024-01-01,__import__('os')", "orders.csv, line 3: order_value is not a number"),
        ("a,2024-01-01,nan", "orders.csv, line 3: order_value is not a finite number"),
        ("a,2024-01-01,-inf", "orders.csv, line 3: order_value is not a finite number"),
        ("a,2024-01-01,1e400", "orders.csv, line 3: order_value is not a finite number"),
        ("a,2024-01-01,1e13", "orders.csv, line 3: order_value is implausibly large"),
    ],
)
def test_a_bad_row_is_named(csv_of, row: str, message: str) -> None:
    problems = refusal(
        csv_of(f"good,2024-01-01,1\n{row}\ngood,2024-01-02,1\n"), latest=date(2024, 6, 1), refunds="drop"
    )
    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_tomorrow_is_the_future_by_default(csv_of) -> None:
    assert "in the future" in refusal(csv_of("a,2999-01-01,1\n"))[0]


def test_the_last_day_itself_is_not_the_future(csv_of) -> None:
    path = csv_of("a,2024-06-01,1\n")
    assert read_orders(path, latest=date(2024, 6, 1)).n_orders == 1
    frame = pl.DataFrame({"customer_id": ["a"], "order_date": [date(2024, 6, 1)], "order_value": [1.0]})
    assert "in the future (given: 2024-06-01)" in refusal(frame, latest=date(2024, 5, 31))[0]


def test_all_kinds_are_collected_five_shown_and_all_counted(csv_of) -> None:
    problems = refusal(csv_of("a,never,1\n" * 7 + ",2024-01-01,x\n" + "a,2024-01-01,-3\n"))
    unreadable = [p for p in problems if "not a date" in p]
    assert len(unreadable) == 6
    assert unreadable[4].startswith("orders.csv, line 6:")
    assert unreadable[5] == "orders.csv: order_date is not a date we can read: 2 more rows, 7 in all"
    assert sum("line 9: customer_id is missing" in p for p in problems) == 1
    assert sum("line 9: order_value is not a number" in p for p in problems) == 1
    assert sum("1 negative order values (refunds) (given: line 10)" in p for p in problems) == 1


def test_lines_are_counted_as_the_file_has_them(csv_of) -> None:
    rows = 'a,2024-01-01,1,"two\nlines"\n\nb,soon,1,x\n'
    (problem,) = refusal(csv_of(rows, "customer_id,order_date,order_value,note\n"))
    assert problem.startswith("orders.csv, line 5: order_date")
    (problem,) = refusal(csv_of("a,2024-01-01,1\n\nb,soon,1\n"))
    assert problem.startswith("orders.csv, line 4: order_date")


# --- mistakes of the whole file ----------------------------------------------------------------------------


def test_missing_columns_name_what_exists_and_how_to_map(csv_of) -> None:
    problems = refusal(csv_of("1,2,3\n", "client,order_dat,amount\n"))
    assert problems[0] == (
        "orders.csv: the column 'customer_id' is missing; allowed: columns that exist: client, order_dat, amount; "
        "nearest: 'client', map it with customer_id=client"
    )
    assert "map it with order_date=order_dat" in problems[1]
    assert "map it with order_value=amount" in problems[2]


def test_bad_mappings(csv_of) -> None:
    path = csv_of("a,2024-01-01,1\n")
    assert refusal(path, columns={"date": "order_date"}) == [
        "columns: unknown column to map (given: 'date'); allowed: customer_id, order_date, order_value, registered_at"
    ]
    assert "the column 'when' is missing" in refusal(path, columns={"order_date": "when"})[0]
    double = csv_of("a,2024-01-01,1,2\n", "customer_id,order_date,order_value,order_value\n")
    assert refusal(double) == ["orders.csv: the column 'order_value' stands 2 times in the heading"]


def test_unknown_choices(csv_of) -> None:
    path = csv_of("a,2024-01-01,1\n")
    assert refusal(path, duplicates="maybe") == [
        "duplicates: unknown choice (given: 'maybe'); allowed: keep, drop, refuse"
    ]
    assert refusal(path, refunds="maybe") == ["refunds: unknown choice (given: 'maybe'); allowed: refuse, net, drop"]


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("orders.csv", HEADING)
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"customer_id": [1]}).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("o.csv", b"", "o.csv: the file is empty"),
        ("o.csv", b"\n \n", "o.csv: the file is empty"),
        ("o.csv.gz", gzip.compress(b""), "o.csv.gz: the file is empty"),
        ("o.parquet", b"", "o.parquet: the file is empty"),
        ("o.csv", HEADING.encode(), "o.csv: there is a heading, but no order below it"),
        ("o.csv", parquet(), "o.csv: the name says CSV, but the content is a Parquet file"),
        ("o.csv", zipped(), "o.csv: the name says CSV, but the content is a zip archive or an Excel workbook"),
        ("o.csv", gzip.compress(HEADING.encode()), "o.csv: the name says CSV, but the content is a gzip file"),
        ("o.csv", HEADING.encode("utf-16"), "o.csv: there is a heading, but no order below it"),
        ("o.csv", b"a\x00b\x01", "o.csv: the name says CSV, but the content is binary data"),
        ("o.parquet", HEADING.encode(), "o.parquet: the name ends in .parquet, but the content is plain text"),
        ("o.parquet", b"PAR1 and then nothing", "o.parquet: the Parquet file cannot be read"),
        ("o.csv.gz", HEADING.encode(), "o.csv.gz: the name ends in .gz, but the content is plain text"),
        ("o.csv.gz", gzip.compress(HEADING.encode() * 99)[:-20], "o.csv.gz: the gzip content is damaged or incomplete"),
        ("o.csv.gz", gzip.compress(parquet()), "o.csv.gz: the name says CSV, but the content is a Parquet file"),
        ("o.csv", (HEADING + "a,2024-01-01,1\nJos\xe9,2024-01-01,1\n").encode("latin-1"), "o.csv, line 3: the text is not UTF-8 (given: byte 0xe9)"),
        ("o.xlsx", b"", "o.xlsx: unknown kind of file (given: .xlsx); allowed: .csv, .csv.gz or .parquet"),
        ("o.csv", (HEADING + "a,2024-01-01,1\na,2024-01-01,1,5\n").encode(), "o.csv: 1 lines have more fields than the heading (given: line 3 has 4); allowed: 3 fields"),
        ("o.csv", (HEADING + 'a,2024-01-01,"1\na,2024-01-01,1\n').encode(), "o.csv: the quotation marks do not match"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    problems = refusal(path)
    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_an_open_quotation_mark_does_not_swallow_rows(csv_of) -> None:
    rows = 'a,2024-01-01,1,"oops\nb,2024-01-01,1,x\nc,2024-01-01,1,y"z\n'
    path = csv_of(rows, "customer_id,order_date,order_value,note\n")
    assert "quotation marks do not match" in refusal(path)[0]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv")[0].startswith("none.csv: there is no such file")
    (tmp_path / "folder.csv").mkdir()
    assert "this is not a file" in refusal(tmp_path / "folder.csv")[0]
    assert "cannot read orders from this (given: int)" in refusal(5)[0]


def test_files_that_are_too_large(csv_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = csv_of("a,2024-01-01,1\n" * 100)
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    monkeypatch.setattr(_table, "MAX_BYTES", 1000)
    assert packed.stat().st_size < 1000
    for path in (plain, packed):
        assert "the file is too large" in refusal(path)[0]


# --- data frames -------------------------------------------------------------------------------------------

FRAME = {"customer_id": [3, 20, 3], "order_date": [datetime(2024, 1, 1, 23), datetime(2024, 1, 2), datetime(2024, 1, 3)], "order_value": [1.5, 2.0, 4.0]}  # fmt: skip
EXPECTED = [("3", "2024-01-01", 1.5), ("3", "2024-01-03", 4.0), ("20", "2024-01-02", 2.0)]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, lambda d: pl.DataFrame(d).lazy()])
def test_frames_of_any_library(make) -> None:
    assert as_rows(read_orders(make(FRAME))) == EXPECTED


def test_parquet(tmp_path: Path) -> None:
    pl.DataFrame(FRAME).write_parquet(tmp_path / "o.parquet")
    assert as_rows(read_orders(tmp_path / "o.parquet")) == EXPECTED


def test_frames_of_text_dates_decimals_and_time_zones() -> None:
    text = pd.DataFrame({k: [str(v) for v in values] for k, values in FRAME.items()})
    assert as_rows(read_orders(text)) == EXPECTED
    dates = pd.DataFrame(FRAME | {"order_date": [d.date() for d in FRAME["order_date"]]})
    assert as_rows(read_orders(dates)) == EXPECTED
    decimal = pl.DataFrame(FRAME).with_columns(pl.col("order_value").cast(pl.Decimal(12, 2)))
    assert as_rows(read_orders(decimal)) == EXPECTED
    local = pd.DataFrame(FRAME)
    local["order_date"] = local["order_date"].dt.tz_localize("America/New_York")
    assert as_rows(read_orders(local)) == EXPECTED
    category = pl.DataFrame(FRAME | {"customer_id": ["x", "y", "x"]}).with_columns(
        pl.col("customer_id").cast(pl.Categorical)
    )
    assert read_orders(category).customer_ids.tolist() == ["x", "y"]


def test_whole_numbers_with_gaps_are_not_written_with_a_point() -> None:
    frame = pd.DataFrame(FRAME | {"customer_id": [3.0, 20.0, 3.0]})
    assert as_rows(read_orders(frame)) == EXPECTED
    problems = refusal(pd.DataFrame(FRAME | {"customer_id": [3.0, np.nan, 2.5]}))
    assert problems[0].startswith("data frame, row 2 (counted from 0): customer_id is not a whole number (given: 2.5)")
    assert problems[1].startswith("data frame, row 1 (counted from 0): customer_id is missing")


def test_mistakes_in_frames_name_the_row() -> None:
    frame = pd.DataFrame(
        FRAME | {"order_value": [1.0, np.nan, np.inf], "order_date": [FRAME["order_date"][0], None, None]}
    )
    problems = refusal(frame, where="orders of May")
    assert [p.split(";")[0] for p in problems] == [
        "orders of May, row 1 (counted from 0): order_date is missing",
        "orders of May, row 2 (counted from 0): order_date is missing",
        "orders of May, row 1 (counted from 0): order_value is missing",
        "orders of May, row 2 (counted from 0): order_value is not a finite number (given: inf)",
    ]
    assert (
        "order_value is not a number (given: 'True')" in refusal(pd.DataFrame(FRAME | {"order_value": [True] * 3}))[0]
    )


# --- the log -----------------------------------------------------------------------------------------------


def test_until_and_between_keep_who_ordered_then(csv_of) -> None:
    log = read_orders(csv_of("a,2024-01-01,1\nb,2024-01-10,2\nb,2024-02-01,3\nc,2024-03-01,4\n"))
    assert as_rows(log.until(day("2024-01-10"))) == [("a", "2024-01-01", 1.0), ("b", "2024-01-10", 2.0)]
    later = log.between(day("2024-02-01"), day("2024-03-01"))
    assert as_rows(later) == [("b", "2024-02-01", 3.0), ("c", "2024-03-01", 4.0)]
    with pytest.raises(InputError, match="there is no order"):
        log.until(day("2023-12-31"))
    with pytest.raises(InputError, match="no order on or before this date"):
        log.summary(day("2023-12-31"))
    summary = log.summary(day("2024-01-31"))
    assert summary.customer_ids.tolist() == ["a", "b"]
    assert summary.frequency.tolist() == [0, 0]


def test_the_log_checks_itself_and_is_read_only() -> None:
    good = OrderLog(np.array(["a", "b"]), np.array([0, 1], np.int32), np.array([5, 3], np.int32), np.ones(2))
    with pytest.raises(ValueError, match="read-only"):
        good.value[0] = 3
    for customer, days, values in (([1, 0], [1, 2], [1, 1]), ([0, 0], [1, 1], [1, 1]), ([0, 1], [1, 1], [1, np.nan]), ([0, 1], [1, 1], [1, -1]), ([0, 2], [1, 1], [1, 1]), ([0, 1], [1], [1, 1])):  # fmt: skip
        with pytest.raises(InputError, match="must be sorted by customer and day"):
            OrderLog(
                np.array(["a", "b"]),
                np.array(customer, np.int32),
                np.array(days, np.int32),
                np.array(values, np.float64),
            )


ROWS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "10", "03"]), st.integers(19_000, 19_010), st.integers(0, 5000)), min_size=1, max_size=40
)  # fmt: skip


def frame_of(rows: list[tuple[str, int, int]]) -> pl.DataFrame:
    ids, days, cents = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "order_date": np.array(days).astype("datetime64[D]"),
            "order_value": np.array(cents) / 100,
        }
    )


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms())
def test_row_order_does_not_matter(rows: list[tuple[str, int, int]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = read_orders(frame_of(rows)), read_orders(frame_of(shuffled))
    assert as_rows(one) == as_rows(other)
    assert one.notes == other.notes


def test_the_sum_of_a_day_has_the_same_bits_in_any_order() -> None:
    totals = set()
    for values in itertools.permutations([0.1, 0.2, 0.3, 1e6, 7e-7]):
        rows = {"customer_id": ["a"] * 5, "order_date": [date(2024, 1, 1)] * 5, "order_value": values}
        totals.add(float(read_orders(pl.DataFrame(rows)).value[0]))
    assert len(totals) == 1


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_merging_is_idempotent_and_keeps_the_money(rows: list[tuple[str, int, int]]) -> None:
    log = read_orders(frame_of(rows))
    again = read_orders(pl.DataFrame(log.columns()))
    assert as_rows(again) == as_rows(log)
    assert again.notes == ()
    assert log.value.sum() == pytest.approx(sum(cents for *_, cents in rows) / 100)
    assert log.n_orders == len({(name, when) for name, when, _ in rows})


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(19_000, 19_012))
def test_summary_agrees_with_plain_counting(rows: list[tuple[str, int, int]], until: int) -> None:
    log = read_orders(frame_of(rows))
    if until < log.first_day:
        return
    summary = log.summary(until)
    for row, name in enumerate(summary.customer_ids):
        days = sorted({when for who, when, _ in rows if who == name and when <= until})
        assert summary.frequency[row] == len(days) - 1
        assert summary.recency_days[row] == days[-1] - days[0]
        assert summary.age_days[row] == until - days[0]
    assert len(summary) == len({who for who, when, _ in rows if when <= until})


# --- decimal commas and encodings ----------------------------------------------------------------------------------


def test_decimal_commas_are_read_if_told_and_named_if_not(csv_of) -> None:
    rows = 'a,2024-01-01,"1.234,50"\nb,2024-01-02,"12,5"\nb,2024-01-03,7\nc,2024-01-03,"1 000,25"\n'
    path = csv_of(rows)
    assert read_orders(path, decimal=",").value.tolist() == [1234.5, 12.5, 7.0, 1000.25]
    problems = refusal(path)
    assert len(problems) == 3
    assert all("or decimal=',' if these are decimal commas" in problem for problem in problems)
    (problem,) = refusal(csv_of('a,2024-01-01,"1,2,3"\n'))
    assert "decimal=','" not in problem
    assert "with a decimal comma" in refusal(csv_of('a,2024-01-01,"12,50 EUR"\n'), decimal=",")[0]
    assert refusal(path, decimal=";") == ["decimal: unknown choice (given: ';'); allowed: ., ,"]


def test_a_point_is_no_thousands_separator_by_accident(csv_of) -> None:
    """With a decimal comma "12.5" is not twelve and a half, nor 125: it is refused."""
    assert "order_value is not a number" in refusal(csv_of("a,2024-01-01,12.5\n"), decimal=",")[0]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes("customer_id;order_date;order_value\nИван;2024-01-01;5\n".encode(encoding))
    told = "auto" if encoding == "utf-16" else encoding
    assert read_orders(path, encoding=told).customer_ids.tolist() == ["Иван"]
    with pytest.raises(InputError, match="unknown encoding"):
        read_orders(path, encoding="klingon")
    with pytest.raises(InputError, match=r"the text is not ascii \(given: byte"):
        read_orders(path, encoding="ascii")


def test_values_in_several_currencies_are_not_added_up():
    frame = pl.DataFrame({"customer_id": ["a", "a", "b"], "order_date": ["2025-01-01", "2025-01-02", "2025-01-03"],
                          "order_value": [1.0, 2.0, 3.0], "Currency": ["EUR", "EUR ", None]})  # fmt: skip
    assert read_orders(frame).n_orders == 3
    mixed = frame.with_columns(Currency=pl.Series(["EUR", "EUR", "USD"]))
    with pytest.raises(InputError, match=r"several currencies.*2 in EUR, 1 in USD.*keep one with --where"):
        read_orders(mixed)


EARLY = pl.DataFrame({"customer_id": ["a", "a", "b", "c"], "order_date": ["2025-01-01", "2025-02-02", "2025-01-03", "2025-01-03"],
                      "order_value": [1.0, 2.0, 3.0, 4.0], "since": ["2025-01-02 10:00", "2025-01-02", "2025-01-03", None]})  # fmt: skip


def test_orders_before_their_customer_registered_are_counted_and_decided():
    """The day of registration is not early, and where it is unknown nothing is."""
    named = {"registered_at": "since"}
    kept = read_orders(EARLY, columns=named)
    assert kept.n_orders == 4
    assert "1 orders before their customer registered kept" in kept.notes
    assert read_orders(EARLY, columns=named, before_registration="drop").n_orders == 3
    assert read_orders(EARLY.rename({"since": "registered_at"}), before_registration="drop").n_orders == 3
    with pytest.raises(InputError, match=r"1 orders before their customer registered.*before_registration='keep'"):
        read_orders(EARLY, columns=named, before_registration="refuse")
    assert read_orders(EARLY, before_registration="refuse").n_orders == 4, "nobody said what that column is"


def test_the_option_is_named_like_the_command_line_has_it(tmp_path, capsys):
    from scenarios import cli

    EARLY.write_csv(tmp_path / "o.csv")
    with pytest.raises(SystemExit) as stop:
        cli.main(
            ["fit", str(tmp_path / "o.csv"), "--columns", "registered_at=since", "--before-registration", "refuse"]
        )
    assert stop.value.code == 2
    assert "--before-registration keep" in capsys.readouterr().err
