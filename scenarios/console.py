"""Results as tables in a terminal. Computes nothing; every number stands with its unit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from scenarios.console_effects import effects_tables
from scenarios.console_fit import fit_tables
from scenarios.console_plan import optimize_tables, simulate_tables
from scenarios.console_table import Grid, print_grid
from scenarios.console_words import Result, currency_of, head_lines
from scenarios.report.answers import ANSWERS, sections
from scenarios.report.format import duration, money

WIDTH = 100
"""Columns used where nobody tells the width of the terminal."""


def show(result: Result, directory: object = None, file: TextIO | None = None) -> None:
    """Print the result of any command, then where its files are."""
    console = open_console(file)
    print_parts(console, parts_of(result))
    for warning in result.get("warnings", []):
        console.print(f"warning: {escape(str(warning))}", soft_wrap=True)
    if directory is not None:
        console.print(f"written to {escape(str(directory))}", soft_wrap=True)


def open_console(file: TextIO | None = None) -> Console:
    """As wide as the terminal, or as COLUMNS says; else of a width that suits files and mails."""
    console = Console(file=file, highlight=False)
    told = console.is_terminal or os.environ.get("COLUMNS", "").isdecimal()
    return console if told else Console(file=file, highlight=False, width=WIDTH)


def print_parts(console: Console, parts: Iterable[Grid | str]) -> None:
    """Tables and paragraphs, an empty line after each."""
    for part in parts:
        if isinstance(part, Grid):
            print_grid(console, part)
        else:
            console.print(part)
        console.print()


def parts_of(result: Result) -> list[Grid | str]:
    """Tables and paragraphs of any result."""
    tables = {
        "simulate": simulate_tables,
        "optimize": optimize_tables,
        "fit": fit_tables,
        "effects": effects_tables,
        **dict.fromkeys(ANSWERS, answer_tables),
    }
    return tables.get(str(result.get("command")), simulate_tables)(result)


def answer_tables(result: Result) -> list[Grid | str]:
    """The verdict, then the tables that the page has too."""
    parts: list[Grid | str] = [head_lines(result)]
    for section in sections(result):
        if section.table is not None and not section.page_only:
            rows = [[str(cell) for cell in row] for row in section.table.rows]
            table = Grid(section.title, section.table.columns, list(rows), section.table.words)
            parts.append(table)
    return [*parts, f"[bold]{escape(str(result['verdict']))}[/bold]", *map(escape, result.get("remarks", []))]


def summary_line(result: Result) -> str:
    """The one number that matters, in one line."""
    currency, value = currency_of(result), result.get("delivered", {}).get("value")
    if value is None:
        value = result.get("value", {}).get("versus_none")
    seconds = result.get("provenance", {}).get("seconds")
    took = f" ({duration(seconds)})" if seconds is not None else ""
    return f"{money(value['mean'], currency)} over no contact{took}" if value else f"done{took}"
