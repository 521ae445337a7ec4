"""The verdict on a cap: what the next looser and the next tighter one would bring and cost, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scenarios.alternatives import Valued
from scenarios.outcome import Part, estimate
from scenarios.report.format import MINUS, count, headline, money, number
from scenarios.schema_rules import Window

if TYPE_CHECKING:
    from scenarios.sweeping import Sweep

MARKS = (13, 26, 52)
"""Weeks after which the list is counted: 3, 6 and 12 months."""
YEAR = f"lost_{MARKS[-1]}"


CROWDED = 0.9
"""A channel that keeps less than this share of its contacts is named."""


def cap_benchmark(sweep: Sweep, rows: Sequence[Part], valued: Sequence[Valued | None]) -> Part:
    """{cap, window, window_days?, levels, recommended, present, steps, moves, verdict}; levels ascending.

    Recommended is the tightest level that the simulation cannot tell from the best one (value of horizon and tail).
    """
    simulated = [place for place, one in enumerate(valued) if one is not None]
    order = sorted(simulated, key=lambda place: float(rows[place]["values"][0]))
    levels = [rows[place]["values"][0] for place in order]
    found = [one for place in order if (one := valued[place]) is not None]
    chosen = recommended(found)
    cap = next(cap for cap in sweep.loaded.scenario.policy.caps if cap.name == sweep.capped)
    window = _window(cap.window)
    head = (
        f"{'Keep' if levels[chosen] == cap.max_contacts else 'Set'} the cap “{cap.name}” at {levels[chosen]} {window}."
    )
    now = levels.index(cap.max_contacts) if cap.max_contacts in levels else chosen
    moves = [(now, chosen), *((chosen, other) for other in (chosen + 1, chosen - 1) if other != now)]
    told = [_step(found, levels, a, b) for a, b in moves if a != b and 0 <= b < len(found)]
    return {
        "cap": cap.name,
        "window": window,
        **({} if cap.window.rolling_days is None else {"window_days": cap.window.rolling_days}),
        "levels": levels,
        "recommended": levels[chosen],
        "present": cap.max_contacts,
        "steps": [_step(found, levels, a, a + 1) for a in range(len(found) - 1)],
        "moves": told,
        "verdict": " ".join([head, *(_said(move, sweep) for move in told[:1])]),
        "remarks": [*_crowded_out(found, levels, moves[0]), *(_said(move, sweep) for move in told[1:])],
    }


def _window(window: Window) -> str:
    if window.rolling_days is None:
        return f"in a calendar {window.calendar}"
    return f"in any {window.rolling_days} days" if window.rolling_days > 1 else "a day"


def recommended(found: Sequence[Valued]) -> int:
    """The first (tightest) level whose value is not surely below the best one's."""
    best = max(range(len(found)), key=lambda k: found[k].estimate("value").mean)
    return next(k for k in range(len(found)) if found[best].minus(found[k], "value").ci_low <= 0)


def _step(found: Sequence[Valued], levels: Sequence[Any], a: int, b: int) -> Part:
    """From level a to level b: money of the horizon, value, list after a year."""
    gain = found[b].minus(found[a], "contribution")
    before = found[a].estimate("contribution").mean
    lost = found[b].minus(found[a], YEAR).times(1 / found[a].subscriptions if found[a].subscriptions else 0.0)
    return {
        "from": levels[a],
        "to": levels[b],
        "contribution": estimate(gain),
        **({"contribution_share": estimate(gain.times(1 / before))} if before > 0 else {}),
        "value": estimate(found[b].minus(found[a], "value")),
        "list_lost_share": estimate(lost),
        "contacts": sum(found[b].contacts.values()) - sum(found[a].contacts.values()),
    }


def _crowded_out(found: Sequence[Valued], levels: Sequence[Any], move: tuple[int, int]) -> list[str]:
    """Channels that lose contacts to the looser cap under rules over all channels; nothing where none does."""
    tight, loose = sorted(move)
    before, after = found[tight].contacts, found[loose].contacts
    lost = [name for name, many in before.items() if after.get(name, 0) < CROWDED * many]
    if not lost or sum(after.values()) <= sum(before.values()):
        return []
    told = ", ".join(f"{name} {count(before[name])} → {count(after.get(name, 0))} contacts" for name in lost)
    return [
        f"With {levels[loose]} instead of {levels[tight]} there is less room for others under the rules over all "
        f"channels ({told}): part of the difference is theirs, in money and in cost."
    ]


def _said(move: Part, sweep: Sweep) -> str:
    """``From 3 to 5 you gain USD 120 (+1.2%) in these 26 weeks but lose 4.0% of the list in a year; ...``."""
    start = f"From {move['from']} to {move['to']}"
    if not move["contacts"]:
        return f"{start} nothing changes: other rules, or the plan itself, hold contacts back before it."
    currency, weeks = sweep.loaded.scenario.currency, sweep.loaded.scenario.horizon.weeks
    gain, lost = move["contribution"]["mean"], move["list_lost_share"]["mean"]
    share = f" ({_percent(move['contribution_share']['mean'])})" if "contribution_share" in move else ""
    cash = f"you {'gain' if gain >= 0 else 'lose'} {money(abs(gain), currency)}{share} in these {weeks} weeks"
    kept = (
        f"{'lose' if lost >= 0 else 'keep'} {abs(100 * lost):.1f}%{'' if lost >= 0 else ' more'} of the list in a year"
    )
    link = "and" if (gain >= 0) == (lost < 0) else "but"
    mean, low, high = headline(move["value"])
    worth = f"{money(mean, currency)} (95% interval {money(low, currency)} to {number(high)})"
    return f"{start} {cash} {link} {kept}; with what is left afterwards the change is worth {worth}."


def _percent(share: float) -> str:
    return f"{'+' if share >= 0 else MINUS}{abs(100 * share):.1f}%"
