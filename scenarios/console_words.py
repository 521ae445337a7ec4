"""What the tables of a terminal have in common: the head of a result, its currency, numbers with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from scenarios.report.format import count, number

Result = Mapping[str, Any]


def head_lines(result: Result) -> str:
    scenario = result.get("scenario", {})
    name = escape(str(scenario.get("name", "scenario")))
    facts = [f"{count(scenario['base_customers'])} customers"] if "base_customers" in scenario else []
    if "simulated_customers" in scenario:
        facts.append(f"{count(scenario['simulated_customers'])} simulated")
    if "weeks" in scenario:
        facts.append(f"{scenario['weeks']} weeks + {scenario.get('tail_weeks', 0)} weeks of tail")
    plan = f"; plan: {escape(str(result['plan_name']))}" if "plan_name" in result else ""
    past = f"\norganic orders: {escape(str(result['history']['label']))}" if "history" in result else ""
    return f"{name}\n{', '.join(facts)}{plan}{past}{past_line(result)}".rstrip("\n")


def past_line(result: Result) -> str:
    """A line about the messages that customers start from, where a file tells them."""
    told = result.get("past_messages")
    if told is None:
        return ""
    days = f", {told['first_day']} to {told['last_day']}" if "first_day" in told else ""
    left = sum(told["unsubscribed"].values())
    gone = f"; {count(left)} unsubscribed" if left else ""
    return f"\npast contacts: {count(told['messages'])} messages to {count(told['customers'])} customers{days}{gone}"


def currency_of(result: Result) -> str:
    return str(result.get("scenario", {}).get("currency", ""))


def interval_text(estimate: Mapping[str, float]) -> str:
    """``11,900 to 12,700``; empty when there is no interval."""
    if "ci_low" not in estimate or "ci_high" not in estimate:
        return ""
    return f"{number(estimate['ci_low'])} to {number(estimate['ci_high'])}"


def mean_and_interval(estimate: Mapping[str, float]) -> tuple[str, str]:
    """Mean and interval; the unit stands in the row or the column."""
    return number(estimate["mean"]), interval_text(estimate)
