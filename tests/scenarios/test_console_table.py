"""Tables of a terminal: whatever the width, every number stands there whole."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from scenarios.console_table import GAP, Grid, parted, print_grid, widths_of

NAMES = st.text("abcdefgh [", min_size=1, max_size=40).map(str.strip).filter(bool)
NUMBERS = st.sampled_from(["7", "−1,338", "0.0123", "12.5%", "1,078 to 1,212", "885\n828 to 941", ""])


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    columns = draw(st.lists(NAMES, min_size=2, max_size=12))
    made = Grid(draw(NAMES), columns)
    for _ in range(draw(st.integers(1, 4))):
        made.row(draw(NAMES), *(draw(NUMBERS) for _ in columns[1:]))
    return made


def printed(grid: Grid, width: int) -> str:
    page = io.StringIO()
    print_grid(Console(file=page, width=width, highlight=False), grid)
    return page.getvalue()


def numbers_of(grid: Grid) -> Counter[str]:
    """Every line of every cell beside the names of rows."""
    return Counter(line for row in grid.rows for cell in row[1:] for line in cell.split("\n") if line)


@given(grids(), st.sampled_from([30, 80, 100, 140]))
def test_no_number_is_broken_or_lost(grid: Grid, width: int) -> None:
    page = printed(grid, width)
    for line, times in numbers_of(grid).items():
        assert sum(row.count(line) for row in page.splitlines()) >= times, line


@given(grids(), st.sampled_from([80, 100, 140]))
def test_no_line_is_longer_than_the_terminal(grid: Grid, width: int) -> None:
    assert all(len(line.rstrip()) <= width for line in printed(grid, width).splitlines()[1:])


@given(grids(), st.integers(20, 160))
def test_parts_hold_every_column_once_and_fit(grid: Grid, width: int) -> None:
    parts = parted(grid, width)
    assert [column for part in parts for column in part.columns[1:]] == list(grid.columns[1:])
    for part in parts:
        assert [row[0] for row in part.rows] == [row[0] for row in grid.rows]
        widths = widths_of(part, width)
        assert len(part.columns) == 2 or sum(widths) + GAP * (len(widths) - 1) <= width


def test_what_fits_stays_in_one_line_each() -> None:
    grid = Grid("t", ("cap of the week", "value, USD", "95% interval"), [("1 in 7 days", "631", "591 to 672")])
    assert printed(grid, 60).splitlines()[1:] == [
        "cap of the week  value, USD  95% interval",
        "1 in 7 days             631    591 to 672",
    ]


def test_what_does_not_fit_comes_under_it_with_the_names_again() -> None:
    grid = Grid("t", ("cap", "value", "95% interval", "orders"), [("1 in 7 days", "631", "591 to 672", "96.5")])
    assert [part.columns for part in parted(grid, 34)] == [["cap", "value", "95% interval"], ["cap", "orders"]]
    assert "t, continued" in printed(grid, 34)
    assert printed(grid, 34).splitlines()[-1].split() == ["1", "in", "7", "days", "96.5"]


def test_a_number_is_not_parted_from_its_interval() -> None:
    grid = Grid("t", ("cap", "value", "95% interval"), [("1", "631", "591 to 672")])
    assert [part.columns for part in parted(grid, 10)] == [["cap", "value", "95% interval"]]


@pytest.mark.parametrize("width", [30, 80, 100])
def test_sentences_wrap_between_words(width: int) -> None:
    said = "a plan that breaks a limit of the scenario by more than a hundredth of what is allowed in the worst week"
    page = printed(Grid("t", ("what", "said"), [("a", said)], last_left=True), width)
    assert " ".join(page.split()[3:]) == f"a {said}"


def test_words_that_name_a_row_are_repeated_too() -> None:
    rows = [("plan a", "email", "5,412", "13.2%"), ("plan a", "sms", "3,950", "60.8%")]
    grid = Grid("t", ("plan", "channel", "contacts", "unsubscribes"), rows)
    first, second = parted(grid, 34)
    assert (first.columns, second.columns) == (["plan", "channel", "contacts"], ["plan", "channel", "unsubscribes"])
    assert second.rows[1] == ["plan a", "sms", "60.8%"]
    assert printed(grid, 60).splitlines()[2].startswith("plan a  email  ")
