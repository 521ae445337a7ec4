"""Scenario files on disk: where they are, and their tables with the line of every key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from scenarios import locate
from sim.errors import InputError, Problem

LIBRARY = Path(__file__).parent / "library"
LIBRARY_PREFIX = "library:"
LARGEST_FILE_BYTES = 1_000_000
Table = dict[str, Any]


def resolve(path: str, folder: Path | None = None) -> Path:
    """A scenario's file: ``library:NAME`` (with or without .toml), or a path relative to ``folder``."""
    if path.startswith(LIBRARY_PREFIX):
        name = path.removeprefix(LIBRARY_PREFIX)
        return LIBRARY / (name if name.endswith(".toml") else f"{name}.toml")
    return (folder or Path()) / path


def resolve_data(name: str, folder: Path) -> Path:
    """A data file: ``library:PATH`` is bundled, else a path relative to ``folder``."""
    return LIBRARY / name.removeprefix(LIBRARY_PREFIX) if name.startswith(LIBRARY_PREFIX) else folder / name


def shipped_names() -> list[str]:
    """What can be simulated at once, as the command line names it."""
    found = (
        sorted(LIBRARY.glob("*.toml")) + sorted(LIBRARY.glob("stories/*.toml")) + sorted(LIBRARY.glob("rules/*.toml"))
    )
    return [f"{LIBRARY_PREFIX}{file.relative_to(LIBRARY).with_suffix('').as_posix()}" for file in found]


def library_names() -> list[str]:
    """The shipped scenario files, as ``extends`` names them."""
    return [f"{LIBRARY_PREFIX}{file.name}" for file in sorted(LIBRARY.glob("*.toml"))]


def label_of(file: Path) -> str:
    """How a file is shown: shipped ones as library:NAME."""
    return f"{LIBRARY_PREFIX}{file.relative_to(LIBRARY)}" if file.is_relative_to(LIBRARY) else str(file)


def read_toml(file: Path) -> tuple[Table, dict[locate.Path, int]]:
    """The tables of a TOML file and the line of each key; every failure is an ``InputError``."""
    label = label_of(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        if file.is_relative_to(LIBRARY):
            raise InputError.of(label, "is not shipped", None, ", ".join(shipped_names())) from None
        raise InputError.of(label, "cannot be read", error.strerror, "a readable TOML file") from None
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError.of(label, "file too large", f"over {LARGEST_FILE_BYTES:,} bytes", "at most 1 MB")
    try:
        text = content.decode("utf-8")
        return tomllib.loads(text), locate.locate(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError.of(f"{label}:{line}", "is not UTF-8 text", None, "TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_problem(label, text, str(error))]) from None
    except RecursionError:
        raise InputError.of(label, "is nested too deeply", None, "tables a few levels deep") from None


def _syntax_problem(label: str, text: str, message: str) -> Problem:
    """``tomllib`` says "... (at line 3, column 5)"."""
    what, _, place = message.partition(" (at ")
    line = re.search(r"line (\d+)", place)
    number = int(line[1]) if line else text.count("\n") + 1
    given = text.split("\n")[number - 1].strip() if number <= text.count("\n") + 1 else ""
    return Problem(f"{label}:{number}", f"is not TOML: {what[0].lower()}{what[1:]}", given or None, "valid TOML")
