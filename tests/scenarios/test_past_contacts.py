"""Past contacts in a scenario: taken out of the fit, said in the result, and the same customers otherwise."""

import datetime as dt

import numpy as np
import pytest

from scenarios.api import fit, simulate
from scenarios.fit_segments import segments_at, shipped_segments_at
from scenarios.load import load_scenario
from scenarios.run import fit_orders
from scenarios.world import load_base, make_world
from sim.orders import read_orders

pytestmark = pytest.mark.usefixtures("kernels")

SAMPLE = ["base.where.in_sample=1", 'base.model="mbg-nbd"', "horizon.weeks=4", "horizon.tail_weeks=0"]


def scenario(*more):
    return load_scenario("library:cdnow", [*SAMPLE, *more])


@pytest.fixture(scope="module")
def bases():
    return {how: load_base(scenario(f'base.history_contacts="{how}"')) for how in ("none", "current")}


def test_orders_that_contacts_caused_are_not_the_customers_own(bases):
    plain, thinned = bases["none"].history, bases["current"].history
    assert 0.05 < thinned.without.stimulated_share < 0.4
    assert plain.traits is None
    rates = [base.population(2_357, 1) for base in bases.values()]
    assert 0.7 < (rates[1].rate * rates[1].active).mean() / (rates[0].rate * rates[0].active).mean() < 0.97
    assert (rates[0].last_order == rates[1].last_order).all()


def test_without_contacts_in_the_current_policy_nothing_is_taken_out():
    history = load_base(scenario("policy.current.default={email=0, push=0, sms=0, messenger=0}")).history
    assert history.without.stimulated_share == pytest.approx(0, abs=1e-9)


def test_a_stated_model_keeps_its_parameters_and_knows_the_contacts(bases):
    model = "base.fitted_model={model='bg-nbd', r=0.243, alpha=4.414, a=0.793, b=2.426, p=6.25, q=3.744, gamma=15.44}"
    history = load_base(scenario(model)).history
    assert (history.organic.r, history.without) == (0.243, None)
    assert history.traits.p_alive.shape == (2_357,)
    assert load_base(scenario(model, 'base.history_contacts="none"')).history.traits is None


def test_results_say_how_past_contacts_were_dealt_with():
    now = simulate(scenario(), customers=500)
    assert now.result["history"]["label"] == "contacts of the current policy taken out"
    assert "organic orders: contacts of the current policy taken out" in now.summary()
    fitted = [row for row in now.result["assumptions"] if row["key"] == "base.fitted_model.r"]
    assert "contacts of the current policy taken out" in fitted[0]["source"]
    plain = simulate(scenario('base.history_contacts="none"'), customers=500).result
    assert plain["history"] == {"contacts": "none", "label": "under current contacts"}


def test_a_fragment_says_how_it_was_fitted(tmp_path):
    orders = scenario().orders_path
    fit(orders, out=tmp_path / "f")
    text = (tmp_path / "f" / "scenario_fragment.toml").read_text()
    assert '[base]\nhistory_contacts = "none"\n' in text
    file = tmp_path / "s.toml"
    file.write_text('extends = ["library:cdnow.toml", "f/scenario_fragment.toml"]\n')
    assert load_scenario(file).scenario.base.history_contacts == "none"


def test_segments_of_a_past_day_are_those_the_simulation_would_start_with():
    loaded = scenario("base.as_of=1997-12-31", 'base.history_contacts="none"')
    base = load_base(loaded)
    population = make_world(base, base.population(2_357, 1)).population
    r, f, m = population.recency_frequency_value(365)
    names, found = segments_at(loaded, base.history.orders, base.history.last_day)
    assert names == base.rfm.segments
    assert (found == base.rfm.classify(r, f, m)).all()
    assert len(np.unique(found)) == 7, "nobody is new at the end of 1997"


def test_orders_too_alike_for_borders_have_no_segments():
    rows = {
        "customer_id": ["a", "a", "b"],
        "order_date": ["2024-01-01", "2024-02-01", "2024-01-05"],
        "order_value": [1.0] * 3,
    }
    import polars as pl

    assert shipped_segments_at(read_orders(pl.DataFrame(rows)), 19_800) is None


def test_a_fit_is_named_after_its_file_and_tested_by_segment():
    found = fit_orders(scenario().orders_path, where={"in_sample": "1"})
    assert found.result["scenario"]["name"] == "cdnow_orders.csv.gz"
    assert found.frame("backtest_by_segment")["segment"][0] == "Champions"
    assert found.frame("backtest_by_segment").height == 7
    assert "Backtest by segment" in found.summary()


def test_other_models_are_asked_for_the_same_weeks():
    found = fit_orders(scenario().orders_path, where={"in_sample": "1"}, until=dt.date(1997, 9, 30), cross_check=True)
    pareto, plain = found.result["cross_checks"]
    assert (pareto["model"], plain["model"]) == ("pareto-nbd", "nbd")
    assert pareto["log_likelihood"] == pytest.approx(-9594.97, abs=0.01)
    assert pareto["actual"] == found.result["backtest"]["actual"]
    assert abs(pareto["error_pct"]) < 15 < plain["error_pct"], "nobody leaves: far too many orders"
    assert "Cross-check: the same weeks, 2,357 customers" in found.summary()
