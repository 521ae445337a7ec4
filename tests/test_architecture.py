"""The house rules that a tool can check: who imports whom, randomness by place only, small files, the wheel."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sim", "optimizer", "scenarios")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
FRAMES_AND_SOLVERS = {"pandas", "polars", "narwhals", "pulp", "highspy", "pydantic"}
SOLVER_FILES = {"optimizer/formulation.py", "optimizer/occupancy.py", "optimizer/solve.py"}
MOST_LINES = 400


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every import of a file, wherever it stands; name "" for ``import module``."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def global_random(path: Path) -> list[str]:
    """Lines that use the random generators of Python or NumPy."""
    found = []
    for module, name in imported(path):
        if (
            module.split(".")[0] == "random"
            or module.startswith("numpy.random")
            or (module, name) == ("numpy", "random")
        ):
            found.append(f"{short(path)}: imports {module} {name}".rstrip())
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                found.append(f"{short(path)}:{node.lineno}: numpy's random")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(PACKAGES)


def test_import_contracts_hold() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken", done.stdout)


def test_no_draw_depends_on_a_global_generator() -> None:
    assert [line for path in SOURCES for line in global_random(path)] == []


@pytest.mark.parametrize(
    "text",
    ["import random", "from random import choice", "import numpy as np\nnp.random.seed(1)", "from numpy import random"],
)
def test_global_generators_would_be_found(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "case.py").write_text(text, encoding="utf-8")
    assert global_random(tmp_path / "case.py")


def test_pulp_is_seen_by_formulations_and_solver_only() -> None:
    users = {
        short(path) for path in SOURCES for module, _ in imported(path) if module.split(".")[0] in ("pulp", "highspy")
    }
    assert users == SOLVER_FILES


def test_files_with_kernels_see_no_frames_and_no_solver() -> None:
    kernels = [path for path in SOURCES if any(module == "sim.jit" for module, _ in imported(path))]
    assert len(kernels) > 10
    wrong = [
        f"{short(path)} imports {module}"
        for path in kernels
        for module, _ in imported(path)
        if module.split(".")[0] in FRAMES_AND_SOLVERS
    ]
    assert wrong == []


@pytest.mark.parametrize("module", ["sim", "optimizer", "scenarios", "scenarios.cli"])
def test_importing_is_light(module: str) -> None:
    heavy = ("numba", "scipy", "polars", "pandas", "pulp", "altair", "numpy", "pydantic")
    if module == "scenarios.cli":
        heavy = heavy[:-1]  # typer may bring pydantic along
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("path", SOURCES + BENCHMARKS, ids=short)
def test_files_are_short_enough_to_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: one file has one thing to say, split it"


def paths_in_table(readme: str) -> list[str]:
    """What looks like a path among the words in backticks in the table under "Where do I change"."""
    heading = re.search(r"^#+ .*where do i change.*$", readme, re.IGNORECASE | re.MULTILINE)
    if heading is None:
        return []
    rest = readme[heading.end() :]
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.lstrip().startswith("|")]
    words = [word for row in rows for text in re.findall(r"`([^`]+)`", row) for word in text.split()]
    bare = [word.split("::")[0].rstrip(".,:;") for word in words]
    return [word for word in bare if re.fullmatch(r"[\w./*-]+", word) and (word.endswith("/") or _is_file_name(word))]


def _is_file_name(word: str) -> bool:
    return "/" in word or word.endswith((".py", ".toml", ".md", ".txt", ".lp"))


def test_paths_are_found_in_a_table() -> None:
    text = "## Where do I change ...?\n| a | b |\n|--|--|\n| x | `sim/a.py`: `Formula`, `pytest tests/b.py::c` |\n## End\n| `no/d.py` |"
    assert paths_in_table(text) == ["sim/a.py", "tests/b.py"]


def test_readme_names_existing_paths() -> None:
    paths = paths_in_table((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(paths) >= 5, 'README.md has no table under a heading "Where do I change ...?"'
    missing = [path for path in paths if not any(ROOT.glob(path.rstrip("/")))]
    assert missing == []


def test_the_wheel_holds_the_packages_and_the_library(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    wanted = {short(path) for path in SOURCES}
    wanted |= {short(path) for path in (ROOT / "scenarios" / "library").rglob("*") if path.is_file()}
    wanted |= {short(path) for path in (ROOT / "scenarios").rglob("*.j2")}
    wanted |= {f"{package}/py.typed" for package in PACKAGES}
    assert wanted <= names
    assert not [name for name in names if name.endswith((".pyc", ".nbc", ".nbi"))]
