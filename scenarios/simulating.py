"""How the customers of ``simulate`` are computed: in parts that come and go, or in one piece where they share
something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.outcome import Worlds
from scenarios.outcome_tables import customer_frame
from scenarios.parts import parts_of
from scenarios.world import Base, make_world
from sim.result import Findings, SimulationResult
from sim.simulate import simulate
from sim.start import start_world
from sim.stream import Ask, Engine, Job, Keep, can_stream, on_threads, simulate_stream
from sim.world import World

if TYPE_CHECKING:
    import polars as pl

Asked = Callable[[World], tuple[Ask, ...]]
Say = Callable[[float, str], None]
"""say(share done, text)."""


@dataclass(frozen=True)
class Crowd:
    """Whose life is simulated: how many of the base, from which draws."""

    base: Base
    customers: int
    seed: int
    threads: int

    def ask(self, asked: Asked, *, say: Say, keep: Keep | None = None, engine: Engine | None = None) -> list[Findings]:
        """One result for each question; ``engine``: where parts are computed, default the threads of this machine."""
        say(0.0, "customers")
        source = parts_of(self.base, self.customers, self.seed, self.threads)
        world = make_world(self.base, source.part(0).cut(0, 1))  # parts bring their own customers
        if not can_stream(world):
            return self._in_one_piece(asked, say, keep)
        job = Job(world, source, asked(world), self.seed, keep)
        run = engine or on_threads(self.threads)
        return list(simulate_stream(job, run, progress=lambda share: say(0.05 + 0.95 * share, "simulation")))

    def _in_one_piece(self, asked: Asked, say: Say, keep: Keep | None) -> list[Findings]:
        world = make_world(self.base, self.base.population(self.customers, self.seed))
        say(0.1, "the way to day 0")
        started, asks = start_world(world, seed=self.seed, threads=self.threads), asked(world)
        results: list[SimulationResult] = []
        for ask in asks:

            def tell(share: float, done: int = len(results)) -> None:
                say(0.2 + 0.8 * (done + share) / len(asks), "simulation")

            results.append(
                simulate(
                    started, ask.plans, seed=self.seed, tail=ask.tail, threads=self.threads, detailed=ask.detailed,
                    progress=tell,
                )
            )  # fmt: skip
        if keep is not None:
            keep(0, results)
        return list(results)


@dataclass(frozen=True)
class CustomerFrames:
    """Keeps the table of customers in memory."""

    base: Base
    worlds: Worlds
    parts: dict[int, pl.DataFrame] = field(default_factory=dict)

    def __call__(self, number: int, results: list[SimulationResult]) -> None:
        self.parts[number] = _frame(self.base, self.worlds, results[0])

    def frame(self) -> pl.DataFrame:
        """One row per simulated real customer."""
        import polars as pl

        return pl.concat([self.parts[number] for number in sorted(self.parts)])


@dataclass(frozen=True)
class CustomerFiles:
    """Writes the table of customers to a folder, a file for each part; the folder is read as one table:
    ``polars.read_parquet(folder)``."""

    base: Base
    worlds: Worlds
    folder: Path

    def __call__(self, number: int, results: list[SimulationResult]) -> None:
        path = self.folder / f"part-{number:05}.parquet"
        unfinished = path.with_suffix(".partial")
        _frame(self.base, self.worlds, results[0]).write_parquet(unfinished)
        unfinished.replace(path)


def _frame(base: Base, worlds: Worlds, result: SimulationResult) -> pl.DataFrame:
    return customer_frame(result, worlds, base.names(result.world.population))
