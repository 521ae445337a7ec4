"""RFM: scores, the map of cells, and what is refused with which words."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.tables import ORDERS_REMEMBERED
from sim.errors import InputError
from sim.rfm import RfmScheme, quantile_borders
from tests.worlds import THREE_SEGMENTS, schemes

GRID: dict[str, Any] = {
    "recency_borders_days": (20, 60),
    "frequency_borders": (2, 4),
    "monetary_borders": (15.0, 30.0),
}


def scheme(**changes: Any) -> RfmScheme:
    fields: dict[str, Any] = {**GRID, "segments": ("a", "b"), "cells": (0,) * 26 + (1,), **changes}
    return RfmScheme(**fields)


# --- classify -------------------------------------------------------------------------------------------------


def by_hand(rfm: RfmScheme, recency: int, frequency: int, money: float) -> int:
    """The segment, by counting scores with the words of the fields."""
    r_scores, f_scores, m_scores = rfm.shape
    r = r_scores
    for border in rfm.recency_borders_days:
        if recency > border:
            r -= 1
    f = 1
    for k, border in enumerate(rfm.frequency_borders):
        if frequency >= border:
            f = k + 2
    m = 1
    for k, limit in enumerate(rfm.monetary_borders):
        if money >= limit:
            m = k + 2
    cells = list(itertools.product(range(1, r_scores + 1), range(1, f_scores + 1), range(1, m_scores + 1)))
    return rfm.cells[cells.index((r, f, m))]


@given(schemes(), st.lists(st.tuples(st.integers(0, 120), st.integers(0, 20), st.floats(0, 200)), min_size=1))
def test_classify_against_counting(rfm: RfmScheme, customers: list[tuple[int, int, float]]) -> None:
    recency, frequency, money = (np.array(column) for column in zip(*customers, strict=True))
    found = rfm.classify(recency, frequency, money.astype(float))
    assert found.tolist() == [by_hand(rfm, *customer) for customer in customers]


@given(schemes())
def test_borders_belong_to_the_better_score(rfm: RfmScheme) -> None:
    """R on a border still has the better score, F and M on a border already have it."""
    for r, f, m in itertools.product(rfm.recency_borders_days, rfm.frequency_borders, rfm.monetary_borders):
        at, beside = (r, f, m), (r + 1, max(f - 1, 0), np.nextafter(m, -1))
        for where in (at, beside):
            one = rfm.classify(np.array([where[0]]), np.array([where[1]]), np.array([where[2]]))
            assert one.tolist() == [by_hand(rfm, *where)]


@pytest.mark.parametrize(("recency", "segment"), [(0, 0), (20, 0), (21, 1), (60, 1), (61, 2), (9999, 2)])
def test_recency_scores(recency: int, segment: int) -> None:
    found = THREE_SEGMENTS.classify(np.array([recency]), np.array([3]), np.array([20.0]))
    assert found.tolist() == [segment]


# --- the map --------------------------------------------------------------------------------------------------


def test_patterns_name_r_f_m_in_this_order() -> None:
    rfm = RfmScheme.from_map(
        **GRID,
        cell_map={"best": ["333"], "recent": ["3[12]*", "33[12]"], "rich": ["[12]*3"], "rest": ["[12]*[12]"]},
    )
    names = {
        (r, f, m): rfm.segments[rfm.cells[((r - 1) * 3 + f - 1) * 3 + m - 1]]
        for r, f, m in itertools.product((1, 2, 3), repeat=3)
    }
    for (r, f, m), name in names.items():
        if r == 3:
            assert name == ("best" if (f, m) == (3, 3) else "recent")
        else:
            assert name == ("rich" if m == 3 else "rest")
    assert rfm.segments == ("best", "recent", "rich", "rest")


@given(st.lists(st.integers(0, 3), min_size=27, max_size=27))
def test_any_complete_map_is_taken_and_any_other_refused(owners: list[int]) -> None:
    """Cell by cell: one segment each is right; without one cell, or with one twice, it is not."""
    cells = ["".join(map(str, cell)) for cell in itertools.product((1, 2, 3), repeat=3)]
    cell_map = {f"s{k}": [cell for cell, owner in zip(cells, owners, strict=True) if owner == k] for k in range(4)}
    rfm = RfmScheme.from_map(**GRID, cell_map=cell_map)
    assert list(rfm.cells) == owners

    some = cells[owners[0]]
    hole = {name: [cell for cell in mine if cell != some] for name, mine in cell_map.items()}
    with pytest.raises(InputError, match=f"1 score cells belong to no segment.*{some}"):
        RfmScheme.from_map(**GRID, cell_map=hole)
    with pytest.raises(InputError, match=f"cell {some} belongs to two segments"):
        RfmScheme.from_map(**GRID, cell_map={**cell_map, "more": [some]})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("33", "pattern too short"),
        ("", "pattern too short"),
        ("3333", "pattern too long"),
        ("433", "no such score at place 1"),
        ("303", "no such score at place 2"),
        ("33x", "no such score at place 3"),
        ("3[14]3", "no such score at place 2"),
        ("3[12", "no such score at place 2"),
        ("3[1*]3", "no such score at place 2"),
        ("3-3", "no such score at place 2"),
    ],
)
def test_wrong_patterns_are_named(pattern: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        RfmScheme.from_map(**GRID, cell_map={"good": [pattern], "rest": ["***"]})
    assert "segments.map.good" in str(caught.value)


def test_many_holes_are_counted_and_some_named() -> None:
    with pytest.raises(InputError, match=r"26 score cells belong to no segment .*111 112 .* \.\.\."):
        RfmScheme.from_map(**GRID, cell_map={"only": ["333"]})


def test_an_empty_segment_is_legal() -> None:
    rfm = RfmScheme.from_map(**GRID, cell_map={"all": ["***"], "nobody": []})
    assert rfm.segments == ("all", "nobody")
    assert set(rfm.cells) == {0}


# --- self-checks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recency_borders_days": ()}, "recency_borders_days: borders must ascend"),
        ({"recency_borders_days": (60, 20)}, "recency_borders_days: borders must ascend"),
        ({"recency_borders_days": (20, 20)}, "recency_borders_days: borders must ascend"),
        ({"recency_borders_days": (-1, 20)}, "recency_borders_days: borders must ascend"),
        ({"frequency_borders": (1, 2, 3, 4, 5)}, "frequency_borders: borders must ascend"),
        ({"frequency_borders": (2, ORDERS_REMEMBERED + 1)}, "exceeds the orders remembered"),
        ({"monetary_borders": (30.0, 15.0)}, "monetary_borders: borders must ascend"),
        ({"monetary_borders": (float("nan"), 15.0)}, "monetary_borders: borders must ascend"),
        ({"monetary_borders": (15.0, float("inf"))}, "monetary_borders: borders must ascend"),
        ({"window_days": 6}, "window_days: out of range"),
        ({"window_days": 3651}, "window_days: out of range"),
        ({"recompute_days": 0}, "recompute_days: out of range"),
        ({"recompute_days": 365}, "recompute_days: out of range"),
        ({"segments": ("a", "a")}, "names must be unique"),
        ({"segments": ()}, "names must be unique"),
        ({"segments": tuple(f"s{k}" for k in range(65))}, "names must be unique"),
        ({"cells": (0,) * 26}, "the map must name every cell"),
        ({"cells": (0,) * 26 + (2,)}, "a cell names no known segment"),
        ({"cells": (0,) * 26 + (-1,)}, "a cell names no known segment"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        scheme(**changes)


def test_what_is_taken() -> None:
    assert scheme().shape == (3, 3, 3)
    assert scheme(frequency_borders=(1, ORDERS_REMEMBERED)).shape == (3, 3, 3)
    assert scheme(recency_borders_days=(0, 1, 2, 3), cells=(0,) * 45).shape == (5, 3, 3)


# --- borders from data ----------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.integers(2, 5))
def test_quantile_borders_ascend_and_split_evenly(values: list[float], scores: int) -> None:
    array = np.array(values)
    borders = quantile_borders(array, scores)
    assert 1 <= len(borders) <= scores - 1
    assert list(borders) == sorted(set(borders))
    if len(set(values)) == len(values) >= 4 * scores:
        groups = np.bincount(np.searchsorted(borders, array, side="right"), minlength=scores)
        assert groups.max() - groups.min() <= 2


def test_quantile_borders_of_ties_are_distinct() -> None:
    assert quantile_borders(np.array([1.0] * 90 + [5.0] * 10), 3) == (1.0,)
