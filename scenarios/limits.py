"""From the limits and tariffs of a scenario to those of the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.limits import Limit
from optimizer.tariffs import Tariff

SHORT: Mapping[str, tuple[str, str]] = {
    "max_cost": ("cost", "most"),
    "max_contacts_per_week": ("contacts_per_week", "most"),
    "max_contacts": ("contacts", "most"),
    "min_contacts": ("contacts", "least"),
    "max_unsubscribes": ("unsubscribes", "most"),
    "max_complaints": ("complaints", "most"),
}
"""Key -> the measure it is short for, and the side of the bound."""
BOUNDS = (*SHORT, "at_most", "at_least")
_SAME = ("channel", "segments", "per", "per_segments", "per_all_channels", "every", "enforce")


def limit_of(given: Mapping[str, Any]) -> Limit:
    """A limit from the keys of its table; exactly one of ``BOUNDS`` is there."""
    key = next(key for key in BOUNDS if given.get(key) is not None)
    measure, side = SHORT.get(key, (given.get("measure"), key.removeprefix("at_")))
    same: dict[str, Any] = {name: given[name] for name in _SAME if given.get(name)}
    for name in ("segments", "per_segments"):
        if name in same:
            same[name] = tuple(same[name])
    same[side] = float(given[key])
    return Limit(
        name=given["name"],
        measure=measure,  # type: ignore[arg-type]
        weights=dict(given.get("weights") or {}),
        weeks=tuple(given["weeks"]) if given.get("weeks") else None,
        exceptions={int(week): float(bound) for week, bound in (given.get("exceptions") or {}).items()},
        price=float(given.get("price_per_unit") or 0.0),
        **same,
    )


def limits_of(given: Sequence[Mapping[str, Any]], channels: Sequence[str]) -> tuple[Limit, ...]:
    """The limits; one on a disabled channel falls away."""
    made = [limit_of(limit) for limit in given]
    return tuple(limit for limit in made if limit.channel is None or limit.channel in channels)


def tariff_of(channel: str, given: Mapping[str, Any], unit_cost: float) -> Tariff:
    """A price list from the keys of its table."""
    tiers = tuple((float(tier["from_contacts"]), float(tier["unit_cost"])) for tier in given.get("tiers") or ())
    return Tariff(
        channel,
        tiers or ((0.0, unit_cost),),
        setup_cost=float(given.get("setup_cost") or 0.0),
        minimum_fee=float(given.get("minimum_fee") or 0.0),
    )
