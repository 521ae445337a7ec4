"""A scenario's customers by parts are those of the whole base; what is written of them part by part is one table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import sim.stream
from scenarios import load_scenario
from scenarios.parts import Parts, parts_of
from scenarios.run import run_simulate, simulate_scenario
from scenarios.simulating import Crowd, CustomerFiles
from scenarios.world import load_base, no_contact
from sim.population import Population
from sim.stream import Ask, Job, Sums

SAMPLE = ["base.where={in_sample=1}", 'base.history_contacts="none"', "horizon.weeks=2", "horizon.tail_weeks=1"]
CASES = {
    "invented": ("library:small", ["base.assumed_birthdays=true"], 900, True),
    "copied": ("library:cdnow", [*SAMPLE, "base.assumed_birthdays=true"], 4_714, True),
    "sampled": ("library:cdnow", SAMPLE, 700, True),
    "households": ("library:cdnow", [*SAMPLE, "base.assumed_household_size=3"], 4_714, False),
    "newcomers": ("library:small", ["base.new_customers_per_week=20"], 900, False),
}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.stream, "PART", 400)


def orders_of(people: Population) -> list[list[int]]:
    spans = zip(people.order_from.tolist(), people.order_to.tolist(), strict=True)
    return [[*people.order_day[a:b].tolist(), *people.order_value[a:b].tolist()] for a, b in spans]


@pytest.mark.parametrize("case", CASES)
def test_parts_are_the_whole(case: str) -> None:
    name, changes, customers, drawn = CASES[case]
    base = load_base(load_scenario(name, changes))
    whole = base.population(customers, seed=3)
    source = parts_of(base, customers, seed=3, threads=2)
    assert isinstance(source, Parts)
    assert isinstance(source.draw, partial) == drawn  # else the whole population is in memory
    assert source.count > 1
    parts = [source.part(number) for number in range(source.count)]
    people = source.people
    assert (people.size, people.base_size, people.copies) == (whole.size, whole.base_size, whole.copies)
    assert people.scale == whole.scale
    for field in fields(whole):
        column = getattr(whole, field.name)
        if field.name.startswith("order_"):
            continue
        if isinstance(column, np.ndarray):
            together = np.concatenate([getattr(part, field.name) for part in parts])
            assert (together == column).all(), field.name
        elif field.name != "base_size":
            assert all(getattr(part, field.name) == column for part in parts), field.name
    assert [line for part in parts for line in orders_of(part)] == orders_of(whole)
    for group in (whole.base_customer, whole.household):
        if group is not None:
            edges = np.cumsum([part.size for part in parts])[:-1]
            assert all(len(set(group[:e]) & set(group[e:])) == 0 for e in edges), "a group is cut in two"


def test_the_result_does_not_depend_on_the_size_of_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(threads: int) -> dict[str, object]:
        loaded = load_scenario("library:cdnow", SAMPLE)
        result = simulate_scenario(loaded, plan={"default": {"email": 1}}, customers=2_357, threads=threads).result
        return {key: part for key, part in result.items() if key != "provenance"}

    small = run(2)
    monkeypatch.setattr(sim.stream, "PART", 10_000)
    assert run(1) == small


def test_a_capacity_is_shared_by_all_parts() -> None:
    """Simulated in one piece: tiny parts would each have the whole capacity."""
    tight = {"name": "sms a week", "channels": ["sms"], "per_week": 60}
    loaded = load_scenario("library:small", ["base.synthetic=900", *_capacity(tight)])
    sent = simulate_scenario(loaded, customers=900).result["weekly"]
    weeks = [row["contacts"] for row in sent if row["world"] == "plan" and row["channel"] == "sms"]
    assert max(weeks) <= 60
    assert sum(weeks) > 0.9 * 60 * len(weeks)


def _capacity(table: dict[str, object]) -> list[str]:
    texts = ", ".join(f"{key} = {value!r}".replace("'", '"') for key, value in table.items())
    return [f"capacities=[{{{texts}}}]"]


def test_customers_are_written_part_by_part(tmp_path: Path) -> None:
    loaded = load_scenario("library:small", ["horizon.weeks=2", "horizon.tail_weeks=0"])
    base = load_base(loaded)
    worlds = {"plan": 0, "no_contact": 1}
    crowd = Crowd(base, 900, seed=1, threads=2)
    crowd.ask(
        lambda world: (Ask((world.current, no_contact(world)), world.current),),
        say=lambda share, text: None, keep=CustomerFiles(base, worlds, tmp_path),
    )  # fmt: skip
    written = pl.read_parquet(tmp_path)
    assert len(list(tmp_path.iterdir())) > 2
    assert written.equals(simulate_scenario(loaded, customers=900, per_customer=True).frame("customers"))
    assert written["customer_id"].to_list() == list(range(900))


def test_the_run_directory_takes_the_table_over(tmp_path: Path) -> None:
    loaded = load_scenario("library:small", ["horizon.weeks=2", "horizon.tail_weeks=0"])
    done = run_simulate(loaded, customers=900, per_customer=True, out=tmp_path / "now")
    assert done.directory == tmp_path / "now"
    assert pl.read_parquet(tmp_path / "now" / "customers").height == 900
    assert os.listdir(tmp_path) == ["now"], "nothing hidden is left beside it"


def test_a_run_that_fails_leaves_no_customers(tmp_path: Path) -> None:
    loaded = load_scenario("library:small", ["horizon.weeks=2", "horizon.tail_weeks=0"])

    def failing(job: Job) -> Iterator[list[Sums]]:
        yield job.run(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_simulate(loaded, customers=900, per_customer=True, out=tmp_path / "now", engine=failing)
    assert os.listdir(tmp_path) == []
