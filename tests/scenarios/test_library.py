"""The shipped scenarios: complete, as designed, and turned into the right objects."""

import datetime as dt
import tomllib

import numpy as np
import pytest

from optimizer.limits import Limit
from scenarios import build
from scenarios.fragment import fit_fragment
from scenarios.load import LIBRARY, load_scenario
from scenarios.order_rows import order_rows
from sim.errors import InputError

SCENARIOS = ("cdnow", "calibration", "small")
PRESETS = ("fatigue_fast", "fatigue_slow", "fatigue_none")
NAMES = ("Champions", "Loyal", "Potential", "New", "Big Spenders", "At Risk", "Hibernating", "Lost")


@pytest.mark.parametrize("preset", [None, *PRESETS])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_shipped_scenario_loads_with_every_preset_and_builds(name, preset):
    loaded = load_scenario(f"library:{name}", presets=[f"library:{preset}"] if preset else [])
    assert len(build.channels(loaded)) == len(build.levels(loaded)) >= 1
    assert build.behaviour(loaded)
    assert build.economics(loaded).margin == 0.4
    assert build.policy(loaded) is not None
    assert build.rfm_scheme(loaded).segments == build.segment_names(loaded) == NAMES
    plan = build.current_plan(loaded)
    assert plan.per_week.shape == (8, len(build.channels(loaded)))


def test_no_shipped_file_is_forgotten():
    assert {file.stem for file in LIBRARY.glob("*.toml")} == {"base", *SCENARIOS, *PRESETS}


def test_the_base_holds_the_shipped_values():
    loaded = load_scenario("library:cdnow")
    rows = {
        channel.name: (
            channel.orders_per_contact, channel.fatigue_weight, channel.unsubscribe_per_contact,
            channel.complaint_per_contact, channel.delivered, channel.seen, channel.clicked,
            channel.consent_share, channel.unit_cost,
        )
        for channel in build.channels(loaded)
    }  # fmt: skip
    assert rows == {
        "email": (0.0053, 1, 0.0010, 0.0005, 0.97, 0.22, 0.03, 0.85, 0.002),
        "push": (0.0027, 0.7, 0.0035, 0, 0.95, 0.20, 0.035, 0.45, 0.0005),
        "sms": (0.013, 2, 0.0025, 0.0003, 0.985, 1, 0.07, 0.50, 0.01),  # this scenario's own price
        "messenger": (0.0065, 1.2, 0.004, 0.001, 0.97, 0.55, 0.10, 0.30, 0.01),
    }
    by_base = {channel.name: channel.unit_cost for channel in build.channels(load_scenario("library:small"))}
    assert by_base["sms"] == 0.06
    assert build.levels(loaded) == {
        "email": (0, 0.5, 1, 2, 3), "push": (0, 0.5, 1, 2, 4),
        "sms": (0, 0.125, 0.25, 0.5, 1), "messenger": (0, 0.25, 0.5, 1, 2),
    }  # fmt: skip
    assert (loaded.scenario.horizon.weeks, loaded.scenario.horizon.tail_weeks) == (26, 52)
    np.testing.assert_array_equal(build.current_plan(loaded).per_week, [[2, 1, 0.25, 0]] * 8)
    assert build.policy(loaded).quiet_days_after_order == 2


def test_the_defaults_of_the_simulation_are_the_shipped_values():
    """Code that builds a world without a file gets the same behaviour."""
    from sim import domain

    loaded = load_scenario("library:cdnow")
    assert build.behaviour(loaded) == domain.Behaviour()
    assert build.economics(loaded) == domain.Economics()


def test_every_number_of_the_base_has_an_origin_and_a_plausible_interval():
    numbers = build.assumptions(load_scenario("library:cdnow"))
    assert len(numbers) > 50
    assert {number["key"] for number in numbers} >= {"fatigue.damping", "channels.sms.unit_cost", "economics.margin"}
    assert [n["key"] for n in numbers if n["origin"] == "user"] == []
    assert [n["key"] for n in numbers if not n["low"] <= n["value"] <= n["high"]] == []
    assert [n["key"] for n in numbers if n["origin"] == "benchmark" and not n.get("source")] == []
    no_unit = {n["key"] for n in numbers if not n["unit"]}
    assert no_unit == {"response.reference_shape", "optout.frailty_shape", "optout.open_concentration"}
    by_key = {number["key"]: number for number in numbers}
    assert by_key["channels.sms.unit_cost"]["unit"] == "USD per contact"
    assert "response.saturation_orders_per_day" not in by_key
    none = build.assumptions(load_scenario("library:cdnow", presets=["library:fatigue_none.toml"]))
    assert {n["key"]: n["unit"] for n in none}["response.saturation_orders_per_day"] == "orders a day"


@pytest.mark.parametrize(
    ("preset", "half_life", "damping", "saturates"),
    [("fatigue_fast", 3, 0.40, False), ("fatigue_slow", 21, 0.12, False), ("fatigue_none", 7, 0, True)],
)
def test_presets_of_fatigue(preset, half_life, damping, saturates):
    behaviour = build.behaviour(load_scenario("library:cdnow", presets=[f"library:{preset}"]))
    assert (behaviour.fatigue.half_life_days, behaviour.fatigue.damping) == (half_life, damping)
    assert (behaviour.response.saturation_orders_per_day is not None) == saturates


def test_the_calibration_population_is_the_reference_population():
    loaded = load_scenario("library:calibration")
    model = build.order_model(loaded)
    assert (model.model, model.r, model.a, model.b) == ("bg-nbd", 0.55, 1, 12)
    assert model.r / model.alpha * 365 / 7 == pytest.approx(6.5)
    assert model.p * model.gamma / (model.q - 1) == pytest.approx(25)
    response = build.behaviour(loaded).response
    assert (response.reference_shape, response.reference_orders_per_year) == (0.55, 6.5)
    assert [channel.name for channel in build.channels(loaded)] == ["email"]
    assert build.policy(loaded).caps == ()
    assert loaded.scenario.base.start == "rested"
    assert not build.current_plan(loaded).per_week.any()


def test_disabled_channels_leave_no_trace():
    loaded = load_scenario("library:cdnow", ["channels.sms.enabled=false", "channels.push.enabled=false"])
    assert build.channel_names(loaded) == ("email", "messenger")
    assert [cap.name for cap in build.policy(loaded).caps] == [
        "e-mail: 3 in 7 days", "messenger: 2 in 7 days", "all channels: 3 in 5 days", "all channels: 2 a day",
    ]  # fmt: skip
    assert [limit.name for limit in build.limits(loaded)] == ["budget"]
    assert set(build.levels(loaded)) == {"email", "messenger"}
    assert not [n for n in build.assumptions(loaded) if n["key"].startswith("channels.sms")]


def test_limits_say_what_they_measure():
    sets = ["optimize.limits.budget.max_unsubscribes=9"]
    limits = build.limits(load_scenario("library:cdnow", sets))
    assert limits == (
        Limit("budget", "unsubscribes", 9, None),
        Limit("SMS capacity", "contacts_per_week", 1_800, "sms"),
    )


def test_the_current_plan_has_exceptions_per_segment():
    plan = build.current_plan(load_scenario("library:cdnow", ["policy.current.by_segment.Lost.email=0.5"]))
    np.testing.assert_array_equal(plan.per_week[-1], [0.5, 1, 0.25, 0])
    np.testing.assert_array_equal(plan.per_week[0], [2, 1, 0.25, 0])


def test_the_first_day_follows_the_data():
    assert str(build.start_date(load_scenario("library:cdnow"))) == "1998-07-01"
    assert str(build.start_date(load_scenario("library:cdnow", ["horizon.start=1998-08-01"]))) == "1998-08-01"
    assert build.start_date(load_scenario("library:small")) is None


def cdnow_rfm():
    """Recency, frequency and mean order value of the bundled customers over the last 365 days."""
    import polars

    loaded = load_scenario("library:cdnow")
    as_of, window = loaded.scenario.base.as_of, loaded.scenario.segments.window_days
    days = polars.read_csv(loaded.orders_path, try_parse_dates=True).group_by("customer_id", "order_date")
    orders = days.agg(polars.col("order_value").sum()).with_columns(
        age=(polars.lit(as_of) - polars.col("order_date")).dt.total_days()
    )
    recent = polars.col("age") < window
    base = orders.group_by("customer_id").agg(
        r=polars.col("age").min(),
        f=recent.sum(),
        m=polars.col("order_value").filter(recent).mean().fill_null(0.0),
    )
    return loaded, base["r"].to_numpy(), base["f"].to_numpy().astype(np.int64), base["m"].to_numpy()


def test_every_segment_of_the_bundled_base_has_customers():
    loaded, r, f, m = cdnow_rfm()
    scheme = build.rfm_scheme(loaded)
    sizes = dict(zip(scheme.segments, np.bincount(scheme.classify(r, f, m), minlength=8), strict=True))
    assert sum(sizes.values()) == 23_570
    assert sizes == {
        "Champions": 1140, "Loyal": 961, "Potential": 1617, "New": 350,
        "Big Spenders": 626, "At Risk": 786, "Hibernating": 2043, "Lost": 16047,
    }  # fmt: skip


def test_fixed_borders_are_near_the_thirds_of_the_active_customers():
    _, r, f, m = cdnow_rfm()
    quantiles = load_scenario("library:cdnow", ["segments.borders=quantiles"])
    scheme = build.rfm_scheme(quantiles, r, f, m)
    assert scheme.recency_borders_days == pytest.approx((60, 180), rel=0.15)
    assert scheme.frequency_borders == (2, 3)
    assert scheme.monetary_borders == pytest.approx((20, 40), rel=0.1)
    with pytest.raises(ValueError, match="need recency"):
        build.rfm_scheme(quantiles)


def test_quantile_borders_survive_ties_and_refuse_what_they_cannot_split():
    days, money = np.arange(1, 10), np.arange(9.0)
    _, f, m = build.quantile_scheme_borders(days, np.ones(9, dtype=np.int64), money, 3)
    assert (f, len(m)) == ((2, 3), 2)
    assert build.quantile_scheme_borders(np.zeros(9, dtype=np.int64), days, money, 3)[0] == (0, 1)
    assert build.quantile_scheme_borders(days, days * 50, money, 3)[1] == (31, 32)
    with pytest.raises(InputError, match="no customer has an order in the window"):
        build.quantile_scheme_borders(days, 0 * days, money, 3)
    with pytest.raises(InputError, match=r"too alike.*fixed borders"):
        build.quantile_scheme_borders(days, days, np.full(9, 5.0), 3)


def test_rows_are_chosen_by_equal_values():
    path = load_scenario("library:cdnow").orders_path
    assert order_rows(path, {}) is path
    sample = order_rows(path, {"in_sample": "1"})
    assert (sample.height, sample["customer_id"].n_unique()) == (6_919, 2_357)
    assert order_rows(path, {"in_sample": 1.0}).height == 6_919
    assert order_rows(path, {"in_sample": 1, "order_date": dt.date(1997, 1, 1)}).height < 100
    with pytest.raises(InputError, match=r"no column of this name; did you mean 'in_sample' \(given: in_smaple\)"):
        order_rows(path, {"in_smaple": 1})
    with pytest.raises(InputError, match="no row has these values"):
        order_rows(path, {"in_sample": 7})


def test_a_fit_leaves_a_fragment_that_a_scenario_extends(tmp_path):
    organic = {"model": "mbg-nbd", "r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614, "se": {"r": 0.03, "b": 90.0}}
    spend = {"p": 6.25, "q": 3.74, "gamma": 15.44, "se": {"q": 2.0}}
    (tmp_path / "fragment.toml").write_text(fit_fragment(organic, spend, "under current contacts"))
    (tmp_path / "s.toml").write_text('extends = ["library:cdnow.toml", "fragment.toml"]')
    loaded = load_scenario(tmp_path / "s.toml")
    assert build.order_model(loaded) == build.OrderModel("mbg-nbd", 0.525, 6.183, 0.891, 1.614, 6.25, 3.74, 15.44)
    fitted = loaded.scenario.base.fitted_model
    assert (fitted.r.origin, fitted.alpha.low) == ("fitted", None)
    assert fitted.r.low == pytest.approx(0.525 * np.exp(-1.96 * 0.03 / 0.525), rel=1e-4)
    assert 1 < fitted.q.low < 3.74 < fitted.q.high
    assert 0 < fitted.b.low < 1.614 < fitted.b.high


def test_shipped_files_start_with_the_schema_for_editors():
    for file in LIBRARY.glob("*.toml"):
        assert file.read_text().startswith("#:schema scenario.schema.json\n"), file.name
        tomllib.loads(file.read_text())
