"""Rules, campaigns and people in scenario files: turned into the right objects, or refused with the keys that clash."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from scenarios import build
from scenarios.load import load_scenario
from scenarios.world import load_base, make_world
from sim.campaigns import Campaign, Cascade, Offer, Step, Trigger
from sim.capacity import Capacity
from sim.errors import InputError
from sim.policy import Cooldown, Floor, FrequencyCap, PersonalCap, Prerequisite, Selection, SwitchOff

SMALL = 'extends = "library:small.toml"\n'
BARE = """
extends = "library:small.toml"
[policy]
caps = []
[channels]
push.enabled = true
messenger.enabled = true
[optimize.levels_per_week]
push = [0, 1]
messenger = [0, 1]
"""
"""Four channels and no caps."""


def load(folder: Path, text: str, overrides: tuple[str, ...] = ()):
    (folder / "bare.toml").write_text(BARE, encoding="utf-8")
    file = folder / "s.toml"
    file.write_text(text, encoding="utf-8")
    return load_scenario(file, overrides)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as error:
        load(folder, text)
    return str(error.value)


EVERYTHING = (
    SMALL
    + """
[base]
new_customers_per_week = 5
assumed_birthdays = true
assumed_household_size = 2
[horizon]
start = 2025-11-19
[channels.sms]
message_class = "service"
[offers.ten]
discount_share = 0.1
response_factor = { value = 1.4, low = 1.1, high = 1.8, origin = "assumption" }
valid_days = 5
pull_forward_share = 0.3
[campaigns.news]
channel = "email"
per_week = 0.5
segments = ["Loyal"]
response_factor = 0
[cascades.win_back]
trigger = { kind = "days_since_order", days = 60 }
segments = ["At Risk"]
patience_days = 3
[[cascades.win_back.steps]]
channel = "email"
[[cascades.win_back.steps]]
channel = "push"
delay_days = 4
only_if = "not_seen"
[[cascades.win_back.steps]]
channel = "sms"
delay_days = 2
only_if = "not_clicked"
offer = "ten"
[[capacities]]
name = "seats"
channels = ["sms", "push"]
per_day = 30
exceptions = { 2 = 10, 4 = 0 }
use_per_contact = 0
use_per_click = { value = 6, low = 4, high = 9 }
[reputation]
channels = ["email"]
[timing]
"At Risk" = { sms = { value = 1.2, low = 1, high = 1.5 } }
[seasonality]
by_weekday = [1, 1, 1, 1, 1.2, 1.5, 0.8]
[response]
pull_forward_share = 0.1
waking_share = 0.05
[policy]
arbitration = "value"
exempt_classes = ["service"]
[[policy.caps]]
name = "points a week"
max_contacts = 6
window = { calendar = "week" }
classes = ["promo", "info"]
points = { sms = 3, email = 2 }
household = true
[[policy.caps]]
name = "watched"
max_contacts = 2
window.rolling_days = 14
segments = ["Lost"]
enforced = false
[[policy.cooldowns]]
name = "sms rests"
days = 5
after = { channels = ["sms"] }
forbids = { channels = ["email"], classes = ["promo"] }
[[policy.exclusions]]
name = "never both"
between = [{ channels = ["sms"] }, { channels = ["email"] }]
[[policy.prerequisites]]
name = "warm first"
days = 30
needs = { channels = ["email"] }
allows = { channels = ["sms"] }
[[policy.personal_caps]]
name = "own"
window.rolling_days = 7
shares = { 1 = 0.25, 3 = 0.5, 2 = 0.25 }
[[policy.floors]]
name = "once a month"
channel = "email"
min_contacts = 1
window.rolling_days = 28
segments = ["Lost"]
[[policy.switch_offs]]
name = "silent"
after_contacts = 12
channels = ["email"]
reaction = "seen"
[policy.current]
campaigns = ["win_back", "news"]
offers = { "At Risk" = { email = "ten" } }
"""
)


def test_everything_one_can_say_arrives_in_the_world(tmp_path):
    loaded = load(tmp_path, EVERYTHING)
    base = load_base(loaded)
    world = make_world(base, base.population(200, 1))
    policy = world.policy
    assert policy.caps[-2:] == (
        FrequencyCap(
            "points a week", 6, classes=("promo", "info"), calendar="week", points=(("sms", 3), ("email", 2)),
            household=True,
        ),
        FrequencyCap("watched", 2, 14, segments=("Lost",), enforced=False),
    )  # fmt: skip
    sms, email = Selection(("sms",)), Selection(("email",))
    assert policy.cooldowns == (
        Cooldown("sms rests", 5, sms, Selection(("email",), ("promo",))),
        Cooldown("never both", 1, sms, email),
        Cooldown("never both (the other way)", 1, email, sms),
    )
    assert policy.prerequisites == (Prerequisite("warm first", 30, email, sms),)
    assert policy.personal_caps == (PersonalCap("own", 7, ((1, 0.25), (3, 0.5), (2, 0.25))),)
    assert policy.floors == (Floor("once a month", "email", 1, 28, ("Lost",)),)
    assert policy.switch_offs == (SwitchOff("silent", 12, ("email",), "seen"),)
    assert (policy.arbitration, policy.exempt_classes) == ("value", ("service",))
    assert world.program.offers == (Offer("ten", 0.1, 1.4, 5, 0.3),)
    assert world.program.campaigns == (Campaign("news", "email", 0.5, ("Loyal",), "info", 0.0),)
    # push is disabled in this base: its step falls away, and the next one waits for both delays
    steps = (Step("email"), Step("sms", 6, "not_clicked", 1.0, "ten"))
    assert world.program.cascades == (
        Cascade("win_back", Trigger("days_since_order", days=60), steps, ("At Risk",), patience_days=3),
    )
    assert world.capacities == (Capacity("seats", ("sms",), 30, None, {1: 10, 3: 0}, 0, 6),)
    assert world.behaviour.reputation.channels == ("email",)
    assert world.behaviour.seasonality.by_weekday[5] == 1.5
    assert (world.behaviour.response.pull_forward_share, world.behaviour.response.waking_share) == (0.1, 0.05)
    assert world.timing[world.rfm.segments.index("At Risk"), 1] == 1.2
    assert world.timing.sum() == pytest.approx(world.timing.size + 0.2)
    assert world.current.campaigns == ("win_back", "news")
    assert world.current.offers == (("At Risk", "email", "ten"),)
    assert [channel.message_class for channel in world.channels] == ["promo", "service"]
    # a Wednesday in week 47
    assert (world.first_weekday, world.first_day_of_month, world.first_week_of_year) == (2, 19, 46)
    assert world.month_lengths[:4] == (30, 31, 31, 28)
    assert sum(world.month_lengths) >= 19 + world.days


def test_numbers_of_campaigns_tell_their_origin(tmp_path):
    rows = {row["key"]: row for row in build.assumptions(load(tmp_path, EVERYTHING))}
    assert rows["offers.ten.response_factor"]["high"] == 1.8
    assert rows["capacities[0].use_per_click"]["unit"] == "units a click"
    assert rows["timing.At Risk.sms"]["value"] == 1.2
    assert "cascades.win_back.steps[2].response_factor" in rows


def test_what_a_disabled_channel_alone_is_about_falls_away(tmp_path):
    loaded = load(tmp_path, EVERYTHING, ("channels.sms.enabled=false",))
    policy = build.policy(loaded)
    assert (policy.cooldowns, policy.prerequisites) == ((), ())
    assert build.capacities(loaded) == ()
    assert policy.caps[-2].points == (("email", 2),)
    assert build.current_plan(loaded).campaigns == ("win_back", "news")


def test_another_window_replaces_the_inherited_one_and_triggers_are_replaced_whole(tmp_path):
    text = SMALL + '[[policy.caps]]\nname = "all channels: 2 a day"\nwindow.calendar = "month"\n'
    cap = next(cap for cap in build.policy(load(tmp_path, text)).caps if cap.name == "all channels: 2 a day")
    assert (cap.calendar, cap.max_contacts) == ("month", 2)
    changed = load(tmp_path, EVERYTHING, ('cascades.win_back.trigger={ kind = "birthday" }',))
    assert build.program(changed).cascades[0].trigger == Trigger("birthday")


ON_BARE = 'extends = "bare.toml"\n'
CAP = '[[policy.caps]]\nname = "cap"\nmax_contacts = {}\nwindow = {{ {} }}\n'
FLOOR = '[[policy.floors]]\nname = "floor"\nchannel = "email"\nmin_contacts = {}\nwindow.rolling_days = {}\n'
NEEDS = '[[policy.prerequisites]]\nname = "{0} needs {1}"\ndays = {2}\nneeds.channels = ["{1}"]\nallows.channels = ["{0}"]\n'
STOP = '[[policy.switch_offs]]\nname = "{}"\nafter_contacts = 5\n{}\n'
COOLDOWN = '[[policy.cooldowns]]\nname = "cool"\ndays = {2}\nafter.channels = ["{1}"]\nforbids.channels = ["{0}"]\n'

CLASHES = {
    "floor above cap": (CAP.format(2, "rolling_days = 7") + FLOOR.format(3, 7), "floor.min_contacts = 3 in 7 days", "cap.max_contacts = 2 in 7 days"),
    "cap 0 with a floor": (CAP.format(0, "rolling_days = 1") + FLOOR.format(1, 28), "floor.min_contacts = 1", "cap.max_contacts = 0"),
    "floor over a longer window": (CAP.format(2, "rolling_days = 7") + FLOOR.format(6, 15), "floor.min_contacts = 6 in 15", "at most 5"),
    "floor above a weekly cap": (CAP.format(2, 'calendar = "week"') + FLOOR.format(5, 14), "floor.min_contacts = 5", "max_contacts = 2 in a week"),
    "floor above points": (CAP.format(5, "rolling_days = 7") + "points.email = 2\n" + FLOOR.format(3, 7), "floor.min_contacts = 3", "cap.max_contacts = 5"),
    "floor within the gap": ("[policy]\nmin_gap_days = 3\n" + FLOOR.format(4, 9), "floor.min_contacts = 4", "policy.min_gap_days = 3"),
    "two floors on a channel": (
        FLOOR.format(1, 28) + FLOOR.format(2, 28).replace('"floor"', '"another"') + 'segments = ["Lost"]\n',
        "policy.floors.another.channel", "policy.floors.floor.channel: email",
    ),
    "two switch-offs on a channel": (
        STOP.format("one", 'channels = ["sms", "email"]') + STOP.format("two", 'channels = ["email"]'),
        "policy.switch_offs.one.channels: email",
    ),
    "a switch-off of all channels and one": (
        STOP.format("one", 'channels = ["sms"]') + STOP.format("two", ""), "policy.switch_offs.one.channels: sms",
    ),
    "a circle of two": (NEEDS.format("email", "sms", 7) + NEEDS.format("sms", "email", 7), '"email needs sms"', '"sms needs email"'),
    "a circle of three": (
        NEEDS.format("email", "sms", 7) + NEEDS.format("sms", "push", 7) + NEEDS.format("push", "email", 7),
        '"email needs sms"', '"push needs email"',
    ),
    "prerequisite against cooldown": (NEEDS.format("sms", "email", 5) + COOLDOWN.format("sms", "email", 5), '"sms needs email".days = 5', "cool.days = 5"),
    "prerequisite against exclusion": (
        NEEDS.format("sms", "email", 1)
        + '[[policy.exclusions]]\nname = "never"\nbetween = [{ channels = ["sms"] }, { channels = ["email"] }]\n',
        '"sms needs email".days = 1', "never.days = 1",
    ),
    "too early on the day": (NEEDS.format("email", "sms", 1), "days = 1", "policy.arbitration = priority"),
    "needs a disabled channel": (NEEDS.format("email", "sms", 3) + "[channels.sms]\nenabled = false\n", "needs: sms", "allowed: contacts that exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", CLASHES)
def test_contradictions_are_refused_with_both_keys(case, tmp_path):
    text, *wanted = CLASHES[case]
    said = refusal(tmp_path, ON_BARE + text)
    for part in wanted:
        assert part in said, said
    assert len(said.splitlines()) == 1, said


NEIGHBOURS = {
    "floor at the cap": CAP.format(3, "rolling_days = 7") + FLOOR.format(3, 7),
    "floor over a longer window": CAP.format(2, "rolling_days = 7") + FLOOR.format(6, 16),
    "floors on two channels": FLOOR.format(1, 28) + FLOOR.format(1, 28).replace('"floor"', '"two"').replace("email", "sms"),
    "switch-offs on two channels": STOP.format("one", 'channels = ["sms"]') + STOP.format("two", 'channels = ["email"]'),
    "two floors on a disabled channel": "[channels.sms]\nenabled = false\n" + (FLOOR.format(1, 28) + FLOOR.format(1, 27).replace('"floor"', '"two"')).replace("email", "sms"),
    "cap in another segment": CAP.format(0, "rolling_days = 7") + 'segments = ["Lost"]\n' + FLOOR.format(3, 7) + 'segments = ["New"]\n',
    "cap on another class": CAP.format(0, "rolling_days = 7") + 'classes = ["transactional"]\n' + FLOOR.format(3, 7),
    "cap on another channel": CAP.format(0, "rolling_days = 7") + 'channels = ["sms"]\n' + FLOOR.format(3, 7),
    "cap that is only watched": CAP.format(0, "rolling_days = 7") + "enforced = false\n" + FLOOR.format(3, 7),
    "a chain without a circle": NEEDS.format("email", "sms", 7) + NEEDS.format("sms", "push", 7),
    "cooldown that ends in time": NEEDS.format("sms", "email", 6) + COOLDOWN.format("sms", "email", 5),
    "in the order of precedence": NEEDS.format("sms", "email", 1),
}  # fmt: skip


@pytest.mark.parametrize("case", NEIGHBOURS)
def test_what_just_holds_together_is_accepted(case, tmp_path):
    assert build.policy(load(tmp_path, ON_BARE + NEIGHBOURS[case])).rules is not None


CASCADE = '[cascades.c]\ntrigger = {{ {} }}\n[[cascades.c.steps]]\nchannel = "{}"\n{}\n'
MISTAKES = {
    "step to an unknown channel": (CASCADE.format('kind = "days_since_order", days = 3', "fax", ""), "cascades.c.steps[0].channel: unknown channel"),
    "trigger for an unknown segment": (CASCADE.format('kind = "entered_segment", segment = "At Rsk"', "sms", ""), "cascades.c.trigger.segment: unknown segment; did you mean 'At Risk'"),
    "trigger without its key": (CASCADE.format('kind = "entered_segment"', "sms", ""), "trigger.segment: is missing: entered_segment needs it"),
    "trigger with another's key": (CASCADE.format('kind = "entered_segment", segment = "Lost", days = 3', "sms", ""), 'trigger.days: is only for days_since_order (given: kind = "entered_segment", days = 3)'),
    "unknown offer": (CASCADE.format('kind = "days_since_order", days = 3', "sms", 'offer = "ten"'), "steps[0].offer: unknown offer"),
    "first step after nothing": (CASCADE.format('kind = "days_since_order", days = 3', "sms", 'only_if = "seen"'), "steps[0].only_if: the first message"),
    "nobody registers": (CASCADE.format('kind = "registered"', "sms", ""), "base.new_customers_per_week"),
    "no birthdays": (CASCADE.format('kind = "birthday"', "sms", ""), "base.assumed_birthdays = true"),
    "campaign and cascade of one name": (CASCADE.format('kind = "days_since_order", days = 3', "sms", "") + '[campaigns.c]\nchannel = "sms"\nper_week = 1\n', "a campaign and a cascade share a name"),
    "unknown campaign in the plan": ('[policy.current]\ncampaigns = ["welcme"]\n[campaigns.welcome]\nchannel = "sms"\nper_week = 1\n', "unknown campaign or cascade; did you mean 'welcome'"),
    "unknown class": (CAP.format(1, "rolling_days = 1") + 'classes = ["prmo"]\n', "no contact is of this message class; did you mean 'promo'"),
    "two windows": (CAP.format(1, 'rolling_days = 1, calendar = "week"'), "cap.window: needs exactly one of rolling_days, calendar"),
    "too many points": (CAP.format(2, "rolling_days = 1") + "points.sms = 3\n", "3 points, max_contacts = 2"),
    "shares": ('[[policy.personal_caps]]\nname = "p"\nwindow.rolling_days = 7\nshares = { 1 = 0.5, 2 = 0.4 }\n', "must sum to 1 (given: 0.9)"),
    "window beyond memory": (COOLDOWN.format("sms", "email", 64), "cool.days: is out of range (given: 64); allowed: a whole number from 1 to 63 (days)"),
    "floor longer than its window": (FLOOR.format(5, 4), "more contacts than days (given: min_contacts = 5, rolling_days = 4)"),
    "names of rules": (CAP.format(1, "rolling_days = 1") + '[[policy.floors]]\nname = "cap"\nchannel = "email"\nmin_contacts = 1\nwindow.rolling_days = 9\n', "a rule of caps has this name already"),
    "household nobody knows": (CAP.format(1, "rolling_days = 1") + "household = true\n", "nobody's household is known"),
    "capacity for an unknown channel": ('[[capacities]]\nname = "x"\nchannels = ["fax"]\nper_day = 1\n', "capacities.x.channels[0]: unknown channel"),
    "capacity without a limit": ('[[capacities]]\nname = "x"\nchannels = ["sms"]\n', "a capacity without a limit"),
    "exception after the end": ('[[capacities]]\nname = "x"\nchannels = ["sms"]\nexceptions = { 17 = 3 }\n', "week 17 of 16"),
    "reputation of an unknown channel": ('[reputation]\nchannels = ["fax"]\n', "reputation.channels[0]: unknown channel"),
    "timing of an unknown segment": ("[timing]\nLst = { sms = 1 }\n", "timing.Lst: unknown segment"),
    "eight days a week": ("[seasonality]\nby_weekday = [1, 1, 1, 1, 1, 1, 1, 1]\n", "8 factors"),
    "ids of an invented base": ('[policy]\nsuppress = "x.csv"\n', "an invented base has no customer ids"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_named(case, tmp_path):
    text, wanted = MISTAKES[case]
    said = refusal(tmp_path, ON_BARE + text)
    assert wanted in said
    assert len(said.splitlines()) == 1, said


def test_a_plan_file_names_campaigns_and_offers_and_loads_back(tmp_path):
    from scenarios.planfile import load_plan, plan_rows, plan_toml

    loaded = load(tmp_path, EVERYTHING)
    plan, program = build.current_plan(loaded), build.program(loaded)
    (tmp_path / "plan.toml").write_text(plan_toml(plan), encoding="utf-8")
    back = load_plan(tmp_path / "plan.toml", plan.segments, plan.channels, program)
    assert (back.campaigns, back.offers) == (plan.campaigns, plan.offers)
    np.testing.assert_array_equal(back.per_week, plan.per_week)
    assert [row for row in plan_rows(plan) if "offer" in row] == [
        {"segment": "At Risk", "channel": "email", "per_week": 2.0, "offer": "ten"}
    ]
    (tmp_path / "plan.toml").write_text(
        'campaigns = ["nws"]\n[default]\nemail = 1\n[offers."At Rsk"]\nemail = "tn"\n', encoding="utf-8"
    )
    with pytest.raises(InputError) as error:
        load_plan(tmp_path / "plan.toml", plan.segments, plan.channels, program)
    said = str(error.value)
    for hint in ("plan.toml:1: campaigns[0]", "'news'", "'At Risk'", "'ten'"):
        assert hint in said


# --- people --------------------------------------------------------------------------------------------------

ORDERS = "customer_id,order_date,order_value\n" + "".join(
    f"c{n},2025-0{1 + n % 6}-1{n % 9},{10 + n}\nc{n},2025-08-1{n % 9},{12 + n}\n" for n in range(40)
)
PEOPLE = """
extends = "library:base.toml"
[base]
orders = "orders.csv"
as_of = 2025-08-31
customers = "customers.csv"
simulated_customers = 80
[base.fitted_model]
model = "mbg-nbd"
r = 1
alpha = 8
a = 1
b = 4
p = 4
q = 4
gamma = 20
[segments]
borders = "fixed"
recency_borders_days = [30, 90]
frequency_borders = [2, 3]
monetary_borders = [20, 40]
[policy]
suppress = "no.csv"
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "no.csv").write_text("customer_id,channel\nc1,\nc2,sms\nstranger,\n")
    (tmp_path / "customers.csv").write_text(
        "customer_id,birthday,household_id,consent_email\n"
        "c0,1980-09-01,h1,yes\nc1,02-29,h1,1\nc2,,h2,no\nc3,1990-08-31,,\nstranger,,h2,no\n"
    )
    return tmp_path


def test_what_files_tell_of_customers(shop):
    base = load_base(load(shop, PEOPLE))
    world = make_world(base, base.population(80, 3))
    people, ids = world.population, base.history.orders.customer_ids
    assert (people.size, people.copies) == (80, 2)
    row = {name: np.flatnonzero(ids[people.base_customer] == name) for name in ("c0", "c1", "c2", "c3")}
    email, sms = world.channel_names.index("email"), world.channel_names.index("sms")
    everything = (1 << len(world.channels)) - 1
    assert people.suppressed[row["c0"]].tolist() == [0, 0]
    assert people.suppressed[row["c1"]].tolist() == [everything] * 2
    assert people.suppressed[row["c2"]].tolist() == [1 << email | 1 << sms] * 2
    assert world.suppressed is people.suppressed
    assert world.channels[email].consent_share == 1
    silent = np.isin(ids[people.base_customer], ["c0", "c1", "c2"], invert=True)
    assert 0.5 < 1 - (people.suppressed[silent] >> email & 1).mean() < 1  # drawn, .85
    # day 0 is 1 September, day 244 of the year
    assert people.birthday[row["c0"]].tolist() == [0, 0]
    assert people.birthday[row["c1"]].tolist() == [(59 - 244) % 365] * 2
    assert people.birthday[row["c3"]].tolist() == [364, 364]
    assert (people.birthday[row["c2"]] == -1).all()
    houses = people.household
    assert houses[row["c0"]].tolist() == houses[row["c1"]].tolist()
    assert len(set(houses[row["c0"]].tolist())) == 2  # copies live in different households
    assert len(set(houses.tolist())) == 2 * 39  # 40 customers, two of them together
    assert 1 + np.count_nonzero(np.diff(houses)) == 2 * 39  # who live together stand side by side
    assert len(set(people.key.tolist())) == 80


def test_newcomers_join_evenly_and_stand_for_the_real_base(shop):
    text = PEOPLE.replace("[base]\n", "[base]\nnew_customers_per_week = 4\n").replace(
        "[policy]", "[horizon]\nweeks = 10\ntail_weeks = 0\n[policy]"
    )
    base = load_base(load(shop, text))
    for customers, copies in ((80, 2), (20, 1)):
        world = make_world(base, base.population(customers, 3))
        people = world.population
        new = people.joined >= 0
        assert people.copies == copies
        assert people.scale == 40 / customers
        assert new.sum() * people.scale == 40  # 4 a week for 10 weeks
        assert people.base_size == 80
        assert np.unique(people.base_customer[new]).size * copies == new.sum()
        assert set(people.joined[~new].tolist()) == {-1}
        assert 0 <= people.joined[new].min() < 12
        assert 58 < people.joined[new].max() < 70
        np.testing.assert_array_equal(people.last_order[new], people.joined[new] - 1)
        np.testing.assert_array_equal(people.first_order[new], people.joined[new] - 1)
        np.testing.assert_array_equal(people.order_day[people.order_from[new]], people.joined[new] - 1)
        assert (people.order_to - people.order_from)[new].tolist() == [1] * int(new.sum())
        assert len(np.unique(people.key)) == people.size
        assert (people.suppressed[new] == 0).all()
    assert base.customer_ids(people)[-1].startswith("new ")


@pytest.mark.parametrize(
    ("file", "text", "wanted"),
    [
        ("customers.csv", "customer_id,consent_emial\nc0,yes\n", "did you mean 'consent_email'"),
        ("customers.csv", "customer_id,consent_email\nc0,maybe\n", "customers.csv, line 2, consent_email: is neither yes nor no (given: maybe)"),
        ("customers.csv", "customer_id,birthday\nc0,soon\n", "line 2: is not a birthday (given: soon)"),
        ("customers.csv", "customer_id,birthday\nc0,\nc0,\n", "a customer stands in two rows"),
        ("customers.csv", "id,birthday\nc0,\n", "has no column of this name (given: customer_id)"),
        ("no.csv", "customer_id,channel\nc0,fax\n", "no.csv, line 2: unknown channel (given: fax)"),
    ],
)  # fmt: skip
def test_mistakes_in_files_of_people_are_named(shop, file, text, wanted):
    (shop / file).write_text(text)
    loaded = load(shop, PEOPLE)
    with pytest.raises(InputError) as error:
        load_base(loaded).population(40, 1)
    assert wanted in str(error.value)


def test_files_that_are_not_there_are_told_before_the_work(shop):
    from scenarios.load import require_orders_file

    (shop / "no.csv").unlink()
    with pytest.raises(InputError, match=r"policy\.suppress: no such file"):
        require_orders_file(load(shop, PEOPLE))


def test_the_calendar_follows_the_first_day():
    from scenarios.calendar import Calendar, calendar_from

    assert calendar_from(None, 100) == Calendar(0, 0, 1, ())
    found = calendar_from(dt.date(2024, 1, 31), 40)
    assert found == Calendar(4, 2, 31, (31, 29, 31))
