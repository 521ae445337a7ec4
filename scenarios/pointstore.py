"""Finished points of a sweep on disk, so that an interrupted one goes on where it stopped.

They lie in a hidden folder beside the future run directory, named by a digest of the whole question (scenario, orders,
grid, plan, seed, code): the same command finds them again, any other one does not. One process at a time works on it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from scenarios.load import LoadedScenario
from sim.errors import InputError
from sim.jit import source_digest


class PointStore:
    """Keeps arrays and facts under keys; ``folder`` None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._lock: IO[bytes] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._take(folder)

    def get(self, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Arrays and facts; None if the point is not there (or cannot be read)."""
        if self.folder is None:
            return None
        try:
            with np.load(self.folder / f"{key}.npz", allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            facts: dict[str, Any] = json.loads(str(arrays.pop("facts")))
        except (OSError, ValueError, KeyError, EOFError):
            return None
        return arrays, facts

    def put(self, key: str, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
        """Written beside and renamed: a point is there whole or not at all."""
        if self.folder is None:
            return
        handle, unfinished = tempfile.mkstemp(dir=self.folder, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                named: dict[str, Any] = {**arrays, "facts": np.array(json.dumps(facts, allow_nan=False))}
                np.savez_compressed(file, **named)
            os.replace(unfinished, self.folder / f"{key}.npz")
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise

    def close(self, *, forget: bool = False) -> None:
        """Let others work on it; ``forget``: the run directory holds everything now."""
        if forget and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self, folder: Path) -> None:
        import fcntl

        lock = (folder / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            what = "the same question is being worked on by another process"
            raise InputError.of("-o", what, folder, "wait for it, or another seed") from None
        self._lock = lock


def question_digest(parts: Sequence[Any]) -> str:
    """A name for a question; the code that answers it is part of it."""
    from importlib.metadata import version

    text = json.dumps([version("contactpolicy"), source_digest(), *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def data_digests(loaded: LoadedScenario) -> list[str]:
    """Of the file of orders and of the other data files that the scenario names."""
    paths = [loaded.orders_path, *(path for _, path in sorted(loaded.files_named.items()))]
    return [_file_digest(path) for path in paths if path is not None]


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
