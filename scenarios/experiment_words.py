"""The verdict on an experiment, in words."""

from __future__ import annotations

from scenarios.experiment_outcomes import Metric
from scenarios.experiment_terms import Terms
from scenarios.outcome import Part
from scenarios.report.format import count, money, percent, stated
from sim.experiment import LEAST_BUYERS


def experiment_verdict(result: Part, currency: str, size: int, ask: Terms) -> tuple[str, list[str]]:
    row, geo = result["design"], result["geo"]
    cuped = row["cuped"]
    against = "no contact" if ask.versus == "no_contact" else "the current policy"
    effect = f"{_amount(row['effect'], ask.metric, currency)} per customer"
    if result["method"] == "none":
        least = (
            f"about {_rounded(row['customers_needed'])} customers"
            if "customers_needed" in row
            else "no number of customers"
        )
        verdict = (
            f"This cannot be proved at an acceptable cost: even with {percent(row['share'])} "
            f"({count(row['held_out'])} of {count(size)} customers) held out for {row['weeks']} weeks the effect over "
            f"{against}, {effect}, is found with a chance of only {percent(row['power'])}; it would take {least}."
        )
    else:
        plain = result["method"] == "plain"
        share, forgone = (row["share"], row["forgone"]) if plain else (cuped["share_needed"], cuped["forgone"])
        chance = row["power"] if plain else cuped["power"]
        start = (
            ""
            if plain
            else (
                "This can be proved at an acceptable cost only if what was to be expected of each customer beforehand "
                "is taken off (CUPED, see below). "
            )
        )
        verdict = (
            f"{start}Hold out {percent(share)} ({count(size * share)} customers) for {row['weeks']} weeks: the effect "
            f"over {against}, {effect}, is then found with a chance of {percent(chance)}. "
            f"It costs {money(forgone, currency)} of contribution that the held-out customers do not bring."
        )
    remarks = []
    if not row["interval_allowed"]:
        remarks.append(
            f"With about {count(row['buyers_held_out'])} buyers held out (fewer than {LEAST_BUYERS}) no interval is "
            "given: money per customer is so skewed that single orders would decide it."
        )
    gain = (
        "Taking off what the model expected of each customer beforehand (CUPED) leaves "
        f"{percent(cuped['variance_left'])} of the variance"
    )
    if "share_needed" in cuped:
        gain += f": {percent(cuped['share_needed'])} held out would do"
    remarks.append(f"{gain}.")
    remarks.append(
        f"Split by {geo['regions']} regions instead, half of them held out, the chance is {percent(geo['power'])} "
        f"(regional shocks of {stated(geo['region_cv'])}; without shocks {percent(geo['power_without_shocks'])})."
    )
    if "coverage" in result.get("simulated", {}):
        tried = result["simulated"]
        remarks.append(
            f"In {count(tried['experiments'])} simulated experiments of this design {percent(tried['coverage'])} of "
            f"the 95% intervals held the true effect, and {percent(tried['power'])} found it."
        )
    return verdict, remarks


def _rounded(many: float) -> str:
    """Two digits: more would claim a precision that the noise has not."""
    step = 10.0 ** max(0, len(str(int(many))) - 2)
    return count(round(many / step) * step)


def _amount(value: float, metric: Metric, currency: str) -> str:
    return f"{value:.3g} orders" if metric == "orders" else money(value, currency)
