"""What a result stands on: the assumptions of the scenario and the parameters fitted to the orders."""

from __future__ import annotations

from typing import Any

from scenarios import build
from scenarios.world import Base
from sim.fit.organic import organic_numbers

UNITS = {"alpha": "weeks", "gamma": "{currency}"}
"""Of fitted parameters; the others are numbers without a unit."""


def assumption_rows(base: Base) -> list[dict[str, Any]]:
    """{key, value, unit, origin, low?, high?, source?}: stated numbers, then what was fitted."""
    return [*build.assumptions(base.loaded), *_fitted_rows(base)]


def history_part(base: Base) -> dict[str, Any]:
    """The ``history`` of a result: how past contacts were dealt with; nothing for an invented base."""
    h = base.history
    if h is None:
        return {}
    part: dict[str, Any] = {"contacts": base.loaded.scenario.base.history_contacts, "label": h.label}
    if h.without is not None:
        part["stimulated_share"] = h.without.stimulated_share
    return {"history": part}


def past_part(base: Base) -> dict[str, Any]:
    """The ``past_messages`` of a result and what of them was passed over; nothing where the scenario names none."""
    told = base.facts.messages
    if told is None:
        return {}
    if base.loaded.scenario.base.start == "rested":
        return {"warnings": ['of base.messages only consent is used: base.start is "rested", nobody was contacted']}
    return {"past_messages": told.part, **({"warnings": list(told.warnings)} if told.warnings else {})}


def _fitted_rows(base: Base) -> list[dict[str, Any]]:
    """Under the keys by which a scenario could state them instead."""
    if base.history is None or base.history.fit is None:
        return []
    h, currency = base.history, base.loaded.scenario.currency
    found = base.history.fit.to_dict()
    organic = found["day_grid"] if h.without is None else organic_numbers(h.without.organic)
    source = f"{organic['model']} and Gamma-Gamma, orders until {found['fitted_until']}, {h.label}"
    return [
        {
            "key": f"base.fitted_model.{name}",
            "value": float(part[name]),
            "unit": UNITS.get(name, "").replace("{currency}", currency),
            "origin": "fitted",
            **{end: float(part[end][name]) for end in ("low", "high") if name in part["low"] and name in part["high"]},
            "source": source,
        }
        for part, names in (
            (organic, ("k", "r", "alpha", "a", "b")),
            (found["spend"], ("p", "q", "gamma")),
        )
        for name in names
        if name in part
    ]
