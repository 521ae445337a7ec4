"""Commands that explain: which unknown matters, whose customers, since when, through what."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import (
    Customers,
    Debug,
    GivenPlan,
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


class PeriodName(StrEnum):
    """Length of a cohort."""

    month = "month"
    quarter = "quarter"
    year = "year"


class VersusName(StrEnum):
    """What a plan is compared with."""

    no_contact = "no_contact"
    current = "current"


@app.command()
def sensitivity(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: Annotated[
        list[Path] | None,
        typer.Option(metavar="PLAN", help="A choice beside the current policy. Repeatable; default half and twice it."),
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
    """Which assumption could change the plan; what to test first. And what it is worth to know it before choosing.

    An interrupted run goes on where it stopped.
    """
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.cli_resume import resumable, unfinished_folder
    from scenarios.run import plan_of
    from scenarios.weighing import weigh_assumptions, weighing_digest, worlds_asked

    plans = [plan_of(file, loaded) for file in plan or ()]
    digest = weighing_digest(loaded, plans, samples=samples, factors=factors, seed=seed, customers=customers)
    waiting = unfinished_folder(out, loaded.slug, "sensitivity", digest)
    with resumable(waiting, worlds_asked(loaded, samples, factors), "worlds") as folder, _progress() as progress:
        done = weigh_assumptions(
            loaded, plans, samples=samples, factors=factors, seed=seed, customers=customers, threads=threads,
            folder=folder, progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


@app.command()
def credit(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Which channel, offer and campaign brings the money. Alone, missing without it, and its fair share.

    An interrupted run goes on where it stopped.
    """
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.cli_resume import resumable, unfinished_folder
    from scenarios.crediting import credit_parts
    from scenarios.kept_values import valued_digest
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    digest = valued_digest("credit", loaded, given, seed=seed, customers=customers)
    waiting = unfinished_folder(out, loaded.slug, "credit", digest)
    with resumable(waiting, None, "simulations") as folder, _progress() as progress:
        done = credit_parts(
            loaded, plan=given, seed=seed, customers=customers, threads=threads, folder=folder, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)


@app.command()
def cohorts(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    versus: Annotated[
        VersusName | None, typer.Option(help="What it is compared with; default current, without --plan no_contact.")
    ] = None,
    by: Annotated[
        PeriodName | None,
        typer.Option(help="Period of the first order; default the longest that makes four cohorts, else month."),
    ] = None,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Customers by time of first order, under two policies. Orders, contacts, opt-outs and contribution, paired."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.cohorting import compare_cohorts
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    with _progress() as progress:
        done = compare_cohorts(
            loaded, plan=given, versus=None if versus is None else versus.value,
            by=None if by is None else by.value, seed=seed,
            customers=customers, threads=threads, progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


@app.command("before-after")
def before_after(
    scenario: ScenarioFile,
    plan: Annotated[
        Path, typer.Option(metavar="PLAN", help="The plan that takes over: its file, or a run that holds it.")
    ],
    set_: Sets = None,
    weeks: Annotated[int | None, typer.Option(help="Of either period; default the horizon.")] = None,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What a change seems to do, and what it does. Period against period, and beside the twin without the change."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.run import plan_of
    from scenarios.switching import before_after as recipe

    given = plan_of(plan, loaded)
    with _progress() as progress:
        done = recipe(
            loaded, given, weeks=weeks, seed=seed, customers=customers, threads=threads, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)
