"""``cohorts``: customers grouped by when they ordered first, under a plan and under what it is compared with.

The same customers with the same luck live in both worlds; the difference of a cohort is that of its customers. Old
cohorts hold who stayed: they differ from young ones in who is in them, so a cohort is compared with itself only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.logged import OTHER, PLAN, Versus, simulate_two_policies
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import count, headline, money, more_or_less, number
from sim.compare import base_total, value_per_customer
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED, NANO, OPT_OUTS, ORDERS
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.units import MICRO

if TYPE_CHECKING:
    import polars as pl

I64 = npt.NDArray[np.int64]
Chosen = npt.NDArray[np.bool_]
"""(N,) the customers of a cohort."""
Progress = Callable[[float, float, str], None]
Period = Literal["month", "quarter", "year"]
PERIODS: dict[Period, tuple[int, int]] = {"month": (1, 30), "quarter": (3, 91), "year": (12, 365)}
"""Months of a period, and days where the scenario has no dates."""
ENOUGH = 4
"""Cohorts that are worth comparing."""
STEP_DAYS = 28
"""Of the table of who still orders."""


def compare_cohorts(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    versus: Versus | None = None,
    by: Period | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Orders, contacts, opt-outs and contribution by cohort under the plan (default: the current policy) and under
    ``versus`` (default: the current policy beside a plan, no contact beside the current policy).

    ``by`` None: the longest period that makes at least four cohorts, else months."""
    against: Versus = versus or ("current" if plan is not None else "no_contact")
    clock, say = Clock(), progress or (lambda done, total, text: None)
    both = simulate_two_policies(loaded, plan, against, seed=seed, customers=customers, threads=threads, say=say)
    found, chosen, world = both.found, both.chosen, both.started.world
    say(2, 3, "cohorts")
    start = build.start_date(loaded)
    by = by or natural_period(world.population.first_order, start)
    number_of, names = cohorts_of(world.population.first_order, start, by)
    rows = [_row(found, number_of == place, name) for place, name in enumerate(names)]
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "cohorts",
        "scenario": scenario_part(loaded, world.population),
        "plan_name": chosen.name,
        **plan_part(chosen),
        "versus": against,
        "by": by,
        "cohorts": rows,
        "still_ordering": _still_ordering(found, number_of, names),
        "total": _gain(found, np.ones(world.population.size, dtype=bool)),
        "assumptions": assumption_rows(both.base),
    }
    result["verdict"] = _verdict(result)
    result["remarks"] = [
        "Old cohorts are what is left of them: they differ from young ones in who is in them, not only in age. Compare "
        "a cohort with itself under the other policy, never one cohort with another."
    ]
    result["provenance"] = provenance_part(clock, seed=seed)
    say(3, 3, "done")
    return RunResult(
        result,
        {"cohorts": _frame(rows), "still_ordering": _flat(_means(result["still_ordering"]))},
        chosen,
        {},
        loaded.slug,
    )


def natural_period(first_order: I64, start: dt.date | None) -> Period:
    """The longest period that makes at least ``ENOUGH`` cohorts, else a month."""
    periods: tuple[Period, ...] = ("year", "quarter")
    return next((by for by in periods if len(cohorts_of(first_order, start, by)[1]) >= ENOUGH), "month")


def cohorts_of(first_order: I64, start: dt.date | None, by: Period) -> tuple[I64, list[str]]:
    """(N,) number of each customer's cohort, oldest first, and the names: by calendar, or by age without dates."""
    months, days = PERIODS[by]
    if start is None:
        age = (-1 - first_order) // days
        ages, place = np.unique(-age, return_inverse=True)
        return place, [_aged(int(-a), days) for a in ages]
    date = np.datetime64(start, "D") + first_order.astype("timedelta64[D]")
    period = date.astype("datetime64[M]").astype(np.int64) // months
    periods, place = np.unique(period, return_inverse=True)
    return place, [_named(int(p) * months, by) for p in periods]


def _named(month: int, by: Period) -> str:
    """``month`` counts from January 1970."""
    year, within = 1970 + month // 12, month % 12
    return {"month": f"{year}-{within + 1:02}", "quarter": f"{year} Q{within // 3 + 1}", "year": str(year)}[by]


def _aged(age: int, days: int) -> str:
    return "after the start" if age < 0 else f"{age * days} to {(age + 1) * days - 1} days before the start"


def _row(found: SimulationResult, mine: Chosen, name: str) -> Part:
    """Means per customer of both worlds, and the paired gain of the cohort."""
    row: Part = {"cohort": name, "customers": int(mine.sum()) * found.world.population.scale}
    for world, label in ((PLAN, "plan"), (OTHER, "other")):
        customer = found.totals.customer[world, :, 0]
        ordered = _events(found, world, (EV_ORGANIC, EV_STIMULATED)) > 0
        row[label] = {
            "orders": _each(found, mine, customer[:, ORDERS], NANO),
            "contacts": _each(found, mine, _events(found, world, (EV_CONTACT,))),
            "opt_outs": _each(found, mine, customer[:, OPT_OUTS], NANO),
            "contribution": _each(found, mine, value_per_customer(found, world, 0), MICRO),
            "ordering": _each(found, mine, ordered),
        }
    return row | {"gain": _gain(found, mine)}


def _each(found: SimulationResult, mine: Chosen, values: npt.NDArray[Any], unit: float = 1.0) -> Part:
    """Mean per customer of the cohort, with its interval; ``values`` (N,) in 1 / ``unit``."""
    people = found.world.population
    whole = base_total(np.where(mine, values, 0).astype(np.int64), people, unit)
    return estimate(whole.times(1 / (int(mine.sum()) * people.scale)))


def _gain(found: SimulationResult, mine: Chosen) -> Part:
    gain = value_per_customer(found, PLAN, 0) - value_per_customer(found, OTHER, 0)
    return estimate(base_total(np.where(mine, gain, 0), found.world.population, MICRO))


def _events(found: SimulationResult, world: int, kinds: Sequence[int]) -> I64:
    """(N,) events of these kinds per customer."""
    log = found.totals.log
    rows = log[(log[:, 0] == world) & np.isin(log[:, 3], kinds), 1]
    return np.bincount(rows, minlength=found.world.population.size)


def _still_ordering(found: SimulationResult, number_of: I64, names: Sequence[str]) -> list[Part]:
    """{cohort, from_week, to_week, plan, other}: share of the cohort with an order in each four weeks (sampled)."""
    log, rows = found.totals.log, []
    orders = log[np.isin(log[:, 3], (EV_ORGANIC, EV_STIMULATED))]
    for step in range(0, 7 * found.world.weeks, STEP_DAYS):
        end = min(step + STEP_DAYS, 7 * found.world.weeks)
        within = orders[(orders[:, 2] >= step) & (orders[:, 2] < end)]
        ordered = np.zeros((2, len(number_of)), dtype=bool)
        for world in (PLAN, OTHER):
            ordered[world, within[within[:, 0] == world, 1]] = True
        for place, name in enumerate(names):
            shares = {
                label: _each(found, number_of == place, ordered[world])
                for world, label in ((PLAN, "plan"), (OTHER, "other"))
            }
            rows.append({"cohort": name, "from_week": step // 7 + 1, "to_week": end // 7, **shares})
    return rows


def _verdict(result: Part) -> str:
    currency, rows = result["scenario"]["currency"], result["cohorts"]
    against = "no contact" if result["versus"] == "no_contact" else "the current policy"
    each = [float(row["gain"]["mean"]) / row["customers"] for row in rows]
    most, least = (rows[int(pick(each))] for pick in (np.argmax, np.argmin))
    whole = f"{more_or_less(headline(result['total'])[0], currency)} contribution than {against}"
    if len(rows) == 1:
        only = rows[0]
        return f"All {count(only['customers'])} customers are of one cohort, {only['cohort']}; the plan brings {whole}."
    said = " and ".join(
        f"{money(float(row['gain']['mean']) / row['customers'], currency)} from {row['cohort']} ({place})"
        for row, place in ((most, "most"), (least, "least"))
    )
    lost = max(rows, key=lambda row: float(row["plan"]["opt_outs"]["mean"]))
    return (
        f"The plan brings {whole}; per customer {said}. Opt-outs are most frequent among "
        f"{lost['cohort']}: {number(100 * lost['plan']['opt_outs']['mean'])} per 100 customers."
    )


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    flat = [
        {"cohort": row["cohort"], "customers": row["customers"]}
        | {f"{key}_{world}": value["mean"] for world in ("plan", "other") for key, value in row[world].items()}
        | {f"contribution_gain_{end}": row["gain"].get(end) for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]
    return _flat(flat)


def _means(rows: Sequence[Part]) -> list[Part]:
    return [row | {world: row[world]["mean"] for world in ("plan", "other")} for row in rows]


def _flat(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(list(rows), infer_schema_length=None)
