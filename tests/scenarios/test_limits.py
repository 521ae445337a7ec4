"""Limits and price lists of a scenario file: what each becomes, and what is refused where it stands."""

from __future__ import annotations

import pytest

from optimizer.errors import Infeasible
from optimizer.limits import Limit
from optimizer.tariffs import Tariff
from scenarios import build, run
from scenarios.load import load_scenario
from sim.errors import InputError

GIVEN: dict[str, Limit] = {
    "max_cost=9": Limit("x", "cost", 9),
    "max_contacts_per_week=9, channel='sms'": Limit("x", "contacts_per_week", 9, "sms"),
    "min_contacts=9, channel='email'": Limit("x", "contacts", channel="email", least=9),
    "max_complaints=3": Limit("x", "complaints", 3),
    "at_most=5, measure='cost', segments=['Lost']": Limit("x", "cost", 5, segments=("Lost",)),
    "at_most=5, measure='cost', weeks=[2, 4]": Limit("x", "cost", 5, weeks=(2, 4)),
    "at_most=5, measure='contacts', channel='sms', every='week', exceptions={ 3 = 9 }": Limit(
        "x", "contacts", 5, "sms", every="week", exceptions={3: 9}
    ),
    "at_most=60, measure='clicks', weights={ sms = 0.5 }, every='week'": Limit(
        "x", "clicks", 60, weights={"sms": 0.5}, every="week"
    ),
    "at_most=0.002, measure='unsubscribes', per='contacts'": Limit("x", "unsubscribes", 0.002, per="contacts"),
    "at_least=0.3, measure='contacts', segments=['Lost'], per='contacts', per_segments=['Loyal']": Limit(
        "x", "contacts", least=0.3, segments=("Lost",), per="contacts", per_segments=("Loyal",)
    ),
    "at_most=0.1, measure='contacts', channel='sms', per='contacts', per_all_channels=true": Limit(
        "x", "contacts", 0.1, "sms", per="contacts", per_all_channels=True
    ),
    "max_cost=9, enforce='soft', price_per_unit=2": Limit("x", "cost", 9, enforce="soft", price=2),
    "max_cost=9, enforce='report'": Limit("x", "cost", 9, enforce="report"),
}


@pytest.mark.parametrize("keys", GIVEN)
def test_a_limit_becomes_what_it_says(keys: str) -> None:
    limits = build.limits(load_scenario("library:small", ["optimize.limits=[{name='x', " + keys + "}]"]))
    assert limits[-1] == GIVEN[keys]


@pytest.mark.parametrize(
    ("keys", "where", "said"),
    [
        ("at_most=5", "optimize.limits.x.measure", "is missing"),
        ("max_cost=5, measure='cost'", "optimize.limits.x.measure", "is for at_most"),
        ("at_most=5, measure='conatcts'", "optimize.limits.x.measure", "one of the choices"),
        ("at_most=5, measure='orders', channel='sms'", "optimize.limits.x.channel", "cannot be told by channel"),
        ("at_most=5, measure='clicks', segments=['Lost']", "optimize.limits.x.segments", "cannot be told by segment"),
        ("max_cost=5, segments=['Lots']", "optimize.limits.x.segments", "did you mean 'Lost'"),
        ("max_cost=5, weeks=[1, 99]", "optimize.limits.x.weeks", "outside the horizon"),
        ("max_cost=5, exceptions={ 3 = 1 }", "optimize.limits.x.exceptions", "every week"),
        ("max_cost=5, enforce='soft'", "optimize.limits.x", "greater than 0"),
        ("max_cost=5, price_per_unit=1", "optimize.limits.x.price_per_unit", "soft limits"),
        ("max_cost=5, weights={ fax = 1 }", "optimize.limits.x.weights.fax", "unknown channel"),
    ],
)
def test_mistakes_are_told_where_they_stand(keys: str, where: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        load_scenario("library:small", ["optimize.limits=[{name='x', " + keys + "}]"])
    assert any(where in str(problem) and said in str(problem) for problem in told.value.problems), str(told.value)


def test_a_price_list() -> None:
    sets = [
        "optimize.tariffs.sms={ tiers=[{from_contacts=0, unit_cost=0.05}, {from_contacts=900, unit_cost=0.02}], setup_cost=30 }"
    ]
    assert build.tariffs(load_scenario("library:small", sets)) == (Tariff("sms", ((0, 0.05), (900, 0.02)), 30.0),)
    fee = build.tariffs(load_scenario("library:small", ["optimize.tariffs.sms={ minimum_fee=30 }"]))
    assert fee == (Tariff("sms", ((0, 0.06),), 0.0, 30.0),), "without tiers, the channel's own price"
    with pytest.raises(InputError, match="ascend from 0"):
        load_scenario("library:small", ["optimize.tariffs.sms={ tiers=[{from_contacts=9, unit_cost=0.05}] }"])


SMALL = ["optimize.search_customers=600", "horizon.weeks=4", "horizon.tail_weeks=2"]


def optimized(*sets: str, **more: object) -> dict:
    return run.optimize_scenario(load_scenario("library:small", [*SMALL, *sets]), customers=600, **more).result


def test_a_floor_is_kept_and_told_as_a_floor() -> None:
    result = optimized(
        "optimize.limits=[{name='mails', channel='email', min_contacts=20000}, {name='budget', max_cost=900}]"
    )
    row = next(row for row in result["limits"] if row["name"] == "mails")
    assert row["at_least"]
    assert row["used"] >= 20_000


def test_a_set_up_cost_keeps_a_channel_out_that_would_be_used() -> None:
    free = ["optimize.limits=[]", "channels.sms.unit_cost=0.001", "optimize.levels_per_week.sms=[0, 0.5]"]
    used = optimized(*free)["contacts"]["sms"]
    assert used["contacts"] if isinstance(used, dict) else used > 0
    dear = optimized(*free, "optimize.tariffs.sms={ setup_cost=100000 }")
    assert all(row["per_week"] == 0 for row in dear["plan"] if row["channel"] == "sms")
    assert dear["delivered"]["value"]["mean"] > 0, "no bill for a channel that is not used"


def test_contradicting_limits_are_named_to_the_user() -> None:
    with pytest.raises(Infeasible) as told:
        optimized("optimize.limits=[{name='mails', channel='email', min_contacts=20000}, {name='budget', max_cost=10}]")
    first, *ways = str(told.value).splitlines()
    assert "'budget' (at most 10 USD)" in first
    assert "'mails' (at least 20,000 contacts)" in first
    assert any("raise 'budget' from 10 to" in way for way in ways)
    assert any("lower 'mails' from 20,000 to" in way for way in ways)


def test_a_stopped_search_says_so_and_gives_its_best_plan() -> None:
    result = optimized(time_limit=0.0)
    assert "ended early because 0 seconds were over" in result["certificate"]["statement"]
    assert result["certificate"]["stopped"]
    assert not result["certificate"]["one_opt"]
    assert result["plan"]
    assert "shadow_price_money" not in result["limits"][0]


def test_a_search_goes_on_from_a_plan() -> None:
    first = optimized(max_evaluations=1)
    assert "customer-days" in first["certificate"]["stopped"]
    rows: dict[str, dict[str, float]] = {}
    for row in optimized()["plan"]:
        rows.setdefault(row["segment"], {})[row["channel"]] = row["per_week"]
    again = optimized(max_evaluations=1, start=rows)
    assert again["certificate"]["candidates"] > first["certificate"]["candidates"], "the given plan competes too"
    assert again["delivered"]["value"]["mean"] >= first["delivered"]["value"]["ci_low"]
