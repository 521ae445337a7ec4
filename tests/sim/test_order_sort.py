"""Orders sorted on disk are those that are read at once, whatever the export looks like and wherever it is cut."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim.fit.order_sort as order_sort
from sim.errors import InputError
from sim.fit.order_sort import Export, sort_orders
from sim.fit.order_store import OrderStore
from sim.orders import OrderLog, read_orders
from sim.rng import id_hashes, uniforms

DAY = dt.date(2024, 1, 1)
IDS = {
    "numbers": ["7", "10", "9", "100", "11", "12", "3"],
    "digits": ["7", "007", "10", "0", "70", "1234567890123456789", "08"],
    "text": ["b", "a7", "10", "Ä", "9", "a", "zz"],
}


def same(store: OrderStore, whole: OrderLog) -> None:
    parts = [store.orders(f) for f, (a, b) in enumerate(zip(store.first, store.first[1:], strict=False)) if a < b]
    assert store.customers == whole.n_customers
    assert np.concatenate([part.customer_ids for part in parts]).tolist() == whole.customer_ids.tolist()
    assert np.concatenate([np.diff(part.customer, prepend=-1) for part in parts]).tolist() == (
        np.diff(whole.customer, prepend=-1).tolist()
    )
    for name in ("day", "value"):
        assert np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(whole, name).tolist(), name
    assert store.ids(np.arange(store.customers)).tolist() == whole.customer_ids.tolist()


ROW = st.tuples(st.integers(0, 6), st.integers(0, 5), st.sampled_from([0.0, 0.1, 0.2, 0.7, 30.05]), st.integers(0, 1))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(IDS)), given_rows=st.lists(ROW, min_size=1, max_size=24), piece=st.integers(4, 12),
    customers=st.integers(1, 5), duplicates=st.sampled_from(["keep", "drop"]), until=st.none() | st.integers(0, 6),
)  # fmt: skip
def test_sorted_on_disk_as_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, kind: str,
    given_rows: list[tuple[int, int, float, int]], piece: int, customers: int, duplicates: str, until: int | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(order_sort, "ROWS", piece)
    monkeypatch.setattr(order_sort, "CUSTOMERS", customers)
    folder = tmp_path_factory.mktemp("store")
    rows = pl.DataFrame(
        {
            "who": [IDS[kind][a] for a, *_ in given_rows],
            "order_date": [DAY + dt.timedelta(days=b) for _, b, *_ in given_rows],
            "order_value": [c for *_, c, _ in given_rows],
            "note": [d for *_, d in given_rows],  # tells some rows apart that are else alike
        }
    )
    path = folder / "export.parquet"
    rows.write_parquet(path, row_group_size=3)
    columns = {"customer_id": "who"}
    last = None if until is None else (DAY - dt.date(1970, 1, 1)).days + until
    whole = read_orders(path, columns=columns, duplicates=duplicates)  # type: ignore[arg-type]
    if last is not None and whole.first_day > last:
        with pytest.raises(InputError, match="there is no order"):
            sort_orders(Export(path, columns, duplicates), folder, until=last)  # type: ignore[arg-type]
        return
    store = sort_orders(Export(path, columns, duplicates), folder, until=last)  # type: ignore[arg-type]
    same(store, whole if last is None else whole.until(last))
    assert store.last_day == whole.last_day
    assert not list(folder.glob("piece-*")), "pieces are gone"


def shop(customers: int = 3_000, orders: int = 9_000) -> pl.DataFrame:
    draw = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "customer_id": draw.integers(0, customers, orders),
            "order_date": np.datetime64("2024-01-01") + draw.integers(0, 300, orders),
            "order_value": draw.gamma(2.0, 20.0, orders).round(2),
        }
    )


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("ROWS", 3_000), ("CUSTOMERS", 400), ("LOOKED_AT", 500)):
        monkeypatch.setattr(order_sort, name, size)


@pytest.mark.usefixtures("small")
def test_files_are_of_about_the_same_size(tmp_path: Path) -> None:
    """As a sample of 500 of the 2,860 customers says: 8 files of 357 each, give or take 45."""
    shop().write_parquet(tmp_path / "export.parquet")
    shares = []
    store = sort_orders(Export(tmp_path / "export.parquet"), tmp_path, say=shares.append)
    same(store, read_orders(shop()))
    sizes = np.diff(store.first)
    assert sizes.sum() == store.customers
    assert 7 <= len(sizes) <= 9
    assert 357 - 5 * 45 < sizes.min() <= sizes.max() < 357 + 5 * 45
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("ids", [["10", "9", "a", "b"], ["10", "9", "100", "012"]], ids=["text", "digits"])
def test_the_order_of_ids_is_that_of_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ids: list[str]) -> None:
    """Beside letters, 10 comes before 9; in the file that holds these two alone as well."""
    monkeypatch.setattr(order_sort, "CUSTOMERS", 2)
    rows = pl.DataFrame({"customer_id": ids, "order_date": [DAY] * 4, "order_value": [1.0, 2.0, 3.0, 4.0]})
    rows.write_parquet(tmp_path / "export.parquet")
    store = sort_orders(Export(tmp_path / "export.parquet"), tmp_path)
    assert store.first == (0, 2, 4)
    same(store, read_orders(rows))


@pytest.mark.usefixtures("small")
def test_refunds_find_their_orders(tmp_path: Path) -> None:
    back = shop().filter(pl.int_range(pl.len()) % 7 == 0).with_columns(-pl.col("order_value") / 2)
    rows = pl.concat([shop(), back]).sample(fraction=1.0, shuffle=True, seed=1)
    rows.write_parquet(tmp_path / "export.parquet")
    for refunds in ("net", "drop"):
        folder = tmp_path / refunds
        folder.mkdir()
        store = sort_orders(Export(tmp_path / "export.parquet", refunds=refunds), folder)  # type: ignore[arg-type]
        same(store, read_orders(rows, refunds=refunds))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="negative order values"):
        sort_orders(Export(tmp_path / "export.parquet"), tmp_path)


@pytest.mark.usefixtures("small")
def test_mistakes_are_named_by_their_row_in_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "export.parquet"
    dates = pl.col("order_date").cast(pl.String)
    wrong = shop().with_columns(
        pl.when(pl.int_range(pl.len()) == 5_003).then(pl.lit("soon")).otherwise(dates).alias("order_date")
    )
    wrong.write_parquet(path)
    with pytest.raises(InputError, match=r"export.parquet, row 5003 \(counted from 0\).*soon"):
        sort_orders(Export(path), tmp_path)
    shop().rename({"order_value": "amount"}).write_parquet(path)
    with pytest.raises(InputError, match=r"'order_value' is missing.*nearest: 'amount'"):
        sort_orders(Export(path), tmp_path)
    twice = pl.concat([shop(), shop()[7:8]])
    twice.write_parquet(path)
    with pytest.raises(InputError, match=r"rows repeat an earlier row.*row 9000 \(counted from 0\)"):
        sort_orders(Export(path, duplicates="refuse"), tmp_path)
    path.write_text("customer_id,order_date\n", encoding="utf-8")
    with pytest.raises(InputError, match="the content is plain text"):
        sort_orders(Export(path), tmp_path)


@pytest.mark.usefixtures("small")
def test_the_sample_is_that_of_the_base_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.fit.order_store._LOTS_AT_ONCE", 400)
    shop().write_parquet(tmp_path / "export.parquet")
    store, whole = sort_orders(Export(tmp_path / "export.parquet"), tmp_path), read_orders(shop())
    lots = uniforms(3, "latent:sample", id_hashes(whole.customer_ids))
    expected = np.sort(np.argsort(lots, kind="stable")[:333])
    found = store.sample(333, 3)
    assert found.tolist() == expected.tolist()
    some, same_ones = store.orders_of(found), whole.of(expected)
    for name in ("customer_ids", "customer", "day", "value"):
        assert getattr(some, name).tolist() == getattr(same_ones, name).tolist()
    assert store.sample(10_000, 3).tolist() == list(range(whole.n_customers))
