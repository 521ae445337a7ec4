"""Tables in the terminal: every number of the result that matters is there, with its unit."""

import io

import pytest

from scenarios.console import show, summary_line


def estimate(mean):
    return {"mean": mean, "ci_low": mean - 100, "ci_high": mean + 100}


def increments(mean):
    total = {"contribution": estimate(mean), "revenue": estimate(3 * mean), "orders": estimate(mean / 10)}
    return {"total": total, "per_customer": {}}


SIMULATE = {
    "schema_version": 1,
    "command": "simulate",
    "scenario": {
        "name": "a [bold]question[/bold]", "currency": "EUR", "weeks": 26, "tail_weeks": 52,
        "base_customers": 23570, "simulated_customers": 94280,
    },
    "provenance": {"seconds": 12.3},
    "plan_name": "mine",
    "plan": [
        {"segment": "At Risk", "channel": "email", "per_week": 0.125},
        {"segment": "At Risk", "channel": "sms", "per_week": 2.0},
        {"segment": "Lost", "channel": "email", "per_week": 0.0},
    ],
    "incremental": {"versus_current": increments(5100), "versus_none": increments(12300)},
    "tail_value": {"versus_none": increments(7700)},
    "value": {"versus_none": estimate(20000)},
    "outcome": {"versus_none": {"outcome_low": 8100, "outcome_high": 15900}},
    "contacts": {"email": 1_000_000, "sms": 0},
    "unsubscribes": {"email": 1500, "sms": 0},
    "cost": 6543.21,
}  # fmt: skip
PLAN = {
    "value": estimate(21000),
    "contribution": estimate(14000),
    "revenue": estimate(40000),
    "orders": estimate(1200),
    "cost": 2950,
}
OPTIMIZE = {
    **SIMULATE,
    "command": "optimize",
    "promised": {**PLAN, "value": estimate(23456)},
    "delivered": PLAN,
    "baselines": {
        "current": {
            "label": "current policy", "value": estimate(15000), "cost": 7000, "feasible": False,
            "plan_minus_this": estimate(6000),
        },
        "no_contact": {"label": "no contact", "value": estimate(0), "cost": 0, "feasible": True},
    },
    "limits": [
        {"name": "SMS capacity", "measure": "contacts", "unit": "contacts a week", "limit": 2000, "used": 1990,
         "share_used": 0.995, "binding": True},
    ],
    "certificate": {"statement": "no single change improves the plan"},
}  # fmt: skip
MODEL = {"model": "mbg-nbd", "time_unit": "week", "r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}
FIT = {
    "command": "fit",
    "label": "under current contacts",
    "organic": {**MODEL, "log_likelihood": -9582.13, "se": {"r": 0.0126}},
    "candidates": {"mbg_nbd": {**MODEL, "log_likelihood": -9582.13}},
    "spend": {"model": "gamma-gamma", "p": 6.25, "q": 3.74, "gamma": 15.44, "log_likelihood": -4055.9},
    "backtest": {"weeks": 39, "forecast": 1653.2, "actual": 1882, "error_pct": -12.2},
    "warnings": ["the forecast misses [by 12 %]"],
}


def text(result):
    page = io.StringIO()
    show(result, "runs/x-1", page)
    return page.getvalue()


def line_with(page, start):
    (line,) = [line for line in page.splitlines() if line.startswith(start)]
    return " ".join(line.split())


def test_simulate_shows_money_with_interval_and_unit():
    page = text(SIMULATE)
    assert "a [bold]question[/bold]" in page
    assert "23,570 customers, 94,280 simulated, 26 weeks + 52 weeks of tail; plan: mine" in page
    for start, line in {
        "the current policy: contribution": "the current policy: contribution, EUR 5,100 5,000 to 5,200",
        "no contact: contribution, EUR": "no contact: contribution, EUR 12,300 12,200 to 12,400",
        "no contact: orders": "no contact: orders, orders 1,230 1,130 to 1,330",
        "no contact: contribution of the tail": "no contact: contribution of the tail, EUR 7,700 7,600 to 7,800",
        "no contact: horizon + tail": "no contact: horizon + tail, EUR 20,000 19,900 to 20,100",
        "no contact: contribution of one": "no contact: contribution of one real period, EUR 8,100 to 15,900",
        "contact cost": "contact cost, EUR 6,543",
        "email": "email 1,000,000 1,500 0.15%",
    }.items():
        assert line_with(page, start) == line
    assert page.rstrip().endswith("written to runs/x-1")


def test_the_plan_is_segments_by_channels():
    page = text(SIMULATE)
    assert "Plan, contacts a week" in page
    assert line_with(page, "segment") == "segment email sms"
    assert line_with(page, "At Risk") == "At Risk 0.125 2"
    assert line_with(page, "Lost") == "Lost 0"


def test_optimize_shows_promised_and_delivered_baselines_limits_and_certificate():
    page = text(OPTIMIZE)
    assert line_with(page, "horizon + tail, EUR") == "horizon + tail, EUR 21,000 20,900 to 21,100 23,456"
    assert line_with(page, "current policy") == "current policy 15,000 7,000 6,000 5,900 to 6,100 no"
    assert line_with(page, "no contact") == "no contact 0 0 yes"
    assert line_with(page, "SMS capacity") == "SMS capacity contacts a week 2,000 1,990 99.5% yes"
    assert "no single change improves the plan" in page


def test_fit_shows_parameters_errors_and_the_backtest():
    page = text(FIT)
    assert "Fit under current contacts" in page
    assert line_with(page, "alpha") == "alpha 6.183"
    assert line_with(page, "r ") == "r 0.525 0.013"
    assert line_with(page, "mbg-nbd") == "mbg-nbd -9,582.1 0.525 6.183 0.891 1.614"
    assert line_with(page, "1,653") == "1,653 1,882 -12.2"
    assert "warning: the forecast misses [by 12 %]" in page


@pytest.mark.parametrize("command", ["simulate", "optimize", "fit"])
def test_what_was_not_computed_is_left_out(command):
    page = text({"command": command})
    assert page.rstrip().endswith("written to runs/x-1")
    assert "nan" not in page.lower()


def test_the_number_that_matters_in_one_line():
    assert summary_line(SIMULATE) == "EUR 20,000 over no contact (12.3 s)"
    assert summary_line(OPTIMIZE) == "EUR 21,000 over no contact (12.3 s)"
    assert summary_line({}) == "done"
