"""What a case is and what it reads: several runs of each quantity, never a single one where it is cheap."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Reading:
    """One quantity, measured several times."""

    name: str
    unit: str
    values: tuple[float, ...]
    bar: float | None = None
    """What we want: at most this, or at least where ``at_least``."""
    at_least: bool = False
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For last.json."""
        part: dict[str, Any] = {"name": self.name, "unit": self.unit, "runs": len(self.values)}
        if self.values:
            part |= {"median": median(self.values), "min": min(self.values), "max": max(self.values)}
        if self.bar is not None:
            part |= {"bar": self.bar, "bar_is": "at least" if self.at_least else "at most"}
        return part | ({"note": self.note} if self.note else {})


@dataclass(frozen=True)
class Case:
    """A named group of readings."""

    name: str
    title: str
    run: Callable[[bool], list[Reading]]
    """run(quick) -> readings; quick = smaller and fewer, for a look."""
    by_default: bool = True


def alternate(
    works: Mapping[str, Callable[[], object]], runs: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of each work, in rounds: what disturbs the machine for a while then disturbs all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            gc.collect()
            began = clock()
            work()
            seconds[name].append(clock() - began)
    return seconds


def ratios(above: Sequence[float], below: Sequence[float], factor: float = 1.0) -> tuple[float, ...]:
    """Quotients round by round."""
    return tuple(factor * a / b for a, b in zip(above, below, strict=True))


@dataclass(frozen=True)
class Finished:
    """A finished child process."""

    seconds: float
    """Wall-clock."""
    cpu_seconds: float
    """Processor time of all threads: disturbed less by others on the machine."""
    peak_mb: float
    """Resident; of the largest process, where there are several."""
    output: str


_LAUNCH = """
import os, sys, time
began = time.perf_counter()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - began
with open(sys.argv[1], "w") as file:
    print(os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=file)
"""
"""Starts the command from a small process: a child's peak memory begins with that of the process it is started from."""


def command(*arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
    """Run ``contactpolicy`` as a user would; wall-clock seconds and peak resident memory."""
    return measured([str(Path(sys.executable).parent / "contactpolicy"), *arguments], environment)


def measured(line: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run a program; time of all its processes, and the peak resident memory of the largest of them."""
    with tempfile.TemporaryDirectory() as folder, open(Path(folder, "out"), "w+") as out:
        usage, said = Path(folder, "usage"), Path(folder, "said")
        with said.open("w") as errors:
            subprocess.run(
                [sys.executable, "-S", "-c", _LAUNCH, str(usage), *line], stdin=subprocess.DEVNULL, stdout=out,
                stderr=errors, env={**os.environ, **(environment or {})}, check=True,
            )  # fmt: skip
        code, seconds, cpu_seconds, memory = usage.read_text(encoding="utf-8").split()
        if code != "0":
            raise RuntimeError(f"{' '.join(line)} ended with {code}: {said.read_text(encoding='utf-8')[-500:]}")
        out.seek(0)
        unit = 1 / 2**20 if sys.platform == "darwin" else 1 / 2**10
        return Finished(float(seconds), float(cpu_seconds), float(memory) * unit, out.read())
