"""The README does what it says: its commands and its Python run, and the printed output looks like the shown one.

Numbers are not compared (proofs and golden files do that), words and shape are. ``python -m tests.test_readme`` runs
the commands and writes what they print into the README.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block and where its body stands in the text."""

    kind: str
    body: str
    start: int
    end: int


def blocks(text: str) -> list[Block]:
    return [Block(m["kind"], m["body"], *m.span("body")) for m in FENCE.finditer(text)]


def run_command(line: str, folder: Path) -> str:
    """What a line prints; the complaint, if it fails."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, "PATH": paths, "COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode in (0, 2), f"{line}\n{done.stderr}"
    return done.stdout if done.returncode == 0 else done.stderr


def run_console(text: str, folder: Path) -> Iterator[tuple[Block, str]]:
    """Every console block with the body it should have; files named in the first line of TOML blocks are written."""
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    for block in blocks(text):
        if block.kind == "toml":
            name = block.body.splitlines()[0].removeprefix("# ")
            (folder / name).write_text(block.body, encoding="utf-8")
        if block.kind == "console":
            (line,) = [line for line in block.body.splitlines() if line.startswith("$ ")]
            printed = "\n".join(row.rstrip() for row in run_command(line[2:], folder).splitlines()).strip()
            yield block, f"{line}\n{printed}\n" if printed else f"{line}\n"


def shape(text: str) -> Counter[str]:
    """Words, and how many numbers. Values, widths of columns and where a label wraps may change; so may the closing
    sentences, which depend on what the search found.
    """
    text = re.sub(r"^On the \d.*?(?=^written to)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"[−+-]?\d[\d,.]*%?", "#", text)
    return Counter("yes or no" if word in ("yes", "no") else word for word in text.split())


def test_shape_sees_words_and_not_numbers() -> None:
    assert shape("email   1,008  949 to 1,067\n") == shape("email 9 8 to 7")
    assert shape("email 1") != shape("push 1")
    assert shape("email 1 2") != shape("email 1")
    assert shape("a 1\nOn the 2 customers\nof it\nwritten to b") == shape("a 1 written to b")


def test_every_kind_of_block_is_known() -> None:
    kinds = [block.kind for block in blocks(README.read_text(encoding="utf-8"))]
    assert {"console", "toml", "python"} == set(kinds)


@pytest.mark.slow
def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    seen = 0
    for block, wanted in run_console(README.read_text(encoding="utf-8"), tmp_path):
        assert shape(block.body) == shape(wanted), f"the README is stale: python -m tests.test_readme\n{wanted}"
        seen += 1
    assert seen >= 4
    assert (tmp_path / "best" / "report.html").stat().st_size > 10_000
    assert (tmp_path / "slower.json").stat().st_size > 10_000


@pytest.mark.slow
def test_the_python_runs() -> None:
    code = [block.body for block in blocks(README.read_text(encoding="utf-8")) if block.kind == "python"]
    names: dict[str, object] = {}
    for body in code:
        exec(compile(body, "README.md", "exec"), names)
    assert "Found plan" in names["found"].summary()  # type: ignore[attr-defined]


def refresh() -> None:
    """Write what the commands print into the README."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for block, body in reversed(list(run_console(text, Path(folder)))):
            text = text[: block.start] + body + text[block.end :]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    refresh()
