"""Worlds drawn at random, lived by the engine, exported as orders and messages, and refitted: who covers the truth?

In each world customers of other parameters order for a year and a half; a random half gets two e-mails a week. The
orders are refitted with the log of those e-mails; spend from the order values; the response from the two halves.

Intervals of r, alpha and a/(a+b) are those of the profile likelihood; of expected orders, spend and response those of
standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from scenarios.build import behaviour, channels
from scenarios.load import load_scenario
from scenarios.past_contacts import of_messages
from scenarios.world import load_base, make_world
from sim.engine.tables import EV_CONTACT, EV_ORGANIC, EV_STIMULATED, NANO, ORDERS
from sim.fit import gamma_gamma
from sim.fit._maximize import FitResult
from sim.fit.effects import trial_effects
from sim.fit.history import without_contacts
from sim.fit.trial import Trial
from sim.messages import read_messages
from sim.orders import read_orders
from sim.policy import Frequencies
from sim.simulate import simulate
from sim.units import MICRO

Z90 = 1.644854
CUSTOMERS, WEEKS, PER_WEEK = 2_000, 78, 2.0
ORIGIN = np.datetime64("2023-01-01")
NAMES = ("r", "alpha", "a/(a+b)", "expected orders", "spend", "response")


@dataclass(frozen=True)
class Recovered:
    z: dict[str, float]
    """Estimate less truth, in standard errors of the estimate (for those kept positive: of its logarithm)."""
    inside: dict[str, bool]
    """The 90 % interval holds the truth."""
    converged: bool


@cache
def recover(seed: int) -> Recovered:
    """One world: made, exported, refitted."""
    truth = _drawn(seed)
    orders, messages, contacted, added, loaded = _lived(seed, truth)
    log = read_orders(orders)
    sent = read_messages(messages, log)
    contacts = of_messages(sent, channels(loaded), behaviour(loaded))
    organic = without_contacts(log, contacts, until_day=log.first_day + 7 * WEEKS, model="mbg-nbd", level=0.9).organic
    kind, true = type(organic.parameters), {name: truth[name] for name in ("r", "alpha", "a", "b")}
    z = {name: _z(organic, lambda m, n=name: np.log(getattr(m, n)), kind, true) for name in ("r", "alpha")}
    z["a/(a+b)"] = _z(organic, lambda m: np.log(m.a / m.b), kind, true)
    z["expected orders"] = _z(organic, lambda m: np.log(float(m.expected_orders(52.0))), kind, true)
    s = log.summary(log.first_day + 7 * WEEKS)
    spend = gamma_gamma.fit(s.frequency[s.frequency > 0], s.mean_value[s.frequency > 0])
    known = {name: truth[name] for name in ("p", "q", "gamma")}
    z["spend"] = _z(spend, lambda m: np.log(m.mean_value), type(spend.parameters), known)
    count = np.bincount(log.customer, minlength=CUSTOMERS) - 1.0
    found = trial_effects(Trial(("none", "e-mail"), contacted, {"orders": count})).overall("orders", "e-mail")
    z["response"] = (found.effect - added) / found.se
    inside = {name: abs(error) < Z90 for name, error in z.items()}
    for name, value in (
        ("r", truth["r"]),
        ("alpha", truth["alpha"]),
        ("a/(a+b)", truth["a"] / (truth["a"] + truth["b"])),
    ):
        low, high = organic.profile.get(name, (np.nan, np.nan))
        inside[name] = low < value < high
    return Recovered(z, inside, organic.converged and spend.converged)


def _drawn(seed: int) -> dict[str, float]:
    rng = np.random.default_rng([7, seed])
    ranges = {"r": (0.4, 1.2), "alpha": (6.0, 30.0), "a": (0.6, 1.2), "b": (1.5, 4.0),
              "p": (3.0, 8.0), "q": (3.5, 6.0), "gamma": (10.0, 20.0)}  # fmt: skip
    return {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}


def _lived(seed, truth):  # type: ignore[no-untyped-def]
    overrides = ['base.synthetic_model.model="mbg-nbd"', f"horizon.weeks={WEEKS}", "horizon.tail_weeks=0",
                 f"base.synthetic_model.mean_orders_per_year={truth['r'] / truth['alpha'] * 365.25 / 7}"]  # fmt: skip
    overrides += [f"base.synthetic_model.{name}={truth[name]}" for name in ("r", "a", "b", "p", "q", "gamma")]
    loaded = load_scenario("library:calibration", overrides)
    base = load_base(loaded)
    world = make_world(base, base.population(CUSTOMERS, seed + 1).standing_for(CUSTOMERS))
    names = world.rfm.segments
    plans = [
        Frequencies(name, names, world.channel_names, np.full((len(names), 1), f))
        for name, f in (("e-mail", PER_WEEK), ("none", 0.0))
    ]
    run = simulate(world, plans, seed=seed + 1, log_lines=1_500_000)
    added = (run.per_customer(0, 0, ORDERS) - run.per_customer(1, 0, ORDERS)).mean() / NANO
    contacted = np.random.default_rng([8, seed]).permutation(CUSTOMERS) % 2
    log = run.totals.log
    log = log[log[:, 0] == 1 - contacted[log[:, 1]]]
    bought, sent = log[np.isin(log[:, 3], (EV_ORGANIC, EV_STIMULATED))], log[log[:, 3] == EV_CONTACT]
    who, day = (
        np.concatenate([np.arange(CUSTOMERS), bought[:, 1]]),
        np.concatenate([np.zeros(CUSTOMERS, int), bought[:, 2] + 1]),
    )
    value = np.concatenate([np.ones(CUSTOMERS), bought[:, 5] / MICRO])
    orders = pl.DataFrame({"customer_id": _ids(who), "order_date": _dates(day), "order_value": value})
    told = {"customer_id": _ids(sent[:, 1]), "sent_at": _dates(sent[:, 2] + 1), "delivered": sent[:, 5]}
    messages = pl.DataFrame(told).with_columns(channel=pl.lit("email"))
    return orders, messages, contacted.astype(np.int64), float(added), loaded


def _ids(who):  # type: ignore[no-untyped-def]
    return np.char.zfill(who.astype(str), 5)


def _dates(day):  # type: ignore[no-untyped-def]
    return ORIGIN + day.astype("timedelta64[D]")


def _z(fit: FitResult, measure, kind, truth: dict[str, float]) -> float:  # type: ignore[no-untyped-def, type-arg]
    """(measure at the estimate - at the truth) / standard error, by the delta method in logarithms."""
    names = list(truth)
    at = np.log([getattr(fit.parameters, name) for name in names])
    se = np.array([fit.se[name] for name in names]) / np.exp(at)
    covariance = fit.log_correlation * np.outer(se, se)
    step = 1e-4 * np.eye(len(names))
    slope = np.array([(measure(kind(*np.exp(at + s))) - measure(kind(*np.exp(at - s)))) / 2e-4 for s in step])
    gap = measure(fit.parameters) - measure(kind(*truth.values()))
    return float(gap / np.sqrt(slope @ covariance @ slope))
