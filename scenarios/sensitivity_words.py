"""What the unknowns mean for the choice, in words."""

from __future__ import annotations

from scenarios.outcome import Part
from scenarios.report.format import money, percent

SMALL = 0.01
"""Knowing everything is called worthless below this share of what the best choice is worth."""


def sensitivity_verdict(result: Part) -> tuple[str, list[str]]:
    """The choice, which unknown to resolve first and what that is worth; then how far it goes."""
    currency, best, rival = result["scenario"]["currency"], result["best"], result["rival"]
    chosen = next(row for row in result["choices"] if row["name"] == best)
    start = f"“{best}” is worth most on average and in {percent(chosen['best_in'])} of the worlds"
    worth_it = [row for row in result["unknowns"] if row["knowing"]["mean"] > 0]
    all_known = result["knowing_all"]
    if all_known <= SMALL * abs(chosen["mean"]):
        worth = _money(all_known, currency)
        verdict = f"{start}: no unknown could change that by much. Even to know them all first is worth {worth}."
    elif not worth_it:
        verdict = (
            f"{start}. To know all unknowns first would be worth {_money(all_known, currency)}, but of no single one "
            f"these {result['independent_worlds']} worlds can show that it would change the choice."
        )
    else:
        first = max(worth_it, key=lambda row: float(row["knowing"]["mean"]))
        verdict = (
            f"{start}. What matters most for the choice is {first['label']}: to know it first is worth "
            f"{_money(first['knowing']['mean'], currency)}, and in {percent(first['changes_choice'])} of the worlds "
            f"another choice would be made. To know all unknowns is worth {_money(all_known, currency)}."
        )
    remarks = [
        "A test that costs more than knowing its result is worth does not pay. The worth is that of one decision for "
        "this horizon and base; a result that serves many decisions is worth more.",
        f"The choice that beats “{best}” most often is “{rival}”; the shares below say where the doubt about the "
        "difference between the two comes from.",
    ]
    if result["best_as_stated"] != best:
        remarks.append(
            f"With every number as stated “{result['best_as_stated']}” would be chosen: the intervals are lopsided, "
            f"and on average over them “{best}” is better."
        )
    return verdict, remarks


def _money(value: float, currency: str) -> str:
    return money(round(value), currency) if abs(value) >= 10 else money(value, currency)
