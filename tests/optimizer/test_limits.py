"""Use of limits against counts made by hand from the log of a small simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.limits import Limit, broken, check_limits, parts_of, rows_of, used_of
from sim.engine.tables import CLICKED_EXPECTED, EV_CONTACT, EV_SEGMENT, NANO, OPT_OUTS
from sim.errors import InputError
from sim.policy import Frequencies
from sim.result import SimulationResult
from sim.simulate import simulate
from tests.optimizer.worlds import EMAIL, SMS, people, small_world, space_of

WEEKS = 4
LIMITS = (
    Limit("budget", "cost", 9.0),
    Limit("sms budget", "cost", 8.0, channel="sms"),
    Limit("mails", "contacts", 7.0, channel="email"),
    Limit("sms a week", "contacts_per_week", 6.0, channel="sms"),
    Limit("list", "unsubscribes", 5.0),
    Limit("all a week", "contacts_per_week", 4.0),
)


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    population = people(80, 5)
    world = small_world(population.standing_for(10 * population.size), weeks=WEEKS, tail_weeks=2)
    space = space_of(world)
    plans = [space.plan(np.array(rows), str(n)) for n, rows in enumerate([[[3, 3], [1, 2]], [[0, 1], [2, 0]]])]
    return simulate(world, plans, seed=5, threads=1, log_lines=20_000)


def sends(result: SimulationResult) -> np.ndarray:
    """(plans, weeks of the horizon, channels) contacts counted one by one from the log, of the real base."""
    counted = np.zeros((2, WEEKS, 2))
    for world, _, day, kind, lane, _ in result.totals.log:
        if kind == EV_CONTACT and day < 7 * WEEKS:
            counted[world, day // 7, lane] += 10
    return counted


def test_the_log_is_worth_counting(result: SimulationResult) -> None:
    counted = sends(result)
    assert (counted.sum(axis=(1, 2)) > 500).all()
    assert (counted.sum(axis=(0, 1)) > 300).all()


def test_use_is_what_the_log_says(result: SimulationResult) -> None:
    counted, use = sends(result), parts_of(result, LIMITS)
    gone = result.totals.customer[:, :, 0, OPT_OUTS].sum(axis=1) / NANO * 10
    assert use.shape == (2, 1 + 1 + 1 + WEEKS + 1 + WEEKS)
    for plan in range(2):
        email, sms = counted[plan].T
        by_hand = [
            email.sum() * EMAIL.unit_cost + sms.sum() * SMS.unit_cost,
            sms.sum() * SMS.unit_cost,
            email.sum(),
            *sms,
            gone[plan],
            *(email + sms),
        ]
        np.testing.assert_allclose(use[plan], by_hand, rtol=1e-12)


def test_no_contact_uses_nothing(result: SimulationResult) -> None:
    world = result.world
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    use = parts_of(simulate(world, [nothing], seed=5, tail=nothing, threads=1), LIMITS)
    assert not use.any()


def test_rows_of_limits_and_their_owners() -> None:
    rows = rows_of(LIMITS, WEEKS)
    np.testing.assert_array_equal(rows.bound, [9, 8, 7, 6, 6, 6, 6, 5, 4, 4, 4, 4])
    np.testing.assert_array_equal(rows.matrix, np.eye(12))
    owners = [(limit.name, week) for limit, week in rows.owner]
    assert owners[2:8] == [
        ("mails", None), ("sms a week", 1), ("sms a week", 2), ("sms a week", 3), ("sms a week", 4), ("list", None),
    ]  # fmt: skip
    assert rows_of(LIMITS, WEEKS, 0.1).bound[0] == pytest.approx(9 * 0.9)


def test_no_limits_are_no_rows(result: SimulationResult) -> None:
    assert parts_of(result, ()).shape == (2, 0)
    assert rows_of((), WEEKS).bound.shape == (0,)


# --- every kind of rule, against the log --------------------------------------------------------------------------


def weekly_log(result: SimulationResult, plan: int = 0) -> np.ndarray:
    """(weeks, channels) contacts of one plan, of the real base."""
    return sends(result)[plan]


def test_a_minimum_is_a_row_the_other_way_round(result: SimulationResult) -> None:
    sent = weekly_log(result)[:, 0].sum()
    for least, holds in ((sent - 1, True), (sent + 1, False)):
        limit = Limit("newsletter", "contacts", least=least, channel="email")
        assert (broken([limit], parts_of(result, [limit])[0], WEEKS) == []) is holds
    tight = rows_of([Limit("newsletter", "contacts", least=100.0)], WEEKS, buffer=0.1)
    assert (tight.matrix[0, 0], tight.bound[0]) == (-1.0, pytest.approx(-110.0))


def test_named_weeks_have_their_own_capacity_and_only_they(result: SimulationResult) -> None:
    sms = weekly_log(result)[:, 1]
    limit = Limit("capacity", "contacts", sms.max(), channel="sms", every="week", exceptions={3: sms[2] - 1})
    assert list(rows_of([limit], WEEKS).bound) == [sms.max(), sms.max(), sms[2] - 1, sms.max()]
    parts = parts_of(result, [limit])[0]
    np.testing.assert_allclose(parts, sms)
    assert broken([limit], parts, WEEKS) == ["capacity"]
    assert used_of(limit, [limit], parts, WEEKS) == pytest.approx(sms[2])


def test_a_budget_of_a_period_counts_its_weeks_only(result: SimulationResult) -> None:
    limit = Limit("spring", "cost", 1.0, weeks=(2, 3))
    money = (weekly_log(result) @ [EMAIL.unit_cost, SMS.unit_cost])[1:3].sum()
    np.testing.assert_allclose(parts_of(result, [limit])[0], [money])


def test_weights_of_channels(result: SimulationResult) -> None:
    limit = Limit("pressure", "contacts", 1.0, weights={"email": 1.0, "sms": 2.5})
    np.testing.assert_allclose(parts_of(result, [limit])[0], [(weekly_log(result) @ [1.0, 2.5]).sum()])


def test_segments_are_where_customers_are_at_the_contact(result: SimulationResult) -> None:
    """The two segments together are everybody; each has its own part, as the log's segments say."""
    names = result.world.rfm.segments
    limits = [Limit(name, "contacts", 1.0, segments=(name,)) for name in names]
    parts = parts_of(result, limits)
    np.testing.assert_allclose(parts.sum(axis=1), sends(result).sum(axis=(1, 2)))
    assert (parts > 0).all()
    counted = np.zeros((2, len(names)))
    segment = {}  # (world, customer) -> segment, followed through the log
    started = result.world.rfm.classify(
        *result.world.population.recency_frequency_value(result.world.rfm.window_days, total=False)
    )
    for world, who, day, kind, lane, _ in result.totals.log:
        if kind == EV_SEGMENT:
            segment[world, who] = lane
        elif kind == EV_CONTACT and day < 7 * WEEKS:
            counted[world, segment.get((world, who), started[who])] += 10
    np.testing.assert_allclose(parts, counted)


def test_averages_and_ratios_divide_what_was_simulated(result: SimulationResult) -> None:
    sent = weekly_log(result)
    share = Limit("share of SMS", "contacts", 0.2, channel="sms", per="contacts", per_all_channels=True)
    cost = Limit("cost per customer", "cost", 0.05, per="customers")
    limits = [share, cost]
    parts = parts_of(result, limits)[0]
    money = (sent @ [EMAIL.unit_cost, SMS.unit_cost]).sum()
    assert used_of(cost, limits, parts, WEEKS) == pytest.approx(money / result.world.population.base_size)
    assert used_of(share, limits, parts, WEEKS) == pytest.approx(sent[:, 1].sum() / sent.sum())
    rows = rows_of(limits, WEEKS)
    np.testing.assert_allclose(rows.bound, 0.0)
    np.testing.assert_allclose(rows.use(parts)[1], money - 0.05 * result.world.population.base_size)


def test_unsubscribes_per_contact_are_a_ceiling_of_list_loss(result: SimulationResult) -> None:
    limit = Limit("list loss", "unsubscribes", 0.01, channel="sms", per="contacts")
    parts = parts_of(result, [limit])[0]
    assert parts[1] == pytest.approx(weekly_log(result)[:, 1].sum())
    used = used_of(limit, [limit], parts, WEEKS)
    assert 0.003 < used < 0.02, "a rested customer loses .4 % of contacts, a tired one more"
    assert broken([replace(limit, most=used * 0.99)], parts, WEEKS) == ["list loss"]
    assert broken([replace(limit, most=used * 1.01)], parts, WEEKS) == []


def test_a_fairness_floor_compares_two_groups(result: SimulationResult) -> None:
    fresh, cold = result.world.rfm.segments
    floor = Limit("fair", "contacts", least=0.5, segments=(cold,), per="contacts", per_segments=(fresh,))
    parts = parts_of(result, [floor])[0]
    used = used_of(floor, [floor], parts, WEEKS)
    assert used == pytest.approx(parts[0] / parts[1])
    assert broken([replace(floor, least=used * 1.01)], parts, WEEKS) == ["fair"]
    assert broken([replace(floor, least=used * 0.99)], parts, WEEKS) == []


def test_response_uses_capacity_week_by_week(result: SimulationResult) -> None:
    """Minutes of a call centre: clicks on SMS cost more than clicks on e-mail."""
    limit = Limit("minutes", "clicks", 1.0, weights={"sms": 3.0, "email": 0.5}, every="week")
    got = parts_of(result, [limit])[0]
    clicks = result.totals.lane[0, :WEEKS, :, CLICKED_EXPECTED] / NANO * 10
    np.testing.assert_allclose(got, clicks @ [0.5, 3.0])
    assert (got > 0).all()


def test_reported_limits_make_no_row_and_are_never_broken(result: SimulationResult) -> None:
    limit = Limit("watch", "contacts", 0.0, enforce="report")
    assert len(rows_of([limit], WEEKS, enforced=True).bound) == 0
    assert broken([limit], parts_of(result, [limit])[0], WEEKS) == []


def test_bad_limits_are_refused() -> None:
    with pytest.raises(InputError, match="must not be negative"):
        Limit("budget", "cost", -1.0)
    with pytest.raises(InputError, match="must not be negative"):
        Limit("budget", "cost", float("nan"))
    with pytest.raises(InputError, match="every limit has a name"):
        Limit("", "cost", 1.0)
    with pytest.raises(InputError, match="unknown channel"):
        check_limits([replace(LIMITS[1], channel="fax")], ("email", "sms"))
    with pytest.raises(InputError, match="share a name"):
        check_limits([LIMITS[0], replace(LIMITS[0], most=1.0)], ("email", "sms"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"most": None}, "either at most or at least"),
        ({"least": 1.0}, "either at most or at least"),
        ({"exceptions": {1: 2.0}}, "every week"),
        ({"enforce": "soft"}, "greater than 0"),
        ({"segments": ("fresh",), "channel": "sms"}, "not on both"),
        ({"measure": "orders", "channel": "sms"}, "by channel"),
        ({"measure": "clicks", "segments": ("fresh",)}, "by segment"),
    ],
)
def test_rules_that_cannot_be_kept_track_of_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Limit(**{"name": "x", "measure": "contacts", "most": 1.0, **given})


def test_weeks_and_segments_must_exist() -> None:
    with pytest.raises(InputError, match="outside the horizon"):
        check_limits([Limit("x", "contacts", 1.0, weeks=(1, 9))], ("email",), ("fresh",), 8)
    with pytest.raises(InputError, match="unknown segment"):
        check_limits([Limit("x", "contacts", 1.0, segments=("old",))], ("email",), ("fresh",), 8)
