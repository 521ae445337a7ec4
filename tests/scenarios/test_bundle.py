"""The charts' script is made once, kept safely, and never half."""

import os
from pathlib import Path

import pytest

from scenarios.report import bundle


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Calls of the slow maker; the cache lies in ``tmp_path``."""
    calls: list[str] = []

    def make(vega_lite: str) -> str:
        calls.append(vega_lite)
        return "script"

    monkeypatch.setattr(bundle, "_bundle", make)
    monkeypatch.setattr(bundle, "_HERE", tmp_path)
    monkeypatch.setattr(bundle, "version", lambda name: "1.0")
    return calls


def library() -> str:
    return bundle.chart_library.__wrapped__()


def test_a_second_process_reads_what_the_first_one_made(made: list[str], tmp_path: Path) -> None:
    assert (library(), library(), len(made)) == ("script", "script", 1)
    assert [file.name for file in (tmp_path / "__pycache__").iterdir()] == [
        f"charts-{made[0].replace('_', '.')}-1.0.js"
    ]


def test_another_version_makes_its_own(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    library()
    monkeypatch.setattr(bundle, "version", lambda name: "2.0")
    library()
    assert len(made) == 2


def test_a_folder_others_can_write_to_is_not_trusted(made, tmp_path, monkeypatch) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__").chmod(0o777)
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(bundle.tempfile, "gettempdir", lambda: str(elsewhere))
    library()
    assert list((tmp_path / "__pycache__").iterdir()) == []
    assert len(list((elsewhere / f"contactpolicy-{os.getuid()}").iterdir())) == 1
    (elsewhere / f"contactpolicy-{os.getuid()}").chmod(0o777)
    assert (library(), library(), len(made)) == ("script", "script", 3)  # nowhere is safe: made each time


def test_an_interrupted_write_leaves_nothing(made, tmp_path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(bundle.os, "replace", fail)
    assert library() == "script"
    assert list((tmp_path / "__pycache__").iterdir()) == []
