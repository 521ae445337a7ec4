"""A fault of the program: one line for the user, the traceback in a file."""

from __future__ import annotations

import os
import sys


def report_fault(error: Exception, *, debug: bool) -> None:
    """One line that says it is our fault and where the traceback is."""
    import tempfile
    import traceback

    if debug:
        traceback.print_exception(error)
        return
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    try:
        handle, name = tempfile.mkstemp(prefix="contactpolicy-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            traceback.print_exception(error, file=stream)
        hint = f"traceback in {name}, or run again with --debug"
    except OSError:
        hint = "run again with --debug for the traceback"
    print(f"a fault of contactpolicy itself, not of your input: {what} ({hint})", file=sys.stderr)
