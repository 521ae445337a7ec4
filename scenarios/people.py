"""Who is in a simulation beyond the orders: birthdays, households, known consent, suppression, newcomers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.base_files import CustomerFacts, read_customers, read_suppressed
from scenarios.load import LoadedScenario
from scenarios.past_messages import MessageFiles
from sim.domain import Channel
from sim.newcomers import UNKNOWN_BIRTHDAY, with_newcomers
from sim.orders import OrderLog
from sim.population import OrganicModel, Population
from sim.rng import uniforms

Ints = npt.NDArray[np.int64]


def read_facts(
    loaded: LoadedScenario, orders: OrderLog, as_of: dt.date, messages: MessageFiles
) -> tuple[CustomerFacts, Ints | None]:
    """What the files of customers, messages and suppressed ids tell of the real base, (N,) each."""
    ids = orders.customer_ids
    every, enabled = list(loaded.scenario.channels), build.channel_names(loaded)
    customers, suppress = (loaded.files_named.get(key) for key in ("base.customers", "policy.suppress"))
    facts = CustomerFacts() if customers is None else read_customers(customers, ids, every)
    log, base = loaded.files_named.get("base.messages"), loaded.scenario.base
    if log is not None:
        facts = replace(facts, messages=messages.told(log, base.message_columns, orders, enabled, as_of))
    return facts, None if suppress is None else read_suppressed(suppress, ids, enabled, every)


def with_facts(
    population: Population, loaded: LoadedScenario, facts: CustomerFacts, suppressed: Ints | None
) -> Population:
    """The population with all that the scenario says about those who are there; households stand together."""
    base = loaded.scenario.base
    out_of_reach, declined = _suppressed(population, facts, suppressed, build.channels(loaded))
    told = replace(
        population,
        birthday=_birthdays(population, facts, base.assumed_birthdays, build.start_date(loaded)),
        household=_households(population, facts, base.assumed_household_size),
        suppressed=out_of_reach,
        declined=declined,
        past=None if facts.messages is None else facts.messages.past,
    )
    return told.by_household()


def with_arrivals(population: Population, loaded: LoadedScenario, model: OrganicModel) -> Population:
    """The population, and last those who register during the simulation."""
    base, horizon = loaded.scenario.base, loaded.scenario.horizon
    if base.new_customers_per_week is None:
        return population
    days = 7 * (horizon.weeks + horizon.tail_weeks)
    rate = base.new_customers_per_week.value
    done = with_newcomers(population, model, per_week=rate, days=days, seed=population.seed)
    if not base.assumed_birthdays or done.birthday is None:
        return done
    unknown = done.birthday == UNKNOWN_BIRTHDAY
    return replace(done, birthday=np.where(unknown, _even(done), done.birthday))


def certain_consent(channels: tuple[Channel, ...], facts: CustomerFacts) -> tuple[Channel, ...]:
    """Channels whose consent is told by a file are open to all but those whom ``_suppressed`` holds back."""
    told = {**_by_messages(facts), **(facts.consent or {})}
    return tuple(replace(c, consent_share=1.0) if c.name in told else c for c in channels)


def _birthdays(population: Population, facts: CustomerFacts, assumed: bool, start: dt.date | None) -> Ints | None:
    if facts.birthday is None and not assumed:
        return None
    unknown = _even(population) if assumed else np.full(population.size, UNKNOWN_BIRTHDAY)
    if facts.birthday is None:
        return unknown
    first = 1 if start is None else min(start.timetuple().tm_yday, 365)
    day_of_year = facts.birthday[population.base_customer]
    return np.where(day_of_year < 0, unknown, (day_of_year - first) % 365)


def _even(population: Population) -> Ints:
    return np.floor(uniforms(0, "birthday", population.base_key) * 365).astype(np.int64)


def _households(population: Population, facts: CustomerFacts, size: int) -> Ints | None:
    """Numbers of households; the k-th copies of a household's members live together."""
    if facts.household is None and size == 1:
        return None
    row = population.base_customer
    alone = int(facts.household.max(initial=-1)) + 1 if facts.household is not None else 0
    number = alone + row // size
    if facts.household is not None:
        known = facts.household[row]
        number = np.where(known >= 0, known, number)
    copy = np.arange(population.size) % population.copies
    return number * population.copies + copy


def _suppressed(
    population: Population, facts: CustomerFacts, suppressed: Ints | None, channels: tuple[Channel, ...]
) -> tuple[Ints | None, Ints | None]:
    """Bit masks of channels: on the list, or without consent by a file; where files are silent consent is drawn, and
    who does not consent by draw alone is in the second mask too."""
    stated, seen = facts.consent or {}, _by_messages(facts)
    if suppressed is None and not stated and not seen:
        return None, None
    row = population.base_customer
    drawn_out = np.zeros(population.size, dtype=np.int64)
    mask = np.zeros(population.size, dtype=np.int64) if suppressed is None else suppressed[row]
    for lane, channel in enumerate(channels):
        if channel.name in stated or channel.name in seen:
            known, share = _known_consent(channel, stated, seen)
            known = known[row]
            drawn = uniforms(population.seed, f"latent:consent:{channel.name}", population.key) < share
            drawn_out |= ((known < 0) & ~drawn).astype(np.int64) << lane
            mask |= (known == 0).astype(np.int64) << lane
    return mask | drawn_out, drawn_out & ~mask


def _by_messages(facts: CustomerFacts) -> dict[str, Ints]:
    return {} if facts.messages is None else facts.messages.consent


def _known_consent(channel: Channel, stated: dict[str, Ints], seen: dict[str, Ints]) -> tuple[Ints, float]:
    """(B,) consent as far as it is known, and the share of the others who consent.

    The file of customers is asked first, then the messages: who was contacted consents unless they have left. Where
    messages alone tell, ``consent_share`` is that of the whole base, so the others' share is what they lack.
    """
    if channel.name not in seen:
        return stated[channel.name], channel.consent_share
    known = seen[channel.name]
    if channel.name in stated:
        return np.where(stated[channel.name] < 0, known, stated[channel.name]), channel.consent_share
    unknown = int((known < 0).sum())
    lacking = channel.consent_share * known.size - int((known == 1).sum())
    return known, min(1.0, max(0.0, lacking / max(unknown, 1)))
