"""RFM segments: recency, frequency and monetary scores, and the complete map from scores to names.

R is days since the last order. F counts orders and M is their mean (or total) value, both over a rolling
window. Each is scored 1 (worst) .. n (best) against fixed borders; every combination of scores belongs to
exactly one named segment. Borders are frozen when the simulation starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.checks import require
from sim.engine.tables import ORDERS_REMEMBERED
from sim.errors import InputError


@dataclass(frozen=True)
class RfmScheme:
    """Borders of the scores and the map of score cells to segments."""

    recency_borders_days: tuple[int, ...]
    """Ascending. R <= first border gives the best score; R > last border the worst (1)."""
    frequency_borders: tuple[int, ...]
    """Ascending. F >= border k lifts the score to k + 2; F below the first border scores 1."""
    monetary_borders: tuple[float, ...]
    """Ascending, in the currency. M >= border k lifts the score to k + 2."""
    segments: tuple[str, ...]
    """Names, in the order of reports."""
    cells: tuple[int, ...]
    """Segment index of cell ((r - 1) nF + (f - 1)) nM + (m - 1) for scores r, f, m."""
    window_days: int = 365
    """Rolling window of F and M."""
    monetary: Literal["mean", "total"] = "mean"
    recompute_days: int = 1
    """Segments are recomputed every so many days (1 = daily)."""

    def __post_init__(self) -> None:
        for key in ("recency_borders_days", "frequency_borders", "monetary_borders"):
            borders = getattr(self, key)
            require(
                1 <= len(borders) <= 4
                and list(borders) == sorted(set(borders))
                and 0 <= borders[0] <= borders[-1] < float("inf"),
                f"segments.{key}",
                "borders must ascend",
                borders,
                "1 to 4 ascending numbers >= 0 (2 for a 3-score grid)",
            )
        require(
            self.frequency_borders[-1] <= ORDERS_REMEMBERED,
            "segments.frequency_borders",
            "the largest border exceeds the orders remembered per customer",
            self.frequency_borders[-1],
            f"at most {ORDERS_REMEMBERED}",
        )
        require(
            7 <= self.window_days <= 3650,
            "segments.window_days",
            "out of range",
            self.window_days,
            "7 to 3650",
        )
        require(
            1 <= self.recompute_days <= 364,
            "segments.recompute_days",
            "out of range",
            self.recompute_days,
            "1 to 364",
        )
        require(
            1 <= len(self.segments) <= 64 and len(set(self.segments)) == len(self.segments),
            "segments",
            "segment names must be unique",
            self.segments,
            "1 to 64 names",
        )
        shape = self.shape
        require(
            len(self.cells) == shape[0] * shape[1] * shape[2],
            "segments.map",
            "the map must name every cell",
            f"{len(self.cells)} cells",
            f"{shape[0]} x {shape[1]} x {shape[2]} cells",
        )
        require(
            all(0 <= cell < len(self.segments) for cell in self.cells),
            "segments.map",
            "a cell names no known segment",
            sorted(set(self.cells)),
            f"0 to {len(self.segments) - 1}",
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of scores of R, F and M."""
        return (
            len(self.recency_borders_days) + 1,
            len(self.frequency_borders) + 1,
            len(self.monetary_borders) + 1,
        )

    @classmethod
    def from_map(
        cls,
        *,
        recency_borders_days: tuple[int, ...],
        frequency_borders: tuple[int, ...],
        monetary_borders: tuple[float, ...],
        cell_map: dict[str, list[str]],
        window_days: int = 365,
        monetary: Literal["mean", "total"] = "mean",
        recompute_days: int = 1,
    ) -> RfmScheme:
        """From segment name -> patterns like "323" or "3*2": R, F, M scores; "*" any, "[12]" one of these.

        Every cell must be claimed exactly once; holes and overlaps are refused with the cells named.
        """
        shape = (len(recency_borders_days) + 1, len(frequency_borders) + 1, len(monetary_borders) + 1)
        owner: dict[tuple[int, int, int], str] = {}
        for segment, patterns in cell_map.items():
            for pattern in patterns:
                for cell in _expand(pattern, shape, f"segments.map.{segment}"):
                    if cell in owner:
                        raise InputError.of(
                            f"segments.map.{segment}",
                            f"cell {_text(cell)} belongs to two segments",
                            f"{pattern} here and in {owner[cell]}",
                            "each cell in exactly one segment",
                        )
                    owner[cell] = segment
        cells = [(r, f, m) for r in range(shape[0]) for f in range(shape[1]) for m in range(shape[2])]
        holes = [_text(cell) for cell in cells if cell not in owner]
        if holes:
            raise InputError.of(
                "segments.map",
                f"{len(holes)} score cells belong to no segment",
                " ".join(holes[:12]) + (" ..." if len(holes) > 12 else ""),
                "a complete map: every cell in exactly one segment",
            )
        names = tuple(cell_map)
        return cls(
            recency_borders_days=recency_borders_days,
            frequency_borders=frequency_borders,
            monetary_borders=monetary_borders,
            segments=names,
            cells=tuple(names.index(owner[cell]) for cell in cells),
            window_days=window_days,
            monetary=monetary,
            recompute_days=recompute_days,
        )

    def classify(
        self,
        recency_days: npt.NDArray[np.int64],
        frequency: npt.NDArray[np.int64],
        monetary: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.int64]:
        """Segment index (N,) of customers with given R (days), F (orders) and M (currency)."""
        r = len(self.recency_borders_days) - np.searchsorted(self.recency_borders_days, recency_days, side="left")
        f = np.searchsorted(self.frequency_borders, frequency, side="right")
        m = np.searchsorted(self.monetary_borders, monetary, side="right")
        _, nf, nm = self.shape
        cells: npt.NDArray[np.int64] = np.asarray(self.cells, dtype=np.int64)
        return np.asarray(cells[(r * nf + f) * nm + m])


def quantile_borders(values: npt.NDArray[np.float64], scores: int) -> tuple[float, ...]:
    """Borders that split ``values`` into ``scores`` groups as equal as ties allow; ascending and distinct."""
    cuts = np.quantile(values, np.arange(1, scores) / scores)
    return tuple(float(cut) for cut in np.unique(cuts))


def _text(cell: tuple[int, int, int]) -> str:
    return "".join(str(score + 1) for score in cell)


def _expand(pattern: str, shape: tuple[int, int, int], where: str) -> list[tuple[int, int, int]]:
    """The cells a pattern stands for."""
    allowed = "three places, each a score, '*' or a set like [12], for R, F and M"
    places: list[list[int]] = []
    rest = pattern
    while rest:
        if rest[0] == "[" and "]" in rest:
            inside, rest = rest[1 : rest.index("]")], rest[rest.index("]") + 1 :]
        else:
            inside, rest = rest[0], rest[1:]
        position = len(places)
        if position > 2:
            raise InputError.of(where, "pattern too long", pattern, allowed)
        scores = range(shape[position])
        chosen = list(scores) if inside == "*" else [int(ch) - 1 for ch in inside if ch.isdigit()]
        if inside != "*" and (len(chosen) != len(inside) or not set(chosen) <= set(scores)):
            raise InputError.of(where, f"no such score at place {position + 1}", pattern, f"1 to {shape[position]}")
        places.append(chosen)
    if len(places) != 3:
        raise InputError.of(where, "pattern too short", pattern, allowed)
    return [(r, f, m) for r in places[0] for f in places[1] for m in places[2]]
