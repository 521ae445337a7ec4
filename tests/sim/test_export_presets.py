"""Exports of shops and senders, made up in the form that their publishers describe."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import InputError
from sim.fit.export_presets import MESSAGE_PRESETS, NOT_DESCRIBED, ORDER_PRESETS
from sim.messages import CLICKED, COMPLAINED, DELIVERED, OPENED, UNSUBSCRIBED, read_messages
from sim.orders import read_orders

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Notes,Cancelled at,Payment Method,Refunded Amount
#1001,Ann@Example.com,paid,2025-03-01 09:15:02 +0100,fulfilled,EUR,40.00,5.00,0.00,45.00,,2025-03-01 09:15:00 +0100,\
1,Mug,15.00,"two lines
of a note",,Card,0.00
#1001,Ann@Example.com,,,,,,,,,,2025-03-01 09:15:00 +0100,1,Teapot,25.00,,,,
#1002,bob@example.com,partially_refunded,2025-03-02 23:50:00 +0100,fulfilled,EUR,30,3.10,0,33.10,,\
2025-03-02 23:50:00 +0100,1,Cups,30.00,,,Card,3.10
#1003,ann@example.com,paid,2025-04-01 10:00:00 +0200,,EUR,20,0,0,20.00,,2025-04-01 10:00:00 +0200,1,Mug,20.00,,,Card,0.00
#1004,bob@example.com,voided,,,EUR,50,0,0,50.00,,2025-04-02 10:00:00 +0200,1,Mug,50.00,,,Card,0.00
#1005,bob@example.com,refunded,2025-04-03 10:00:00 +0200,,EUR,60,0,0,60.00,,2025-04-03 10:00:00 +0200,1,Mug,60.00,,\
2025-04-03 12:00:00 +0200,Card,60.00
#1006,,paid,2025-04-04 10:00:00 +0200,,EUR,7,0,0,7.00,,2025-04-04 10:00:00 +0200,1,Mug,7.00,,,Cash,0.00
"""
PURCHASES = """\
ID,USER_ID,EXTERNAL_USER_ID,APP_ID,TIME,PRODUCT_ID,PRICE,CURRENCY
a1,u1,7,app,1741000000,mug,15.5,USD
a2,u1,7,app,1741000100,pot,4.5,USD
a3,u2,9,app,1743000000,mug,15.5,USD
a4,u3,,app,1743000001,mug,15.5,USD
"""
SENDS = """\
id,user_id,external_user_id,time,timezone,campaign_id,campaign_name,dispatch_id
e1,u1,7,1741100000,Europe/Berlin,c1,Spring,d1
e2,u1,7,1741700000,Europe/Berlin,c2,Summer,d2
e3,u2,9,1741100000,Europe/Berlin,c1,Spring,d1
"""
ACTIVITY = """\
Date,Email Address,Sender,Subject,Status,Tags,Opens,Clicks,Bounce Detail
2025-03-05 10:00:00,Ann@example.com,shop@example.com,Spring,sent,news,2,1,
2025-03-12 10:00:00,ann@example.com,shop@example.com,Sale,unsub,news,1,0,
2025-03-05 10:00:00,bob@example.com,shop@example.com,Spring,bounced,news,0,0,mailbox full
2025-03-12 10:00:00,bob@example.com,shop@example.com,Sale,spam,news,0,0,
"""
EVENTS = """\
variation_id,campaign_id,occurred_at,flow_id,event_id,metric_id,person_id,type,numeric_value,person_email
,c1,2025-03-01 09:00:00,,e1,m1,P1,Placed Order,45.00,ann@example.com
,c1,2025-03-02 09:00:00,,e2,m2,P1,Received Email,,ann@example.com
,c1,2025-03-02 10:00:00,,e3,m3,P1,Opened Email,,ann@example.com
,,2025-03-03 09:00:00,,e4,m4,P2,Placed Order,30,bob@example.com
,,2025-03-04 09:00:00,,e5,m5,P2,Refunded Order,30,bob@example.com
,c2,2025-03-05 09:00:00,,e6,m6,P2,Bounced Email,,bob@example.com
,,2025-03-06 09:00:00,f1,e7,m7,P2,Received SMS,,bob@example.com
,,2025-03-07 09:00:00,,e8,m8,,Placed Order,9,
"""
LINES = """\
OrderIdsMindboxId;OrderFirstActionDateTimeUtc;OrderCustomerIdsMindboxId;OrderLineQuantity;OrderLineBasePricePerItem;\
OrderLinePriceOfLine;OrderLineStatusIdsExternalId
5001;2025-03-01 21:30:00;9001;2;100;150;Paid
5001;2025-03-01 21:30:00;9001;1;40;40;Paid
5002;2025-03-09 08:00:00;9002;1;70;70;Paid
5003;2025-03-10 08:00:00;;1;10;10;Paid
5004;2025-03-11 08:00:00;9001;1;99;99;Cancelled
"""


RECIPIENTS = """source_relation,email_id,campaign_id,member_id,list_id,opens,was_opened,was_clicked,send_timestamp,was_unsubscribed
mc,e1,c1,m1,l1,2,true,true,2025-03-01 09:00:00 UTC,false
mc,e2,c2,m1,l1,0,false,false,2025-03-08 09:00:00 UTC,false
mc,e3,c1,m2,l1,1,true,false,2025-03-01 09:00:00 UTC,true
mc,e4,c1,m9,l1,0,false,false,2025-03-01 09:00:00 UTC,false
mc,e5,c3,m1,l1,0,false,false,,false
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="export.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_orders_of_shopify(written):
    """One order for each name: items, cancelled and voided orders and guests aside, what was refunded taken off."""
    log = read_orders(written(SHOPIFY), preset="shopify")
    assert log.customer_ids.tolist() == ["ann@example.com", "bob@example.com"]
    days = np.array(["2025-03-01", "2025-04-01", "2025-03-02"], dtype="datetime64[D]").astype(int)
    assert log.day.tolist() == days.tolist()
    assert log.value.tolist() == [45.0, 20.0, 30.0]
    told = " / ".join(log.notes)
    for note in (
        "1 further rows of orders with several items left out", "1 cancelled orders left out",
        "1 orders whose payment was voided left out", "1 orders without an e-mail address left out",
    ):  # fmt: skip
        assert note in told


def test_a_mistake_is_named_by_the_line_of_the_export(written):
    """The third order stands on line 6: rows that were left out and a note of two lines are counted."""
    wrong = SHOPIFY.replace("20.00,,2025-04-01", "a lot,,2025-04-01")
    with pytest.raises(InputError, match=r"line 6.*'a lot'"):
        read_orders(written(wrong), preset="shopify")


def test_several_currencies_are_refused(written):
    with pytest.raises(InputError, match=r"several currencies.*2 in EUR, 1 in USD"):
        read_orders(written(SHOPIFY.replace("paid,2025-04-01 10:00:00 +0200,,EUR", "paid,,,USD")), preset="shopify")


def test_purchases_of_braze(written):
    """Products of one day are one order; who has no external id cannot be known again."""
    log = read_orders(written(PURCHASES), preset="braze")
    assert log.customer_ids.tolist() == ["7", "9"]
    assert log.value.tolist() == [20.0, 15.5]
    assert log.day.tolist() == [1741000000 // 86_400, 1743000000 // 86_400]
    assert any("1 purchases without an external id left out" in note for note in log.notes)


@pytest.mark.parametrize(
    ("preset", "channel"), [("braze-email", "email"), ("braze-push", "push"), ("braze-sms", "sms")]
)
def test_sends_of_braze(written, preset, channel):
    orders = read_orders(written(PURCHASES, "orders.csv"), preset="braze")
    for text in (SENDS, SENDS.replace("external_user_id,time", "EXTERNAL_USER_ID,TIME")):
        log = read_messages(written(text), orders, preset=preset)
        assert log.channels == (channel,)
        assert log.known == ()
        assert log.first.tolist() == [0, 2, 3]
        assert log.day.tolist() == [1741100000 // 86_400, 1741700000 // 86_400, 1741100000 // 86_400]


def test_activity_of_mailchimp_transactional(written):
    orders = read_orders(written(SHOPIFY, "orders.csv"), preset="shopify")
    log = read_messages(written(ACTIVITY), orders, preset="mailchimp-transactional")
    assert (log.channels, log.first.tolist()) == (("email",), [0, 2, 4])
    assert log.marks.tolist() == [
        DELIVERED | OPENED | CLICKED, DELIVERED | OPENED | UNSUBSCRIBED, 0, DELIVERED | COMPLAINED,
    ]  # fmt: skip


def test_sends_of_mailchimp_campaigns(written):
    """Members who never ordered are counted; a send without a time is left out."""
    orders = read_orders(
        written("customer_id,order_date,order_value\nm1,2025-01-02,10\nm2,2025-01-03,20\n", "orders.csv")
    )
    log = read_messages(written(RECIPIENTS), orders, preset="mailchimp-campaigns")
    assert (log.channels, log.known) == (("email",), ("opened", "clicked", "unsubscribed"))
    assert log.first.tolist() == [0, 2, 3]
    assert log.marks.tolist() == [OPENED | CLICKED, 0, OPENED | UNSUBSCRIBED]
    assert {found.question.name: found.count for found in log.findings} == {"unknown_customers": 1, "incomplete": 1}
    with pytest.raises(
        InputError, match=r"no export of the preset mailchimp-campaigns: columns member_id, send_timest"
    ):
        read_messages(written(ACTIVITY), orders, preset="mailchimp-campaigns")


def test_an_unknown_status_is_asked_about(written):
    orders = read_orders(written(SHOPIFY, "orders.csv"), preset="shopify")
    with pytest.raises(InputError, match=r"neither yes, no nor a time"):
        read_messages(written(ACTIVITY.replace(",bounced,", ",lost,")), orders, preset="mailchimp-transactional")


def test_orders_of_klaviyo(written):
    log = read_orders(written(EVENTS), preset="klaviyo")
    assert (log.customer_ids.tolist(), log.value.tolist()) == (["P1", "P2"], [45.0, 30.0])
    told = " / ".join(log.notes)
    for note in (
        "1 refunds left out",
        "4 events other than Placed Order left out",
        "1 orders without a person left out",
    ):
        assert note in told


def test_messages_of_klaviyo(written):
    """What was sent, and whether it arrived; other events are passed over, and rows keep their numbers."""
    orders = read_orders(written(EVENTS, "orders.csv"), preset="klaviyo")
    log = read_messages(written(EVENTS), orders, preset="klaviyo")
    assert (log.channels, log.first.tolist(), log.channel.tolist()) == (("email", "sms"), [0, 1, 3], [0, 0, 1])
    assert log.marks.tolist() == [DELIVERED, 0, DELIVERED]
    assert any("Received Email" in note and "passed over" in note for note in log.notes)
    wrong = EVENTS.replace("2025-03-05 09:00:00", "yesterday")
    with pytest.raises(InputError, match=r"row 6: 'yesterday'"):
        read_messages(written(wrong), orders, preset="klaviyo")
    twice = read_messages(written(EVENTS + EVENTS.splitlines()[2] + "\n"), orders, preset="klaviyo")
    assert next(found for found in twice.findings if found.question.name == "duplicates").count == 1


def test_orders_of_mindbox(written):
    """The lines of an order add up; which statuses are orders a company decides for itself."""
    log = read_orders(written(LINES), preset="mindbox")
    assert log.customer_ids.tolist() == ["9001", "9002"]
    assert log.value.tolist() == [190.0, 99.0, 70.0]
    assert any("1 lines of orders without a customer left out" in note for note in log.notes)
    from scenarios.order_rows import order_rows

    paid = order_rows(written(LINES), {"OrderLineStatusIdsExternalId": "Paid"}, "auto")
    assert read_orders(paid, preset="mindbox").value.tolist() == [190.0, 70.0]


@pytest.mark.parametrize("name", NOT_DESCRIBED)
def test_what_is_not_described_in_public_is_refused(written, name):
    orders = read_orders(written(PURCHASES, "orders.csv"), preset="braze")
    with pytest.raises(InputError, match=r"is described in public.*map the columns"):
        read_messages(written(SENDS), orders, preset=name)


def test_unknown_presets_and_other_files_are_refused(written):
    with pytest.raises(InputError, match=r"no such preset.*shoppify.*shopify, braze"):
        read_orders(written(SHOPIFY), preset="shoppify")
    with pytest.raises(InputError, match=r"no export of the preset shopify: columns Name, Email, .* are missing"):
        read_orders(written(PURCHASES), preset="shopify")


def test_the_options_name_the_presets(capsys):
    from typer.testing import CliRunner

    from scenarios.cli import app

    told = CliRunner().invoke(app, ["fit", "--help"], env={"COLUMNS": "300"}).output
    assert all(name in told for name in (*ORDER_PRESETS, *MESSAGE_PRESETS))
