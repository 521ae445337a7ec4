"""A message log as a trial: who is in it, in which arm, and what counts."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from sim.errors import InputError
from sim.fit.trial_log import is_trial, naive, trial_of_log
from sim.messages import read_messages
from sim.orders import read_orders

DAY = dt.date(2024, 3, 1)
N = 60


@pytest.fixture
def orders():
    """Everybody orders on two days long before; customer i orders i % 3 times after the first message."""
    rows = [(i, DAY - dt.timedelta(days=200 - i), 10.0) for i in range(N)]
    rows += [(i, DAY - dt.timedelta(days=60 + i % 30), 5.0) for i in range(N) if i % 2]
    rows += [(i, DAY + dt.timedelta(days=3 + k), 7.0) for i in range(N) for k in range(i % 3)]
    rows += [(i, DAY + dt.timedelta(days=80), 99.0) for i in range(N)]  # after the window
    rows += [(999, DAY + dt.timedelta(days=1), 7.0)]  # unknown before
    return read_orders(
        pl.DataFrame(rows, ["customer_id", "order_date", "order_value"], orient="row"), latest=dt.date(2025, 1, 1)
    )


def messages(orders, rows, **decisions):
    names = ["customer_id", "sent_at", "channel", "holdout", "arm"]
    frame = pl.DataFrame([(c, DAY + dt.timedelta(days=d), "email", h, a) for c, d, h, a in rows], names, orient="row")
    return read_messages(frame, orders, latest=dt.date(2025, 1, 1), decisions=decisions)


def test_arms_outcomes_and_window(orders):
    rows = [(i, d, int(i % 3 == 0), ("none", "weekly", "daily")[i % 3]) for i in range(45) for d in (0, 10)]
    rows += [(50, 0, 0, "weekly"), (50, 5, 0, "daily"), (999, 2, 0, "daily")]
    log = messages(orders, rows)
    trial, days = trial_of_log(orders, log)
    assert days == 25, "to 14 days after the last message"
    assert trial.arms == ("none", "weekly", "daily"), "the arm without a message is the control"
    assert trial.n == 45, "without the one who changed, the one unknown before, and those never due"
    assert trial.outcomes["orders"].tolist() == [float(i % 3) for i in range(45)]
    assert trial.outcomes["revenue"].sum() == 7.0 * sum(i % 3 for i in range(45))
    assert trial.contacts.tolist() == [0.0 if i % 3 == 0 else 2.0 for i in range(45)]
    assert set(trial.before) == {"expected orders", "orders before", "revenue before", "days since the last order"}
    assert trial.before["days since the last order"][1] == 60


def test_a_holdout_is_the_control(orders):
    log = messages(orders, [(i, 0, int(i < 10), None) for i in range(40)])
    trial, _ = trial_of_log(orders, log)
    assert trial.arms == ("held back", "contacted")
    assert np.bincount(trial.arm).tolist() == [10, 30]


def test_who_changes_is_left_out_or_counts_as_first_assigned(orders):
    rows = [(i, 0, int(i < 10), None) for i in range(40)]
    rows += [(0, 5, 0, None), (30, 5, 1, None)]  # held back, then contacted; and the other way round
    log = messages(orders, rows)
    assert [f.count for f in log.findings] == [2]
    assert np.bincount(trial_of_log(orders, log)[0].arm).tolist() == [9, 29]
    first = messages(orders, rows, holdout_changes="first")
    trial = trial_of_log(orders, first)[0]
    assert np.bincount(trial.arm).tolist() == [10, 30]
    assert (trial.arm[0], trial.contacts[0]) == (0, 1)
    assert (trial.arm[30], trial.contacts[30]) == (1, 1)
    with pytest.raises(InputError, match="2 customers whose holdout or arm changes"):
        messages(orders, rows, holdout_changes="refuse")


def test_messages_before_the_arms_are_the_past_of_the_trial(orders):
    """They say how tired customers come to it, and are neither its contacts nor its beginning."""
    rows = [(i, d, 0, ("none", "weekly")[i % 2]) for i in range(40) for d in (0, 10) if i % 2]
    rows += [(i, 0, 1, "none") for i in range(0, 40, 2)]
    earlier = [(i, -20, 0, None) for i in range(45)]
    plain, days = trial_of_log(orders, messages(orders, rows))
    with_past = messages(orders, rows + earlier)
    assert not with_past.findings, "nobody has changed"
    found, same = trial_of_log(orders, with_past)
    assert (same, found.n, found.arms) == (days, 40, plain.arms)
    assert found.contacts.tolist() == plain.contacts.tolist()
    assert found.customer.tolist() == list(range(40))


def test_without_holdout_there_is_no_trial(orders):
    log = messages(orders, [(i, 0, 0, None) for i in range(30)])
    assert not is_trial(log)
    with pytest.raises(InputError, match="neither a holdout nor arms"):
        trial_of_log(orders, log)
    contacted, others = naive(orders, log)
    assert (contacted, others) == (1.0, 1.0)


def test_the_control_must_be_told_where_nobody_was_held_back(orders):
    log = messages(orders, [(i, 0, 0, ("A", "B")[i % 2]) for i in range(30)])
    with pytest.raises(InputError, match=r"which arm is the control\?; allowed: one of A, B"):
        trial_of_log(orders, log)
    assert trial_of_log(orders, log, control="B")[0].arms == ("B", "A")
    with pytest.raises(InputError, match="there is no such arm"):
        trial_of_log(orders, log, control="C")


def test_orders_must_reach_back_behind_the_first_message(orders):
    log = messages(orders, [(i, -300, int(i < 10), None) for i in range(30)])
    with pytest.raises(InputError, match="begin after the first message"):
        trial_of_log(orders, log)
