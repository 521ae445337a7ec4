"""Which sections the answer of a command has, and the page made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from scenarios.report import figures, tables
from scenarios.report.format import Row
from scenarios.report.sections import Cell, Result, Section

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
}
TERMS = {
    "value": ("Value", "Contribution (margin × revenue − contact cost − discounts) of the horizon and, discounted, of "
              "the weeks after it, in addition to what the same customers bring without any contact. After the horizon "
              "each plan goes on, in both worlds: what counts there is what the horizon has left behind."),
    "interval": ("95% interval", "How far the number could move if the same model were run with other random draws and "
                 "other equally likely customers. It says nothing about whether the assumptions are right."),
    "paired": ("Paired", "All alternatives meet the same customers with the same luck, and differences are taken "
               "customer by customer: a difference is known far better than the two numbers it is the difference of."),
}  # fmt: skip


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
        "terms": [] if result["command"] == "overview" else list(TERMS.values()),
        "assumptions": rows,
        "origins": tables.origins(rows),
        "specs": figures.specs_of([figure for _, made in drawn for figure in made]),
    }


def _table(section: Section) -> Row:
    table = section.table
    if table is None:
        return {}
    rows = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in table.rows]
    return {"columns": table.columns, "rows": rows, "note": table.note, "side": "" if table.words else "n"}
