"""The answer of ``require`` in words."""

from __future__ import annotations

from scenarios.outcome import Part
from scenarios.report.format import count, headline, money, number, percent
from scenarios.requiring_delivery import needs_in_words


def require_verdict(result: Part) -> str:
    """What the goal needs, whether the plan holds on further draws, and what delivering it takes."""
    currency, weeks, goal = result["scenario"]["currency"], result["scenario"]["weeks"], result["goal"]
    volumes = _volumes(result["contacts_per_week"])
    mean, low, high = headline(result["more_than_asked"])
    unit = f" {goal['unit']}" if goal["measure"] == "orders" else f" {currency}"
    short = " less than asked for, which is within the error" if high >= 0 else " less than asked for"
    gap = f"{number(abs(mean))}{unit}{' more than asked for' if mean >= 0 else short}"
    asked = number(result["reached"]["mean"] - result["more_than_asked"]["mean"])
    there = "" if asked == number(goal["target"]) else f" (on those draws the goal is {asked})"
    told = needs_in_words(result.get("delivery", {}))
    delivered = f" To deliver it in time takes {told}." if told else ""
    return (
        f"{goal['measure'].capitalize()} of {number(goal['target'])}{unit} over no contact needs "
        f"{money(result['budget'], currency)} in {weeks} weeks for {volumes}. On draws no search has seen the plan "
        f"brings {number(result['reached']['mean'])}, {gap}{there}, 95% interval {number(low)} to {number(high)}, and "
        f"loses {percent(result['list_lost_share']['mean'])} of the list.{delivered}"
    )


def _volumes(per_week: dict[str, float]) -> str:
    """``4,418 contacts a week by email, 30 by sms``."""
    some = [(name, count(many)) for name, many in per_week.items() if count(many) != "0"]
    parts = [
        f"{many} contacts a week by {name}" if k == 0 else f"{many} by {name}" for k, (name, many) in enumerate(some)
    ]
    return ", ".join(parts) or "no contacts"
