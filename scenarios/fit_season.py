"""Seasons in the result of a fit, in words, and in its fragment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.outcome import Part
from sim.fit._dropout_model import DropoutModel
from sim.fit.organic import organic_numbers
from sim.fit.season import FEWEST_WEEKS, WEEKS_OF_YEAR, Season, fit_season, weeks_observed
from sim.orders import OrderLog


@dataclass(frozen=True)
class Seasons:
    """What a fit says about seasons."""

    part: Part
    """``seasonality`` of the result."""
    fragment: str = ""
    """``[seasonality]``, where the held-out year bears it out."""
    day_grid: Part | None = None
    """The order process in operational time, which goes with it."""


def seasons(
    orders: OrderLog,
    near: DropoutModel,
    until_day: int,
    *,
    own: npt.NDArray[np.float64] | None = None,
    level: float,
) -> Seasons:
    """``own``: chance of each repeat order to be the customer's own, where a message log tells; the order process is
    then left as it is, in calendar time."""
    found = fit_season(orders, near, until_day=until_day, own=own, level=level)
    if found is None:
        return Seasons({"used": False, "statement": _too_short(weeks_observed(orders, until_day))})
    part: Part = {"used": found.held_out.told, "statement": _said(found)}
    part |= {
        "gain": found.held_out.gain,
        "gain_standard_errors": found.held_out.standard_errors,
        "held_out_weeks": WEEKS_OF_YEAR,
        "forecast": found.held_out.forecast,
        "forecast_without": found.held_out.forecast_without,
        "actual": found.held_out.actual,
        "spread": found.spread,
        "dispersion": found.dispersion,
        "weeks": [
            {"week": week + 1, "factor": factor, "low": low, "high": high, "orders": orders}
            for week, (factor, low, high, orders) in enumerate(
                zip(*(column.tolist() for column in (found.factor, found.low, found.high, found.orders)), strict=True)
            )
        ],
    }
    if not found.held_out.told:
        return Seasons(part)
    return Seasons(part, _fragment(part), organic_numbers(found.daily) if own is None else None)


def untested(part: Part, in_backtest: bool) -> tuple[str, ...]:
    """A warning where seasons are found of which the backtest knows nothing."""
    if not part["used"] or in_backtest:
        return ()
    return (
        "the backtest is without the seasons that were found: they would have to be told by the orders before the "
        f"held-out ones alone, of {FEWEST_WEEKS} weeks at least (--until sets where these end), of customers who do "
        "not order evenly",
    )


def _too_short(weeks: int) -> str:
    return (
        f"cannot be told from {weeks} weeks: it takes {FEWEST_WEEKS}, each week of the year twice; with less, "
        "a season and an error of the order model look alike"
    )


def _said(found: Season) -> str:
    best, worst = (int(pick(found.factor)) for pick in (np.argmax, np.argmin))
    if not found.held_out.told:
        return (
            f"none that would tell the last {WEEKS_OF_YEAR} weeks: factors from the years before make their "
            f"orders {_likelier(found.held_out.gain)} than none, "
            f"{found.held_out.standard_errors:.1f} standard errors above chance"
        )
    return (
        f"week {best + 1} has {found.factor[best]:.2f} times the mean rate, week {worst + 1} "
        f"{found.factor[worst]:.2f} times; factors from the years before make the orders of the last "
        f"{WEEKS_OF_YEAR} weeks {_likelier(found.held_out.gain)} than none. Their forecast of these weeks is "
        f"{found.held_out.forecast:,.0f} orders, without them {found.held_out.forecast_without:,.0f}; "
        f"{found.held_out.actual:,.0f} came"
    )


def _likelier(gain: float) -> str:
    """A log-likelihood ratio in words."""
    less = "likelier" if gain >= 0 else "less likely"
    return f"{less} by a factor of e^{abs(gain):.1f}" if abs(gain) >= 1 else f"{math.exp(abs(gain)):.2f} times {less}"


def _fragment(part: Part) -> str:
    rows: list[dict[str, Any]] = part["weeks"]
    lists = {key: ", ".join(f"{row[key]:.4f}" for row in rows) for key in ("factor", "low", "high")}
    named = {"value": lists["factor"], "low": lists["low"], "high": lists["high"]}
    value, low, high = (f"{key} = [{text}]" for key, text in named.items())
    head = "# Factors on the customers' own orders by ISO week of the year, week 1 first. Which week day 0 is in,"
    head += "\n# base.as_of or horizon.start says; without either it is week 1."
    return f'\n{head}\n[seasonality]\nby_week = {{ {value}, origin = "fitted", {low}, {high} }}\n'
