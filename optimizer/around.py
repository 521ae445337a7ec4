"""The table of effects around a plan, and the program over it."""

from __future__ import annotations

from optimizer.effects import Effects, bundle_table, effects_table
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.formulation import MasterData, TariffData
from optimizer.limits import Rows
from optimizer.tariffs import cost_columns


def effects_of(evaluator: Evaluator, incumbent: Evaluated, steps: int | None = None) -> Effects:
    """The table around a plan, made once; ``steps``: only so many levels up or down."""
    key = incumbent.choice.tobytes(), steps
    if key not in evaluator.tables:
        evaluator.tables[key] = effects_table(
            evaluator.started,
            evaluator.space,
            incumbent.choice,
            evaluator.run([incumbent.choice]),
            evaluator.limits,
            tail=evaluator.tail,
            objective=evaluator.objective,
            threads=evaluator.threads,
            tariffs=evaluator.tariffs,
            steps=steps,
            spend=evaluator.spend,
        )
    return evaluator.tables[key]


def bundles_of(evaluator: Evaluator, incumbent: Evaluated) -> Effects:
    """The table of all that single segments may get, made once."""
    key = incumbent.choice.tobytes()
    if key not in evaluator.bundles:
        evaluator.bundles[key] = bundle_table(
            evaluator.started,
            evaluator.space,
            incumbent.choice,
            evaluator.run([incumbent.choice]),
            evaluator.limits,
            tail=evaluator.tail,
            objective=evaluator.objective,
            threads=evaluator.threads,
            tariffs=evaluator.tariffs,
            spend=evaluator.spend,
        )
    return evaluator.bundles[key]


def master_data(
    evaluator: Evaluator, table: Effects, incumbent: Evaluated, rows: Rows, trust: int, doubt: float = 0.0
) -> MasterData:
    """The program over a table; ``doubt``: standard errors taken off the value of each change."""
    on_rows = cost_columns(evaluator.limits, evaluator.tariffs, evaluator.weeks) @ rows.matrix.T
    tariffs = tuple(
        TariffData(
            tariff, evaluator.unit_costs[n], table.volume[..., n], float(incumbent.volume[n]), on_rows[n],
            evaluator.objective == "contribution",
        )
        for n, tariff in enumerate(evaluator.tariffs)
    )  # fmt: skip
    return MasterData(
        table.value - doubt * table.value_se, rows.use(table.parts), table.incumbent,
        rows.use(incumbent.plain_parts), rows.bound, trust,
        prices=rows.prices(), tariffs=tariffs,
    )  # fmt: skip
