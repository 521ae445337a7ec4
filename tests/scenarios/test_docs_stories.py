"""docs/stories.md: its commands run, and print the tables that are shown. Of what a command prints, a block shows the
parts it names by their titles. ``python -m tests.scenarios.test_docs_stories`` writes them anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_readme import ROOT, Block, blocks, run_command, shape

PAGE = ROOT / "docs" / "stories.md"


def parts(text: str) -> dict[str, str]:
    """What stands between empty lines, by its first line."""
    return {part.splitlines()[0].strip(): part for part in text.strip().split("\n\n")}


def printed(block: Block, folder: Path) -> str:
    """The block as the command prints it now."""
    line, shown = block.body.split("\n", 1)
    out = "\n".join(row.rstrip() for row in run_command(line.removeprefix("$ "), folder).splitlines())
    found = parts(out)
    return line + "\n" + "\n\n".join(found[title] for title in parts(shown)) + "\n"


def stories() -> Iterator[Block]:
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        assert block.kind == "console"
        yield block


def test_each_story_of_the_library_is_told() -> None:
    files = (ROOT / "scenarios" / "library" / "stories").glob("*.toml")
    told = [block.body.split()[3] for block in stories()]
    assert sorted(told) == sorted(f"library:stories/{file.stem}" for file in files)


@pytest.mark.slow
def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    for block in stories():
        wanted = printed(block, tmp_path)
        assert shape(block.body) == shape(wanted), f"stale: python -m tests.scenarios.test_docs_stories\n{wanted}"
        assert len(wanted.splitlines()) > 12


def refresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for block in reversed(list(stories())):
            text = text[: block.start] + printed(block, Path(folder)) + text[block.end :]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    refresh()
