"""Every kind of rule is taken away by ``rules``, handed over by ``export`` and known to plans and digests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scenarios import build, run
from scenarios.alternatives import Valuer
from scenarios.attributing import ALL, without_each
from scenarios.exporting import caps_frame
from scenarios.grid import parse_axes
from scenarios.load import load_scenario
from scenarios.sweeping import filled, make_sweep
from scenarios.vary import varied
from scenarios.world import load_base, make_world

RULES = """extends = "bare.toml"
[offers.ten]
discount_share = 0.1
[campaigns.news]
channel = "email"
per_week = 1
[policy]
quiet_days_after_order = 0
[policy.current]
campaigns = ["news"]
offers = { Lost = { email = "ten" } }
[[policy.caps]]
name = "month"
max_contacts = 9
window = { calendar = "month" }
channels = ["email"]
[[policy.cooldowns]]
name = "rest"
days = 3
after = { channels = ["sms"] }
forbids = { channels = ["push"] }
segments = ["Lost"]
[[policy.exclusions]]
name = "not both"
between = [{ channels = ["email"] }, { channels = ["sms"] }]
[[policy.floors]]
name = "some"
channel = "push"
min_contacts = 1
window = { rolling_days = 30 }
[[policy.personal_caps]]
name = "watched"
window = { rolling_days = 7 }
shares = { 2 = 1 }
enforced = false
"""


@pytest.fixture
def ruled(tmp_path: Any) -> Any:
    (tmp_path / "bare.toml").write_text(
        'extends = "library:small.toml"\n[channels.push]\nenabled = true\n[policy]\ncaps = []\n'
    )
    (tmp_path / "ruled.toml").write_text(RULES)
    return load_scenario(tmp_path / "ruled.toml")


def test_each_rule_is_taken_away_alone_whatever_its_kind(ruled: Any) -> None:
    without = without_each(ruled)
    assert list(without) == ["month", "rest", "not both", "some", ALL]
    assert [rule.name for rule in build.policy(without["not both"]).rules] == ["month", "rest", "watched"]
    assert build.policy(without["some"]).floors == ()
    free = build.policy(without[ALL])
    assert (free.rules, free.floors) == ((), ())


def test_the_hand_over_names_the_rules_that_hold_in_each_cell(ruled: Any) -> None:
    frame = caps_frame(ruled, build.current_plan(ruled))
    held = {(row["segment"], row["channel"]): row["rules"] for row in frame.iter_rows(named=True)}
    assert held["Lost", "email"] == "month; not both"
    assert held["Lost", "push"] == "rest; some"
    assert held["New", "push"] == "some"
    assert held["New", "sms"] == "not both"
    offers = {(row["segment"], row["channel"]): row["offer"] for row in frame.iter_rows(named=True)}
    assert {cell for cell, offer in offers.items() if offer} == {("Lost", "email")}


def test_plan_files_with_campaigns_are_read_everywhere_and_tell_sweeps_apart(ruled: Any, tmp_path: Any) -> None:
    plans = []
    for name, first in (("with", 'campaigns = ["news"]\n'), ("without", "")):
        (tmp_path / f"{name}.toml").write_text(f"{first}[default]\nemail = 1\n")
        plans.append(run.plan_of(tmp_path / f"{name}.toml", ruled))
    assert [plan.campaigns for plan in plans] == [("news",), ()]
    axes = parse_axes(["policy.caps.month.max_contacts=5,9"])
    digests = {make_sweep(ruled, axes, plan=plan).digest for plan in plans}
    assert len(digests) == 2
    assert filled(ruled, axes).campaigns == ("news",)


def test_the_past_of_an_alternative_without_the_campaign(ruled: Any, tmp_path: Any, kernels: None) -> None:
    """The past is that of the first scenario, as far as the alternative knows its campaigns and offers."""
    plain = varied(ruled, ["policy.current.campaigns=[]", "policy.current.offers={}"])
    other = plain.scenario.model_copy(update={"campaigns": {}, "offers": {}})
    valuer = Valuer(ruled, seed=1, customers=50)
    alone = replace(plain, scenario=other)
    base = load_base(alone)
    started = valuer._started(make_world(base, valuer.population(base)), base)
    assert started.world.program.campaigns == ()


def test_newcomers_belong_to_a_horizon(ruled: Any) -> None:
    growing = varied(ruled, ["base.new_customers_per_week=2", "horizon.weeks=4", "horizon.tail_weeks=0"])
    valuer = Valuer(growing, seed=1, customers=50)
    short = valuer.population(valuer.base(growing))
    long = valuer.population(valuer.base(varied(growing, ["horizon.weeks=40"])))
    assert short.size < long.size
    assert valuer.base(growing).present(50, 1).size == 50
