"""Run directories: ``runs/<scenario>-<command>-<n>``, complete or not there at all.

Files are written into a hidden sibling, which gets its name when everything is written: an interrupted run
leaves nothing that could be taken for a result, and no run ever overwrites another.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.planfile import plan_csv, plan_toml
from scenarios.read_run import PARTIAL
from sim.errors import InputError
from sim.policy import Frequencies

if TYPE_CHECKING:
    import polars as pl


class RunDirectory:
    """An open run directory; ``directory`` is its final place once the run is finished."""

    def __init__(self, workplace: Path) -> None:
        self.workplace = workplace
        """Where files are until the run is finished."""
        self.directory = workplace

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file in UTF-8, with plain line feeds."""
        path = self._inside(name)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def write_json(self, name: str, values: Any) -> Path:
        """Write JSON; a NaN or an infinity is a mistake of the program and raises ``ValueError``."""
        return self.write_text(name, json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def write_parquet(self, name: str, table: pl.DataFrame) -> Path:
        """Write a polars table."""
        path = self._inside(name)
        table.write_parquet(path)
        return path

    def write_plan(self, plan: Frequencies) -> None:
        """``plan.toml`` and ``plan.csv``."""
        self.write_text("plan.toml", plan_toml(plan))
        self.write_text("plan.csv", plan_csv(plan))

    def move_in(self, name: str, folder: Path) -> Path:
        """Take over a folder of finished files, from the same file system (``part_folder``)."""
        return folder.rename(self._inside(name))

    def _inside(self, name: str) -> Path:
        """A path of the run; nothing is ever written elsewhere."""
        path = self.workplace / name
        if not path.resolve().is_relative_to(self.workplace.resolve()):
            raise ValueError(f"{name} is outside the run directory")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@contextmanager
def run_directory(
    slug: str, command: str, out: str | Path | None = None, root: str | Path = "runs"
) -> Iterator[RunDirectory]:
    """Open a run directory: ``out``, or the next free ``root/<slug>-<command>-<n>``. Named at the end."""
    if out is not None:
        refuse_used(out)
    parent = Path(out).absolute().parent if out is not None else Path(root)
    workplace = _make_workplace(parent, f"{slug}-{command}")
    run = RunDirectory(workplace)
    try:
        yield run
        run.directory = _publish(workplace, Path(out)) if out else _number(workplace, parent, f"{slug}-{command}")
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


@contextmanager
def part_folder(out: str | Path | None = None, root: str | Path = "runs") -> Iterator[Path]:
    """A hidden folder beside the run to come, for files that are written before it is finished; removed at the end
    if nobody took it."""
    parent = Path(out).absolute().parent if out is not None else Path(root).absolute()
    folder = _make_workplace(parent, "parts")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse_used(out: str | Path) -> None:
    """Refuse an output directory that already holds something; asked before the work starts, too."""
    path = Path(out)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        kind = "is not empty" if path.is_dir() else "is a file"
        raise InputError.of("-o", f"the directory {kind}; a run never overwrites", out, "a new or empty directory")


def _make_workplace(parent: Path, stem: str) -> Path:
    workplace = parent / f".{stem}-{uuid.uuid4().hex[:12]}{PARTIAL}"
    try:
        workplace.mkdir(parents=True)
    except OSError as error:
        raise InputError.of("-o", "cannot be written", parent, error.strerror or "a writable place") from None
    return workplace


def _publish(workplace: Path, target: Path) -> Path:
    try:
        if target.is_dir():
            target.rmdir()  # only if still empty
        os.rename(workplace, target)
    except OSError:
        refuse_used(target)
        raise
    return target


def _number(workplace: Path, parent: Path, stem: str) -> Path:
    """The next free number; another run that takes it first only moves this one on."""
    taken = [path.name.removeprefix(f"{stem}-") for path in parent.glob(f"{stem}-*")]
    number = max((int(tail) for tail in taken if tail.isdecimal()), default=0) + 1
    while True:
        target = parent / f"{stem}-{number}"
        try:
            target.mkdir()  # takes the number; renaming over an empty directory is atomic
        except FileExistsError:
            number += 1
            continue
        os.replace(workplace, target)
        return target
