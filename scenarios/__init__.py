"""What people ask: scenarios, what-if runs, the command line and its reports.

For notebooks: ``load_scenario``, ``simulate``, ``dry_run``, ``optimize`` and ``fit`` (see ``scenarios.api``). They
are imported when they are first used, so that the command line starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.api import DryRunResult, RunResult, dry_run, fit, load_scenario, optimize, simulate

__all__ = ["DryRunResult", "RunResult", "dry_run", "fit", "load_scenario", "optimize", "simulate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scenarios import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
