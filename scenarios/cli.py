"""The command line: what it asks, what it prints, and the exit code.

0 fine, 1 failed, 2 bad input (every problem on a line of its own), 3 no plan fits the limits, 130 interrupted.
Results go to standard output; progress and messages to standard error. Heavy imports wait inside the commands.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.cli_help import Sections
from scenarios.fault import report_fault
from scenarios.line_progress import line_progress
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from scenarios.load import LoadedScenario

FINE, FAILED, BAD_INPUT, INFEASIBLE, INTERRUPTED = 0, 1, 2, 3, 130
Progress = Callable[[float, float, str], None]
"""progress(done, total, text), called as often as one likes."""

app = typer.Typer(
    name="contactpolicy",
    cls=Sections,
    help="How often to contact whom, through what: simulate customers that tire, and find the best plan.",
    epilog="A first try: contactpolicy simulate library:small",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_debug = False


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        print(f"contactpolicy {version('contactpolicy')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that need no command."""


class Duplicates(StrEnum):
    """What to do with rows that are equal in every column."""

    keep = "keep"
    drop = "drop"
    refuse = "refuse"


class Refunds(StrEnum):
    """What to do with negative order values."""

    refuse = "refuse"
    net = "net"
    drop = "drop"


class Model(StrEnum):
    """Order processes."""

    best = "best"
    bg_nbd = "bg-nbd"
    mbg_nbd = "mbg-nbd"
    mbg_cnbd = "mbg-cnbd"


def _set_debug(value: bool) -> bool:
    global _debug
    _debug = _debug or value
    return value


ScenarioFile = Annotated[str, typer.Argument(metavar="SCENARIO", help="TOML file, or library:NAME.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key, like channels.sms.unit_cost=0.08. Repeatable."),
]
GivenPlan = Annotated[
    Path | None, typer.Option(metavar="PLAN", help="Plan file, or a run that holds one; default the current policy.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of all draws.")]
Customers = Annotated[int | None, typer.Option(min=1, help="Customers to simulate, instead of the scenario's.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; default all cores. Same results with any number.")]
PerCustomer = Annotated[
    bool, typer.Option("--per-customer", help="Also write customers/: a row for each customer, Parquet files.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes instead of threads (Dask). Same results with any number.")
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Compute on this Dask cluster, like tcp://host:8786.")
]
Out = Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="New or empty directory for the files.")]
Json = Annotated[bool, typer.Option("--json", help="Print the whole result.json on standard output.")]
Debug = Annotated[
    bool, typer.Option("--debug", callback=_set_debug, is_eager=True, help="Show the traceback of a fault.")
]


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; nothing is overwritten.")],
    debug: Debug = False,
) -> None:
    """Write a commented starter scenario on the bundled data. The schema for editors comes with it."""
    from scenarios.starter import write_starter

    for file in write_starter(directory):
        print(file)


@app.command()
def validate(scenario: ScenarioFile, set_: Sets = None, debug: Debug = False) -> None:
    """Check a scenario: what is wrong, where, what is allowed. If all is well, it says what the file changes."""
    loaded = _load(scenario, set_)
    print(f"ok: {loaded.name}")
    print(f"files: {' < '.join(loaded.files)}")
    print(f"digest: {loaded.digest}")
    for change in loaded.changes:
        print(f"changed: {change}")


Preset = Annotated[
    str | None, typer.Option(metavar="NAME", help="ORDERS is an export of: shopify, braze, klaviyo, mindbox.")
]
MessagePreset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The messages are of: braze-email, braze-push, braze-sms, klaviyo, mailchimp-campaigns, "
        "mailchimp-transactional.",
    ),
]


@app.command()
def simulate(
    scenario: ScenarioFile,
    set_: Sets = None,
    plan: GivenPlan = None,
    seed: Seed = 1,
    customers: Customers = None,
    per_customer: PerCustomer = False,
    threads: Threads = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Value a plan against no contact and the current policy."""
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios import run
    from scenarios.cluster import asked_engine

    with asked_engine(workers, scheduler) as engine, _progress() as progress:
        done = run.run_simulate(
            loaded, plan_file=plan, seed=seed, customers=customers, threads=threads, per_customer=per_customer,
            engine=engine, out=out, progress=progress,
        )  # fmt: skip
    _print(done.result, done.directory, json)


@app.command()
def optimize(
    scenario: ScenarioFile,
    set_: Sets = None,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End the search by then with the best plan so far (as Ctrl-C)."),
    ] = None,
    max_evaluations: Annotated[
        int | None, typer.Option(min=1, help="End the search after as many simulations of all its customers.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="PLAN", help="Plan (file or run) to start from as well, like one found before."),
    ] = None,
    assumption_worlds: Annotated[
        int, typer.Option(min=0, max=1000, help="Value the plan also in so many worlds drawn from the assumptions.")
    ] = 0,
    seed: Seed = 1,
    customers: Customers = None,
    threads: Threads = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Find the plan with the greatest value within the limits.

    Ctrl-C ends the search with the best plan so far. A run that was stopped before that goes on from its best plan.
    """
    loaded = _load(scenario, set_)
    _check_out(out)
    from scenarios import run
    from scenarios.cli_resume import best_so_far, unfinished_folder
    from scenarios.stopping import search_digest

    digest = search_digest(loaded, seed=seed, customers=customers, start=start)
    with best_so_far(unfinished_folder(out, loaded.slug, "optimize", digest)) as best, _progress() as progress:
        done = run.run_optimize(
            loaded, seed=seed, customers=customers, threads=threads, time_limit=time_limit,
            max_evaluations=max_evaluations, start=best.start() or start, assumption_worlds=assumption_worlds,
            keep=best.keep, out=out, progress=progress,
        )  # fmt: skip
    _print(done.result, done.directory, json)


COLUMNS = ("customer_id", "order_date", "order_value")


def _load(scenario: str, overrides: list[str] | None) -> LoadedScenario:
    from scenarios.load import load_scenario, require_orders_file

    loaded = load_scenario(scenario, overrides or ())
    require_orders_file(loaded)
    return loaded


def _check_out(out: Path | None) -> None:
    """Said before hours of work, not after."""
    if out is not None:
        from scenarios.rundir import refuse_used

        refuse_used(out)


def _pairs(option: str, texts: list[str], names: tuple[str, ...] = ()) -> dict[str, str]:
    """``name=value`` texts as a dictionary."""
    problems: list[Problem] = []
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            problems.append(Problem(option, "is not name=value", text, "name=value"))
        elif names and name not in names:
            problems.append(Problem(option, "unknown name", name, ", ".join(names)))
        elif name in pairs:
            problems.append(Problem(option, f"{name} is given twice", text, "each name once"))
        pairs[name] = value
    if problems:
        raise InputError(problems)
    return pairs


def _date(option: str, text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise InputError.of(option, "is not a date", text, "a date like 1997-09-30") from None


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error; without a terminal, one line for each new text."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield line_progress()
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("starting", total=None)
        yield lambda done, total, text: bars.update(task, completed=done, total=total, description=text)


def _print(result: dict[str, Any], directory: Path | None, as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False))
        print(f"written to {directory}", file=sys.stderr)
        return
    from scenarios.console import show

    show(result, directory)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit; nothing but a fault of the program ever shows a traceback."""
    global _debug
    _debug = False
    try:
        app(args=arguments, prog_name="contactpolicy")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except InputError as error:
        _complain(str(problem) for problem in error.problems)
        sys.exit(BAD_INPUT)
    except Exception as error:
        if is_infeasible(error):
            _complain(str(error).splitlines())
            sys.exit(INFEASIBLE)
        report_fault(error, debug=_debug)
        sys.exit(FAILED)


def _complain(lines: Any) -> None:
    for line in lines:
        print(" ".join(line.split("\n")), file=sys.stderr)


def is_infeasible(error: BaseException) -> bool:
    """Asked without importing the optimizer: a command that never did cannot have raised it."""
    errors = sys.modules.get("optimizer.errors")
    return errors is not None and isinstance(error, errors.Infeasible)


from scenarios import cli_dryrun as _dry_run_command  # noqa: E402, F401  (commands of other files join the app above)
from scenarios import cli_effects as _effects_command  # noqa: E402, F401
from scenarios import cli_explain as _explaining_commands  # noqa: E402, F401
from scenarios import cli_fit as _fit_command  # noqa: E402, F401
from scenarios import cli_plan as _plan_commands  # noqa: E402, F401
from scenarios import cli_score as _score_command  # noqa: E402, F401
from scenarios import cli_whatif as _whatif_commands  # noqa: E402, F401

if __name__ == "__main__":
    main()
