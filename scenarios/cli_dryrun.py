"""``contactpolicy dryrun``; joins the commands of `scenarios.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli import (
    Debug,
    GivenPlan,
    Json,
    Out,
    ScenarioFile,
    Seed,
    Sets,
    Threads,
    _check_out,
    _date,
    _load,
    _print,
    _progress,
    app,
)


@app.command()
def dryrun(
    scenario: ScenarioFile,
    set_: Sets = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day to look at; default the day after the data.")
    ] = None,
    plan: GivenPlan = None,
    seed: Seed = 1,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Who would be contacted on a day, who is held back by what. No behaviour is simulated."""
    day = _date("--date", date)
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.dry_running import dry_run_scenario

    with _progress() as progress:
        done = dry_run_scenario(loaded, date=day, plan_file=plan, seed=seed, threads=threads, progress=progress).write(
            out
        )
    _print(done.result, done.directory, json)
