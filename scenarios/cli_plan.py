"""Commands for carrying a plan out: proving it, delivering it, handing it over."""

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


class MetricName(StrEnum):
    """What the experiment is judged by."""

    contribution = "contribution"
    revenue = "revenue"
    orders = "orders"


class VersusName(StrEnum):
    """What held-out customers get."""

    no_contact = "no_contact"
    current = "current"


@app.command()
def experiment(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    versus: Annotated[VersusName, typer.Option(help="What held-out customers get.")] = VersusName.no_contact,
    metric: Annotated[MetricName, typer.Option(help="What the effect is judged by.")] = MetricName.contribution,
    share: Annotated[float | None, typer.Option(help="Share held out; default the smallest that proves it.")] = None,
    weeks: Annotated[int | None, typer.Option(help="Duration; default the one that proves it cheapest.")] = None,
    power: Annotated[float, typer.Option(help="Chance to find the effect that is asked for.")] = 0.8,
    most_share: Annotated[float, typer.Option(help="Largest acceptable share held out.")] = 0.2,
    most_weeks: Annotated[int, typer.Option(help="Longest acceptable duration.")] = 52,
    regions: Annotated[int, typer.Option(help="Regions of a geo split, an even number.")] = 20,
    region_cv: Annotated[float, typer.Option(help="Spread of regional shocks (0.05 = 5 %).")] = 0.05,
    experiments: Annotated[int, typer.Option(help="Simulated experiments that check the design.")] = 400,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Design the proof of a plan: holdout, weeks, power, price. Or say that there is none at an acceptable cost."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.experiment_terms import Terms
    from scenarios.experimenting import design_experiment
    from scenarios.sweeping import plan_from

    terms = Terms(
        metric=metric.value, versus=versus.value, share=share, weeks=weeks, power=power, most_share=most_share,
        most_weeks=most_weeks, regions=regions, region_cv=region_cv, experiments=experiments,
    )  # fmt: skip
    given = plan_from(plan, loaded)
    with _progress() as progress:
        done = design_experiment(
            loaded, plan=given, terms=terms, seed=seed, customers=customers, threads=threads, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)


@app.command()
def deliver(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    weeks: Annotated[int, typer.Option(help="Weeks that are played through.")] = 4,
    target: Annotated[float, typer.Option(help="Share that should leave in time.")] = 0.95,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Play a plan through send windows and a call centre. Share on time, needed seats and throughput, capacity."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.delivering import plan_delivery
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    with _progress() as progress:
        done = plan_delivery(
            loaded, plan=given, weeks=weeks, target=target, seed=seed, customers=customers, threads=threads,
            progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of finished runs.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a finished run.")]


@app.command()
def report(
    runs: Runs,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Elsewhere than in the run; of several runs a new directory."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Page, Excel and CSV files of a run again, or one page of many.

    Of several runs: one page with what each says, their plans side by side, and links to their pages.
    """
    if len(runs) == 1:
        from scenarios.reporting import report_run

        for file in report_run(runs[0], out):
            print(file)
        return
    _check_out(out)
    from scenarios.overview import overview

    done = overview(runs, out).write(out)
    _print(done.result, done.directory, as_json=False)


@app.command()
def export(
    run: RunArgument,
    weeks: Annotated[int, typer.Option(help="Weeks of the calendar.")] = 4,
    seed: Seed = 1,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Hand a plan over: caps, dated calendar, audiences. As CSV and JSON."""
    _check_out(out)
    from scenarios.exporting import export_run, summary_lines

    with _progress() as progress:
        summary, directory = export_run(run, weeks=weeks, seed=seed, out=out, progress=progress)
    if json:
        import json as format_

        print(format_.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print(summary_lines(summary, directory))
