"""Notebook functions for planning: sweep, experiment, deliver. The same recipes as the commands, nothing written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios import run
from scenarios.api import _loaded, _toml
from scenarios.experiment_terms import Terms
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.sweeping import Mode


def sweep(
    scenario: LoadedScenario | str | Path,
    vary: Mapping[str, Sequence[Any]],
    plan: run.PlanGiven | None = None,
    *,
    mode: Mode | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    own_past: bool = False,
    out: str | Path | None = None,
) -> RunResult:
    """Vary one or two keys: ``sweep("library:small", {"channels.sms.unit_cost": [0.02, 0.04, 0.06]})``.

    ``mode``: what is simulated in each point: "current", "plan", "fill" (as many contacts as the varied caps allow) or
    "search" (the best plan for the point); None: what the keys call for. ``result["points"]``, ``frame("points")``.
    """
    from scenarios.grid import parse_axes
    from scenarios.sweeping import make_sweep, run_sweep

    loaded = _loaded(scenario)
    axes = parse_axes([f"{key}={','.join(_toml(value, key) for value in values)}" for key, values in vary.items()])
    given = None if plan is None else run.plan_of(plan, loaded)
    asked = make_sweep(loaded, axes, plan=given, mode=mode, seed=seed, customers=customers, own_past=own_past)
    done = run_sweep(asked, threads=threads)
    return done if out is None else done.write(out)


def experiment(
    scenario: LoadedScenario | str | Path,
    plan: run.PlanGiven | None = None,
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
    **terms: Any,
) -> RunResult:
    """How to prove a plan: holdout, duration, power, price. ``terms``: share, weeks, power, metric, versus, ...

    All of them: ``scenarios.experiment_terms.Terms``. ``result["design"]``, ``frame("durations")``.
    """
    from scenarios.experimenting import design_experiment

    loaded = _loaded(scenario)
    given = None if plan is None else run.plan_of(plan, loaded)
    done = design_experiment(loaded, plan=given, terms=Terms(**terms), seed=seed, customers=customers, threads=threads)
    return done if out is None else done.write(out)


def deliver(
    scenario: LoadedScenario | str | Path,
    plan: run.PlanGiven | None = None,
    *,
    weeks: int = 4,
    target: float = 0.95,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
) -> RunResult:
    """A plan through send windows and call centre (``[delivery.CHANNEL]``, ``[call_centre]`` of the scenario)."""
    from scenarios.delivering import plan_delivery

    loaded = _loaded(scenario)
    given = None if plan is None else run.plan_of(plan, loaded)
    done = plan_delivery(
        loaded, plan=given, weeks=weeks, target=target, seed=seed, customers=customers, threads=threads
    )
    return done if out is None else done.write(out)
