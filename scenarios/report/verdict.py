"""The sentences of the page, made from the numbers and nothing else."""

from __future__ import annotations

from typing import Any

from scenarios.report.format import count, headline, money, number
from scenarios.report.limits import limit_is_broken

COMPARED_WITH = {"versus_current": "the current policy", "versus_none": "no contact"}


def comparison(result: dict[str, Any]) -> str | None:
    """The comparison the headline uses: the current policy, or no contact if nothing else is known."""
    for versus in COMPARED_WITH:
        if versus in result.get("value", {}) or versus in result.get("incremental", {}):
            return versus
    return None


def subject(result: dict[str, Any]) -> str:
    """What the page is about: this plan, or the current policy itself."""
    return "the current policy" if result.get("plan_name") == "current" else "this plan"


def plan_verdict(result: dict[str, Any]) -> str:
    """One sentence: what the plan brings, over which time, how sure that is."""
    versus = comparison(result)
    weeks = result["scenario"]["weeks"]
    who = subject(result).capitalize()
    if versus is None:
        return f"{who} over {weeks} weeks. The result holds no comparison with another policy."
    total = result.get("incremental", {}).get(versus, {}).get("total", {})
    value = result.get("value", {}).get(versus) or total.get("contribution")
    if value is None:
        return f"{who} over {weeks} weeks, beside {COMPARED_WITH[versus]}."
    what = "value" if versus in result.get("value", {}) else "contribution"
    currency = result["scenario"]["currency"]
    mean, low, high = headline(value)
    span = f"95% interval {money(low, currency)} to {number(high)}"
    if low <= 0 <= high and low < high:
        claim = f"makes no difference to {what} that the simulation can tell from zero"
        return f"{who} {claim}, beside {COMPARED_WITH[versus]}: {money(mean, currency)} ({span})."
    more = f"{money(abs(mean), currency)} {'more' if mean >= 0 else 'less'} {what}"
    sentence = f"{who} brings {more} than {COMPARED_WITH[versus]} over {weeks} weeks ({span})"
    return sentence + with_tail(result, versus, total) + "."


def with_tail(result: dict[str, Any], versus: str, total: dict[str, Any]) -> str:
    """How much of the value is cash of the horizon and how much is left for later."""
    tail = result.get("tail_value", {}).get(versus, {}).get("total", {}).get("contribution")
    if tail is None or "contribution" not in total or versus not in result.get("value", {}):
        return ""
    currency = result["scenario"]["currency"]
    later = headline(tail)[0]
    if later < 0:
        return f", after taking off {money(-later, currency)} that it costs after the horizon"
    return f", counting {money(later, currency)} of value after the horizon"


def limits_sentence(result: dict[str, Any]) -> str:
    """Which limits the plan keeps, and which of them hold it back."""
    limits = result.get("limits", [])
    if not limits:
        return ""
    broken = [str(row["name"]) for row in limits if limit_is_broken(row)]
    binding = [str(row["name"]) for row in limits if row.get("binding")]
    kept = f"It breaks {len(broken)} of {len(limits)} limits ({', '.join(broken)})" if broken else keeps(limits)
    if not binding:
        return f"{kept}; none of them holds it back."
    return f"{kept}; held back by: {', '.join(binding)}."


def keeps(limits: list[dict[str, Any]]) -> str:
    few = {1: "It keeps its one limit", 2: "It keeps both limits"}
    return few.get(len(limits), f"It keeps all {len(limits)} limits")


def delivery_sentence(result: dict[str, Any]) -> str:
    """Promised by the search against delivered on fresh draws."""
    promised, delivered = result.get("promised", {}).get("value"), result.get("delivered", {}).get("value")
    if promised is None or delivered is None:
        return ""
    currency = result["scenario"]["currency"]
    text = (
        f"The search promised {money(headline(promised)[0], currency)} over no contact; "
        f"on fresh random draws the plan delivered {money(headline(delivered)[0], currency)}"
    )
    gap = result.get("promised_minus_delivered")
    if gap is None:
        return text + "."
    mean, low, high = headline(gap)
    told = "within the error of the simulation" if low <= 0 <= high else "more than the simulation's own error"
    span = f"95% interval {money(low, currency)} to {number(high)}"
    return f"{text}. The difference is {money(mean, currency)} ({span}), {told}."


def fit_verdict(result: dict[str, Any]) -> str:
    """One sentence: did the fitted model forecast orders it had not seen?"""
    backtest = result.get("backtest", {})
    model = model_name(result.get("organic", {}).get("model", "customer model"))
    if not {"forecast", "actual"} <= backtest.keys():
        return f"The {model} model was fitted; there was no later period to test it on."
    over = f" over {count(backtest['weeks'])} weeks it had not seen" if "weeks" in backtest else ""
    seasons = " with the seasons before" if backtest.get("seasons") else ""
    text = (
        f"The {model} model{seasons} forecasts {count(backtest['forecast'])} orders{over}; "
        f"{count(backtest['actual'])} were placed"
    )
    if "error_pct" not in backtest:
        return text + "."
    few = backtest["forecast"] < backtest["actual"]
    return f"{text}: {number(abs(backtest['error_pct']))}% too {'few' if few else 'many'} forecast."


def model_name(key: str) -> str:
    """``mbg_nbd`` and ``mbg-nbd`` are both written MBG/NBD; other names stay as they are."""
    plain = key.replace("_", "-").lower()
    return plain.upper().replace("-", "/") if plain.endswith("nbd") else key
