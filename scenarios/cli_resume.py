"""Long commands keep what they have finished: where it waits, and what is said when they are interrupted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def unfinished_folder(out: Path | None, slug: str, command: str, digest: str) -> Path:
    """Where finished points of an unfinished run wait: beside the future run directory, hidden."""
    if out is None:
        return Path("runs") / f".{slug}-{command}-{digest}.points"
    return out.absolute().parent / f".{out.name}-{digest}.points"


@contextmanager
def resumable(folder: Path, total: int, what: str) -> Iterator[Path]:
    """The folder for finished points; it goes when all is written, and stays, with a word, when something stops it."""
    try:
        yield folder
    except BaseException:
        kept = len(list(folder.glob("*.npz")))
        if kept:
            said = f"{kept} of {total} {what} are kept in {folder}: the same command goes on from there"
            print(said, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
