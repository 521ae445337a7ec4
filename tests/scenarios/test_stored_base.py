"""A base on disk is the base in memory: the same customers, the same bits of every sum, the same table of customers."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import scenarios.stored_base as stored_base
import sim.fit.order_sort as order_sort
import sim.stream
from scenarios import load_scenario
from scenarios.load import LoadedScenario
from scenarios.parts import parts_of
from scenarios.run import run_simulate
from scenarios.stored_base import StoredBase, base_of_any_size, temporary_room
from scenarios.world import Base, load_base
from sim.errors import InputError
from tests.scenarios.test_parts import orders_of

MODEL = '{model = "mbg-nbd", r = 0.52, alpha = 6.2, a = 0.79, b = 1.44, p = 6.2, q = 3.7, gamma = 15.6}'


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published sample of the bundled base, 2,357 customers, as a shop may export it: in any order."""
    path = tmp_path_factory.mktemp("export") / "orders.parquet"
    bundled = load_scenario("library:cdnow").orders_path
    rows = pl.read_csv(bundled).filter(pl.col("in_sample") == 1)
    rows.sample(fraction=1.0, shuffle=True, seed=3).write_parquet(path)
    return path


def scenario(export: Path, *more: str) -> LoadedScenario:
    changes = [f'base.orders="{export}"', f"base.fitted_model={MODEL}", "horizon.weeks=2", "horizon.tail_weeks=1"]
    return load_scenario("library:cdnow", [*changes, *more])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.stream, "PART", 900)
    for name, size in (("ROWS", 2_000), ("CUSTOMERS", 700), ("LOOKED_AT", 400)):
        monkeypatch.setattr(order_sort, name, size)


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_base, "LARGE", 0)


def opened(loaded: LoadedScenario) -> Iterator[Base]:
    with base_of_any_size(loaded, temporary_room, lambda share: None) as base:
        yield base


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("customers", [600, 2_357, 7_071], ids=["a sample", "each once", "three copies"])
def test_parts_are_the_base_in_memory(export: Path, customers: int) -> None:
    loaded = scenario(export, "base.assumed_birthdays=true")
    whole = load_base(loaded).population(customers, seed=3)
    for base in opened(loaded):
        assert isinstance(base, StoredBase)
        source = pickle.loads(pickle.dumps(parts_of(base, customers, seed=3, threads=2)))  # as workers get it
        assert source.count > 2
        parts = [source.part(number) for number in range(source.count)]
        names = np.concatenate([base.names(part) for part in parts])
        people = source.people
    assert max(part.size for part in parts) <= 900
    assert (people.size, people.base_size, people.copies) == (whole.size, whole.base_size, whole.copies)
    for field in fields(whole):
        column = getattr(whole, field.name)
        if field.name.startswith("order_"):
            continue
        if isinstance(column, np.ndarray):
            together = np.concatenate([getattr(part, field.name) for part in parts])
            assert (together == column).all(), field.name  # not a bit differs
        else:
            assert all(getattr(part, field.name) == column for part in parts), field.name
    assert [line for part in parts for line in orders_of(part)] == orders_of(whole)
    assert names.tolist() == load_base(loaded).names(whole).tolist()


@pytest.mark.parametrize(
    "more", [[], ['base.history_contacts="none"', "base.as_of=1998-03-31"]], ids=["current", "none"]
)
def test_results_are_those_of_the_base_in_memory(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    """Through the front door, with the table of customers; the folder of the sort is gone afterwards."""
    loaded = scenario(export, *more)

    def run(name: str) -> tuple[dict[str, Any], pl.DataFrame]:
        done = run_simulate(loaded, customers=4_714, threads=2, per_customer=True, out=tmp_path / name)
        return {key: part for key, part in done.result.items() if key != "provenance"}, pl.read_parquet(
            tmp_path / name / "customers"
        )

    result, customers = run("memory")
    monkeypatch.setattr(stored_base, "LARGE", 0)
    seen = []
    monkeypatch.setattr(
        stored_base, "sort_orders", lambda *a, **k: seen.append(a[1]) or order_sort.sort_orders(*a, **k)
    )
    on_disk, rows = run("disk")
    assert len(seen) == 1, "the second run went through the disk"
    assert not seen[0].exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "memory"], "nothing hidden is left"
    assert on_disk == result
    assert rows.equals(customers)
    assert rows["plan_revenue"].sum() > rows["no_contact_revenue"].sum()
    assert len(list((tmp_path / "disk" / "customers").iterdir())) > 3


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize(
    "change",
    [
        "base.assumed_household_size=2", "base.new_customers_per_week=5", 'segments.borders="quantiles"',
        "base.where={in_sample=1}", 'reputation.channels=["email"]',
        'capacities=[{name = "sms a week", channels = ["sms"], per_week = 60}]',
    ],
)  # fmt: skip
def test_what_ties_customers_keeps_them_in_memory(export: Path, change: str) -> None:
    assert stored_base._goes_to_disk(scenario(export))
    assert not stored_base._goes_to_disk(scenario(export, change))


def test_only_large_files_with_a_stated_model_go_to_disk(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pl.read_parquet(export).height
    for large, to_disk in ((rows, False), (rows - 1, True)):
        monkeypatch.setattr(stored_base, "LARGE", large)
        assert stored_base._goes_to_disk(scenario(export)) == to_disk
    fitted = load_scenario("library:cdnow", [f'base.orders="{export}"'])
    assert not stored_base._goes_to_disk(fitted), "the model is fitted to all orders"


@pytest.mark.usefixtures("all_are_large")
def test_mistakes_are_said_in_the_words_of_the_scenario(export: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(export).with_columns(
        pl.when(pl.int_range(pl.len()) == 4_321).then(-1.0).otherwise(pl.col("order_value")).alias("order_value")
    )
    rows.write_parquet(tmp_path / "refund.parquet")
    with pytest.raises(InputError, match=r'1 negative order values.*row 4321 \(counted from 0\).*base.refunds = "net"'):
        next(opened(scenario(tmp_path / "refund.parquet")))
