"""Progress where there is no terminal: a line for each step, not for each of a thousand points."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable

QUIET_SECONDS = 2.0
"""Without a terminal, lines that differ in their numbers only come no faster than this."""


def line_progress() -> Callable[[float, float, str], None]:
    """Prints each new text to standard error."""
    said: set[str] = set()
    kind_before, at_before = "", 0.0

    def report(done: float, total: float, text: str) -> None:
        nonlocal kind_before, at_before
        kind, now = re.sub(r"\d.*", "", text), time.monotonic()
        if text in said or (kind == kind_before and now - at_before < QUIET_SECONDS):
            return
        said.add(text)
        kind_before, at_before = kind, now
        print(text, file=sys.stderr)

    return report
