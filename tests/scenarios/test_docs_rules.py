"""docs/rules.md: every example is a piece of a scenario that loads, and everything a policy may say has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.cli import main
from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from tests.test_readme import blocks

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = [block.body for block in blocks(PAGE) if block.kind == "toml"]


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_an_example_is_a_piece_of_a_scenario(place: int, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('extends = "library:small.toml"\n' + EXAMPLES[place], encoding="utf-8")
    loaded = load_scenario(file)
    assert any(change.file == str(file) for change in loaded.changes)
    base = load_base(loaded)
    assert make_world(base, base.population(50, 1)).rfm.segments


def test_everything_a_policy_may_say_has_an_example() -> None:
    from scenarios.schema_program import Cascade
    from scenarios.schema_rules import Policy

    said = "\n".join(EXAMPLES)
    lists = [name for name, field in Policy.model_fields.items() if "tuple" in str(field.annotation)]
    missing = [name for name in lists if name not in said]
    assert missing == []
    assert len(lists) >= 8
    for word in (*Cascade.model_fields["steps"].annotation.__args__[0].model_fields,):  # type: ignore[union-attr]
        assert word in PAGE or word in ("response_factor", "message_class")


def test_the_refusal_is_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    (console,) = [block.body for block in blocks(PAGE) if block.kind == "console"]
    command, wanted = console.splitlines()[:2]
    import shlex

    with pytest.raises(SystemExit) as end:
        main(shlex.split(command.removeprefix("$ contactpolicy ")))
    assert end.value.code == 2
    assert wanted in capsys.readouterr().err
