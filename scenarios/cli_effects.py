"""``contactpolicy effects``: the options, and which recipe they mean; joins the commands of `scenarios.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import Debug, Json, MessagePreset, Out, Preset, _check_out, _pairs, _print, _progress, app
from sim.errors import InputError

Trial = Annotated[
    Path | None,
    typer.Argument(metavar="[TRIAL]", help="One row per customer: customer_id, arm, outcomes, what was before."),
]
Outcomes = Annotated[
    str, typer.Option(metavar="NAME=COLUMN,...", help="What to compare: orders=conversion,revenue=spend,...")
]
Before = Annotated[
    str, typer.Option(metavar="COLUMN,...", help="Numbers known before the trial: less noise, and a check.")
]
By = Annotated[str, typer.Option(metavar="COLUMN,...", help="Groups to tell apart.")]
Control = Annotated[str | None, typer.Option(metavar="ARM", help="The arm that the others are compared with.")]
Channel = Annotated[
    str | None, typer.Option(metavar="NAME", help="The arms got one contact through this channel: writes a fragment.")
]
Orders = Annotated[Path | None, typer.Option(metavar="FILE", help="Instead of a trial file: orders ...")]
Messages = Annotated[Path | None, typer.Option(metavar="FILE", help="... and a message log with a holdout or arms.")]
Columns = Annotated[str, typer.Option(metavar="NAME=COLUMN,...", help="Other names: customer_id=cid,arm=group,...")]
MessageColumns = Annotated[str, typer.Option(metavar="NAME=COLUMN,...", help="Names in the message log.")]
Decide = Annotated[list[str] | None, typer.Option(metavar="NAME=CHOICE", help="About oddities. Repeatable.")]


@app.command()
def effects(
    trial: Trial = None,
    outcomes: Outcomes = "",
    before: Before = "",
    by: By = "",
    control: Control = None,
    channel: Channel = None,
    orders: Orders = None,
    messages: Messages = None,
    columns: Columns = "",
    message_columns: MessageColumns = "",
    decide: Decide = None,
    preset: Preset = None,
    message_preset: MessagePreset = None,
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure what contacts add, from a test with a control group. A table with arms, or orders and messages."""
    named = {
        option: _pairs(f"--{option}", listed(text))
        for option, text in (("outcomes", outcomes), ("columns", columns), ("message-columns", message_columns))
    }
    common = {"control": control, "columns": named["columns"], "decisions": _pairs("--decide", decide or [])}
    of_file = {
        "outcomes": named["outcomes"], "before": listed(before), "by": listed(by),
        "channel": channel,
    }  # fmt: skip
    of_log = {"message_columns": named["message-columns"], "preset": preset, "message_preset": message_preset}
    options = options_of(trial, orders, messages, common, of_file, of_log)
    _check_out(out)
    from scenarios.option_words import as_options
    from scenarios.run_effects import run_effects

    with _progress() as progress, as_options():
        done = run_effects(trial, orders=orders, messages=messages, out=out, progress=progress, **options)
    _print(done.result, done.directory, json)


def listed(text: str) -> list[str]:
    """``a, b`` as a list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def options_of(
    trial: Path | None,
    orders: Path | None,
    messages: Path | None,
    common: dict[str, Any],
    of_file: dict[str, Any],
    of_log: dict[str, Any],
) -> dict[str, Any]:
    """The options of the recipe that is meant; InputError if none is, or a file is not there."""
    for name, path in (("TRIAL", trial), ("--orders", orders), ("--messages", messages)):
        if path is not None and not path.is_file():
            raise InputError.of(name, "no such file", path, "a CSV or Parquet file")
    if trial is not None and orders is None and messages is None:
        if not of_file["outcomes"]:
            raise InputError.of("--outcomes", "says nothing to compare", None, "like orders=conversion,revenue=spend")
        return common | of_file
    if trial is None and orders is not None and messages is not None:
        return common | of_log
    raise InputError.of("effects", "needs a trial", None, "a file of one, or --orders and --messages")
