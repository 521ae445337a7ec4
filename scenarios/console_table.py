"""Tables of a terminal: whatever its width, no number is broken or cut.

Text wraps between words. Where the columns still do not fit, the last ones go into a table of their own under the
first, beside the names of the rows again; where not even one does, lines are longer than the terminal is wide.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

GAP = 2
"""Blanks between columns."""
NUMBER_WIDTH = 24
"""Cells up to this width are numbers or short words and stay in one piece; longer ones are text."""
NAME_WIDTH = 18
"""Names of rows are not squeezed below this, where there is as much to say."""
NAME_SHARE = 0.45
"""Of the width of the terminal, that names get before heads do."""


@dataclass
class Grid:
    """A table of plain text. The first column names the row, the others are numbers with their intervals beneath."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    last_left: bool = False
    """The last column is text."""

    def row(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)


def grid(title: str, *columns: str) -> Grid:
    """A table without rows yet."""
    return Grid(title, columns)


def some(*tables: Grid | None) -> list[Grid]:
    """Those that there are."""
    return [table for table in tables if table is not None]


def print_grid(console: Console, grid: Grid) -> None:
    """The title, then the table, in as many parts as its width asks for."""
    available = console.width
    for number, part in enumerate(parted(grid, available)):
        if number:
            console.print()
        title = f"{grid.title}, continued" if number else grid.title
        console.print(f"[bold]{escape(title)}[/bold]", soft_wrap=True)
        widths = widths_of(part, available)
        console.width = max(available, _total(widths))
        console.print(_drawn(part, widths))
        console.width = available


def parted(grid: Grid, available: int) -> list[Grid]:
    """The grid in parts that fit, each with what names its rows; a number and its interval stay together."""
    least = _least_widths(grid)
    names = _names(grid)
    if _total([least[place] for place in names]) > NAME_SHARE * available:
        names = [0]
    always = _total([least[place] for place in names])
    parts, used = [list(names)], always
    for group in _together(grid.columns, len(names)):
        needed = sum(GAP + least[place] for place in group)
        if len(parts[-1]) > len(names) and used + needed > available:
            parts.append(list(names))
            used = always
        parts[-1] += group
        used += needed
    return [_only(grid, places) for places in parts]


def _total(widths: Sequence[int]) -> int:
    """Of columns beside each other."""
    return sum(widths) + GAP * (len(widths) - 1)


def _names(grid: Grid) -> list[int]:
    """Places of the columns that name a row: the first, and those beside it that hold words only."""
    names = [0]
    while len(names) + 1 < len(grid.columns) and _worded([row[len(names)] for row in grid.rows]):
        names.append(len(names))
    return names


def _worded(cells: Sequence[str]) -> bool:
    """Words in every cell, numbers in none."""
    return bool(cells) and all(cell and not any(map(str.isdigit, cell)) for cell in cells)


def widths_of(grid: Grid, available: int) -> list[int]:
    """Widths of the columns: the least ones; then room for names, and for those with the most lines, until all is
    given away."""
    widths, texts = _least_widths(grid), [_texts(grid, place) for place in range(len(grid.columns))]
    room = available - _total(widths)
    wanted = min(max(map(cell_len, texts[0])), int(NAME_SHARE * available)) - widths[0]
    if 0 < wanted <= room:
        widths[0] += wanted
        room -= wanted
    heights = [_height(column, width) for column, width in zip(texts, widths, strict=True)]
    growing = {place for place, height in enumerate(heights) if height > 1}
    while room > 0 and growing:
        place = max(sorted(growing), key=lambda place: heights[place])
        width = _next_width(texts[place], widths[place], heights[place], room)
        if width is None:
            growing.remove(place)
            continue
        room -= width - widths[place]
        widths[place], heights[place] = width, _height(texts[place], width)
        if heights[place] == 1:
            growing.remove(place)
    return widths


def _together(columns: Sequence[str], first: int) -> list[list[int]]:
    """Places of the columns from the first number on, those that must not be parted in one list."""
    groups: list[list[int]] = []
    for place in range(first, len(columns)):
        if groups and columns[place].startswith("95% interval"):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _only(grid: Grid, places: Sequence[int]) -> Grid:
    last = grid.last_left and places[-1] == len(grid.columns) - 1
    rows: list[Sequence[str]] = [[row[place] for place in places] for row in grid.rows]
    return Grid(grid.title, [grid.columns[place] for place in places], rows, last)


def _texts(grid: Grid, place: int) -> list[str]:
    """Every text of a column that may wrap: its head, names, and cells of text; each line of a cell alone."""
    cells = [line for row in grid.rows for line in row[place].split("\n")]
    return [grid.columns[place], *(cell for cell in cells if place == 0 or cell_len(cell) > NUMBER_WIDTH)]


def _least_widths(grid: Grid) -> list[int]:
    return [_least_width(grid, place) for place in range(len(grid.columns))]


def _least_width(grid: Grid, place: int) -> int:
    """The longest word of heads and texts, and every number whole."""
    numbers = [line for row in grid.rows for line in row[place].split("\n")] if place else []
    whole = [cell_len(line) for line in numbers if cell_len(line) <= NUMBER_WIDTH]
    words = [cell_len(word) for text in _texts(grid, place) for word in text.split()]
    least = max([1, *whole, *words])
    if place == 0:
        longest = max(map(cell_len, _texts(grid, place)[1:]), default=0)
        least = max(least, min(longest, NAME_WIDTH))
    return least


def _height(texts: Sequence[str], width: int) -> int:
    """Lines of the highest text."""
    return max(len(_wrapped(text, width)) for text in texts)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _next_width(texts: Sequence[str], width: int, height: int, room: int) -> int | None:
    """The smallest larger width with fewer lines; None where there is not the room for it."""
    for wider in range(width + 1, width + room + 1):
        if _height(texts, wider) < height:
            return wider
    return None


def _drawn(grid: Grid, widths: Sequence[int]) -> Table:
    table, names = Table(box=None, pad_edge=False), _names(grid)
    for place, (column, width) in enumerate(zip(grid.columns, widths, strict=True)):
        left = place in names or (grid.last_left and place == len(grid.columns) - 1)
        table.add_column(escape(column), justify="left" if left else "right", overflow="fold", width=width)
    for row in grid.rows:
        table.add_row(*map(escape, row))
    return table
