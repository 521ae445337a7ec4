"""The notebooks of ``examples/`` run, and print what is stored in them; words and shape are compared, not numbers.

``python -m tests.test_notebooks`` runs them and stores what they print and draw.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import shape

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
LARGEST = 900_000
"""Bytes of a notebook with its pictures: small enough to be shown by any viewer."""


def executed(path: Path) -> Any:
    """The notebook run from top to bottom by a kernel of this interpreter."""
    from nbclient import NotebookClient

    notebook = read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    return notebook


def said(cell: Any) -> str:
    """What a cell prints and shows as text; pictures leave a mark."""
    parts = []
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            parts.append(output.text if output.name == "stdout" else "")
        elif "image/png" in output.get("data", {}):
            parts.append("a picture")
        else:
            parts.append(output["data"]["text/plain"])
    return re.sub(r"(?m)^On the \d[\s\S]*|[│┌┐└┘├┤╞╡═─┆╌]+", " ", "\n".join(parts))


def read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def test_there_are_three_and_each_was_run_from_top_to_bottom() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["cap_benchmark", "first_plan", "prove_it"]
    for path in NOTEBOOKS:
        cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)], path.name
        assert any("a picture" in said(cell) for cell in cells), path.name
        assert path.stat().st_size < LARGEST, path.name
        assert read(path).cells[0].source.startswith("# "), path.name


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_what_is_stored(path: Path) -> None:
    for stored, found in zip(read(path).cells, executed(path).cells, strict=True):
        if stored.cell_type == "code":
            told = f"{path.name} is stale: python -m tests.test_notebooks\n{stored.source}\n{said(found)}"
            assert shape(said(stored)) == shape(said(found)), told


def refresh() -> None:
    """Run all and store the outputs; times, which differ in every run, are left out."""
    import nbformat

    for path in NOTEBOOKS:
        notebook = executed(path)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        notebook.metadata = {
            "kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"},
        }  # fmt: skip
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    refresh()
