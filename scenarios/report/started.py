"""Where customers start, in a sentence of the page: from which past messages."""

from __future__ import annotations

from typing import Any

from scenarios.report.format import count


def start_sentence(result: dict[str, Any]) -> str:
    """Empty where no file of messages tells."""
    told = result.get("past_messages")
    if told is None:
        return ""
    messages = ", ".join(f"{count(number)} {name}" for name, number in told["by_channel"].items() if number)
    days = f", {told['first_day']} to {told['last_day']}" if "first_day" in told else ""
    left = sum(told["unsubscribed"].values())
    gone = f" {count(left)} of their channels were left by unsubscribing, and stay closed." if left else ""
    return (
        f"From {count(told['messages'])} past messages in {told['file']} to {count(told['customers'])} customers"
        f"{f' ({messages}{days})' if messages else ''}; before the first of them, from the current policy. Caps, "
        f"pauses, fatigue and pacing begin where these leave each customer, in every world that is compared.{gone}"
    )
