"""Every command's answer in terminals of every width: all of its numbers stand there, whole."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rich.console import Console

import scenarios
from scenarios.console import WIDTH, open_console, parts_of, print_parts
from scenarios.console_table import Grid
from scenarios.files import LIBRARY
from scenarios.overview import overview
from scenarios.report import render_report
from scenarios.report.page import KINDS

pytestmark = pytest.mark.usefixtures("kernels")
MANY, WEEKLY = 200, {"default": {"email": 1}}
CENTRE = "call_centre={seats=2, call_minutes=6, calls_per_contact={email=0.05}}"
CAP = 'policy.caps."e-mail: 3 in 7 days".max_contacts'
TRIAL = pl.DataFrame(
    {"customer_id": np.arange(600), "arm": ["control", "A", "B"] * 200, "before": np.arange(600) % 7,
     "bought": np.arange(600) % 5 == 0}
).with_columns(pl.col("bought").cast(pl.Int64))  # fmt: skip


def small() -> Any:
    changes = ["horizon.weeks=2", "horizon.tail_weeks=2", "delivery.email.per_hour=50", CENTRE]
    return scenarios.load_scenario("library:small", changes)


def tiny() -> Any:
    """A search of few plans."""
    levels = "optimize.levels_per_week={email=[0, 1], sms=[0]}"
    return scenarios.load_scenario("library:small", [levels, "horizon.weeks=1", "horizon.tail_weeks=0"])


def two_runs(folder: Path) -> Any:
    runs = [folder / name for name in ("a", "b")]
    for run in runs:
        scenarios.simulate(small(), customers=MANY, out=run)
    return overview(runs, folder / "both")


COMMANDS: dict[str, Callable[[Path], Any]] = {
    "simulate": lambda _: scenarios.simulate(small(), WEEKLY, customers=MANY),
    "optimize": lambda _: scenarios.optimize(small(), customers=MANY, max_evaluations=20),
    "fit": lambda _: scenarios.fit(
        pl.read_csv(LIBRARY / "data" / "cdnow_orders.csv.gz", try_parse_dates=True).filter(pl.col("in_sample") == 1)
    ),
    "effects": lambda _: scenarios.effects(TRIAL, outcomes={"orders": "bought"}, before=["before"]),
    "compare": lambda _: scenarios.compare({"today": small(), "once a week": (small(), WEEKLY)}, customers=MANY),
    "sweep": lambda _: scenarios.sweep(small(), {CAP: [1, 3]}, customers=MANY),
    "require": lambda _: scenarios.require(tiny(), "value=5", customers=MANY),
    "rules": lambda _: scenarios.rules(small(), customers=MANY),
    "ledger": lambda _: scenarios.ledger(small(), customers=MANY),
    "credit": lambda _: scenarios.credit(small(), customers=MANY),
    "cohorts": lambda _: scenarios.cohorts(small(), customers=MANY),
    "before-after": lambda _: scenarios.before_after(small(), WEEKLY, customers=MANY),
    "sensitivity": lambda _: scenarios.sensitivity(small(), samples=16, factors=1, customers=50),
    "experiment": lambda _: scenarios.experiment(small(), weeks=2, experiments=10, customers=MANY),
    "deliver": lambda _: scenarios.deliver(small(), weeks=1, customers=MANY),
    "dryrun": lambda _: scenarios.dry_run(small()),
    "overview": two_runs,
}
SLOW = {"optimize", "require", "fit", "sensitivity"}


def test_every_command_with_a_page_is_here() -> None:
    assert set(COMMANDS) == set(KINDS)


def printed(parts: list[Grid | str], width: int) -> str:
    page = io.StringIO()
    print_parts(Console(file=page, width=width, highlight=False), parts)
    return page.getvalue()


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in COMMANDS]
)
def test_every_number_is_there_at_every_width(command: str, tmp_path: Path) -> None:
    result = COMMANDS[command](tmp_path).result
    parts = parts_of(result)
    grids = [part for part in parts if isinstance(part, Grid)]
    assert grids
    assert all(len(row) == len(grid.columns) for grid in grids for row in grid.rows), "a cell without a head"
    for width in (80, 100, 140):
        lines = printed(parts, width).splitlines()
        titles = {grid.title for grid in grids} | {f"{grid.title}, continued" for grid in grids}
        assert all(len(line.rstrip()) <= width for line in lines if line not in titles)
        words = {word for line in lines for word in line.split()}
        for grid in grids:
            for cell in (cell for row in grid.rows for cell in row):
                assert set(cell.split()) <= words, f"{grid.title}: {cell}"
    assert len(render_report(result)) > 10_000


def test_the_width_is_that_of_the_terminal_or_what_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert open_console(io.StringIO()).width == WIDTH
    monkeypatch.setitem(os.environ, "COLUMNS", "83")
    assert open_console(io.StringIO()).width == 83
