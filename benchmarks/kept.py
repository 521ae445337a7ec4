"""What a long benchmark has read so far, in a file: interrupted it goes on, and by pieces it comes together.

The file's name holds a digest of the sources and of what was asked, so readings of other code are never mixed in.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.case import ROOT

FOLDER = ROOT / "runs" / "benchmarks"
_SOURCES = ("sim", "optimizer", "scenarios")
_KINDS = (".py", ".toml")


@dataclass
class Kept:
    """Values by name, each a line of a file; None where there is none."""

    path: Path | None = None
    """None = nothing is kept."""
    known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, *asked: object, folder: Path = FOLDER) -> Kept:
        """What was kept by the same code when asked the same; an empty line of a killed run is passed over."""
        path = folder / f"{name}-{_digest(*asked)}.jsonl"
        known: dict[str, Any] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            try:
                known.update(json.loads(line))
            except json.JSONDecodeError:
                continue
        return cls(path, known)

    def get(self, *name: object) -> Any:
        """The value, or None."""
        return self.known.get(_key(*name))

    def put(self, *name: object, value: Any) -> None:
        """Keep it from now on."""
        self.known[_key(*name)] = value
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({_key(*name): value}) + "\n")


def _key(*name: object) -> str:
    return "/".join(str(part) for part in name)


def _digest(*asked: object) -> str:
    digest = hashlib.sha256(repr(asked).encode())
    ours = Path(__file__).resolve().parent
    files = [path for source in _SOURCES for path in (ROOT / source).rglob("*") if path.suffix in _KINDS]
    for path in sorted([*files, *(ours / f"{name}.py" for name in ("regret", "enumerated", "judge"))]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
