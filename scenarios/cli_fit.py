"""``contactpolicy fit``: the options, and what they mean; joins the commands of `scenarios.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import (
    COLUMNS,
    Debug,
    Duplicates,
    Json,
    MessagePreset,
    Model,
    Out,
    Preset,
    Refunds,
    _check_out,
    _date,
    _pairs,
    _print,
    _progress,
    app,
)
from sim.errors import InputError


@app.command()
def fit(
    orders: Annotated[Path, typer.Argument(metavar="ORDERS", help="CSV or Parquet file of orders.")],
    columns: Annotated[
        str, typer.Option(metavar="NAME=COLUMN,...", help="Names in the file: customer_id=cid,order_date=date,...")
    ] = "",
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Fit orders up to this day, test on later.")] = None,
    model: Annotated[Model, typer.Option(help="Order process; best = the one that wins on later orders.")] = Model.best,
    duplicates: Annotated[Duplicates, typer.Option(help="Rows equal in every column.")] = Duplicates.keep,
    refunds: Annotated[Refunds, typer.Option(help="Negative order values.")] = Refunds.refuse,
    before_registration: Annotated[
        Duplicates, typer.Option(help="Orders before registered_at, a column that may be there.")
    ] = Duplicates.keep,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Keep rows with this value, like in_sample=1. Repeatable."),
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV or Parquet file of past messages; takes out what they caused."),
    ] = None,
    message_columns: Annotated[
        str, typer.Option(metavar="NAME=COLUMN,...", help="Names in that file: customer_id=uid,sent_at=time,...")
    ] = "",
    decide: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=CHOICE", help="About oddities in the messages, like duplicates=keep. Repeatable."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of text files: auto (UTF-8, UTF-16), or a name like cp1251.")] = "auto",
    preset: Preset = None,
    message_preset: MessagePreset = None,
    consents: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File of customers: customer_id, consent_CHANNEL (yes, no or empty)."),
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of bills: channel, contacts, cost; a row a bill.")
    ] = None,
    cost_columns: Annotated[
        str, typer.Option(metavar="NAME=COLUMN,...", help="Names in that file: cost=amount,...")
    ] = "",
    cross_check: Annotated[bool, typer.Option("--cross-check", help="Ask Pareto/NBD and NBD too.")] = False,
    decimal: Annotated[str, typer.Option(metavar=".|,", help="Decimal sign of order values.")] = ".",
    out: Out = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Fit customers to a file of orders, and test the forecast. Writes a piece of scenario."""
    named = _pairs("--columns", columns.split(",") if columns else [], (*COLUMNS, "registered_at"))
    rows = _pairs("--where", where or [])
    last = _date("--until", until)
    if not orders.is_file():
        raise InputError.of("ORDERS", "no such file", orders, "a CSV or Parquet file of orders")
    if messages is not None and not messages.is_file():
        raise InputError.of("--messages", "no such file", messages, "a CSV or Parquet file of messages")
    for option, file in (("--consents", consents), ("--costs", costs)):
        if file is not None and not file.is_file():
            raise InputError.of(option, "no such file", file, "a CSV or Parquet file")
    told = _pairs("--message-columns", message_columns.split(",") if message_columns else [])
    paid = _pairs("--cost-columns", cost_columns.split(",") if cost_columns else [], ("channel", "contacts", "cost"))
    decisions = _pairs("--decide", decide or [])
    _check_out(out)
    from scenarios import run
    from scenarios.option_words import as_options

    with _progress() as progress, as_options():
        done = run.run_fit(
            orders,
            columns=named,
            until=last,
            model=model.value,
            duplicates=duplicates.value,
            refunds=refunds.value,
            before_registration=before_registration.value,
            where=rows,
            messages=messages,
            message_columns=told,
            decisions=decisions,
            encoding=encoding,
            decimal=decimal,
            cross_check=cross_check,
            preset=preset,
            message_preset=message_preset,
            consents=consents,
            costs=costs,
            cost_columns=paid,
            out=out,
            progress=progress,
        )
    _print(done.result, done.directory, json)
