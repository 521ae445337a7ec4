"""Scenario files: layers, overrides, and every kind of mistake with file, line, key, given and allowed."""

import datetime as dt
import json
from pathlib import Path

import pytest

from scenarios import locate
from scenarios.load import load_scenario
from scenarios.merge import Change
from scenarios.overrides import parse_overrides
from sim.errors import InputError

TODAY = dt.date(2026, 1, 1)
BASE = 'extends = "library:cdnow.toml"\n'


def load(tmp_path, text, overrides=(), **more):
    file = tmp_path / "s.toml"
    file.write_text(text, encoding="utf-8")
    return load_scenario(file, overrides, today=TODAY, **more)


def problems(tmp_path, text, overrides=(), **more):
    with pytest.raises(InputError) as caught:
        load(tmp_path, text, overrides, **more)
    return caught.value.problems


# Each row: lines below `extends`, the line and key that are named, a part of what is wrong, given, part of allowed.
MISTAKES = {
    "unknown key": (
        "[channels.sms]\nunit_csot = 1", 3, "channels.sms.unit_csot",
        "did you mean 'unit_cost', counted in USD per contact", "unit_csot = 1", "unit_cost",
    ),
    "unknown table": ("[chanels]", 2, "chanels", "did you mean 'channels'", "chanels = {  }", "channels"),
    "key in the wrong table": ("weeks = 3", 2, "weeks", "it belongs in [horizon]", "weeks = 3", "horizon"),
    "wrong unit": (
        "[fatigue]\nhalf_life_weeks = 1", 3, "fatigue.half_life_weeks",
        "wrong unit: the key is 'half_life_days', counted in days", "half_life_weeks = 1", "half_life_days",
    ),
    "wrong unit in a window": (
        '[[policy.caps]]\nname = "c"\nmax_contacts = 1\nwindow = { rolling_weeks = 1 }', 5,
        "policy.caps.c.window.rolling_weeks", "counted in days", "rolling_weeks = 1", "rolling_days",
    ),
    "probability above 1": (
        "[channels.sms]\n\nseen = 1.2", 4, "channels.sms.seen", "out of range", "1.2", "a number from 0 to 1",
    ),
    "interval end above 1": (
        "[channels.sms]\nseen = { value = 1, high = 1.2 }", 3, "channels.sms.seen.high", "out of range",
        "1.2", "a number from 0 to 1",
    ),
    "negative cost": (
        "[channels]\nsms.unit_cost = -0.1", 3, "channels.sms.unit_cost", "out of range", "-0.1", "at least 0",
    ),
    "a perfect correlation": (
        "[base]\nconsent_rate_correlation = 1", 3, "base.consent_rate_correlation", "out of range", "1", "above -1 to below 1",
    ),
    "NaN": ("[economics]\nmargin = nan", 3, "economics.margin", "finite", "nan", "a number from 0 to 1"),
    "infinity": (
        "[channels.sms]\nunit_cost = inf", 3, "channels.sms.unit_cost", "finite", "inf", "at least 0",
    ),
    "certain unsubscribe": (
        "[channels.sms]\nunsubscribe_per_contact = 1", 3, "channels.sms.unsubscribe_per_contact",
        "out of range", "1", "0 to below 1",
    ),
    "text for a number": (
        '[fatigue]\ndamping = "much"', 3, "fatigue.damping", "must be a number", '"much"', "at least 0",
    ),
    "true for a number": ("[economics]\nmargin = true", 3, "economics.margin", "must be a number", "true", "0 to 1"),
    "number for a table": ("fatigue = 3", 2, "fatigue", "must be a table", "3", "half_life_days"),
    "horizon 0": ("[horizon]\nweeks = 0", 3, "horizon.weeks", "out of range", "0", "from 1 to 260 (weeks)"),
    "half a week": ("[horizon]\nweeks = 1.5", 3, "horizon.weeks", "whole number", "1.5", "1 to 260"),
    "not a choice": (
        '[optimize]\nobjective = "profit"', 3, "optimize.objective", "not one of", '"profit"', '"contribution"',
    ),
    "date in quotes": (
        '[base]\nas_of = "1998-06-30"', 3, "base.as_of", "must be a date", '"1998-06-30"', "a date like",
    ),
    "as_of in the future": (
        "[base]\nas_of = 2026-01-02", 3, "base.as_of", "in the future", "2026-01-02", "at most today, 2026-01-01",
    ),
    "start before as_of": (
        "[horizon]\nstart = 1998-06-30", 3, "horizon.start", "not after the last day of the data",
        "start = 1998-06-30, as_of = 1998-06-30", "a day after as_of",
    ),
    "until after as_of": (
        "[base]\nuntil = 1998-07-01", 3, "base.until", "until is after as_of",
        "until = 1998-07-01, as_of = 1998-06-30", "until at most as_of",
    ),
    "two bases": (
        '[base]\nsynthetic = 5\norders = "a.csv"', 2, "base", "exactly one of orders, synthetic",
        "orders and synthetic", "orders or synthetic",
    ),
    "synthetic without a model": (
        "[base]\nsynthetic = 5", 2, "base.synthetic_model", "a base with synthetic needs it", None, "r, alpha, a, b",
    ),
    "two order rates": (
        '[base.fitted_model]\nmodel = "bg-nbd"\nr = 1\na = 1\nb = 1\np = 1\nq = 2\ngamma = 1\nalpha = 1\n'
        "mean_orders_per_year = 1", 2, "base.fitted_model", "exactly one of alpha", "alpha and mean", "alpha or",
    ),
    "ticks of an irregular model": (
        '[base.fitted_model]\nmodel = "bg-nbd"\nk = 3\nr = 1\na = 1\nb = 1\np = 1\nq = 2\ngamma = 1\nalpha = 1', 4,
        "base.fitted_model.k", "is only for mbg-cnbd", "3", 'model = "mbg-cnbd", or no k',
    ),
    "past contacts and a clock": (
        '[base]\norders = "a.csv"\nas_of = 1998-06-30\nmodel = "mbg-cnbd"\nhistory_contacts = "current"', 5,
        "base.model", "cannot be taken out of regular orders", "mbg-cnbd", "bg-nbd or mbg-nbd",
    ),
    "infinite mean order value": (
        '[base.fitted_model]\nmodel = "bg-nbd"\nr = 1\na = 1\nb = 1\np = 1\nq = 1\ngamma = 1\nalpha = 1', 8,
        "base.fitted_model.q", "out of range", "1", "a number above 1",
    ),
    "more clicked than seen": (
        "[channels.sms]\nseen = 0.05", 3, "channels.sms.seen", "more clicked than seen",
        "clicked = 0.07, seen = 0.05", "clicked at most seen",
    ),
    "plan for an unknown channel": (
        "[policy.current]\ndefault = { email = 1, emial = 2 }", 3, "policy.current.default.emial",
        "unknown channel; did you mean 'email'", '"emial"', "email, push, sms, messenger",
    ),
    "plan for an unknown segment": (
        '[policy.current.by_segment."At Rsk"]\nemail = 1', 2, 'policy.current.by_segment."At Rsk"',
        "unknown segment; did you mean 'At Risk'", '"At Rsk"', "Champions, Loyal",
    ),
    "eight contacts a week": (
        "[policy.current]\ndefault.email = 8", 3, "policy.current.default.email", "out of range", "8", "0 to 7",
    ),
    "level for an unknown channel": (
        "[optimize.levels_per_week]\nfax = [0, 1]", 3, "optimize.levels_per_week.fax", "unknown channel",
        '"fax"', "email, push, sms, messenger",
    ),
    "levels out of order": (
        "[optimize.levels_per_week]\nsms = [0, 1, 0.5]", 3, "optimize.levels_per_week.sms", "must ascend",
        "[0, 1, 0.5]", "ascending",
    ),
    "a level in a long list": (
        "[optimize]\nlevels_per_week.sms = [\n  0, # none\n  9,\n]", 5, "optimize.levels_per_week.sms[1]",
        "out of range", "9", "0 to 7",
    ),
    "cap on an unknown segment": (
        '[[policy.caps]]\nname = "c"\nmax_contacts = 1\nwindow.rolling_days = 1\nsegments = ["Champion"]', 6,
        "policy.caps.c.segments[0]", "unknown segment; did you mean 'Champions'", '"Champion"', "Champions",
    ),
    "cap on an unknown channel": (
        '[[policy.caps]]\nname = "c"\nmax_contacts = 1\nwindow.rolling_days = 1\nchannels = ["fax"]', 6,
        "policy.caps.c.channels[0]", "unknown channel", '"fax"', "email, push, sms, messenger",
    ),
    "window too long": (
        '[[policy.caps]]\nname = "c"\nmax_contacts = 1\nwindow.rolling_days = 64', 5,
        "policy.caps.c.window.rolling_days", "out of range", "64", "from 1 to 63 (days)",
    ),
    "two caps of one name": (
        '[[policy.caps]]\nname = "c"\nmax_contacts = 1\nwindow.rolling_days = 2\n'
        '[[policy.caps]]\nname = "c"\nmax_contacts = 2\nwindow.rolling_days = 2', 7, "policy.caps.c.name",
        "two caps share a name", '"c"', "unique names",
    ),
    "limit without a measure": (
        '[[optimize.limits]]\nname = "l"', 2, "optimize.limits.l", "exactly one measure", "none", "max_cost or",
    ),
    "limit with two measures": (
        '[[optimize.limits]]\nname = "l"\nmax_cost = 1\nmax_contacts = 1', 2, "optimize.limits.l",
        "exactly one measure", "max_cost and max_contacts", "max_contacts_per_week",
    ),
    "limit on an unknown channel": (
        '[[optimize.limits]]\nname = "l"\nmax_cost = 1\nchannel = "fax"', 5, "optimize.limits.l.channel",
        "unknown channel", '"fax"', "email, push",
    ),
    "hole in the map": (
        '[segments]\nmap = { All = ["[23]**"] }', 3, "segments.map", "9 score cells belong to no segment",
        "111 112 113 121 122 123 131 132 133", "every cell in exactly one segment",
    ),
    "overlap in the map": (
        '[segments.map]\nAll = ["***"]\n"The Best" = ["333"]', 4, 'segments.map."The Best"',
        "cell 333 belongs to two segments", "333 here and in All", "exactly one segment",
    ),
    "borders do not ascend": (
        "[segments]\nrecency_borders_days = [180, 60]", 3, "segments.recency_borders_days", "borders must ascend",
        "(180, 60)", "ascending",
    ),
    "a border beyond memory": (
        "[segments]\nfrequency_borders = [2, 33]", 3, "segments.frequency_borders", "orders remembered", "33", "32",
    ),
    "seasons of ten weeks": (
        "[seasonality]\nby_week = [1,1,1,1,1,1,1,1,1,1]", 3, "seasonality.by_week", "one factor per week",
        "10 factors", "52 or 53",
    ),
    "interval beside its value": (
        "[economics]\nmargin = { value = 0.4, low = 0.5 }", 3, "economics.margin.low", "low is above the value",
        "0.5", "at most value = 0.4",
    ),
    "another unit": (
        '[channels.sms]\nunit_cost = { value = 6, unit = "cents" }', 3, "channels.sms.unit_cost.unit",
        "nothing is converted", '"cents"', '"USD per contact"',
    ),
    "a channel that is no name": (
        '[channels."text message"]', 2, 'channels."text message"', "not a possible name", '"text message"',
        "letters, digits and _",
    ),
    "a new channel without numbers": (
        "[channels.call]\nunit_cost = 4", 2, "channels.call.consent_share", "is missing", None, "from 0 to 1",
    ),
    "a new channel without levels": (
        "[channels.call]\nunit_cost = 4", None, "optimize.levels_per_week.call", "has no levels", None, "[0, 0.5",
    ),
    "no channel left": (
        "[channels]\nemail.enabled=false\npush.enabled=false\nsms.enabled=false\nmessenger.enabled=false", 2,
        "channels", "no channel is enabled", None, "at least one",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_every_mistake_is_told_with_line_key_given_and_allowed(tmp_path, kind):
    text, line, key, what, given, allowed = MISTAKES[kind]
    found = problems(tmp_path, BASE + text)
    place = f"{tmp_path / 's.toml'}:{line}: {key}"
    same = [p for p in found if p.where == place or (line is None and p.where.endswith(f": {key}"))]
    assert same, [str(problem) for problem in found]
    assert what in same[0].what
    assert (same[0].given is None) == (given is None)
    assert (given or "") in (same[0].given or "")
    assert allowed in same[0].allowed


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = BASE + "nmae = 1\n[channels.sms]\nunit_cost = -1\n[horizon]\nweeks = 0\nstart = 1990-01-01\n"
    places = [problem.where.removeprefix(str(tmp_path / "s.toml")) for problem in problems(tmp_path, text)]
    assert places == [":2: nmae", ":4: channels.sms.unit_cost", ":6: horizon.weeks", ":7: horizon.start"]


@pytest.mark.parametrize(
    ("override", "where", "what", "allowed"),
    [
        ("channels.sms.unit_csot=1", "--set channels.sms.unit_csot", "did you mean 'unit_cost'", "unit_cost"),
        ("channels.sms.unit_cost=abc", "--set channels.sms.unit_cost", "must be a number", "at least 0"),
        ("channels.sms.unit_cost=-1", "--set channels.sms.unit_cost", "out of range", "at least 0"),
        ("channels.sms.unit_cost=[", "--set channels.sms.unit_cost", "the value is not TOML", "a TOML value"),
        ("horizon.weeks", "--set horizon.weeks", "is not an override", "key=value"),
        ("=3", "--set =3", "is not an override", "key=value"),
        ("horizon.weeks=", "--set horizon.weeks=", "is not an override", "key=value"),
        ("a b=1", "--set a b=1", "is not a key", "key=value"),
        ("horizon.weeks=1\nname='x'", "--set horizon.weeks=1\nname='x'", "is not an override", "key=value"),
        ("policy.caps.SMS.max_contacts=2", "--set policy.caps.SMS", "no item of this name", "SMS: 1 in 7 days"),
        ("base.as_of=2999-01-01", "--set base.as_of", "in the future", "at most today"),
    ],
)
def test_mistakes_in_overrides_name_the_override(tmp_path, override, where, what, allowed):
    (problem,) = problems(tmp_path, BASE, [override])
    assert problem.where == where
    assert what in problem.what
    assert allowed in problem.allowed


def test_more_channels_than_there_is_room_for(tmp_path):
    levels = "[optimize.levels_per_week]\n" + "".join(f"c{k} = [0]\n" for k in range(20))
    one = "unit_cost = 0\norders_per_contact = 0\nfatigue_weight = 0\n" + "".join(
        f"{key} = 0\n"
        for key in ("unsubscribe_per_contact", "complaint_per_contact", "seen", "clicked", "consent_share")
    )
    many = levels + "".join(f"[channels.c{k}]\ndelivered = 1\n{one}" for k in range(20))
    found = [problem for problem in problems(tmp_path, BASE + many, []) if problem.where.endswith("channels")]
    assert [(problem.what, problem.given, problem.allowed) for problem in found] == [
        ("has too many entries", "24", "at most 16 entries")
    ]


def test_an_override_given_twice_is_a_conflict(tmp_path):
    (problem,) = problems(tmp_path, BASE, ["horizon.weeks=3", "horizon.weeks=4"])
    assert (problem.where, problem.what) == ("--set horizon.weeks", "is set twice")


def test_a_plain_number_over_a_benchmark_is_the_users_and_has_no_interval(tmp_path):
    loaded = load(tmp_path, BASE, ["channels.email.orders_per_contact=0.004"])
    number = loaded.scenario.channels["email"].orders_per_contact
    assert (number.value, number.origin, number.low, number.high, number.source) == (0.004, "user", None, None, None)
    assert loaded.changes[-1] == Change("channels.email.orders_per_contact", "--set", new=0.004, old=0.0053)


def test_a_new_value_does_not_keep_the_old_origin_but_a_new_interval_keeps_the_value(tmp_path):
    text = "[channels.email]\norders_per_contact = { value = 0.006, low = 0.005 }\nseen = { low = 0.1 }"
    email = load(tmp_path, BASE + text).scenario.channels["email"]
    assert (email.orders_per_contact.origin, email.orders_per_contact.high) == ("user", None)
    assert (email.seen.value, email.seen.origin, email.seen.low, email.seen.high) == (0.22, "benchmark", 0.1, 0.30)


def test_an_interval_for_a_number_the_user_stated_plainly(tmp_path):
    loaded = load(tmp_path, BASE + "[economics]\nmargin = 0.5\n", ["economics.margin.low=0.4"])
    assert loaded.scenario.economics.margin.model_dump(exclude_none=True) == {
        "value": 0.5, "origin": "user", "low": 0.4,
    }  # fmt: skip


def test_overrides_take_dates_lists_bare_words_and_quoted_names(tmp_path):
    loaded = load(
        tmp_path,
        BASE,
        [
            "base.until=1997-09-30",
            "base.model=bg-nbd",
            "optimize.levels_per_week.sms=[0, 1]",
            'policy.caps."all channels: 3 in 5 days".max_contacts=2',
            'policy.current.by_segment."At Risk".email = 1',
        ],
    )
    scenario = loaded.scenario
    assert scenario.base.until == dt.date(1997, 9, 30)
    assert scenario.base.model == "bg-nbd"
    assert scenario.optimize.levels_per_week["sms"] == (0, 1)
    assert {cap.name: cap.max_contacts for cap in scenario.policy.caps}["all channels: 3 in 5 days"] == 2
    assert scenario.policy.current.by_segment == {"At Risk": {"email": 1}}
    assert 'policy.caps."all channels: 3 in 5 days".max_contacts' in [change.key for change in loaded.changes]


def test_changes_say_old_new_and_file_and_can_be_written_as_json(tmp_path):
    loaded = load(tmp_path, BASE + "[horizon]\nweeks = 26\ntail_weeks = 10\n[base]\nas_of = 1998-01-01")
    mine = [change for change in loaded.changes if change.file == str(tmp_path / "s.toml")]
    assert [change.as_dict() for change in mine] == [
        {"key": "horizon.tail_weeks", "old": 52, "new": 10, "file": str(tmp_path / "s.toml")},
        {"key": "base.as_of", "old": "1998-06-30", "new": "1998-01-01", "file": str(tmp_path / "s.toml")},
    ]
    json.dumps([change.as_dict() for change in loaded.changes], allow_nan=False)


def test_caps_merge_by_name_and_an_empty_list_clears_them(tmp_path):
    text = '[[policy.caps]]\nname = "SMS: 1 in 7 days"\nmax_contacts = 2\n'
    text += '[[policy.caps]]\nname = "mine"\nmax_contacts = 5\nwindow = { rolling_days = 30 }'
    caps = load(tmp_path, BASE + text).scenario.policy.caps
    shipped = load_scenario("library:cdnow").scenario.policy.caps
    assert [cap.name for cap in caps] == [*(cap.name for cap in shipped), "mine"]
    changed = next(cap for cap in caps if cap.name == "SMS: 1 in 7 days")
    assert (changed.max_contacts, changed.window.rolling_days, changed.channels) == (2, 7, ("sms",))
    assert load(tmp_path, BASE + "[policy]\ncaps = []").scenario.policy.caps == ()


def test_a_new_measure_replaces_the_inherited_one_and_a_synthetic_base_replaces_orders(tmp_path):
    limits = load(tmp_path, BASE + '[[optimize.limits]]\nname = "budget"\nmax_contacts = 9').scenario.optimize.limits
    assert (limits[0].max_cost, limits[0].max_contacts) == (None, 9)
    text = '[base]\nsynthetic = 5\n[base.synthetic_model]\nmodel = "bg-nbd"\nr=1\nalpha=1\na=1\nb=1\np=1\nq=2\ngamma=1'
    loaded = load(tmp_path, BASE + text)
    assert (loaded.scenario.base.orders, loaded.orders_path) == (None, None)
    assert "base.orders" in [change.key for change in loaded.changes if change.new is None]


def test_the_map_of_segments_is_replaced_as_a_whole(tmp_path):
    loaded = load(tmp_path, BASE + '[segments.map]\nRecent = ["3**"]\nOther = ["[12]**"]')
    assert list(loaded.scenario.segments.map) == ["Recent", "Other"]


def test_a_disabled_channel_may_still_be_mentioned(tmp_path):
    loaded = load(tmp_path, BASE + "[channels]\nmessenger.enabled = false")
    assert "messenger" in loaded.scenario.optimize.levels_per_week


def test_two_files_on_the_same_ground_do_not_undo_each_other(tmp_path):
    """a and b both extend ground; without care b would bring the ground's damping back."""
    (tmp_path / "ground.toml").write_text('extends = "library:cdnow.toml"\n[fatigue]\ndamping = 0.3\n')
    (tmp_path / "a.toml").write_text('extends = "ground.toml"\n[fatigue]\ndamping = 0.4\n')
    (tmp_path / "b.toml").write_text('extends = "ground.toml"\n[horizon]\nweeks = 5\n')
    both = load(tmp_path, 'extends = ["a.toml", "b.toml"]\n')
    assert both.scenario.fatigue.damping.value == 0.4
    assert both.scenario.horizon.weeks == 5
    assert [Path(file).name for file in both.files[:5]] == [
        "library:base.toml", "library:cdnow.toml", "ground.toml", "a.toml", "b.toml"
    ]  # fmt: skip


def test_later_files_of_extends_and_presets_win(tmp_path):
    both = load(tmp_path, 'extends = ["library:cdnow.toml", "library:fatigue_slow.toml"]\n')
    assert both.scenario.fatigue.half_life_days.value == 21
    over = load(tmp_path, BASE + "[fatigue]\nhalf_life_days = 9", presets=["library:fatigue_fast.toml"])
    assert (over.scenario.fatigue.half_life_days.value, over.scenario.fatigue.damping.value) == (3, 0.4)
    set_over = load(tmp_path, BASE, ["fatigue.damping=0.1"], presets=["library:fatigue_fast.toml"])
    assert set_over.scenario.fatigue.damping.value == 0.1


def test_orders_are_relative_to_the_file_that_names_them(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "parent.toml").write_text(BASE + '[base]\norders = "mine.csv"\n')
    (tmp_path / "below" / "child.toml").write_text('extends = "../parent.toml"\n')
    loaded = load_scenario(tmp_path / "below" / "child.toml")
    assert loaded.orders_path.resolve() == (tmp_path / "mine.csv").resolve()
    assert load_scenario("library:cdnow").orders_path.name == "cdnow_orders.csv.gz"


def test_equal_content_has_an_equal_digest_and_any_change_another(tmp_path):
    plain = load(tmp_path, BASE + "[horizon]\nweeks = 13\n[channels.sms]\nunit_cost = 1")
    other = load(tmp_path, BASE + "channels.sms.unit_cost = 1.0\nhorizon = { weeks = 13 }")
    assert plain.digest == other.digest
    swapped = load(tmp_path, BASE + '[segments.map]\nB = ["[12]**"]\nA = ["3**"]').digest
    assert swapped != load(tmp_path, BASE + '[segments.map]\nA = ["3**"]\nB = ["[12]**"]').digest
    assert len({plain.digest, load(tmp_path, BASE).digest, load(tmp_path, BASE, ["horizon.weeks=14"]).digest}) == 3


def test_extending_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text('extends = "b.toml"')
    (tmp_path / "b.toml").write_text('extends = "a.toml"')
    with pytest.raises(InputError, match=r"extends itself \(given: .*a.toml -> .*b.toml -> .*a.toml\)"):
        load_scenario(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('\nextends = "library:bsae.toml"', ":2: extends", "no such file"),
        ("extends = 3", ":1: extends", "must name files"),
        ("a = 1\nb = = 2", ":2", "is not TOML"),
        ("a = 1\na = 2", ":2", "is not TOML"),
        ("a = [1,", ":1", "is not TOML"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, text, where, what):
    (problem,) = problems(tmp_path, text)
    assert problem.where == f"{tmp_path / 's.toml'}{where}"
    assert what in problem.what
    assert problem.allowed


def test_files_that_are_no_text_too_large_or_not_there(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"# ok\nname = 'caf\xe9'\n")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    for name, where, what in [
        ("latin.toml", ":2", "not UTF-8"),
        ("large.toml", "", "too large"),
        ("none.toml", "", "cannot be read"),
        ("", "", "cannot be read"),
    ]:
        with pytest.raises(InputError) as caught:
            load_scenario(tmp_path / name)
        assert caught.value.problems[0].where == f"{tmp_path / name}{where}"
        assert what in caught.value.problems[0].what


TRICKY = '''# [not.a.table]
title = """
[neither] = "this"
a = 1"""   # comment with [ and "
"quoted key".'second.part' = { x = 1, "y.z" = [1, { w = 2 }] }
list = [ # comment ]
  1,
  [2, 3], "a]b",
]
[a.b]
c.d = 'it''' + "#" + '''s'
e = """x\\"""" # the end
f = 1979-05-27T07:32:00Z
[[a.items]]
n = 1
[a.items.sub]
m = 2
[[a.items]]
n = 2
[[a.items.deep]]
k = []
'''  # fmt: skip


def paths(node, at=()):
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield (*at, key)
        yield from paths(value, (*at, key))


def test_the_line_finder_finds_every_key_of_a_tricky_file():
    import tomllib

    lines = locate.locate(TRICKY)
    data = tomllib.loads(TRICKY)
    assert [path for path in paths(data) if path not in lines] == []
    assert [path for path in lines if path not in set(paths(data))] == []
    text = TRICKY.split("\n")
    for path, start in {
        ("quoted key", "second.part", "y.z", 1, "w"): '"quoted key"',
        ("list", 1, 0): "  [2, 3]",
        ("list", 2): "  [2, 3]",
        ("a", "b", "c", "d"): "c.d",
        ("a", "b", "f"): "f = ",
        ("a", "items", 0, "sub", "m"): "m = 2",
        ("a", "items", 1, "n"): "n = 2",
        ("a", "items", 1, "deep", 0, "k"): "k = []",
    }.items():
        assert text[lines[path] - 1].startswith(start), path
    assert locate.line_of(lines, ("a", "items", 1, "missing")) == lines[("a", "items", 1)]


def test_windows_line_ends_do_not_move_lines():
    lines = locate.locate(TRICKY.replace("\n", "\r\n"))
    assert lines == locate.locate(TRICKY)


def test_an_override_may_have_an_equals_sign_in_its_key():
    (layer,) = parse_overrides(['policy.caps."a=b".max_contacts = 3'])
    assert layer.data == {"policy": {"caps": {"a=b": {"max_contacts": 3}}}}


JUNK = (
    None,
    True,
    -1,
    2.5,
    float("nan"),
    "x",
    "",
    [],
    [1],
    ["x"],
    {},
    {"a": 1},
    {"value": "x"},
    [{"name": "x"}],
    [{}],
    dt.date(1998, 1, 1),
)


def test_junk_anywhere_is_a_problem_and_never_a_fault():
    """Every key of a scenario replaced by values of the wrong kind: refused in words, or valid."""
    from scenarios.load import _refuse
    from scenarios.merge import Layer, Merged

    shipped = load_scenario("library:cdnow").scenario.model_dump(exclude_none=True)
    places = [path for path in paths(as_lists(shipped)) if len(path) <= 4]
    refused = 0
    for number, path in enumerate(places):
        data = as_lists(shipped)
        node = data
        for key in path[:-1]:
            node = node[key]
        junk = JUNK[number % len(JUNK)]
        if junk is None:
            del node[path[-1]]
        else:
            node[path[-1]] = junk
        merged = Merged()
        merged.lay(Layer("base.toml", data))
        try:
            _refuse(merged, TODAY)
        except InputError:
            refused += 1
    assert refused > len(places) / 2


def as_lists(node):
    """A fresh copy as TOML would give it."""
    if isinstance(node, dict):
        return {key: as_lists(value) for key, value in node.items()}
    return [as_lists(item) for item in node] if isinstance(node, (list, tuple)) else node
