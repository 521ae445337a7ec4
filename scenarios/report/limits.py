"""Limits in words: broken or kept, and what they cost."""

from __future__ import annotations

from typing import Any

from scenarios.report.format import number

Row = dict[str, Any]


def limit_is_broken(row: Row) -> bool:
    """Whether a limit that is enforced is exceeded."""
    limit, used = row.get("limit"), row.get("used")
    if limit is None or used is None or row.get("enforce", "hard") != "hard":
        return False
    return bool(used < limit if row.get("at_least") else used > limit)


def price_texts(row: Row, currency: str) -> tuple[str, str]:
    """What one unit more brings, and what one unit less costs: money, and reachable customers gained or lost."""
    texts = []
    for side in ("shadow", "sell"):
        money, reach = row.get(f"{side}_price_money"), row.get(f"{side}_price_reach")
        parts = [] if money is None else [f"{number(money)} {currency}".rstrip()]
        if reach:
            parts.append(f"{'+' if reach > 0 else ''}{number(reach)} reachable")
        texts.append(", ".join(parts))
    return texts[0], texts[1]
