"""Run directories are complete or not there; plan files load back and refuse mistakes."""

import json

import numpy as np
import pytest

from scenarios.planfile import load_plan, plan_csv, plan_rows, plan_toml
from scenarios.read_run import load_result
from scenarios.rundir import run_directory
from sim.errors import InputError
from sim.policy import Frequencies

SEGMENTS, CHANNELS = ("Champions", "At Risk"), ("email", "sms")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_runs_are_numbered_and_never_overwritten(tmp_path):
    made = []
    for k in range(3):
        with run_directory("cdnow", "simulate", root=tmp_path) as run:
            run.write_json("result.json", {"k": k, "schema_version": 1})
        made.append(run.directory)
    with run_directory("cdnow", "optimize", root=tmp_path) as run:
        run.write_json("result.json", {})
    assert names(tmp_path) == ["cdnow-optimize-1", "cdnow-simulate-1", "cdnow-simulate-2", "cdnow-simulate-3"]
    assert [load_result(directory)["k"] for directory in made] == [0, 1, 2]


def test_a_number_taken_meanwhile_moves_the_run_on(tmp_path):
    with run_directory("s", "fit", root=tmp_path) as run:
        run.write_text("a.txt", "mine")
        (tmp_path / "s-fit-1").mkdir()
        (tmp_path / "s-fit-1" / "a.txt").write_text("other")
    assert run.directory == tmp_path / "s-fit-2"
    assert (tmp_path / "s-fit-1" / "a.txt").read_text() == "other"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_nothing(tmp_path, stop):
    def interrupted():
        with run_directory("s", "fit", root=tmp_path) as run:
            run.write_json("result.json", {})
            assert [name.endswith(".partial") for name in names(tmp_path)] == [True]
            with pytest.raises(InputError, match="did not finish"):
                load_result(run.workplace)
            raise stop

    with pytest.raises(stop):
        interrupted()
    assert names(tmp_path) == []


def test_out_may_be_new_or_empty_and_nothing_else(tmp_path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "new" / "deep", tmp_path / "empty"):
        with run_directory("s", "fit", out) as run:
            run.write_text("a/b.txt", "x")
        assert (run.directory, (out / "a" / "b.txt").read_text()) == (out, "x")
    (tmp_path / "file").write_text("x")
    for out, what in ((tmp_path / "empty", "is not empty"), (tmp_path / "file", "is a file")):
        with pytest.raises(InputError, match=what), run_directory("s", "fit", out) as run:
            raise AssertionError
    assert names(tmp_path) == ["empty", "file", "new"]
    assert (tmp_path / "empty" / "a" / "b.txt").read_text() == "x"


def test_out_that_fills_up_during_the_run_is_kept(tmp_path):
    out = tmp_path / "out"

    def overtaken():
        with run_directory("s", "fit", out) as run:
            run.write_text("a.txt", "mine")
            out.mkdir()
            (out / "theirs.txt").write_text("x")

    with pytest.raises(InputError, match="is not empty"):
        overtaken()
    assert names(tmp_path) == ["out"]
    assert names(out) == ["theirs.txt"]


def test_a_result_with_a_hole_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"), run_directory("s", "fit", root=tmp_path) as run:
        run.write_json("result.json", {"mean": float("nan")})
    assert names(tmp_path) == []


def test_nothing_is_written_outside(tmp_path):
    with run_directory("s", "fit", root=tmp_path) as run, pytest.raises(ValueError, match="outside"):
        run.write_text("../escaped.txt", "x")


def test_tables_and_plans_are_files_that_others_read(tmp_path):
    import polars

    plan = Frequencies("found", SEGMENTS, CHANNELS, np.array([[2, 0.125], [0, 1]]))
    with run_directory("s", "optimize", root=tmp_path) as run:
        run.write_parquet("weekly.parquet", polars.DataFrame({"week": [1, 2]}))
        run.write_plan(plan)
    assert polars.read_parquet(run.directory / "weekly.parquet")["week"].to_list() == [1, 2]
    assert (run.directory / "plan.csv").read_text() == (
        "segment,channel,per_week\nChampions,email,2.0\nChampions,sms,0.125\nAt Risk,email,0.0\nAt Risk,sms,1.0\n"
    )
    loaded = load_plan(run.directory / "plan.toml", SEGMENTS, CHANNELS)
    assert loaded.name == "found"
    np.testing.assert_array_equal(loaded.per_week, plan.per_week)


@pytest.mark.parametrize("directory", ["empty", "bad", "list", "none"])
def test_only_results_are_loaded(tmp_path, directory):
    for name, text in (("bad", "{"), ("list", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(text)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        load_result(tmp_path / directory)


def test_any_plan_comes_back_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(1)
    plan = Frequencies('a "name" \\ with\ttraps', SEGMENTS, CHANNELS, rng.uniform(0, 7, (2, 2)))
    file = tmp_path / "plan.toml"
    file.write_text(plan_toml(plan), encoding="utf-8")
    back = load_plan(file, SEGMENTS, CHANNELS)
    assert (back.name, plan_rows(back), plan_csv(back)) == (plan.name, plan_rows(plan), plan_csv(plan))
    json.dumps(plan_rows(plan), allow_nan=False)


def test_a_plan_may_state_a_default_and_leave_channels_out(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text('[default]\nemail = 1\n[per_week."At Risk"]\nsms = 0.5\n')
    plan = load_plan(file, SEGMENTS, CHANNELS)
    np.testing.assert_array_equal(plan.per_week, [[1, 0], [0, 0.5]])


@pytest.mark.parametrize(
    ("text", "place", "what", "given", "allowed"),
    [
        ("[default]\nemial = 1", ":2: default.emial", "did you mean 'email'", '"emial"', "email, sms"),
        (
            "[default]\n[per_week]\nAtRisk.email = 1",
            ":3: per_week.AtRisk",
            "did you mean 'At Risk'",
            '"AtRisk"',
            "Cham",
        ),
        ("[default]\nemail = 8", ":2: default.email", "out of range", "8", "from 0 to 7 (contacts a week)"),
        ("[default]\nemail = nan", ":2: default.email", "finite", "nan", "from 0 to 7"),
        ("[per_week.Champions]\nemail = 1", ':1: per_week."At Risk"', "is missing", None, "or [default]"),
        ("[default]\n[perweek]", ":2: perweek", "did you mean 'per_week'", "perweek = {  }", "per_week"),
        ('default = "x"', ":1: default", "must be a table", '"x"', "a table"),
        ("x = ", ":1", "is not TOML", "x =", "valid TOML"),
    ],
)
def test_mistakes_in_a_plan_are_told_with_their_line(tmp_path, text, place, what, given, allowed):
    file = tmp_path / "plan.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_plan(file, SEGMENTS, CHANNELS)
    (problem,) = caught.value.problems
    assert problem.where == f"{file}{place}"
    assert what in problem.what
    assert problem.given == given
    assert allowed in problem.allowed
