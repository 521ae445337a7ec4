"""Notebook functions that plan backwards, explain and hand over. The same recipes as the commands, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from scenarios import run
from scenarios.api import _loaded
from scenarios.cohorting import Period
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from sim.policy import Frequencies

Given = LoadedScenario | str | Path
Out = str | Path | None


def require(
    scenario: Given,
    target: str,
    *,
    most_list_loss: float | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    out: Out = None,
) -> RunResult:
    """Budget, volumes and capacities that a goal needs: ``require("library:small", "value=+5%")``.

    Raises ``Infeasible``, with what can be reached at most, if the goal cannot be. ``result["budget"]``, ``plan``.
    """
    from scenarios.requiring import Goal, require_goal

    done = require_goal(
        _loaded(scenario), Goal.parse(target), most_list_loss=most_list_loss, seed=seed, customers=customers,
        threads=threads,
    )  # fmt: skip
    return _written(done, out)


def rules(
    scenario: Given, plan: run.PlanGiven | None = None, *, seed: int = 1, customers: int | None = None,
    threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """What each rule keeps back and is worth, by taking it away alone. ``frame("rules")``."""
    from scenarios.attributing import attribute_rules

    loaded = _loaded(scenario)
    done = attribute_rules(loaded, plan=_plan(plan, loaded), seed=seed, customers=customers, threads=threads)
    return _written(done, out)


def ledger(
    scenario: Given, plan: run.PlanGiven | None = None, *, versus: Literal["no_contact", "current"] = "no_contact",
    seed: int = 1, customers: int | None = None, threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """Who ends in another segment because of the plan, and what these customers are worth. ``frame("moves")``."""
    from scenarios.migrating import migration_ledger

    loaded = _loaded(scenario)
    done = migration_ledger(
        loaded, plan=_plan(plan, loaded), versus=versus, seed=seed, customers=customers, threads=threads
    )
    return _written(done, out)


def credit(
    scenario: Given, plan: run.PlanGiven | None = None, *, seed: int = 1, customers: int | None = None,
    threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """Through which channel, offer and campaign the money comes: alone, missing without it, fair share."""
    from scenarios.crediting import credit_parts

    loaded = _loaded(scenario)
    done = credit_parts(loaded, plan=_plan(plan, loaded), seed=seed, customers=customers, threads=threads)
    return _written(done, out)


def cohorts(
    scenario: Given, plan: run.PlanGiven | None = None, *, versus: Literal["no_contact", "current"] | None = None,
    by: Period | None = None, seed: int = 1, customers: int | None = None, threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """Orders, contacts, opt-outs, contribution by the time of the first order, under two policies, paired.

    ``frame("cohorts")``, ``frame("still_ordering")``.
    """
    from scenarios.cohorting import compare_cohorts

    loaded = _loaded(scenario)
    done = compare_cohorts(
        loaded, plan=_plan(plan, loaded), versus=versus, by=by, seed=seed, customers=customers, threads=threads
    )
    return _written(done, out)


def before_after(
    scenario: Given, plan: run.PlanGiven, *, weeks: int | None = None, seed: int = 1, customers: int | None = None,
    threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """What a change to the plan seems to do, period against period, and what it does, beside its twin."""
    from scenarios.switching import before_after as recipe

    loaded = _loaded(scenario)
    given = run.plan_of(plan, loaded)
    done = recipe(loaded, given, weeks=weeks, seed=seed, customers=customers, threads=threads)
    return _written(done, out)


def sensitivity(
    scenario: Given, plans: Sequence[run.PlanGiven] = (), *, samples: int = 128, factors: int = 5, seed: int = 1,
    customers: int | None = None, threads: int | None = None, out: Out = None,
) -> RunResult:  # fmt: skip
    """Which assumption could change the choice between the current policy and ``plans``, and what knowing it is worth.

    ``frame("unknowns")``, ``frame("worlds")``.
    """
    from scenarios.weighing import weigh_assumptions

    loaded = _loaded(scenario)
    found: list[Frequencies] = [run.plan_of(plan, loaded) for plan in plans]
    done = weigh_assumptions(
        loaded, found, samples=samples, factors=factors, seed=seed, customers=customers, threads=threads
    )
    return _written(done, out)


def export(run_directory: str | Path, *, weeks: int = 4, seed: int = 1, out: Out = None) -> tuple[dict[str, Any], Path]:
    """Hand over the plan of a run that was written: caps, calendar, audiences. The summary, and where the files are."""
    from scenarios.exporting import export_run

    folder = None if out is None else Path(out)
    return export_run(Path(run_directory), weeks=weeks, seed=seed, out=folder)


def _plan(given: run.PlanGiven | None, loaded: LoadedScenario) -> Frequencies | None:
    return None if given is None else run.plan_of(given, loaded)


def _written(done: RunResult, out: Out) -> RunResult:
    return done if out is None else done.write(out)
