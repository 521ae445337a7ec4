"""Guarantees of common random numbers: what a plan does not touch stays the same to the last bit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from sim.domain import Behaviour, Channel, Fatigue, Response
from sim.engine import tables as columns
from sim.engine.blocks import Totals
from sim.engine.tables import Tables
from sim.lower import lower_tables
from sim.policy import ContactPolicy, Frequencies, FrequencyCap
from sim.population import Population, synthetic
from sim.simulate import simulate
from sim.start import Started, start_world
from sim.world import World
from tests.worlds import LIVELY, uniform_plan, with_channel, world_of

pytestmark = pytest.mark.usefixtures("kernels")

SEED = 20
RULES = ContactPolicy(
    caps=(FrequencyCap("3 in 7 days", 3, 7), FrequencyCap("sms", 1, 14, channels=("sms",), segments=("cold",))),
    quiet_days_after_order=2,
)
BEHAVIOUR = Behaviour(fatigue=Fatigue(relief_at_order=0.5))
SUMS = [f.name for f in fields(Totals) if f.name not in ("customer", "visited", "log")]


def ruled_world(customers: Population | int = 300, **others: Any) -> World:
    """A world with all rules on, long enough for opt-outs, drop-outs and changes of segment."""
    return world_of(customers, **{"weeks": 9, "tail_weeks": 3, "policy": RULES, "behaviour": BEHAVIOUR, **others})


def busy_plan(world: World) -> Frequencies:
    """Different in all segments."""
    table = np.array([[2.0, 0.5], [1.0, 1.0], [3.0, 0.125]])
    return Frequencies("busy", world.rfm.segments, world.channel_names, table)


def totals(world: World | Started, *plans: Frequencies, seed: int = SEED, **how: Any) -> Totals:
    return simulate(world, plans, seed=seed, **{"threads": 1, **how}).totals


def assert_same_bits(a: Totals, b: Totals, *, but: tuple[str, ...] = ("log",)) -> None:
    for field in fields(Totals):
        if field.name not in but:
            assert np.array_equal(getattr(a, field.name), getattr(b, field.name)), field.name


# --- twins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["zero plan", "all in holdout", "no consent", "caps of zero", "useless contacts"])
def test_a_plan_without_effect_has_increment_0_for_every_customer(how: str) -> None:
    """Not small: exactly nothing, in expectations and in sampled outcomes."""
    world = ruled_world()
    plan = busy_plan(world)
    tail = uniform_plan(world, 0.0, 0.0, name="tail")
    if how == "zero plan":
        plan = uniform_plan(world, 0.0, 0.0, name="zero")
    elif how == "all in holdout":
        world = replace(world, policy=replace(RULES, holdout_share=1.0))
    elif how == "no consent":
        world = replace(world, channels=tuple(replace(c, consent_share=0.0) for c in world.channels))
    elif how == "caps of zero":
        world = replace(world, policy=ContactPolicy(caps=(FrequencyCap("nothing", 0, 1),)))
    else:
        world = replace(world, channels=tuple(replace(c, orders_per_contact=0.0) for c in world.channels))
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    found = totals(world, plan, nothing, tail=tail).customer
    orders = [columns.ORDERS, columns.REVENUE, columns.SAMPLED_ORDERS, columns.SAMPLED_REVENUE]
    if how == "useless contacts":  # they cost, and nothing else
        assert found[0, :, 0, columns.COST].sum() > 0
        assert np.array_equal(found[0][..., orders], found[1][..., orders])
    else:
        assert np.array_equal(found[0], found[1])
    assert found[0, :, 0, columns.ORDERS].sum() > 0


def test_the_same_plan_twice_is_the_same() -> None:
    world = ruled_world()
    found = totals(world, busy_plan(world), busy_plan(world))
    assert np.array_equal(found.customer[0], found.customer[1])


def test_holdout_and_unconsenting_customers_live_as_without_contacts() -> None:
    world = ruled_world(1000)
    world = replace(world, policy=replace(RULES, holdout_share=0.3))
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    started = start_world(world, seed=SEED)
    found = totals(started, busy_plan(world), nothing, tail=nothing).customer
    untouched = (started.people.contactable == 0) | (started.begin.subscribed == 0)
    assert 300 < untouched.sum() < 700
    assert np.array_equal(found[0, untouched], found[1, untouched])
    assert not np.array_equal(found[0, ~untouched], found[1, ~untouched])


def test_common_draws_cut_the_variance_of_a_difference() -> None:
    """One segment's e-mail from 1 to 2 a week: expectations on the same draws, against two separate months."""
    world = ruled_world(2000, tail_weeks=0)
    one = uniform_plan(world, 1.0, 0.25)
    two = one.replace(2, 0, 2.0)
    same = totals(world, one, two).customer[:, :, 0]
    other = totals(world, two, seed=SEED + 1).customer[0, :, 0]
    paired = (same[1, :, columns.REVENUE] - same[0, :, columns.REVENUE]).var()
    unpaired = (other[:, columns.SAMPLED_REVENUE] - same[0, :, columns.SAMPLED_REVENUE]).var()
    assert paired > 0
    assert unpaired > 50 * paired


# --- how the work is cut --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def started() -> Started:
    return start_world(ruled_world(), seed=SEED)


@pytest.fixture(scope="module")
def reference(started: Started) -> Totals:
    return totals(started, busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25))


@pytest.mark.parametrize("days_at_once", [None, 1, 7, 10_000])
@pytest.mark.parametrize("block", [1, 7, 64, 256])
@pytest.mark.parametrize("threads", [1, 2])
def test_cutting_changes_no_bit(
    started: Started, reference: Totals, threads: int, block: int, days_at_once: int | None
) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    found = totals(started, *plans, threads=threads, block=block, days_at_once=days_at_once)
    assert_same_bits(found, reference)


def test_parts_that_are_compiled_on_demand_leave_every_bit_alone(
    monkeypatch: pytest.MonkeyPatch, started: Started, reference: Totals
) -> None:
    """The same world in the kernel with everything in it, as a world with cascades or a capacity would run."""
    seen = []

    def with_extras(*given: Any, **how: Any) -> Tables:
        tables = lower_tables(*given, **how)
        seen.append(tables.extras)
        return tables._replace(extras=np.zeros(0, dtype=np.uint8))

    monkeypatch.setattr("sim.simulate.lower_tables", with_extras)
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    assert_same_bits(totals(started, *plans), reference)
    assert seen == [None]


def test_the_start_is_the_same_on_more_threads() -> None:
    world = ruled_world(9000)
    one, two = (start_world(world, seed=SEED, threads=threads) for threads in (1, 2))
    for a, b in zip((*one.begin, *one.people), (*two.begin, *two.people), strict=True):
        assert np.array_equal(a, b)


def test_not_booking_details_changes_no_customer(started: Started, reference: Totals) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    found = totals(started, *plans, detailed=False)
    assert np.array_equal(found.customer, reference.customer)
    assert np.array_equal(found.visited, reference.visited)
    assert np.array_equal(found.lane[..., : columns.REACHABLE], reference.lane[..., : columns.REACHABLE])


def test_keeping_a_log_changes_no_bit(started: Started, reference: Totals) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    assert_same_bits(totals(started, *plans, log_lines=100_000), reference)


def test_a_log_that_is_too_short_is_refused(started: Started) -> None:
    with pytest.raises(OverflowError, match="event log"):
        totals(started, busy_plan(started.world), log_lines=10)


def test_the_log_is_the_same_however_cut(started: Started) -> None:
    plan = busy_plan(started.world)
    one = totals(started, plan, log_lines=100_000).log
    other = totals(started, plan, log_lines=100_000, block=7, threads=2, days_at_once=3).log
    assert len(one) > 1000

    def by_customer(log: np.ndarray) -> np.ndarray:
        return log[np.lexsort((np.arange(len(log)), log[:, 2], log[:, 1], log[:, 0]))]

    assert np.array_equal(by_customer(one), by_customer(other))


def test_plans_side_by_side_or_alone(started: Started, reference: Totals) -> None:
    for w, plan in enumerate((busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25))):
        alone = totals(started, plan)
        for name in ("customer", "visited", *SUMS):
            assert np.array_equal(getattr(alone, name)[0], getattr(reference, name)[w]), name


# --- who else is there ----------------------------------------------------------------------------------------


def test_order_of_customers_changes_no_bit(started: Started, reference: Totals) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    rows = np.random.default_rng(1).permutation(started.world.population.size)
    found = totals(started.take(rows), *plans)
    assert np.array_equal(found.customer, reference.customer[:, rows])
    assert np.array_equal(found.visited, reference.visited[:, rows])
    for name in SUMS:
        assert np.array_equal(getattr(found, name), getattr(reference, name)), name


def test_some_of_the_customers_live_the_same_lives(started: Started, reference: Totals) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    rows = np.array([250, 3, 77])
    assert np.array_equal(totals(started.take(rows), *plans).customer, reference.customer[:, rows])


@pytest.mark.parametrize("start", ["current_policy", "rested"])
def test_one_more_customer_leaves_the_others_alone(start: str) -> None:
    found = []
    for first, n in ((0, 40), (0, 41), (5, 35)):
        population = synthetic(LIVELY, n, seed=3, tenure_days=200, first_id=first)
        world = ruled_world(population, start=start)
        found.append(totals(world, busy_plan(world)).customer[0])
    assert np.array_equal(found[0], found[1][:40])
    assert np.array_equal(found[0][5:], found[2])


@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_more_channel_leaves_the_others_alone(started: Started, reference: Totals, at: int) -> None:
    """A channel nobody uses, before, between or behind the others."""
    more = with_channel(started.world, Channel("letter", unit_cost=1.0, orders_per_contact=0.2), at)
    again = start_world(more, seed=SEED)
    for name in ("fatigue", "stimulus", "segment", "active"):
        assert np.array_equal(getattr(again.begin, name), getattr(started.begin, name)), name
    assert np.array_equal(np.delete(again.begin.credit, at, axis=1), started.begin.credit)
    assert np.array_equal(again.people.frailty, started.people.frailty)
    table = np.insert(np.array(busy_plan(started.world).per_week), at, 0.0, axis=1)
    plan = Frequencies("busy", more.rfm.segments, more.channel_names, table)
    found = totals(again, plan)
    assert np.array_equal(found.customer[0], reference.customer[0])
    assert np.array_equal(np.delete(found.lane, at, axis=2)[0], reference.lane[0])
    assert np.array_equal(found.segment[0], reference.segment[0])


@pytest.mark.parametrize(
    "loose",
    [
        FrequencyCap("loose", 126, 63),
        FrequencyCap("loose a day", 2, 1),
        FrequencyCap("loose e-mail", 63, 63, channels=("email",), segments=("fresh",)),
    ],
)
def test_a_cap_that_never_binds_changes_no_bit(started: Started, reference: Totals, loose: FrequencyCap) -> None:
    """With a window no longer than the warm-up, so that the way to day 0 is the same too."""
    world = replace(started.world, policy=replace(RULES, caps=(loose, *RULES.caps)))
    again = Started(world, SEED, started.people, started.begin)
    plans = busy_plan(world), uniform_plan(world, 1.0, 0.25)
    found = totals(again, *plans)
    assert_same_bits(found, reference, but=("log", "rule"))
    assert np.array_equal(found.rule[:, :, 1:], reference.rule)
    assert not found.rule[:, :, 0].any()


def test_what_is_switched_off_changes_no_bit(started: Started, reference: Totals) -> None:
    """Flat seasonality, the standard gap written out, a relief of 1: the defaults by another road."""
    world = ruled_world()
    flat = replace(BEHAVIOUR, seasonality=replace(BEHAVIOUR.seasonality, by_week=(1.0,) * 52))
    world = replace(world, behaviour=flat, first_week_of_year=17, policy=replace(RULES, min_gap_days=1))
    plans = busy_plan(world), uniform_plan(world, 1.0, 0.25)
    assert_same_bits(totals(world, *plans), reference)


def test_organic_orders_do_not_depend_on_contacts(started: Started) -> None:
    """Two processes: the organic orders and drop-outs of every customer are the same in all worlds."""
    world = started.world
    nothing = Frequencies.nothing(world.rfm.segments, world.channel_names)
    found = simulate(started, [busy_plan(world), nothing], seed=SEED, tail=nothing, threads=1, log_lines=100_000)
    log = found.totals.log
    organic = [
        {(row, day, kind, value) for w, row, day, kind, _, value in log.tolist() if w == world_ and kind in (3, 5)}
        for world_ in (0, 1)
    ]
    assert organic[0] == organic[1]
    assert (log[log[:, 0] == 0, 3] == columns.EV_STIMULATED).sum() > 20


def test_another_seed_is_another_history(started: Started, reference: Totals) -> None:
    plans = busy_plan(started.world), uniform_plan(started.world, 1.0, 0.25)
    assert not np.array_equal(totals(started, *plans, seed=SEED + 1).customer, reference.customer)


def test_saturation_far_above_the_stimulus_is_no_saturation() -> None:
    """s(A) = K (1 - exp(-A / K)) becomes A as K grows."""
    world = ruled_world(100)
    high = replace(BEHAVIOUR, response=Response(saturation_orders_per_day=1e6))
    plain = totals(world, busy_plan(world)).customer[..., columns.ORDERS]
    ceiling = totals(replace(world, behaviour=high), busy_plan(world)).customer[..., columns.ORDERS]
    assert ceiling == pytest.approx(plain, rel=1e-6)
