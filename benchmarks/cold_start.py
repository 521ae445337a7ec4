"""What the first minute feels like: nothing compiled yet, and how soon the command line answers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.case import Case, Reading, command


def run(quick: bool) -> list[Reading]:
    """Each cold run compiles into a cache folder of its own."""
    cold, warm = [], []
    for _ in range(1 if quick else 2):
        with tempfile.TemporaryDirectory() as folder:
            cache = {"NUMBA_CACHE_DIR": str(Path(folder) / "cache")}
            cold.append(command("simulate", "library:small", "-o", f"{folder}/a", environment=cache))
            warm.append(command("simulate", "library:small", "-o", f"{folder}/b", environment=cache))
    for _ in range(0 if quick else 2):
        with tempfile.TemporaryDirectory() as folder:
            warm.append(command("simulate", "library:small", "-o", f"{folder}/c"))
    answers = [command("--help").seconds for _ in range(3 if quick else 9)]
    return [
        Reading("first simulate of library:small, empty kernel cache", "s", tuple(run.seconds for run in cold), bar=30),
        Reading("its processor time", "s", tuple(run.cpu_seconds for run in cold)),
        Reading("the same again, kernels cached", "s", tuple(run.seconds for run in warm)),
        Reading("its processor time", "s", tuple(run.cpu_seconds for run in warm)),
        Reading("contactpolicy --help", "s", tuple(answers), bar=0.3),
    ]


CASE = Case("cold-start", "Cold start", run)
