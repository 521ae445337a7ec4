"""`compare`, `rules` and `credit` simulate nothing twice: an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios import cli
from scenarios.alternatives import Alternative, Valuer

pytestmark = pytest.mark.usefixtures("kernels")
SHORT = ["--customers", "200", "--set", "horizon.weeks=2", "--set", "horizon.tail_weeks=2"]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (
            "compare",
            ["--variant", "dear: channels.sms.unit_cost=0.5", "--variant", "w: policy.current.default.email=1"],
        ),
        ("rules", []),
        ("credit", []),
    ],
)
def test_an_interrupted_run_says_what_an_uninterrupted_one_says(
    command: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    value, simulated, most = Valuer.value, 0, 2

    def counted(self: Valuer, alternative: Alternative, *rest: Any, **more: Any) -> Any:
        nonlocal simulated
        if simulated == most:
            raise KeyboardInterrupt
        simulated += 1
        return value(self, alternative, *rest, **more)

    def run(folder: str) -> int:
        nonlocal simulated
        simulated = 0
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "library:small", *arguments, *SHORT, "-o", str(tmp_path / folder)])
        assert stop.value.code in ((None, 0) if most > 2 else (cli.INTERRUPTED,))
        return simulated

    monkeypatch.setattr(Valuer, "value", counted)
    assert run("cut") == 2
    assert " are kept in" in capsys.readouterr().err
    assert not (tmp_path / "cut").exists()
    most = 1_000
    rest, all_ = run("cut"), run("whole")
    assert rest == all_ - 2 > 0
    cut, whole = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("cut", "whole"))
    assert {**cut, "provenance": 0} == {**whole, "provenance": 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]
