"""From a loaded scenario to the objects of the simulation and the search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from optimizer.limits import Limit
from optimizer.space import Space
from optimizer.tariffs import Tariff
from scenarios import schema
from scenarios.build_program import capacities_of, program_of, timing_of
from scenarios.build_rules import contact_policy, current_of
from scenarios.limits import limits_of, tariff_of
from scenarios.load import LoadedScenario
from scenarios.periods import periods_of, within_period
from scenarios.values import Quantity
from sim import domain
from sim.campaigns import Program
from sim.capacity import Capacity
from sim.engine.tables import ORDERS_REMEMBERED
from sim.errors import InputError
from sim.periods import Period
from sim.policy import ContactPolicy, Frequencies
from sim.rfm import RfmScheme
from sim.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from sim.world import World


@dataclass(frozen=True)
class OrderModel:
    """Order process and spend as plain numbers; time in weeks."""

    model: Literal["bg-nbd", "mbg-nbd", "mbg-cnbd"]
    r: float
    alpha: float
    """Weeks: the mean order rate is r / alpha a week."""
    a: float
    b: float
    p: float
    q: float
    gamma: float
    k: int = 1
    """Ticks to an order; above 1 in mbg-cnbd only."""


def channels(loaded: LoadedScenario) -> tuple[domain.Channel, ...]:
    """The enabled channels, in the order of the files."""
    return tuple(
        domain.Channel(name, message_class=channel.message_class, **_numbers(channel))
        for name, channel in loaded.scenario.channels.items()
        if channel.enabled
    )


def behaviour(loaded: LoadedScenario) -> domain.Behaviour:
    """Fatigue, response, opt-out and seasons."""
    scenario = loaded.scenario
    return domain.Behaviour(
        fatigue=domain.Fatigue(**_numbers(scenario.fatigue)),
        response=domain.Response(**_numbers(scenario.response), loyalty_days=scenario.response.loyalty_days),
        optout=domain.OptOut(**_numbers(scenario.optout)),
        seasonality=domain.Seasonality(scenario.seasonality.by_week.value, scenario.seasonality.by_weekday),
        reputation=domain.Reputation(
            tuple(name for name in scenario.reputation.channels if name in channel_names(loaded)),
            **_numbers(scenario.reputation),
        ),
    )


def economics(loaded: LoadedScenario) -> domain.Economics:
    """Margin and discount rate."""
    return domain.Economics(**_numbers(loaded.scenario.economics))


def _numbers(table: BaseModel) -> dict[str, Any]:
    values = {key: getattr(table, key) for key in type(table).model_fields}
    return {key: value.value for key, value in values.items() if isinstance(value, Quantity)}


def channel_names(loaded: LoadedScenario) -> tuple[str, ...]:
    """Names of the enabled channels."""
    return tuple(name for name, channel in loaded.scenario.channels.items() if channel.enabled)


def segment_names(loaded: LoadedScenario) -> tuple[str, ...]:
    """Names of the segments, in the order of reports."""
    return tuple(loaded.scenario.segments.map)


def policy(loaded: LoadedScenario) -> ContactPolicy:
    """The rules of contact; one on disabled channels only falls away."""
    return contact_policy(loaded.scenario.policy, channel_names(loaded))


def program(loaded: LoadedScenario) -> Program:
    """Offers, campaigns and cascades that plans may use."""
    return program_of(loaded.scenario, channel_names(loaded))


def capacities(loaded: LoadedScenario) -> tuple[Capacity, ...]:
    """Shared resources of the enabled channels."""
    return capacities_of(loaded.scenario, channel_names(loaded))


def timing(loaded: LoadedScenario) -> npt.NDArray[np.float64] | None:
    """(S, C) factors on what a contact adds; None = none are stated."""
    return timing_of(loaded.scenario, segment_names(loaded), channel_names(loaded))


def current_plan(loaded: LoadedScenario) -> Frequencies:
    """Contacts a week under the current policy, with its campaigns and offers."""
    return current_of(loaded.scenario.policy.current, segment_names(loaded), channel_names(loaded), program(loaded))


def levels(loaded: LoadedScenario) -> dict[str, tuple[float, ...]]:
    """Channel -> contacts a week that a plan may choose."""
    given = loaded.scenario.optimize.levels_per_week
    return {name: given[name] for name in channel_names(loaded)}


def limits(loaded: LoadedScenario) -> tuple[Limit, ...]:
    """The limits of the search; one on a disabled channel falls away."""
    given = [within_period(limit.model_dump(), periods(loaded)) for limit in loaded.scenario.optimize.limits]
    return limits_of(given, channel_names(loaded))


def periods(loaded: LoadedScenario) -> tuple[Period, ...]:
    """Periods of the horizon that get plans of their own; () = one plan."""
    scenario = loaded.scenario
    return periods_of([period.model_dump() for period in scenario.optimize.periods], scenario.horizon.weeks)


def space(loaded: LoadedScenario, world: World) -> Space:
    """What the search may choose, beside the campaigns and offers of the current plan."""
    menu = Space.of(world.rfm.segments, world.channel_names, levels(loaded))
    return menu.beside(world.current).by_period(periods(loaded))


def tariffs(loaded: LoadedScenario) -> tuple[Tariff, ...]:
    """Price lists of the enabled channels."""
    given, known = loaded.scenario.optimize.tariffs, channels(loaded)
    return tuple(
        tariff_of(channel.name, given[channel.name].model_dump(), channel.unit_cost)
        for channel in known
        if channel.name in given
    )


def order_model(loaded: LoadedScenario) -> OrderModel | None:
    """Stated parameters of the order process: of a synthetic base, or instead of a fit; None = to be fitted."""
    base = loaded.scenario.base
    given = base.synthetic_model or base.fitted_model
    if given is None:
        return None
    r, yearly = given.r.value, given.mean_orders_per_year
    if given.alpha is not None:
        alpha = given.alpha.value
    elif yearly is not None:
        alpha = r / given.k * DAYS_PER_YEAR / DAYS_PER_WEEK / yearly.value
    else:
        raise ValueError("alpha or mean_orders_per_year")  # the loader has refused it before
    rest = {key: getattr(given, key).value for key in ("a", "b", "p", "q", "gamma")}
    return OrderModel(given.model, r, alpha, **rest, k=given.k)


def start_date(loaded: LoadedScenario) -> dt.date | None:
    """Calendar day of day 0; None where nothing ties the scenario to a calendar."""
    base, horizon = loaded.scenario.base, loaded.scenario.horizon
    if horizon.start is not None or base.as_of is None:
        return horizon.start
    return base.as_of + dt.timedelta(days=1)


def rfm_scheme(
    loaded: LoadedScenario,
    recency_days: npt.NDArray[np.int64] | None = None,
    frequency: npt.NDArray[np.int64] | None = None,
    monetary: npt.NDArray[np.float64] | None = None,
) -> RfmScheme:
    """Segments of the scenario. Quantile borders need R, F and M (N,) of the base at the start."""
    table = loaded.scenario.segments
    if table.borders == "fixed":
        r, f, m = table.recency_borders_days, table.frequency_borders, table.monetary_borders
        if r is None or f is None or m is None:
            raise ValueError("fixed borders need the three lists")  # the loader has refused it before
    else:
        if recency_days is None or frequency is None or monetary is None:
            raise ValueError("quantile borders need recency, frequency and monetary value of the base")
        r, f, m = quantile_scheme_borders(recency_days, frequency, monetary, table.scores)
    return RfmScheme.from_map(
        recency_borders_days=r,
        frequency_borders=f,
        monetary_borders=m,
        cell_map={name: list(patterns) for name, patterns in table.map.items()},
        window_days=table.window_days,
        monetary=table.monetary,
        recompute_days=table.recompute_days,
    )


def quantile_scheme_borders(
    recency_days: npt.NDArray[np.int64],
    frequency: npt.NDArray[np.int64],
    monetary: npt.NDArray[np.float64],
    scores: int,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
    """Borders of R, F, M that split the customers with an order in the window into equal groups.

    Those without one would otherwise be most of a base and take all borders for themselves. Whole-number
    borders that ties would make equal move up to the next number, so that each one separates somebody.
    """
    active = frequency > 0
    if not active.any():
        raise InputError.of("segments.borders", "no customer has an order in the window", "quantiles", "fixed borders")
    parts = np.arange(1, scores) / scores
    recency = _ascending(np.quantile(recency_days[active], parts), least=0)
    counts = _ascending(np.quantile(frequency[active], parts), least=int(frequency[active].min()) + 1)
    most = [ORDERS_REMEMBERED - (len(counts) - 1 - k) for k in range(len(counts))]
    money = np.quantile(monetary[active], parts)
    if len(np.unique(money)) < scores - 1 or money[0] < 0:
        values = ", ".join(f"{value:g}" for value in money)
        raise InputError.of("segments.borders", "order values are too alike for quantiles", values, "fixed borders")
    return recency, tuple(min(pair) for pair in zip(counts, most, strict=True)), tuple(map(float, money))


def _ascending(cuts: npt.NDArray[np.float64], least: int) -> tuple[int, ...]:
    """Whole numbers near the cuts, each above the one before."""
    borders: list[int] = []
    for cut in cuts:
        borders.append(max(round(float(cut)), borders[-1] + 1 if borders else least))
    return tuple(borders)


def assumptions(loaded: LoadedScenario) -> list[dict[str, Any]]:
    """Every number with an origin: key, value, unit, origin, and low, high and source where known."""
    return list(_origins(loaded.scenario, "", loaded.scenario.currency))


def _origins(node: Any, key: str, currency: str, unit: str = "") -> Iterator[dict[str, Any]]:
    if isinstance(node, Quantity):
        known = node.model_dump(include={"low", "high", "source"}, exclude_none=True)
        yield {"key": key, "value": node.value, "unit": unit, "origin": node.origin, **known}
    elif isinstance(node, BaseModel):
        if isinstance(node, schema.Channel) and not node.enabled:
            return
        for name, field in type(node).model_fields.items():
            extra = field.json_schema_extra
            text = str(extra.get("unit", "")) if isinstance(extra, dict) else _inner_unit(field.annotation)
            below = f"{key}.{name}" if key else name
            yield from _origins(getattr(node, name), below, currency, text.replace("{currency}", currency))
    elif isinstance(node, dict):
        for name, item in node.items():
            yield from _origins(item, f"{key}.{name}", currency, unit)
    elif isinstance(node, tuple):
        for place, item in enumerate(node):
            if isinstance(item, BaseModel):
                yield from _origins(item, f"{key}[{place}]", currency, unit)


def _inner_unit(annotation: Any) -> str:
    """The unit of an optional quantity stands one level deeper."""
    for option in getattr(annotation, "__args__", ()):
        for extra in getattr(option, "__metadata__", ()):
            unit = getattr(extra, "json_schema_extra", None)
            if isinstance(unit, dict) and "unit" in unit:
                return str(unit["unit"])
    return ""
