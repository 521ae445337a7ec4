"""Facts about the machine that belong to every reading."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "contactpolicy",
    "numpy",
    "numba",
    "scipy",
    "polars",
    "pulp",
    "highspy",
    "simpy",
    "mesa",
    "agentpy",
    "starsim",
    "distributed",
)


def facts() -> dict[str, Any]:
    """Processor, memory, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: known for name in PACKAGES if (known := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def now() -> str:
    """Date and time, UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def load() -> float:
    """Running processes, averaged over the last minute; our own are among them once a case has begun."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
