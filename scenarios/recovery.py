"""How fast customers recover from contacts: what the log of ``effects`` tells, and what would."""

from __future__ import annotations

from collections.abc import Callable

from scenarios import build
from scenarios.outcome import Part
from scenarios.shipped import shipped_assumptions
from sim.fit._profile import CHI2_95
from sim.fit.half_life import HALF_LIVES, HalfLife, Interval, half_life, interval_of
from sim.messages import MessageLog
from sim.orders import OrderLog

SETTLED_BY = (
    "a stop and start: draw customers at random who get their messages in blocks (four weeks with, four weeks without, "
    "three times over), beside others with a steady frequency and a holdout, and log arms and departures"
)


def recovery_part(
    orders: OrderLog, sent: MessageLog, control: str | None, progress: Callable[[float], None] | None = None
) -> Part:
    """The ``recovery`` of a result, under the shipped fatigue weights of channels and half-life of the stimulus."""
    shipped = shipped_assumptions()
    weights = {channel.name: channel.fatigue_weight for channel in build.channels(shipped)}
    behaviour = build.behaviour(shipped)
    stimulus = behaviour.response.half_life_days
    found = half_life(
        orders, sent, weights=weights, stimulus_half_life_days=stimulus, control=control, progress=progress
    )
    part: Part = {
        "half_life_days": found.interval.to_dict(),
        "from_orders": interval_of(found.from_orders).to_dict(),
        "fits": _fits(found),
        "misfit": {"chi_square": found.misfit, "degrees_of_freedom": found.freedom},
        "weeks": found.weeks,
        "customers": found.customers,
        "assumed": {
            "fatigue_weight": {name: weights.get(name, 0.0) for name in sent.channels},
            "stimulus_half_life_days": stimulus,
            "half_life_days_if_undetermined": behaviour.fatigue.half_life_days,
        },
        "said": said(found.interval),
    }
    if found.from_optouts is not None:
        part["from_departures"] = interval_of(found.from_optouts).to_dict()
    return part


def _fits(found: HalfLife) -> list[Part]:
    """Each half-life tried, how far it is from the best, and the damping and effects that go with it."""
    profile = found.profile
    return [
        {
            "half_life_days": float(days),
            "distance": float(profile[h]),
            "fits": bool(profile[h] <= CHI2_95),
            "damping": float(found.damping[h]),
            "orders_per_contact": dict(zip(found.channels, map(float, found.effect[h]), strict=True)),
        }
        for h, days in enumerate(HALF_LIVES)
    ]


def said(interval: Interval) -> str:
    """The interval in words, and where it is open or wide, what would close it."""
    if interval.determined:
        return (
            f"Half-life of fatigue: {interval.value:.3g} days, 95% interval {_ends(interval)}. This log determines it."
        )
    where = [side for side, is_open in (("below", interval.open_low), ("above", interval.open_high)) if is_open]
    why = f"open {' and '.join(where)}" if where else "wide enough for fast and slow recovery both"
    return (
        f"Half-life of fatigue: not determined by this log; {_ends(interval)} fits equally well ({why}). "
        f"What would determine it: {SETTLED_BY}."
    )


def _ends(interval: Interval) -> str:
    low = f"{interval.low:.2g} days" + (" or less" if interval.open_low else "")
    high = f"{interval.high:.2g} days" + (" or more" if interval.open_high else "")
    return f"{low} to {high}"


def recovery_fragment(part: Part) -> str:
    """TOML of [fatigue]: fitted where the log determines it; else the shipped value, and all that fits as interval."""
    interval = part["half_life_days"]
    fine = [row for row in part["fits"] if row["fits"]]
    dampings = [row["damping"] for row in fine]
    if not interval["determined"]:
        value = part["assumed"]["half_life_days_if_undetermined"]
        low, high = min(interval["low"], value), max(interval["high"], value)
        return (
            "\n# This log does not determine how fast customers recover: all from low to high fits equally well.\n"
            f'[fatigue]\nhalf_life_days = {{ value = {value:g}, origin = "assumption", '
            f"low = {low:.4g}, high = {high:.4g} }}\n"
        )
    best = min(part["fits"], key=lambda row: abs(row["half_life_days"] / interval["value"] - 1))
    return (
        "\n# Half-life and damping belong together: each end of one goes with the other end of the other.\n"
        f'[fatigue]\nhalf_life_days = {{ value = {interval["value"]:.4g}, origin = "fitted", '
        f"low = {interval['low']:.4g}, high = {interval['high']:.4g} }}\n"
        f'damping = {{ value = {best["damping"]:.4g}, origin = "fitted", '
        f"low = {min([*dampings, best['damping']]):.4g}, high = {max([*dampings, best['damping']]):.4g} }}\n"
    )
