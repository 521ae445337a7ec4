"""The best plan of the bundled scenario: 8 segments x 4 channels x 5 levels within a budget and an SMS capacity."""

from __future__ import annotations

import json
import tempfile

from benchmarks.case import Case, Reading, command


def run(quick: bool) -> list[Reading]:
    """``contactpolicy optimize`` from start to end: fit, search, selection and report on fresh customers, page."""
    size = ["--set", "optimize.search_customers=4000", "--customers", "20000"] if quick else []
    runs, results = [], []
    for seed in (1,):  # minutes long: one run, said so in the table
        with tempfile.TemporaryDirectory() as folder:
            done = command("optimize", "library:cdnow", *size, "--seed", str(seed), "-o", f"{folder}/run", "--json")
        runs.append(done)
        results.append(json.loads(done.output))
    wall = tuple(done.seconds for done in runs)
    return [
        Reading("optimize library:cdnow", "s", wall, bar=None if quick else 60, note=_what(results[0])),
        Reading("its processor time, both threads", "s", tuple(done.cpu_seconds for done in runs)),
        Reading("its peak memory", "MB", tuple(done.peak_mb for done in runs)),
        Reading("customer-days simulated", "millions", tuple(r["search"]["customer_days"] / 1e6 for r in results)),
        Reading(
            "promised minus delivered, of delivered", "%",
            tuple(100 * r["promised_minus_delivered"]["mean"] / r["delivered"]["value"]["mean"] for r in results),
            note="other customers and other draws",
        ),
        Reading(
            "value over the best plan common to all segments", "%",
            tuple(_over(r, "uniform_best") for r in results), note="on fresh customers, paired",
        ),
    ]  # fmt: skip


def _over(result: dict, rival: str) -> float:
    return 100 * result["baselines"][rival]["plan_minus_this"]["mean"] / result["baselines"][rival]["value"]["mean"]


def _what(result: dict) -> str:
    scenario = result["scenario"]
    binding = sum(limit["binding"] for limit in result["limits"])
    return (
        f"{result['certificate']['customers']:,} customers in the search, {scenario['simulated_customers']:,} in the "
        f"report, {scenario['weeks']} + {scenario['tail_weeks']} weeks; "
        f"{binding} of {len(result['limits'])} limits bind; regret against a long search is not read yet"
    )


CASE = Case("optimize", "The search for a plan", run)
