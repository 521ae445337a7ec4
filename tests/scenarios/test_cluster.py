"""Simulations on several processes: the same bits, and what a lost worker costs."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import scenarios.cluster as cluster
import sim.stream
from scenarios import load_scenario
from scenarios.parts import parts_of
from scenarios.world import load_base, make_world, no_contact
from sim.errors import InputError
from sim.result import SimulationResult
from sim.stream import Ask, Job, on_threads, simulate_stream

CUSTOMERS, PARTS = 24_000, 12


@dataclass(frozen=True)
class Runs:
    """Writes down every computation of a part."""

    folder: Path

    def __call__(self, number: int, results: list[SimulationResult]) -> None:
        (self.folder / f"{number}-by-{os.getpid()}").touch()


def job_of(folder: Path) -> Job:
    loaded = load_scenario("library:small", [f"base.synthetic={CUSTOMERS}", "horizon.weeks=26"])
    source = parts_of(load_base(loaded), CUSTOMERS, seed=1)
    world = make_world(load_base(loaded), source.part(0).cut(0, 1))
    return Job(world, source, (Ask((world.current, no_contact(world)), world.current),), seed=1, keep=Runs(folder))


@pytest.mark.slow
def test_a_lost_worker_costs_only_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.stream, "PART", CUSTOMERS // PARTS)
    for name in ("threads", "workers"):
        (tmp_path / name).mkdir()
    (on_one_machine,) = simulate_stream(job_of(tmp_path / "threads"), on_threads(2))
    killed: list[int] = []

    def kill_one(share: float) -> None:
        if share >= 0.25 and not killed:
            killed.append(int((tmp_path / "workers" / sorted(os.listdir(tmp_path / "workers"))[0]).name.split("-")[-1]))
            os.kill(killed[0], signal.SIGKILL)  # a worker process that this test has started

    with cluster.on_cluster(workers=2) as engine:
        (found,) = simulate_stream(job_of(tmp_path / "workers"), engine, progress=kill_one)
    assert len(killed) == 1
    assert found.table == on_one_machine.table
    assert (found.totals.lane == on_one_machine.totals.lane).all()
    runs = [name.partition("-")[0] for name in os.listdir(tmp_path / "workers")]
    assert set(runs) == {str(n) for n in range(PARTS)}
    assert len(runs) <= PARTS + 2, "only what the worker was busy with, or had not handed in, is computed again"
    assert {int(name.rpartition("-")[2]) for name in os.listdir(tmp_path / "workers")} > set(killed)


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.3)
    with (
        pytest.raises(InputError, match=r"--scheduler: cannot be reached.*tcp://127.0.0.1:9"),
        cluster.on_cluster(scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_workers_or_a_scheduler() -> None:
    with pytest.raises(InputError, match="cannot be given with --scheduler"):
        cluster.asked_engine(2, "tcp://host:1")


def test_workers_of_another_version_are_refused() -> None:
    class Client:
        def __init__(self, answers: dict[str, str]) -> None:
            self.answers = answers

        def run(self, what: Any) -> dict[str, str]:
            return {address: digest or what() for address, digest in self.answers.items()}

    cluster._same_kernels(Client({"tcp://a": "", "tcp://b": ""}))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"another version.*tcp://b"):
        cluster._same_kernels(Client({"tcp://a": "", "tcp://b": "old"}))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no workers"):
        cluster._same_kernels(Client({}))  # type: ignore[arg-type]


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"contactpolicy\[scale\]"), cluster.on_cluster(workers=1):
        pass
