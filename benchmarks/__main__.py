"""``python -m benchmarks [--case NAME ...] [--quick] [--json] [--list] [--guard]``.

Readings go to ``benchmarks/last.json`` and, as tables, to ``benchmarks/RESULTS.md``; cases that are not run keep
their last readings. With ``--quick`` nothing is written.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.case import Case
from benchmarks.guard import CASE as GUARD
from benchmarks.guard import compared
from benchmarks.registry import CASES
from benchmarks.tables import case_table, page

HERE = Path(__file__).resolve().parent
LAST, RESULTS = HERE / "last.json", HERE / "RESULTS.md"
NOT_RUN = "Not run by default, and not yet measured: `python -m benchmarks --case {name}`. {why}"
WHY = dict.fromkeys(("ten-million", "growth", "processes"), "It takes minutes.")


def main() -> int:
    """Run the chosen cases and keep what they read; 1 if one of them failed."""
    chosen, asked = _arguments()
    if asked.list:
        for case in CASES:
            print(f"{case.name:12} {case.title}" + ("" if case.by_default else " (only by --case)"))
        return 0
    if asked.guard:
        lines, slower = compared(_last()["cases"].get("guard", {}), GUARD.run(asked.quick))
        print("\n".join(lines))
        return int(slower)
    last = _last()
    failed = False
    for case in chosen:
        try:
            part = _run(case, asked.quick)
        except Exception as error:  # the other cases still count
            print(f"{case.name}: failed: {error}", file=sys.stderr)
            failed = True
            continue
        if not asked.quick:
            last = _last()  # another run may have written meanwhile
        last["machine"] = machine.facts()
        last["cases"][case.name] = part
        if not asked.quick:
            _keep(last)
        if not asked.json:
            print("\n".join(case_table(part)))
    if asked.json:
        print(json.dumps(last, indent=1, ensure_ascii=False))
    return int(failed)


def _arguments() -> tuple[list[Case], argparse.Namespace]:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=names, help="only this one; repeatable")
    parser.add_argument("--quick", action="store_true", help="small sizes, few runs, nothing kept")
    parser.add_argument("--json", action="store_true", help="print all readings as JSON")
    parser.add_argument("--guard", action="store_true", help="compare with the recorded run; 1 if something is slower")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    asked = parser.parse_args()
    return [case for case in CASES if (case.name in asked.case if asked.case else case.by_default)], asked


def _run(case: Case, quick: bool) -> dict[str, Any]:
    print(f"{case.name} ...", file=sys.stderr, flush=True)
    before, began = machine.load(), time.perf_counter()
    readings = [reading.to_dict() for reading in case.run(quick)]
    facts = {"name": case.name, "title": case.title, "date": machine.now(), "quick": quick, "load_before": before}
    return facts | {
        "load_after": machine.load(), "seconds": round(time.perf_counter() - began, 1), "readings": readings,
    }  # fmt: skip


def _last() -> dict[str, Any]:
    last: dict[str, Any] = json.loads(LAST.read_text(encoding="utf-8")) if LAST.exists() else {"cases": {}}
    for case in CASES:
        if not case.by_default and case.name not in last["cases"]:
            why = NOT_RUN.format(name=case.name, why=WHY.get(case.name, ""))
            last["cases"][case.name] = {"name": case.name, "title": case.title, "not_run": why}
    return last


def _keep(last: dict[str, Any]) -> None:
    LAST.write_text(json.dumps(last, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.write_text(page(last, [case.name for case in CASES]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
