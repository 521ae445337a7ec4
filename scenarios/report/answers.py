"""Which sections the answer of a command has, and the page made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from scenarios.report import figures, tables
from scenarios.report.format import MINUS, Row
from scenarios.report.sections import Cell, Result, Section
from scenarios.report.terms import TERMS

ANSWERS = {
    "compare": "compared",
    "sweep": "swept",
    "rules": "attributed",
    "ledger": "ledgered",
    "require": "required",
    "experiment": "experimented",
    "deliver": "delivered",
    "sensitivity": "weighed",
    "credit": "credited",
    "cohorts": "cohorted",
    "before-after": "switched",
    "overview": "overviewed",
    "dryrun": "dried",
}
"""Command -> the module of this package whose ``sections(result)`` says what there is to see."""
TITLES = {
    "compare": "Comparison",
    "sweep": "Sweep",
    "rules": "What the rules do",
    "ledger": "Moves between segments",
    "require": "Planned backwards",
    "experiment": "Experiment",
    "deliver": "Delivery",
    "sensitivity": "What could change the plan",
    "credit": "Through what the money comes",
    "cohorts": "Cohorts",
    "before-after": "Before and after",
    "overview": "Side by side",
    "dryrun": "Dry run",
}


def sections(result: Result) -> Sequence[Section]:
    """The sections of a command's answer."""
    module = import_module(f"scenarios.report.{ANSWERS[result['command']]}")
    make: Callable[[Result], Sequence[Section]] = module.sections
    return make(result)


def answer_view(result: Row, frame: Row) -> Row:
    """Everything ``answer.html.j2`` shows."""
    drawn = [(section, [figure for make in section.figures if (figure := make())]) for section in sections(result)]
    rows = tables.assumption_rows(result)
    return {
        **frame,
        "verdict": result["verdict"],
        "remarks": result.get("remarks", []),
        "warnings": result.get("warnings", []),
        "sections": [
            {
                "title": section.title,
                "text": section.text,
                "figures": made,
                "table": None if section.table is None else _table(section),
            }
            for section, made in drawn
        ],
        "terms": TERMS[result["command"]],
        "assumptions": rows,
        "origins": tables.origins(rows),
        "specs": figures.specs_of([figure for _, made in drawn for figure in made]),
    }


def _table(section: Section) -> Row:
    table = section.table
    if table is None:
        return {}
    rows = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in table.rows]
    if not rows:
        return {}
    sides = ["" if table.words or _worded([row[place].text for row in rows]) else "n" for place in range(len(rows[0]))]
    return {"columns": table.columns, "rows": rows, "note": table.note, "sides": sides}


def _worded(cells: Sequence[str]) -> bool:
    """A column of words: no cell begins with a digit or a sign."""
    return not any(cell[:1].isdigit() or cell[:1] in (MINUS, "+", "-") for cell in cells)
