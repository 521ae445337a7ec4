"""``before-after``: what a change of policy seems to do, and what it does.

So many weeks under the current policy, then as many under the plan; beside it the twin, in which the same customers
with the same luck stay under the current policy. Before/after compares the two periods; the effect compares the
twins. What lies between them would have happened anyway: customers stop ordering, seasons turn, and a segment of
today's best customers falls back whatever is sent to it (regression to the mean).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.load import LoadedScenario
from scenarios.logged import segments_on, simulate_logged, start_logged
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part, plan_rows
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import headline, money, number
from sim.compare import base_total, value_per_customer
from sim.engine.tables import COST, NANO, OPT_OUTS, ORDERS, REVENUE, SENT, UNSUBSCRIBED_EXPECTED
from sim.errors import InputError
from sim.periods import PeriodPlan
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from sim.units import MICRO
from sim.world import World

if TYPE_CHECKING:
    import polars as pl

I64 = npt.NDArray[np.int64]
Progress = Callable[[float, float, str], None]
BEFORE, AFTER = 0, 1
"""Phases of the simulation: its horizon under the current policy, and what comes after."""
MEASURES = ("contribution", "revenue", "orders", "cost", "unsubscribes")


def before_after(
    loaded: LoadedScenario,
    plan: Frequencies,
    *,
    weeks: int | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """``weeks`` (default: the horizon) before the change to the plan and as many after it, beside the twin."""
    weeks = loaded.scenario.horizon.weeks if weeks is None else weeks
    if not 1 <= weeks <= 104:
        raise InputError.of("--weeks", "is out of range", weeks, "1 to 104")
    clock, say = Clock(), progress or (lambda done, total, text: None)
    say(0, 3, "customers")
    base, started = start_logged(
        _with_dates_for(loaded, weeks), seed=seed, customers=customers, threads=threads, shape=_undiscounted
    )
    world = started.world
    current = replace(world.current, name="current")
    say(1, 3, "the change")
    changed = simulate_logged(started, [current], tail=plan, seed=seed)
    say(2, 3, "the twin without it")
    twin = simulate(started, [current], seed=seed, tail=current, threads=threads, detailed=False)
    segment = segments_on(changed, started.begin.segment, 7 * weeks - 1)[0]
    names = world.rfm.segments
    everybody = np.ones(len(segment), dtype=bool)
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "before-after",
        "scenario": scenario_part(loaded, world.population),
        "plan_name": plan.name,
        **plan_part(plan),
        "current_plan": plan_rows(current),
        "period_weeks": weeks,
        "measures": [{"measure": name, **_row(changed, twin, name, everybody)} for name in MEASURES],
        "segments": [
            {"segment": name, "customers": float((segment == place).sum()) * world.population.scale}
            | _row(changed, twin, "contribution", segment == place)
            for place, name in enumerate(names)
            if (segment == place).any()
        ],
        "channels": _channel_rows(changed, twin),
        "assumptions": assumption_rows(base),
    }
    result["verdict"], result["remarks"] = _verdict(result)
    if isinstance(plan, PeriodPlan):
        result["remarks"] = [*result["remarks"], "The plan has periods: the change is to its average week."]
    result["provenance"] = provenance_part(clock, seed=seed)
    say(3, 3, "done")
    frames = {"measures": _frame(result["measures"]), "segments": _frame(result["segments"])}
    return RunResult(result, frames, plan, {}, loaded.slug)


def _with_dates_for(loaded: LoadedScenario, weeks: int) -> LoadedScenario:
    """A horizon that holds both periods, so that seasons and newcomers reach that far."""
    horizon = loaded.scenario.horizon.model_copy(update={"weeks": weeks, "tail_weeks": weeks})
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"horizon": horizon}))


def _undiscounted(world: World) -> World:
    """Money of both periods counts alike."""
    return replace(world, economics=replace(world.economics, discount_per_year=0.0))


def _row(changed: SimulationResult, twin: SimulationResult, measure: str, mine: npt.NDArray[np.bool_]) -> Part:
    """Before; after with the change and without; what before/after says, what is true, what comes anyway."""
    unit = NANO if measure in ("orders", "unsubscribes") else MICRO
    people = changed.world.population

    def total(values: I64) -> Part:
        return estimate(base_total(np.where(mine, values, 0), people, unit))

    before, after, without = (
        _measured(found, measure, phase) for found, phase in ((changed, BEFORE), (changed, AFTER), (twin, AFTER))
    )
    return {
        "before": total(before),
        "after": total(after),
        "after_without": total(without),
        "seems": total(after - before),
        "effect": total(after - without),
        "anyway": total(without - before),
    }


def _measured(found: SimulationResult, measure: str, phase: int) -> I64:
    """(N,) whole numbers per customer."""
    if measure == "contribution":
        return value_per_customer(found, 0, phase)
    column = {"revenue": REVENUE, "orders": ORDERS, "cost": COST, "unsubscribes": OPT_OUTS}[measure]
    return found.per_customer(0, phase, column)


def _channel_rows(changed: SimulationResult, twin: SimulationResult) -> list[Part]:
    """Contacts and unsubscribes by channel, before, after, and after without the change."""
    weeks, scale = changed.world.weeks, changed.world.population.scale
    rows = []
    for lane, name in enumerate(changed.world.channel_names):
        row: Part = {"channel": name}
        for label, found, span in (
            ("before", changed, slice(None, weeks)),
            ("after", changed, slice(weeks, None)),
            ("after_without", twin, slice(weeks, None)),
        ):
            lanes = found.totals.lane[0, span, lane].sum(axis=0)
            row[label] = {
                "contacts": float(lanes[SENT]) * scale,
                "unsubscribes": float(lanes[UNSUBSCRIBED_EXPECTED]) * scale / NANO,
            }
        rows.append(row)
    return rows


def _verdict(result: Part) -> tuple[str, list[str]]:
    currency, weeks = result["scenario"]["currency"], result["period_weeks"]
    money_row = next(row for row in result["measures"] if row["measure"] == "contribution")
    seems, effect, anyway = (headline(money_row[key]) for key in ("seems", "effect", "anyway"))
    claim = f"Before/after, {weeks} weeks against {weeks}, says {_signed(seems[0], currency)} contribution"
    sure = effect[1] * effect[2] > 0
    span = f"95% interval {money(effect[1], currency)} to {number(effect[2])}"
    truth = (
        f"the change itself brings {_signed(effect[0], currency)} ({span})"
        if sure
        else f"the change itself brings nothing that the simulation can tell from zero ({span})"
    )
    link = "the truth has the other sign: " if sure and effect[0] * seems[0] < 0 else ""
    verdict = f"{claim}; {link}{truth}. {_signed(anyway[0], currency)} would have come without any change."
    return verdict, [_segment_remark(result)]


def _segment_remark(result: Part) -> str:
    """The segment that would have moved most by itself."""
    currency = result["scenario"]["currency"]
    worst = max(result["segments"], key=lambda row: abs(float(row["anyway"]["mean"])))
    seems, effect = (_signed(headline(worst[key])[0], currency) for key in ("seems", "effect"))
    return (
        f"By segment it misleads more: what those in {worst['segment']} on the day of the change bring moves by "
        f"{seems} from one period to the next, and {effect} of that is the change. Who stands high in a ranking falls "
        "back on average: a segment is compared with its twin, never with its own past."
    )


def _signed(value: float, currency: str) -> str:
    return f"+{money(value, currency)}" if value > 0 else money(value, currency)


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    flat = [
        {key: value for key, value in row.items() if not isinstance(value, dict)}
        | {f"{key}_{end}": value.get(end) for key, value in row.items() if isinstance(value, dict)
           for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame(flat, infer_schema_length=None)
