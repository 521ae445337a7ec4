"""Orders made by the engine under 0, 2 and 3 e-mails a week, refitted with the log of those e-mails.

The organic orders of all three worlds are the same to come. So every fit must say the same about a world without
contacts, and the truth; a fit without the log must not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from scenarios.finished import RunResult
from scenarios.load import load_scenario
from scenarios.run_fit import fit_orders
from scenarios.world import load_base, make_world
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED, EV_UNSUBSCRIBE, NANO, W_ORDERS
from sim.fit.forecast import organic_forecast
from sim.fit.history import PastContacts, without_contacts
from sim.orders import read_orders
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.start import start_world

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kernels")]

CUSTOMERS, WEEKS, FUTURE = 5_000, 78, 26
PER_WEEK = (2, 3, 0)
NO_CONTACTS = PastContacts(np.zeros(1), np.ones(1), 0.2, 1.0, 0.5, 180.0)
ORIGIN = np.datetime64("2023-01-01")


@dataclass(frozen=True)
class Worlds:
    log: np.ndarray
    future: float
    """Organic orders expected in the 26 weeks after the history, nobody contacted ..."""
    came: int
    """... and those that came."""

    def orders(self, world: int) -> pl.DataFrame:
        rows = self.log[(self.log[:, 0] == world) & np.isin(self.log[:, 3], (EV_ORGANIC, EV_STIMULATED))]
        who = np.concatenate([np.arange(CUSTOMERS), rows[:, 1]])
        day = np.concatenate(
            [np.zeros(CUSTOMERS, dtype=np.int64), rows[:, 2] + 1]
        )  # the first order was the day before
        value = 10.0 + (who * 7 + day * 13) % 50  # not looked at, but not all alike
        return pl.DataFrame(
            {"customer_id": who, "order_date": ORIGIN + day.astype("timedelta64[D]"), "order_value": value}
        )

    def messages(self, world: int) -> pl.DataFrame:
        rows = self.log[(self.log[:, 0] == world) & (self.log[:, 3] == EV_CONTACT)]
        sent = ORIGIN + (rows[:, 2] + 1).astype("timedelta64[D]")
        left = self.log[(self.log[:, 0] == world) & (self.log[:, 3] == EV_UNSUBSCRIBE)]
        gone = np.isin(rows[:, 1] * 10_000 + rows[:, 2], left[:, 1] * 10_000 + left[:, 2])
        told = {"customer_id": rows[:, 1], "sent_at": sent, "delivered": rows[:, 5], "unsubscribed": gone.astype(int)}
        return pl.DataFrame(told).with_columns(channel=pl.lit("email"))


@pytest.fixture(scope="module")
def worlds(kernels: None) -> Worlds:
    overrides = [
        'base.synthetic_model.model="mbg-nbd"', "base.synthetic_model.r=0.6",
        "base.synthetic_model.mean_orders_per_year=3.91", "base.synthetic_model.a=0.64", "base.synthetic_model.b=1.18",
        f"horizon.weeks={WEEKS + FUTURE}", "horizon.tail_weeks=0",
    ]  # fmt: skip
    base = load_base(load_scenario("library:calibration", overrides))
    world = make_world(base, base.population(CUSTOMERS, 3).standing_for(CUSTOMERS))
    tables = [np.full((len(world.rfm.segments), 1), float(f)) for f in PER_WEEK]
    plans = [
        Frequencies(f"{f}", world.rfm.segments, world.channel_names, t) for f, t in zip(PER_WEEK, tables, strict=True)
    ]
    found = simulate(world, plans, seed=3, log_lines=6_000_000).totals
    log = found.log[found.log[:, 2] < 7 * WEEKS - 1]
    came = found.log[(found.log[:, 0] == 2) & (found.log[:, 3] == EV_ORGANIC)]
    later = int((came[:, 2] >= 7 * WEEKS - 1).sum())
    return Worlds(log, float(found.world[2, WEEKS:, W_ORDERS].sum() / NANO), later)


@pytest.fixture(scope="module")
def fits(worlds: Worlds) -> list[RunResult]:
    with_log = [fit_orders(worlds.orders(w), messages=worlds.messages(w), model="mbg-nbd") for w in (0, 1)]
    return [*with_log, fit_orders(worlds.orders(2), model="mbg-nbd")]


def test_the_log_gives_back_the_world_without_contacts(worlds, fits):
    for f, done in zip(PER_WEEK[:2], fits, strict=False):
        past = done.result["history"]
        assert past["label"] == done.result["label"] == "contacts of the message log taken out"
        assert abs(past["forecast_without_contacts"] / worlds.future - 1) < 0.08, f
        assert 1.06 < past["forecast_under_past_contacts"] / past["forecast_without_contacts"] < 1.6


def test_the_forecast_without_contacts_is_right_within_its_interval(worlds, fits):
    """Under 2, 3 and 0 e-mails a week; and the interval is no wider than it must be."""
    log = read_orders(worlds.orders(2))
    alone = organic_forecast(without_contacts(log, NO_CONTACTS, until_day=log.last_day, model="mbg-nbd"), FUTURE)
    told = [done.result["history"] for done in fits[:2]]
    for low, high in [(p["forecast_low"], p["forecast_high"]) for p in told] + [(alone.low, alone.high)]:
        assert low < worlds.future < high
        assert low < worlds.came < high
        assert 0.05 < high / low - 1 < 0.25
    assert told[1]["forecast_low"] < worlds.came < 0.95 * told[1]["forecast_under_past_contacts"]
    assert "(95% interval" in fits[0].summary()


def test_without_the_log_the_label_is_there_and_the_bias_is_told(worlds, fits):
    """The size that is told, for the frequency there was, is that of the orders the e-mails caused."""
    blind = [fit_orders(worlds.orders(w), model="mbg-nbd") for w in (0, 1)]
    for world, done in enumerate(blind):
        assert done.result["label"] == "under current contacts"
        kinds = worlds.log[worlds.log[:, 0] == world, 3]
        caused = (kinds == EV_STIMULATED).sum() / np.isin(kinds, (EV_ORGANIC, EV_STIMULATED)).sum()
        said = done.result["unknown_contacts"]["share_by_emails_per_week"][f"{PER_WEEK[world]}"]
        assert 0.75 < said / caused < 1.3
        assert "a world without contacts comes out too rich" in done.summary()
        assert fits[world].result["history"]["forecast_under_past_contacts"] > 1.05 * worlds.future


def test_parameters_are_those_of_a_base_never_contacted(fits):
    alone = fits[2].result["organic"]
    assert fits[2].result["label"] == "under current contacts"
    for done in fits[:2]:
        organic = done.result["organic"]
        assert organic["r"] / organic["alpha"] == pytest.approx(alone["r"] / alone["alpha"], rel=0.10)
        assert organic["a"] / (organic["a"] + organic["b"]) == pytest.approx(
            alone["a"] / (alone["a"] + alone["b"]), abs=0.06
        )


def test_what_was_caused_is_at_least_what_is_said(worlds, fits):
    """Orders of customers who had dropped out are all caused, and counted as if the customer was active."""
    for world, done in enumerate(fits[:2]):
        kinds = worlds.log[worlds.log[:, 0] == world, 3]
        caused = (kinds == EV_STIMULATED).sum() / np.isin(kinds, (EV_ORGANIC, EV_STIMULATED)).sum()
        assert 0.7 < done.result["history"]["stimulated_share"] / caused < 1.03


def test_a_scenario_that_names_the_log_takes_the_same_contacts_out(worlds, fits, tmp_path):
    """As ``fit --messages`` does; and its customers start where the log leaves them."""
    worlds.orders(0).write_csv(tmp_path / "orders.csv")
    worlds.messages(0).write_csv(tmp_path / "messages.csv")
    last = worlds.orders(0)["order_date"].max()
    (tmp_path / "s.toml").write_text(
        f'extends = "library:base.toml"\n[base]\norders = "orders.csv"\nas_of = {last}\nmodel = "mbg-nbd"\n'
        'messages = "messages.csv"\nhistory_contacts = "messages"\n[segments]\nborders = "quantiles"\n'
    )
    base = load_base(load_scenario(tmp_path / "s.toml"))
    assert base.history.label == "contacts of the message log taken out"
    assert base.history.without.stimulated_share == pytest.approx(
        fits[0].result["history"]["stimulated_share"], rel=0.02
    )
    for name in ("r", "alpha", "a", "b"):
        assert getattr(base.history.organic, name) == pytest.approx(fits[0].result["organic"][name], rel=0.02)
    started = start_world(make_world(base, base.population(CUSTOMERS, 1)), seed=1)
    assert 0.5 < started.begin.fatigue.mean() < 3.0


def test_the_terminal_says_it(fits):
    said = fits[0].summary()
    assert "Fit contacts of the message log taken out" in said
    assert "Messages: rates, not effects" in said
    assert "of the past repeat orders came from these messages" in said
    assert fits[0].frame("message_rates")["channel"].to_list() == ["email"]


def test_how_readily_customers_leave_is_what_the_engine_has(fits):
    """u .001, gamma .15, frailty k 1, for e-mail; one frequency for all, so that gamma stays wide open."""
    for done in fits[:2]:
        (found,) = done.result["optouts"]
        assert found["channel"] == "email"
        assert found["left"] > 200
        assert found["hazard_low"] < 0.001 < found["hazard_high"]
        assert found["growth_low"] <= 0.15 <= found["growth_high"]
        assert found["frailty_low"] <= 1.0 <= found["frailty_high"]


def test_the_fragment_states_what_the_log_tells(fits, tmp_path):
    text = fits[0].texts["scenario_fragment.toml"]
    assert "[channels.email]\ndelivered = { value = 1, origin" in text
    assert "unsubscribe_per_contact = { value = 0.00" in text
    (tmp_path / "fragment.toml").write_text(text)
    (tmp_path / "s.toml").write_text('extends = ["library:cdnow.toml", "fragment.toml"]\n')
    email = load_scenario(tmp_path / "s.toml").scenario.channels["email"]
    assert (email.delivered.origin, email.unsubscribe_per_contact.origin) == ("fitted", "fitted")
    assert 0.99 < email.delivered.low < email.delivered.value == 1, "all of them arrive in these worlds"
    assert any("neither a holdout nor arms" in warning for warning in fits[0].result["warnings"])
