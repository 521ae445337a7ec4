"""What people ask: scenarios, what-if runs, the command line and its reports.

For notebooks: ``load_scenario``, ``simulate``, ``dry_run``, ``compare``, ``optimize``, ``fit`` ... (see
``scenarios.api``). They are imported when they are first used, so that the command line starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.api import (
        DryRunResult,
        RunResult,
        compare,
        dry_run,
        effects,
        fit,
        load_scenario,
        optimize,
        simulate,
    )
    from scenarios.api_explain import (
        before_after,
        cohorts,
        credit,
        export,
        ledger,
        require,
        rules,
        sensitivity,
    )
    from scenarios.api_plan import deliver, experiment, sweep

__all__ = [
    "DryRunResult", "RunResult", "before_after", "cohorts", "compare", "credit", "deliver", "dry_run", "effects",
    "experiment", "export", "fit", "ledger", "load_scenario", "optimize", "require", "rules", "sensitivity", "simulate",
    "sweep",
]  # fmt: skip
_HOMES = dict.fromkeys(("deliver", "experiment", "sweep"), "scenarios.api_plan") | dict.fromkeys(
    ("before_after", "cohorts", "credit", "export", "ledger", "require", "rules", "sensitivity"),
    "scenarios.api_explain",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "scenarios.api")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
