"""Long commands keep what they have finished: where it waits, and what is said when they are interrupted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.stopping import BestSoFar


def unfinished_folder(out: Path | None, slug: str, command: str, digest: str) -> Path:
    """Where finished points of an unfinished run wait: beside the future run directory, hidden."""
    if out is None:
        return Path("runs") / f".{slug}-{command}-{digest}.points"
    return out.absolute().parent / f".{out.name}-{digest}.points"


@contextmanager
def resumable(folder: Path, total: int | None, what: str) -> Iterator[Path]:
    """The folder for finished points; it goes when all is written, and stays, with a word, when something stops it.
    That no plan is possible is an answer: then it goes too.

    ``total``: how many there will be, None where nobody knows."""
    try:
        yield folder
    except BaseException as error:
        from scenarios.cli import is_infeasible

        kept = 0 if is_infeasible(error) else len(list(folder.glob("*.npz")))
        if kept:
            many = f"{kept} {what}" if total is None else f"{kept} of {total} {what}"
            said = f"{many} are kept in {folder}: the same command goes on from there"
            print(said, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def best_so_far(folder: Path) -> Iterator[BestSoFar]:
    """Where the best plan of a search is kept; it goes when all is written, or when no plan is possible, and stays,
    with a word, when something stops the search."""
    from scenarios.stopping import BestSoFar

    best = BestSoFar(folder)
    if best.start():
        print(f"going on from the best plan of an interrupted run, {best.file}", file=sys.stderr)
    try:
        yield best
    except BaseException as error:
        from scenarios.cli import is_infeasible

        if best.start() and not is_infeasible(error):
            print(f"the best plan so far is kept in {best.file}: the same command goes on from there", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
