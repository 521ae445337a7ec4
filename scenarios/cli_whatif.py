"""Commands that ask what-if: they put many simulations side by side."""

from __future__ import annotations

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
from scenarios.cli_resume import resumable, unfinished_folder
from sim.errors import InputError

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
        list[Path] | None, typer.Option(metavar="PLAN", help="A plan (file or run) in the first scenario. Repeatable.")
    ] = None,
    own_past: OwnPast = False,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Put scenarios and plans side by side: who wins by how much. All meet the same customers with the same luck.

    An interrupted run goes on where it stopped.
    """
    loaded = [_load(scenario, set_) for scenario in scenarios]
    _check_out(out)
    from scenarios.comparing import alternatives_of, compare_alternatives, compare_digest

    alternatives = alternatives_of(loaded, variant or (), plan or ())
    digest = compare_digest(alternatives, seed=seed, customers=customers, own_past=own_past)
    waiting = unfinished_folder(out, loaded[0].slug, "compare", digest)
    with resumable(waiting, len(alternatives), "alternatives") as folder, _progress() as progress:
        done = compare_alternatives(
            alternatives, seed=seed, customers=customers, threads=threads, own_past=own_past, folder=folder,
            progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


@app.command()
def sweep(
    scenario: ScenarioFile,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary", metavar="KEY=V1,V2,...", help="A key and its values; once, or twice for all combinations."
        ),
    ],
    set_: Sets = None,
    plan: Annotated[
        Path | None, typer.Option(metavar="PLAN", help="Plan (file or run) to simulate in every point.")
    ] = None,
    search: Annotated[
        bool, typer.Option("--search", help="Search the best plan in every point (default where optimize.* is varied).")
    ] = False,
    fill: Annotated[
        bool,
        typer.Option("--fill", help="As many contacts as the varied caps allow (default where only caps are varied)."),
    ] = False,
    current: Annotated[
        bool, typer.Option("--current", help="The current policy in every point (default for other keys).")
    ] = False,
    own_past: OwnPast = False,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Vary caps, budgets, prices, any number; benchmark a cap.

    One key or two; all points are paired, and an interrupted sweep goes on where it stopped.

    Varying a cap's max_contacts gives the cap benchmark: which cap to set, what a looser one gains and costs.
    """
    given = {"plan": plan is not None, "search": search, "fill": fill, "current": current}
    named = [name for name, yes in given.items() if yes]
    if len(named) > 1:
        raise InputError.of(
            f"--{named[1]}", f"goes not with --{named[0]}", None, "one of --plan, --search, --fill, --current"
        )
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.grid import parse_axes
    from scenarios.sweeping import Mode, make_sweep, plan_from, run_sweep

    axes = parse_axes(vary)
    mode: Mode | None = "search" if search else "fill" if fill else "current" if current else None
    given_plan = plan_from(plan, loaded)
    asked = make_sweep(loaded, axes, plan=given_plan, mode=mode, seed=seed, customers=customers, own_past=own_past)
    waiting = unfinished_folder(out, loaded.slug, "sweep", asked.digest)
    with resumable(waiting, len(asked.points), "points") as folder, _progress() as progress:
        done = run_sweep(asked, threads=threads, folder=folder, progress=progress).write(out)
    _print(done.result, done.directory, json)


@app.command()
def require(
    scenario: ScenarioFile,
    target: Annotated[
        str,
        typer.Option("--target", metavar="MEASURE=AMOUNT", help="value=15000 over no contact, or value=+5%."),
    ],
    most_list_loss: Annotated[float | None, typer.Option(help="Share of the list that may be lost, like 0.05.")] = None,
    set_: Sets = None,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Plan backwards: which budget and volumes a goal needs. If it cannot be reached: why, and exit code 3.

    An interrupted run goes on where it stopped.
    """
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.requiring import Goal, require_digest, require_goal

    goal = Goal.parse(target)
    digest = require_digest(loaded, goal, most_list_loss=most_list_loss, seed=seed, customers=customers)
    waiting = unfinished_folder(out, loaded.slug, "require", digest)
    with resumable(waiting, None, "steps") as folder, _progress() as progress:
        done = require_goal(
            loaded, goal, most_list_loss=most_list_loss, seed=seed, customers=customers, threads=threads,
            folder=folder, progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)


@app.command()
def rules(
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
    """What each rule of contact keeps back, and what that is worth. Every rule is taken away alone.

    An interrupted run goes on where it stopped.
    """
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.attributing import attribute_rules
    from scenarios.kept_values import valued_digest
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    digest = valued_digest("rules", loaded, given, seed=seed, customers=customers)
    waiting = unfinished_folder(out, loaded.slug, "rules", digest)
    with resumable(waiting, None, "simulations") as folder, _progress() as progress:
        done = attribute_rules(
            loaded, plan=given, seed=seed, customers=customers, threads=threads, folder=folder, progress=progress
        ).write(out)
    _print(done.result, done.directory, json)


@app.command()
def ledger(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    over_current: Annotated[
        bool, typer.Option("--over-current", help="Beside the current policy instead of no contact.")
    ] = False,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Who changes segment because of the plan, and what it brings. The same customers live with and without it."""
    if over_current and plan is None:
        raise InputError.of("--over-current", "the plan is the current policy itself", None, "with --plan FILE")
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios.migrating import migration_ledger
    from scenarios.sweeping import plan_from

    given = plan_from(plan, loaded)
    with _progress() as progress:
        done = migration_ledger(
            loaded, plan=given, versus="current" if over_current else "no_contact", seed=seed, customers=customers,
            threads=threads, progress=progress,
        ).write(out)  # fmt: skip
    _print(done.result, done.directory, json)
