"""The command line: exit codes, what goes to which stream, and what a mistake looks like."""

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import scenarios
from scenarios import cli
from scenarios.line_progress import line_progress
from sim.errors import InputError, Problem

RESULT = {
    "schema_version": 1,
    "command": "simulate",
    "scenario": {"name": "x", "currency": "USD"},
    "contacts": {"sms": 3},
}


class FakeRun(types.SimpleNamespace):
    """Stands in for the recipes: remembers the call, returns or raises what it is told."""

    def __init__(self, outcome=None):
        super().__init__(calls=[])
        for name in ("run_fit", "run_simulate", "run_optimize"):
            setattr(self, name, self._recipe(name, outcome))

    def _recipe(self, name, outcome):
        def recipe(*arguments, progress, **options):
            self.calls.append((name, arguments, options))
            progress(1, 2, "simulating")
            if isinstance(outcome, BaseException):
                raise outcome
            return types.SimpleNamespace(result=RESULT, directory=Path("runs/x-simulate-1"))

        return recipe


@pytest.fixture
def run(monkeypatch):
    def install(outcome=None):
        fake = FakeRun(outcome)
        monkeypatch.setitem(sys.modules, "scenarios.run", fake)
        monkeypatch.setattr(scenarios, "run", fake, raising=False)
        return fake

    return install


@pytest.fixture
def call(capsys):
    def invoke(*arguments):
        with pytest.raises(SystemExit) as stop:
            cli.main([str(argument) for argument in arguments])
        streams = capsys.readouterr()
        return stop.value.code or 0, streams.out, streams.err

    return invoke


def test_starting_up_imports_nothing_heavy():
    heavy = {"numpy", "numba", "scipy", "polars", "pulp", "highspy", "altair", "pydantic", "rich"}
    code = f"import sys, scenarios.cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "scenarios", "validate", "none.toml"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "none.toml: cannot be read (given: No such file or directory); allowed: a readable TOML file\n"
    )


def test_help_lists_the_commands(call):
    code, out, _ = call("--help")
    assert code == 0
    for command in ("init", "validate", "fit", "simulate", "optimize"):
        assert f"\n  {command} " in out


def test_help_has_every_command_once_and_cuts_no_sentence(call):
    from typer.main import get_command

    from scenarios.cli import app
    from scenarios.cli_help import SECTIONS

    commands: Any = get_command(app)
    placed = [name for names in SECTIONS.values() for name in names]
    assert len(placed) == len(set(placed))
    assert set(placed) < set(commands.commands)
    code, out, _ = call("-h")
    assert code == 0
    assert "..." not in out.replace("[ARGS]...", "")
    summary = {line.split()[0]: line.rstrip() for line in out.splitlines() if line.startswith("  ") and line.strip()}
    for name in commands.commands:
        assert sum(line.startswith(f"  {name} ") for line in out.splitlines()) == 1
        assert summary[name].endswith("."), f"{name}: the first sentence does not fit on one line of 80 columns"


def test_version(call):
    from importlib.metadata import version

    assert call("--version") == (0, f"contactpolicy {version('contactpolicy')}\n", "")


def test_init_writes_a_valid_starter_once(call, tmp_path):
    code, out, _ = call("init", tmp_path / "new")
    assert (code, out.splitlines()) == (
        0,
        [str(tmp_path / "new" / n) for n in ("scenario.toml", "scenario.schema.json")],
    )
    code, out, err = call("validate", tmp_path / "new" / "scenario.toml")
    assert (code, err) == (0, "")
    assert out.startswith("ok: my first scenario\nfiles: library:base.toml < library:cdnow.toml < ")
    (tmp_path / "new" / "scenario.toml").write_text("mine")
    code, _, err = call("init", tmp_path / "new")
    assert code == 2
    assert f"{tmp_path / 'new' / 'scenario.toml'}: is already there, and init never overwrites" in err
    assert (tmp_path / "new" / "scenario.toml").read_text() == "mine"


def test_what_the_starter_comments_out_is_valid_too(call, tmp_path):
    call("init", tmp_path)
    file = tmp_path / "scenario.toml"
    lines = [
        line[1:] if line.startswith("#") and line[1:2] not in (" ", ":", "") else line
        for line in file.read_text().split("\n")
    ]
    file.write_text("\n".join(lines))
    (tmp_path / "orders.csv").write_text("customer_id,order_date,order_value\n")
    code, out, err = call("validate", file)
    assert (code, err) == (0, "")
    assert "channels.messenger.enabled: false" in out


def test_validate_says_what_differs_from_the_base(call):
    code, out, _ = call("validate", "library:small", "--set", "economics.margin=0.5", "--set", "horizon.weeks=4")
    assert code == 0
    assert "changed: economics.margin: 0.4 -> 0.5 (--set)\n" in out
    assert "changed: horizon.weeks: 8 -> 4 (--set)\n" in out


def test_bad_input_is_one_line_per_problem_on_standard_error(call, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('extends = "library:small.toml"\n[horizon]\nweeks = 0\n[fatigue]\nhalf_life_weeks = 1\n')
    code, out, err = call("validate", file)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{file}:3: horizon.weeks: is out of range (given: 0); allowed: a whole number from 1 to 260 (weeks)",
        f"{file}:5: fatigue.half_life_weeks: wrong unit: the key is 'half_life_days', counted in days "
        "(given: half_life_weeks = 1); allowed: half_life_days, damping, relief_at_order, dropout_growth",
    ]


def test_orders_that_are_not_there_are_told_before_the_run(call, run, tmp_path):
    fake = run()
    code, _, err = call("simulate", "library:cdnow", "--set", f'base.orders="{tmp_path / "none.csv"}"')
    assert code == 2
    assert "base.orders: no such file" in err
    assert fake.calls == []


def test_simulate_passes_its_options_on(call, run, tmp_path):
    fake = run()
    code, out, err = call(
        "simulate", "library:small", "--set", "horizon.weeks=3", "--plan", "p.toml", "--seed", 7,
        "--customers", 10, "--threads", 1, "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    ((name, (loaded,), options),) = fake.calls
    assert (name, loaded.scenario.horizon.weeks) == ("run_simulate", 3)
    assert options == {
        "plan_file": Path("p.toml"), "seed": 7, "customers": 10, "threads": 1, "engine": None, "per_customer": False, "out": tmp_path / "out",
    }  # fmt: skip
    assert "written to runs/x-simulate-1" in out
    assert err == "simulating\n"


def test_optimize_and_the_defaults(call, run):
    fake = run()
    assert call("optimize", "library:small")[0] == 0
    assert fake.calls[0][0] == "run_optimize"
    given = fake.calls[0][2]
    assert callable(given.pop("keep"))
    assert given == {
        "seed": 1, "customers": None, "threads": None, "out": None, "time_limit": None, "max_evaluations": None,
        "start": None, "assumption_worlds": 0,
    }  # fmt: skip


def test_optimize_passes_on_when_to_stop_and_where_to_start(call, run):
    fake = run()
    assert call("optimize", "library:small", "--time-limit", "5", "--max-evaluations", "9", "--start", "p.toml")[0] == 0
    given = fake.calls[0][2]
    assert (given["time_limit"], given["max_evaluations"], given["start"]) == (5.0, 9, Path("p.toml"))


def test_json_is_the_only_thing_on_standard_output(call, run):
    run()
    code, out, err = call("simulate", "library:small", "--json")
    assert (code, json.loads(out)) == (0, RESULT)
    assert "written to runs/x-simulate-1" in err


def test_fit_passes_its_options_on(call, run, tmp_path):
    fake = run()
    orders = tmp_path / "o.csv"
    orders.write_text("cid,d,v\n")
    bills = tmp_path / "b.csv"
    bills.write_text("channel,contacts,paid\n")
    code, _, _ = call(
        "fit", orders, "--before-registration", "drop", "--costs", bills, "--cost-columns", "cost=paid", "--columns", "customer_id=cid, order_date=d,order_value=v", "--until", "1997-09-30",
        "--model", "mbg-nbd", "--duplicates", "drop", "--refunds", "net", "--where", "in_sample=1",
    )  # fmt: skip
    assert code == 0
    ((name, arguments, options),) = fake.calls
    assert (name, arguments, str(options.pop("until"))) == ("run_fit", (orders,), "1997-09-30")
    assert options == {
        "columns": {"customer_id": "cid", "order_date": "d", "order_value": "v"}, "model": "mbg-nbd",
        "duplicates": "drop", "refunds": "net", "where": {"in_sample": "1"}, "out": None,
        "messages": None, "message_columns": {}, "decisions": {}, "encoding": "auto", "decimal": ".", "cross_check": False,
        "preset": None, "message_preset": None, "before_registration": "drop", "consents": None, "costs": bills,
        "cost_columns": {"cost": "paid"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--columns", "customer=cid"], "--columns: unknown name (given: customer); allowed: customer_id, order_date"),
        (["--columns", "customer_id"], "--columns: is not name=value (given: customer_id); allowed: name=value"),
        (["--where", "a=1", "--where", "a=2"], "--where: a is given twice (given: a=2); allowed: each name once"),
        (["--until", "30.9.1997"], "--until: is not a date (given: 30.9.1997); allowed: a date like 1997-09-30"),
        (["--model", "pareto"], "Invalid value for '--model'"),
        ([], "ORDERS: no such file (given: none.csv); allowed: a CSV or Parquet file of orders"),
    ],
)
def test_bad_options_of_fit(call, run, options, message):
    fake = run()
    code, out, err = call("fit", "none.csv", *options)
    assert (code, out, fake.calls) == (2, "", [])
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["simulat"], "No such command"),
        (["simulate"], "Missing argument"),
        (["simulate", "library:small", "--sed", "1"], "No such option: --sed"),
        (["simulate", "library:small", "--seed", "-1"], "Invalid value for '--seed'"),
        (["simulate", "library:small", "--customers", "0"], "Invalid value for '--customers'"),
    ],
)
def test_wrong_usage_is_bad_input(call, arguments, message):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_an_out_directory_in_use_is_refused_before_the_run(call, run, tmp_path):
    fake = run()
    (tmp_path / "x").write_text("")
    code, _, err = call("optimize", "library:small", "-o", tmp_path)
    assert (code, fake.calls) == (2, [])
    assert err.startswith("-o: the directory is not empty")


def test_problems_from_a_run_are_bad_input(call, run):
    run(
        InputError(
            [Problem("orders.csv:3", "is not a date", "x"), Problem("orders.csv:4", "is negative\nreally", "-1")]
        )
    )
    code, _, err = call("simulate", "library:small")
    assert code == 2
    assert err.splitlines()[1:] == [
        "orders.csv:3: is not a date (given: x)",
        "orders.csv:4: is negative really (given: -1)",
    ]


def test_no_plan_within_the_limits_is_3(call, run, monkeypatch):
    errors = types.ModuleType("optimizer.errors")
    errors.Infeasible = type("Infeasible", (Exception,), {})
    monkeypatch.setitem(sys.modules, "optimizer.errors", errors)
    run(errors.Infeasible("budget and minimum volume conflict\ncheapest: budget + 200 USD"))
    code, out, err = call("optimize", "library:small")
    assert (code, out) == (3, "")
    assert err.splitlines()[1:] == ["budget and minimum volume conflict", "cheapest: budget + 200 USD"]


def test_a_fault_is_one_line_and_a_file(call, run):
    run(ZeroDivisionError("division\nby zero"))
    code, out, err = call("simulate", "library:small")
    assert (code, out) == (1, "")
    line = err.splitlines()[-1]
    assert line.startswith("a fault of contactpolicy itself, not of your input: ZeroDivisionError: division by zero (")
    file = Path(line.partition("traceback in ")[2].partition(",")[0])
    assert "ZeroDivisionError" in file.read_text()
    assert "Traceback" not in err
    file.unlink()


def test_debug_shows_the_traceback_of_a_fault(call, run):
    run(ZeroDivisionError("division by zero"))
    code, _, err = call("simulate", "library:small", "--debug")
    assert code == 1
    assert "Traceback (most recent call last)" in err
    assert "a fault" in call("simulate", "library:small")[2], "debug does not stay on"


def test_an_interrupt_is_quiet(call, run):
    run(KeyboardInterrupt())
    code, out, err = call("simulate", "library:small")
    assert (code, out, err) == (130, "", "simulating\n")


def test_without_a_terminal_progress_says_each_step_but_not_each_world(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    report = line_progress()
    for k in range(100):
        clock[0] = k / 20  # five seconds in all
        report(k, 100, f"world {k + 1} of 100")
    report(100, 100, "done")
    report(100, 100, "done")
    assert capsys.readouterr().err.splitlines() == [
        "world 1 of 100", "world 41 of 100", "world 81 of 100", "done",
    ]  # fmt: skip


def test_a_library_scenario_that_is_not_shipped(call):
    code, out, err = call("validate", "library:smal")
    assert (code, out) == (2, "")
    assert err.startswith("library:smal.toml: is not shipped; allowed: library:base, ")
    assert "library:small, " in err
    assert "library:stories/fatigue" in err


@pytest.mark.parametrize(("option", "said"), [
    (("--costs", "none.csv"), "--costs: no such file"), (("--consents", "none.csv"), "--consents: no such file"),
    (("--cost-columns", "price=x"), "--cost-columns: unknown name (given: price)"),
])  # fmt: skip
def test_files_of_a_fit_that_are_not_there(call, tmp_path, option, said):
    orders = tmp_path / "o.csv"
    orders.write_text("customer_id,order_date,order_value\n")
    code, _, err = call("fit", orders, *option)
    assert (code, said in err) == (2, True), err
