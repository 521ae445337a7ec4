"""``report RUN RUN ...``: one page over several runs, with what each says, their plans side by side, and links.

Nothing is computed anew. Runs do not share their draws unless seed, customers and scenario are the same, so values
stand beside each other with their own intervals; differences are what ``compare`` is for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scenarios.finished import RunResult
from scenarios.outcome import Part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part
from scenarios.read_run import load_result
from scenarios.report import KINDS
from scenarios.report.format import headline, money, number
from scenarios.report.verdict import fit_verdict, plan_verdict
from sim.errors import InputError

if TYPE_CHECKING:
    import polars as pl

PLANNED = ("simulate", "optimize")
SLUG = "runs"
FACTS = ("currency", "weeks", "tail_weeks", "base_customers")


def overview(runs: Sequence[Path], out: Path | None = None) -> RunResult:
    """The page's content from finished runs; ``out``: where it will be written, so that links lead from there."""
    clock = Clock()
    if len(runs) < 2:
        raise InputError.of("RUN", "is one run only", ", ".join(map(str, runs)), "two or more for an overview")
    twice = [run for k, run in enumerate(runs) if run.resolve() in {other.resolve() for other in runs[:k]}]
    if twice:
        raise InputError.of("RUN", "is given twice", twice[0], "each run once")
    place = Path("runs") / SLUG if out is None else out
    results = [load_result(run) for run in runs]
    rows = [_row(run, result, place) for run, result in zip(runs, results, strict=True)]
    valued = [row for row in rows if "value" in row]
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "overview",
        "scenario": {"name": f"Overview of {len(runs)} runs"},
        "runs": rows,
        "plans": _plans(rows, results),
        "comparable": comparable(valued),
    }
    result["verdict"], result["remarks"] = _verdict(valued, len(rows))
    result["provenance"] = provenance_part(clock)
    return RunResult(result, {"runs": _frame(rows)}, None, {}, SLUG)


def _row(run: Path, result: Mapping[str, Any], place: Path) -> Part:
    """Facts of one run: who, over what, what it says, and its money if it values a plan."""
    scenario, command = result["scenario"], str(result.get("command"))
    if command not in KINDS:
        raise InputError.of(str(run), "has no page", command, ", ".join(KINDS))
    row: Part = {
        "name": run.resolve().name,
        "directory": str(run),
        "page": quote(Path(os.path.relpath(run / "report.html", place)).as_posix()),
        "command": command,
        "kind": KINDS[command],
        "scenario": scenario.get("name", ""),
        "says": _says(result),
    }
    row |= {key: scenario[key] for key in FACTS if key in scenario}
    made = result.get("provenance", {})
    row |= {key: made[key] for key in ("seed", "started") if key in made}
    row |= {"seed": made["report_seed"]} if "report_seed" in made else {}  # of the draws that the values are from
    if command in PLANNED and "versus_none" in result.get("value", {}):
        row |= {
            "plan_name": result["plan_name"],
            "value": result["value"]["versus_none"],
            "contribution": result["incremental"]["versus_none"]["total"]["contribution"],
            "cost": result["cost"],
            "unsubscribes": sum(result["unsubscribes"].values()),
        }
    return row


def _says(result: Mapping[str, Any]) -> str:
    """The first sentence of its page."""
    if "verdict" in result:
        return str(result["verdict"])
    if result["command"] in PLANNED:
        return plan_verdict(dict(result))
    return fit_verdict(dict(result)) if result["command"] == "fit" else ""


def _plans(rows: Sequence[Part], results: Sequence[Mapping[str, Any]]) -> list[Part]:
    """{segment, channel, per_week: {run: contacts a week}} of the valued plans."""
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for row, result in zip(rows, results, strict=True):
        if "value" in row:
            for cell in result["plan"]:
                cells.setdefault((cell["segment"], cell["channel"]), {})[row["directory"]] = cell["per_week"]
    return [{"segment": s, "channel": c, "per_week": found} for (s, c), found in cells.items()]


def comparable(valued: Sequence[Part]) -> bool:
    """Whether the values are of the same customers over the same weeks, in one currency."""
    return len({tuple(row.get(key) for key in FACTS) for row in valued}) <= 1


def _verdict(valued: Sequence[Part], runs: int) -> tuple[str, list[str]]:
    """Which plan is worth most, as far as that can be said."""
    if not valued:
        return f"{runs} runs, none of which values a plan by itself.", []
    if len(valued) == 1:
        return f"One of {runs} runs values a plan, “{valued[0]['name']}”: {valued[0]['says']}", []
    if not comparable(valued):
        text = f"{len(valued)} of {runs} runs value a plan; they differ in currency, weeks or customers."
        return text, ["Values over different weeks or customers do not compare: each stands for itself."]
    best = max(valued, key=lambda row: float(row["value"]["mean"]))
    mean, low, high = headline(best["value"])
    currency = best["currency"]
    text = (
        f"Of {len(valued)} valued plans that of “{best['name']}” is worth most: {money(mean, currency)} over no "
        f"contact, horizon and tail together (95% interval {money(low, currency)} to {number(high)})."
    )
    others = [row for row in valued if row is not best and row["value"].get("ci_high", mean) >= low]
    near = f"Its interval overlaps with that of {', '.join(row['name'] for row in others)}. " if others else ""
    return text, [
        f"{near}How sure a difference is, a comparison says: the same plans side by side, customer by customer."
    ]


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    flat = [
        {key: value for key, value in row.items() if not isinstance(value, dict)}
        | {f"{key}_{end}": row[key].get(end) for key in ("value", "contribution") if key in row
           for end in ("mean", "ci_low", "ci_high")}
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame(flat, infer_schema_length=None)
