"""Commands that explain: which unknown matters, whose customers, since when, through what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import (
    Customers,
    Debug,
    Json,
    Out,
    ScenarioFile,
    Seed,
    Sets,
    Threads,
    _check_out,
    _load,
    _print,
    _progress,
    app,
)

PlanFile = Annotated[Path | None, typer.Option(metavar="FILE", help="The plan; default the current policy.")]


@app.command()
def sensitivity(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A choice beside the current policy. Repeatable; default half and twice it."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Draws of the assumptions, a power of two.")] = 128,
    factors: Annotated[int, typer.Option(help="Unknowns that get a Sobol index of their own.")] = 5,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say which uncertain assumption could change the plan, and what it is worth to find it out first."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.sensitivity import weigh_assumptions
    from scenarios.sweeping import plan_from

    plans = [found for file in plan or () if (found := plan_from(file, loaded)) is not None]
    with _progress() as progress:
        done = weigh_assumptions(
            loaded, plans, samples=samples, factors=factors, seed=seed, customers=customers, threads=threads,
            progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


@app.command()
def credit(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: PlanFile = None,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say through which channel, offer and campaign the money comes, and what only their being together brings."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.crediting import credit_parts
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    with _progress() as progress:
        done = credit_parts(
            loaded, plan=given, seed=seed, customers=customers, threads=threads, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)
