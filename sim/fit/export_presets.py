"""Exports as common shops and senders write them, turned into our columns.

Only what is described in public, with the names of the columns, is here:

- ``shopify`` (orders): the order export of the admin, one row per line item, where what concerns the whole order stands
  on its first row only;
- ``braze`` (orders): the table USERS_BEHAVIORS_PURCHASE_SHARED, or the Currents event users.behaviors.Purchase;
- ``braze-email``, ``braze-push``, ``braze-sms`` (messages): the tables USERS_MESSAGES_EMAIL_SEND_SHARED and their like,
  or the Currents events users.messages.email.Send and their like: sends only, so nothing is known of what came of them;
- ``mailchimp-transactional`` (messages): the activity history, activity.csv;
- ``mailchimp-campaigns`` (messages): the table of sends mailchimp__campaign_recipients that Fivetran's dbt package
  makes of an account (its models/mailchimp.yml describes the columns); bounces are in another table;
- ``klaviyo`` (orders and messages): the table of events klaviyo__events that Fivetran's dbt package makes of an account
  (its models/klaviyo.yml describes the columns); metrics by the names of Klaviyo's own reference;
- ``mindbox`` (orders): the export of orders, one row per line of an order. Its publisher's description was not found;
  the columns used are those that public programs of several of its users read.

Names of columns are compared without regard to case. Customers known by e-mail are matched in lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from sim.errors import InputError
from sim.fit._batches import ROW, Source
from sim.fit._order_rows import one_currency
from sim.fit._table import Table

NOT_DESCRIBED = ("mindbox",)
"""Messages: asked for, but no export with one row for each is described in public with the names of its columns."""
LeftOut = tuple[str, pl.Expr]
"""What rows are left out, and which."""


def orders_of(table: Table, preset: str) -> Table:
    """The table with customer_id, order_date, order_value, of the rows that are orders; the others are told in notes.

    Raises
    ------
    InputError
        No such preset, columns of it are missing, or values are in several currencies.
    """
    needed, made, left_out = _ORDERS[_known("preset", preset, tuple(_ORDERS))]
    frame = _named(table.frame, needed, table.where, preset)
    notes, kept = list(table.notes), pl.repeat(True, frame.height, eager=True)
    for what, rule in left_out:
        wrong = frame.select(rule.fill_null(False)).to_series() & kept
        if wrong.any():
            notes.append(f"{int(wrong.sum()):,} {what} left out")
        kept = kept & ~wrong
    one_currency(frame.filter(kept), table.where)
    rows, names = kept.arg_true().to_list(), table.row_names
    ours = made(frame.filter(kept))
    return Table(
        ours, table.where, lambda indices: names([rows[i] for i in indices]), tuple(ours.columns), tuple(notes)
    )


def messages_of(source: Source, preset: str) -> Source:
    """The log with our columns, still a batch at a time."""
    needed, made = _MESSAGES[_known("message_preset", preset, tuple(_MESSAGES))]

    def ours(frame: pl.DataFrame) -> pl.DataFrame:
        return made(_named(frame, needed, source.where, preset))

    headings = ours(pl.DataFrame(schema=dict.fromkeys(source.headings, pl.String))).columns
    if preset != "klaviyo":
        batches = ((first, ours(frame)) for first, frame in source.batches)
        return replace(source, headings=tuple(headings), batches=batches)
    kept = (
        (first, ours(frame.with_row_index(ROW, first)).filter(pl.col("channel").is_not_null()))
        for first, frame in source.batches
    )
    named = ", ".join(_KLAVIYO_CHANNELS)
    notes = (*source.notes, f"events other than {named} are passed over; opens and clicks are events of their own")
    return replace(source, headings=tuple(headings), batches=kept, notes=notes)


def _known(option: str, preset: str, names: tuple[str, ...]) -> str:
    if preset in names:
        return preset
    allowed = f"{', '.join(names)}; or map the columns"
    if preset in NOT_DESCRIBED:
        what = "no export with one row for each is described in public with the names of its columns"
        raise InputError.of(option, what, preset, allowed)
    raise InputError.of(option, "there is no such preset", preset, allowed)


def _named(frame: pl.DataFrame, needed: tuple[str, ...], where: str, preset: str) -> pl.DataFrame:
    """All columns in lower case; InputError if one that is needed is missing."""
    lower = {name: name.strip().lower() for name in frame.columns}
    missing = [name for name in needed if name.lower() not in lower.values()]
    if missing:
        given = ", ".join(frame.columns[:12])
        what = f"this is no export of the preset {preset}: columns {', '.join(missing)} are missing"
        raise InputError.of(where, what, given, ", ".join(needed))
    first = {name: low for name, low in lower.items() if name == next(n for n, other in lower.items() if other == low)}
    return frame.select(pl.col(name).cast(pl.String).str.strip_chars().alias(low) for name, low in first.items())


def _empty(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name) == "")


def _utc_day(name: str) -> pl.Expr:
    """Unix seconds as a date."""
    return pl.from_epoch(pl.col(name).cast(pl.Float64, strict=False).floor().cast(pl.Int64), "s").dt.date()


def _shopify(frame: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("total")
    if "refunded amount" in frame.columns:
        refund = pl.col("refunded amount").cast(pl.Float64, strict=False).fill_null(0.0)
        kept = (value.cast(pl.Float64, strict=False) - refund).round(6).cast(pl.String)
        value = pl.when(refund > 0).then(kept).otherwise(value)
    return frame.with_columns(
        customer_id=pl.col("email").str.to_lowercase(),
        order_date=pl.col("created at").str.slice(0, 10),
        order_value=value,
    )


def _braze_purchases(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        customer_id=pl.col("external_user_id"), order_date=_utc_day("time"), order_value=pl.col("price")
    )


def _braze_sends(channel: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def made(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            customer_id=pl.col("external_user_id"), sent_at=pl.col("time"), channel=pl.lit(channel)
        )

    return made


_ARRIVED = {"sent": "1", "delivered": "1", "spam": "1", "unsub": "1",
            "bounced": "0", "soft-bounced": "0", "rejected": "0", "deferred": "0"}  # fmt: skip


def _transactional(frame: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("status").str.to_lowercase()
    counted = {name: pl.col(name).cast(pl.Float64, strict=False).fill_null(0.0) > 0 for name in ("opens", "clicks")}
    return frame.with_columns(
        customer_id=pl.col("email address").str.to_lowercase(),
        sent_at=pl.col("date"),
        channel=pl.lit("email"),
        campaign=pl.col("subject"),
        delivered=status.replace(_ARRIVED),  # another status stays as it is and is asked about
        opened=counted["opens"].cast(pl.Int8).cast(pl.String),
        clicked=counted["clicks"].cast(pl.Int8).cast(pl.String),
        unsubscribed=(status == "unsub").cast(pl.Int8).cast(pl.String),
        complained=(status == "spam").cast(pl.Int8).cast(pl.String),
    )


def _campaigns(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        customer_id=pl.col("member_id"),
        sent_at=pl.col("send_timestamp"),
        channel=pl.lit("email"),
        campaign=pl.col("campaign_id"),
        opened=pl.col("was_opened"),
        clicked=pl.col("was_clicked"),
        unsubscribed=pl.col("was_unsubscribed"),
    )


_KLAVIYO_CHANNELS = {"Received Email": "email", "Bounced Email": "email", "Received SMS": "sms"}


def _klaviyo_orders(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        customer_id=pl.col("person_id"),
        order_date=pl.col("occurred_at").str.slice(0, 10),
        order_value=pl.col("numeric_value"),
    )


def _klaviyo_messages(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        customer_id=pl.col("person_id"),
        sent_at=pl.col("occurred_at"),
        channel=pl.col("type").replace_strict(_KLAVIYO_CHANNELS, default=None, return_dtype=pl.String),
        delivered=(pl.col("type") != "Bounced Email").cast(pl.Int8).cast(pl.String),
    )


def _mindbox(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        customer_id=pl.col("ordercustomeridsmindboxid"),
        order_date=pl.col("orderfirstactiondatetimeutc").str.slice(0, 10),
        order_value=pl.col("orderlinepriceofline"),  # lines of an order stand on one day, and are added up there
    )


_SENDS = ("external_user_id", "time")
_ORDERS: dict[str, tuple[tuple[str, ...], Callable[[pl.DataFrame], pl.DataFrame], tuple[LeftOut, ...]]] = {
    "shopify": (
        ("Name", "Email", "Financial Status", "Currency", "Total", "Created at", "Cancelled at"),
        _shopify,
        (
            ("further rows of orders with several items", _empty("total") & _empty("financial status")),
            ("cancelled orders", ~_empty("cancelled at")),
            ("orders whose payment was voided", pl.col("financial status").str.to_lowercase() == "voided"),
            ("orders without an e-mail address", _empty("email")),
        ),
    ),
    "braze": (
        ("external_user_id", "time", "price", "currency"),
        _braze_purchases,
        (("purchases without an external id", _empty("external_user_id")),),
    ),
    "klaviyo": (
        ("person_id", "occurred_at", "type", "numeric_value"),
        _klaviyo_orders,
        (
            ("refunds", pl.col("type") == "Refunded Order"),
            ("events other than Placed Order", pl.col("type") != "Placed Order"),
            ("orders without a person", _empty("person_id")),
        ),
    ),
    "mindbox": (
        ("OrderIdsMindboxId", "OrderFirstActionDateTimeUtc", "OrderCustomerIdsMindboxId", "OrderLinePriceOfLine"),
        _mindbox,
        (("lines of orders without a customer", _empty("ordercustomeridsmindboxid")),),
    ),
}  # fmt: skip
_MESSAGES: dict[str, tuple[tuple[str, ...], Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "braze-email": (_SENDS, _braze_sends("email")),
    "braze-push": (_SENDS, _braze_sends("push")),
    "braze-sms": (_SENDS, _braze_sends("sms")),
    "mailchimp-transactional": (
        ("Date", "Email Address", "Subject", "Status", "Opens", "Clicks"), _transactional,
    ),
    "mailchimp-campaigns": (
        ("member_id", "send_timestamp", "campaign_id", "was_opened", "was_clicked", "was_unsubscribed"), _campaigns,
    ),
    "klaviyo": (("person_id", "occurred_at", "type"), _klaviyo_messages),
}  # fmt: skip
ORDER_PRESETS, MESSAGE_PRESETS = tuple(_ORDERS), tuple(_MESSAGES)
