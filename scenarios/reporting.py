"""``report``: the page, the Excel workbook and the CSV files of a finished run, made again from its directory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from scenarios.read_run import load_result
from scenarios.report import KINDS, render_report
from scenarios.spreadsheet import csv_text, workbook
from sim.errors import InputError


def report_run(run: Path, out: Path | None = None) -> list[Path]:
    """Write ``report.html``, ``tables.xlsx`` and ``tables/*.csv`` into the run (or ``out``); each file whole or not.

    Only these files are replaced: they say nothing that the run does not. Another run's page never is.
    """
    result = load_result(run)
    if out is not None and (out / "result.json").exists() and not out.samefile(run):
        raise InputError.of("-o", "is the directory of another run", out, f"another directory, or none: {run} itself")
    if result.get("command") not in KINDS:
        raise InputError.of(str(run), "has no page", result.get("command"), ", ".join(KINDS))
    frames = {file.stem: pl.read_parquet(file) for file in sorted(run.glob("*.parquet"))}
    place = out or run
    files: dict[str, bytes] = {"report.html": _page(run, result).encode()}
    if frames:
        files["tables.xlsx"] = workbook(frames)
    files |= {f"tables/{name}.csv": csv_text(frame).encode() for name, frame in frames.items()}
    return [_replace(place / name, content) for name, content in files.items()]


def _page(run: Path, result: dict[str, Any]) -> str:
    """The page; a result that lacks what the page shows is a file that somebody has changed, or of an older build."""
    try:
        return render_report(result)
    except (KeyError, IndexError, TypeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else "is not as this version writes it"
        allowed = "a run as it was written; or run the command again with this version"
        raise InputError.of(f"{run / 'result.json'}", what, None, allowed) from error


def _replace(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).chmod(0o644)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return path
