"""A finished run in hand: its result, its tables and its plan; written to a run directory on request."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from sim.policy import Frequencies


@dataclass(frozen=True, eq=False, repr=False)
class RunResult:
    """What ``simulate``, ``optimize`` or ``fit`` found. Printed, it says the numbers that matter."""

    result: dict[str, Any]
    """The content of result.json."""
    frames: Mapping[str, pl.DataFrame]
    """Tables by name, those of the Parquet files."""
    plan: Frequencies | None = None
    """The plan that was simulated or found; goes into ``simulate(scenario, plan=...)``."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """More files: name -> content."""
    slug: str = "run"
    """A short name for folders."""
    directory: Path | None = None
    """Where it was written; None = nowhere."""
    folders: Mapping[str, Path] = field(default_factory=dict)
    """Folders of files written while it ran: name -> where they are until ``write`` moves them."""

    def frame(self, name: str) -> pl.DataFrame:
        """A table as a polars frame (``.to_pandas()`` for pandas)."""
        if name not in self.frames:
            raise KeyError(f"no table {name!r}, only {', '.join(self.frames)}")
        return self.frames[name]

    def charts(self) -> dict[str, Any]:
        """The charts of the page by title, as altair charts."""
        from scenarios.plots import charts

        return charts(self.result)

    def plot(self, containing: str = "") -> Any:
        """All charts one below the other as one altair chart, or those whose title contains a text."""
        from scenarios.plots import plot

        return plot(self.result, containing)

    def summary(self) -> str:
        """The tables that the command line prints."""
        from scenarios.console import show

        text = io.StringIO()
        show(self.result, self.directory, file=text)
        return text.getvalue().rstrip("\n")

    def _repr_html_(self) -> str:
        """In a notebook: the same tables."""
        return f'<pre style="line-height: 1.25; overflow-x: auto">{html.escape(self.summary())}</pre>'

    def __repr__(self) -> str:
        """One line: what ran, and the increment it found."""
        facts = {"fit": _fit_facts, "effects": _effect_facts}
        if "verdict" in self.result:
            lines = [str(self.result["verdict"])]
        else:
            lines = facts.get(self.result["command"], _plan_facts)(self.result)
        return f"<{self.result['command']}: {self.result['scenario']['name']}; {'; '.join(lines)}>"

    def write(self, out: str | Path | None = None) -> RunResult:
        """Write the run directory, whole or not at all: ``out``, or the next free one in ``runs``."""
        from scenarios.report import render_report
        from scenarios.rundir import run_directory

        with run_directory(self.slug, self.result["command"], out) as run:
            run.write_json("result.json", self.result)
            if self.plan is not None:
                run.write_plan(self.plan)
            for name, text in self.texts.items():
                run.write_text(name, text)
            for name, frame in self.frames.items():
                run.write_parquet(f"{name}.parquet", frame)
            for name, folder in self.folders.items():
                run.move_in(name, folder)
            run.write_text("report.html", render_report(self.result))
        return replace(self, directory=run.directory)


def _plan_facts(result: dict[str, Any]) -> list[str]:
    currency = result["scenario"]["currency"]
    names = {"versus_current": "over the current policy", "versus_none": "over no contact"}
    facts = [
        f"value {_span(result['value'][key])} {currency} {name}"
        for key, name in names.items()
        if key in result["value"]
    ]
    return [*facts, f"contacts cost {result['cost']:,.0f} {currency}"]


def _fit_facts(result: dict[str, Any]) -> list[str]:
    test = result["backtest"]
    error = f"{test['error_pct']:+.1f} % orders in {test['weeks']} later weeks"
    return [f"{result['organic']['model']} of {result['orders']['customers']:,} customers", f"forecast {error}"]


def _effect_facts(result: dict[str, Any]) -> list[str]:
    if not result["claimed"]:
        return ["no effect can be claimed"]
    rows = [row for row in result["effects"] if row["by"] == ""]
    return [f"{r['outcome']}, {r['arm']}: {r['effect']:+.4g} ({r['low']:.4g} to {r['high']:.4g})" for r in rows]


def _span(estimate: dict[str, float]) -> str:
    if "ci_low" not in estimate:
        return f"{estimate['mean']:,.0f}"
    return f"{estimate['mean']:,.0f} ({estimate['ci_low']:,.0f} to {estimate['ci_high']:,.0f})"
