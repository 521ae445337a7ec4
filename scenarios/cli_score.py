"""``contactpolicy score``; joins the commands of `scenarios.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import Debug, Json, Seed, Threads, _progress, app


@app.command()
def score(
    plans: Annotated[list[Path] | None, typer.Argument(metavar="[PLAN]...", help="Plan files to score.")] = None,
    world: Annotated[
        list[str] | None, typer.Option("--world", metavar="NAME", help="Benchmark world; default all that fit.")
    ] = None,
    solver: Annotated[
        list[str] | None, typer.Option("--solver", metavar="NAME", help="Built-in solver, or 'all'. Repeatable.")
    ] = None,
    seed: Seed = 1,
    customers: Annotated[int, typer.Option(min=100, help="Fresh customers, and as many for each solver.")] = 10_000,
    threads: Threads = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Score plans and solvers on the public benchmark worlds. Regret, broken limits, time."""
    from scenarios import score as scoring

    solvers = scoring.SOLVERS if solver and "all" in solver else tuple(solver or ())
    with _progress() as progress:
        result = scoring.score(
            plans or [], worlds=world or (), solvers=solvers, customers=customers, seed=seed, threads=threads,
            progress=progress,
        )  # fmt: skip
    if json:
        import json as writer

        print(writer.dumps(result, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from scenarios.console import open_console, print_parts

        print_parts(open_console(), scoring.score_tables(result))
