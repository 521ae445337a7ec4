"""Ctrl-C in a search ends it with the best plan so far; what was found is kept until a run directory holds it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from optimizer.budget import Budget
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.planfile import plan_toml
from scenarios.pointstore import data_digests, question_digest
from sim.policy import Frequencies

BEST = "best.toml"


@contextmanager
def stops_early(budget: Budget) -> Iterator[None]:
    """The first Ctrl-C ends the search and what needs long; selection and report are still done. The second stops.

    (An interrupt that strikes anywhere would lose a plan that only its report is missing of.)"""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        budget.interrupted = True
        print("interrupted: finishing with what is at hand; Ctrl-C again stops at once", file=sys.stderr)

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def whole(done: RunResult) -> RunResult:
    """A search that went to its end; one that was cut short is not a point of anything larger."""
    if done.result.get("interrupted"):
        raise KeyboardInterrupt
    return done


def search_digest(loaded: LoadedScenario, *, seed: int, customers: int | None, start: Path | None) -> str:
    """Of the whole question: the best plan of an interrupted run is found again by it."""
    file = None if start is None else start / "plan.toml" if start.is_dir() else start
    given = file.read_text(encoding="utf-8") if file is not None and file.is_file() else None
    return question_digest([loaded.digest, data_digests(loaded), seed, customers, given])


class BestSoFar:
    """The best plan of an unfinished search, in a file: the same command starts from it too."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / BEST

    def start(self) -> Path | None:
        """The plan of an interrupted run of the same command."""
        return self.file if self.file.is_file() else None

    def keep(self, plan: Frequencies) -> None:
        """Written beside and renamed: it is there whole or as before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=self.folder, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(plan_toml(plan))
        os.replace(unfinished, self.file)
