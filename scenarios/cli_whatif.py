"""Commands that ask what-if: they put many simulations side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import (
    Customers,
    Debug,
    Json,
    Out,
    Seed,
    Sets,
    Threads,
    _check_out,
    _load,
    _print,
    _progress,
    app,
)

OwnPast = Annotated[
    bool,
    typer.Option("--own-past", help="The past of each is shaped by its own current policy and rules, not the first's."),
]


@app.command()
def compare(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="TOML files, or library:NAME.")],
    set_: Sets = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            metavar="'NAME: KEY=VALUE; ...'",
            help="The first scenario with changes, under a name. Repeatable.",
        ),
    ] = None,
    plan: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A plan in the first scenario. Repeatable.")
    ] = None,
    own_past: OwnPast = False,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Put scenarios, variants and plans side by side, paired: differences, and who wins by how much."""
    loaded = [_load(scenario, set_) for scenario in scenarios]
    _check_out(out)
    from scenarios.comparing import alternatives_of, compare_alternatives

    alternatives = alternatives_of(loaded, variant or (), plan or ())
    with _progress() as progress:
        done = compare_alternatives(
            alternatives, seed=seed, customers=customers, threads=threads, own_past=own_past, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)
