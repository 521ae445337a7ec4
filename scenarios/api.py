"""The same recipes for notebooks: scenarios from files or changes, customers from data frames, nothing written.

from scenarios import load_scenario, optimize, simulate

scenario = load_scenario("library:base", {"optimize.limits": [{"name": "budget", "max_cost": 500}]}, orders=frame)
now = simulate(scenario)
found = optimize(scenario)
found.plan, found.result["value"], found.frame("weekly"), print(found.summary())
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from scenarios import load, run
from scenarios.dry_running import DryRunResult, dry_run_scenario
from scenarios.files import label_of
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.words import dotted
from scenarios.world import FrameScenario
from sim.errors import InputError

__all__ = [
    "DryRunResult", "RunResult", "compare", "dry_run", "effects", "fit", "load_scenario", "optimize", "simulate",
]  # fmt: skip

Changes = Mapping[str, Any] | Sequence[str]
"""{"channels.sms.unit_cost": 0.08}, values as in TOML, tables as dicts; or the texts of ``--set``."""
Compared = LoadedScenario | str | Path | tuple[LoadedScenario | str | Path, run.PlanGiven]
"""A scenario, in which the current policy is valued, or a scenario and a plan."""
IN_MEMORY = "data frame"
"""What ``base.orders`` says where orders are no file."""


def load_scenario(path: str | Path = "library:base", changes: Changes = (), *, orders: object = None) -> LoadedScenario:
    """A scenario file (or shipped one) with changes.

    ``orders``: a pandas, polars or pyarrow data frame of orders, instead of a file; columns as in ``base.columns``.
    ``base.as_of`` is then the day of its last order, if no change says otherwise. Raises ``InputError``.
    """
    texts = list(changes) if not isinstance(changes, Mapping) else _overrides(changes)
    if orders is None:
        loaded = load.load_scenario(path, texts)
        load.require_orders_file(loaded)
        return loaded
    texts.append(f'base.orders="{IN_MEMORY}"')
    if not any(text.partition("=")[0].strip() == "base.as_of" for text in texts):
        texts.append(f"base.as_of={_last_date(path, texts, orders)}")
    return FrameScenario.of(load.load_scenario(path, texts), orders)


def simulate(
    scenario: LoadedScenario | str | Path,
    plan: run.PlanGiven | None = None,
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    per_customer: bool = False,
    out: str | Path | None = None,
) -> RunResult:
    """Simulate a plan (default: the current one) beside the current policy and no contact.

    ``plan``: a plan found before, a plan file, or ``{"default": {"email": 1}, "Lost": {"email": 0.5}}``.
    ``out``: also write a run directory there.
    """
    done = run.simulate_scenario(
        _loaded(scenario), plan=plan, seed=seed, customers=customers, threads=threads, per_customer=per_customer
    )
    return done if out is None else done.write(out)


def dry_run(
    scenario: LoadedScenario | str | Path,
    *,
    date: dt.date | None = None,
    plan_file: str | Path | None = None,
    seed: int = 1,
    threads: int | None = None,
    out: str | Path | None = None,
) -> DryRunResult:
    """Who would be contacted on a day (default: the day after the data), and who is removed by which rule."""
    file = None if plan_file is None else Path(plan_file)
    done = dry_run_scenario(_loaded(scenario), date=date, plan_file=file, seed=seed, threads=threads)
    return done if out is None else done.write(out)


def optimize(
    scenario: LoadedScenario | str | Path,
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    time_limit: float | None = None,
    max_evaluations: int | None = None,
    start: run.PlanGiven | None = None,
    assumption_worlds: int = 0,
    per_customer: bool = False,
    out: str | Path | None = None,
) -> RunResult:
    """Find the plan with the greatest value within the limits. Raises ``Infeasible`` if no plan fits them.

    ``time_limit`` (seconds) and ``max_evaluations`` end the search early; ``start``: a plan to start from as well.
    ``assumption_worlds``: value the plan also in so many worlds drawn from the assumptions.
    """
    done = run.optimize_scenario(
        _loaded(scenario), seed=seed, customers=customers, threads=threads, time_limit=time_limit,
        max_evaluations=max_evaluations, start=start, assumption_worlds=assumption_worlds, per_customer=per_customer,
    )  # fmt: skip
    return done if out is None else done.write(out)


def compare(
    alternatives: Mapping[str, Compared],
    *,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    own_past: bool = False,
    out: str | Path | None = None,
) -> RunResult:
    """Put alternatives side by side, paired: ``{"today": scenario, "weekly": (scenario, {"default": {"email": 1}})}``.

    All start from the past of the first one (its current policy and rules), unless ``own_past``.
    """
    from scenarios.alternatives import Alternative
    from scenarios.comparing import compare_alternatives

    if not alternatives:
        raise InputError.of("alternatives", "there is nothing to compare", None, "{name: scenario or (scenario, plan)}")
    listed = []
    for name, given in alternatives.items():
        scenario, plan = given if isinstance(given, tuple) else (given, None)
        loaded = _loaded(scenario)
        listed.append(Alternative(name, loaded, None if plan is None else run.plan_of(plan, loaded)))
    done = compare_alternatives(listed, seed=seed, customers=customers, threads=threads, own_past=own_past)
    return done if out is None else done.write(out)


def fit(
    orders: object,
    *,
    columns: Mapping[str, str] | None = None,
    until: dt.date | None = None,
    model: run.ModelChoice = "best",
    duplicates: run.Duplicates = "keep",
    refunds: run.Refunds = "refuse",
    before_registration: run.Duplicates = "keep",
    messages: object = None,
    message_columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    encoding: str = "auto",
    decimal: Literal[".", ","] = ".",
    cross_check: bool = False,
    preset: str | None = None,
    message_preset: str | None = None,
    consents: str | Path | None = None,
    costs: object = None,
    cost_columns: Mapping[str, str] | None = None,
    out: str | Path | None = None,
) -> RunResult:
    """Fit order process and spend to a file or data frame of orders, and test the forecast.

    ``messages``: file or data frame of past messages; what they caused is taken out. ``decisions``: what to do about
    oddities in it, like ``{"duplicates": "keep"}``. ``preset``: the orders are one of ORDER_PRESETS of
    `sim.fit.export_presets`, and ``message_preset`` the messages one of its MESSAGE_PRESETS. ``consents``: file of
    customers with ``consent_CHANNEL``; ``costs``: file or frame of bills with channel, contacts and cost.
    """
    source = Path(orders) if isinstance(orders, str) else orders
    done = run.fit_orders(
        source, columns=columns, until=until, model=model, duplicates=duplicates, refunds=refunds,
        before_registration=before_registration, messages=messages, message_columns=message_columns,
        decisions=decisions, encoding=encoding, decimal=decimal, cross_check=cross_check, preset=preset,
        message_preset=message_preset, consents=None if consents is None else Path(consents), costs=costs,
        cost_columns=cost_columns,
    )  # fmt: skip
    return done if out is None else done.write(out)


def effects(trial: object = None, *, out: str | Path | None = None, **options: Any) -> RunResult:
    """What contacts add: of a trial file or frame (``outcomes={"orders": "conversion"}``, ``before``, ``by``, ...), or
    of ``orders=`` and ``messages=`` with a holdout or arms. Options as in `scenarios.run_effects`."""
    from scenarios.run_effects import effects_of_file, effects_of_log

    if trial is None and {"orders", "messages"} <= options.keys():
        done = effects_of_log(options.pop("orders"), options.pop("messages"), **options)
    elif trial is not None:
        done = effects_of_file(Path(trial) if isinstance(trial, str) else trial, **options)
    else:
        raise InputError.of("effects", "needs a trial", None, "one, or orders and messages")
    return done if out is None else done.write(out)


def _loaded(scenario: LoadedScenario | str | Path) -> LoadedScenario:
    return scenario if isinstance(scenario, LoadedScenario) else load_scenario(scenario)


def _overrides(changes: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_toml(value, key)}" for key, value in changes.items()]


def _toml(value: Any, key: str) -> str:
    """A value as TOML on one line; numbers of NumPy are numbers."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()[:10]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{dotted((str(name),))} = {_toml(item, key)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(item, key) for item in value) + "]"
    allowed = "a number, text, date, True or False, a list or a dict"
    raise InputError.of(key, "cannot be written in a scenario", type(value).__name__, allowed)


def _last_date(path: str | Path, texts: list[str], orders: object) -> dt.date:
    """Day of the last order, found in the column that the scenario names."""
    import narwhals as nw

    column = load.load_scenario(path, [*texts, "base.as_of=1970-01-01"]).scenario.base.columns.order_date
    frame: Any = nw.from_native(orders, eager_only=True)
    if column not in frame.columns:
        raise InputError.of("orders", "has no column of this name", column, ", ".join(map(str, frame.columns)))
    try:
        return dt.date.fromisoformat(str(frame[column].max())[:10])
    except ValueError:
        where = f"{label_of(Path(path))}: base.as_of"
        raise InputError.of(where, "is missing, and the dates are not like 1998-06-30", None, "a date") from None
