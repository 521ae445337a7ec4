"""The report of a run: one self-contained HTML page made from result.json.

``render_report(result)`` gives the page as text, ``write_report(result, path)`` writes it. The page shows what
is in the result and computes nothing new. It opens without a network, on a phone, in print, in light and dark.

    page     the recipe: result -> sections -> page
    verdict  the sentences
    tables   the rows of the tables
    charts   the chart specifications
    figures  which chart stands where, and the sentence beneath it
    format   numbers and names as the reader sees them
"""

from __future__ import annotations

from scenarios.report.page import KINDS, render_report, write_report

__all__ = ["KINDS", "render_report", "write_report"]
