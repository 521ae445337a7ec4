"""Numbers and names as the reader sees them: thousand separators, sensible digits, a real minus sign."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MINUS = "\N{MINUS SIGN}"

Row = dict[str, Any]
"""One flat row, of the result or of a table on the page."""


def without_holes(value: Any) -> Any:
    """The same result without keys that hold None, NaN or infinity: what was not computed is absent.

    An estimate without its mean is no estimate, and a group of which nothing is left is absent too.
    """
    if isinstance(value, Mapping):
        cleaned = {str(key): without_holes(item) for key, item in value.items()}
        kept = {key: item for key, item in cleaned.items() if item is not None}
        lost = ("mean" in value and "mean" not in kept) or (value and not kept)
        return None if lost else kept
    if isinstance(value, (list, tuple)):
        return [item for item in map(without_holes, value) if item is not None]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def number(x: float) -> str:
    """1,234 / 123 / 12.3 / 1.23 / 0.123: three significant digits, more above a thousand."""
    size = abs(x)
    if size == 0:
        return "0"
    if size >= 99.95:
        digits = 0
    elif size >= 9.995:
        digits = 1
    elif size >= 0.9995:
        digits = 2
    else:
        digits = min(2 - math.floor(math.log10(size)), 6)
    return signed_text(x, digits)


def count(x: float) -> str:
    """Things that are counted: no decimals."""
    return signed_text(x, 0)


def signed_text(x: float, digits: int) -> str:
    """Fixed decimals, thousand separators, a real minus and never a minus zero."""
    text = f"{abs(x):,.{digits}f}"
    return MINUS + text if x < 0 and text.strip("0.,") else text


def frequency(per_week: float) -> str:
    """Contacts per week without trailing zeros: 2, 0.5, 0.125."""
    return f"{per_week:.3f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share as a percentage: 97%, 22.1%, 0.12%."""
    size = abs(share) * 100
    digits = 0 if size == 0 or size >= 99.95 else 1 if size >= 9.995 else 2
    return signed_text(100 * share, digits) + "%"


def stated(share: float) -> str:
    """A share that somebody has set, as it was said: 80%, 2.5%."""
    return f"{100 * share:.6g}%"


def money(x: float, currency: str) -> str:
    """USD 12,300; the minus stands before the currency."""
    text = number(x)
    return f"{MINUS}{currency} {text[1:]}" if text.startswith(MINUS) else f"{currency} {text}"


def more_or_less(x: float, currency: str) -> str:
    """USD 800 more, USD 800 less."""
    return f"{money(abs(x), currency)} {'less' if x < 0 else 'more'}"


def scalar(value: Any) -> str:
    """Any single value of a scenario or of the provenance."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return signed_text(value, 0) if abs(value) >= 1e4 else f"{value:.4g}".replace("-", MINUS)
    if isinstance(value, list):
        return ", ".join(map(scalar, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {scalar(item)}" for key, item in value.items())
    return str(value)


def words(key: str) -> str:
    """``orders_per_contact`` -> ``orders per contact``."""
    return key.replace("_", " ").strip()


def duration(seconds: float) -> str:
    """42 s, 3 min 5 s."""
    if seconds < 90:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{count(minutes)} min {rest} s"


def headline(estimate: Mapping[str, float]) -> tuple[float, float, float]:
    """Mean, low and high of the interval the headline uses, rounded to the digits the interval allows.

    The interval over uncertain parameters if it was computed, else the error of the simulation.
    """
    mean = estimate["mean"]
    kind = "parameter" if "parameter_low" in estimate and "parameter_high" in estimate else "ci"
    low, high = estimate.get(f"{kind}_low", mean), estimate.get(f"{kind}_high", mean)
    step = rounding_step(mean, (high - low) / 2)
    return round(mean / step) * step, round(low / step) * step, round(high / step) * step


def rounding_step(mean: float, half_width: float) -> float:
    """The power of ten of the interval's first digit (of the mean's third digit when it is known exactly)."""
    if half_width > 0:
        exponent = math.floor(math.log10(half_width))
        if mean:
            exponent = min(exponent, math.floor(math.log10(abs(mean))))
    else:
        exponent = math.floor(math.log10(abs(mean))) - 2 if mean else 0
    return float(10.0**exponent)


def estimate_text(estimate: Mapping[str, float]) -> tuple[str, str]:
    """Mean and 95% interval of a table: two digits of the interval's half-width, no digit that is only noise.

    The interval is empty when the result has none, or when the number is exact.
    """
    mean = estimate["mean"]
    low, high = estimate.get("ci_low", mean), estimate.get("ci_high", mean)
    half_width = (high - low) / 2
    if half_width <= 0:
        return number(mean), ""
    if half_width < 10:
        return number(mean), f"{number(low)} to {number(high)}"
    step = 10 ** (math.floor(math.log10(half_width)) - 1)
    short = [count(round(x / step) * step) for x in (mean, low, high)]
    return short[0], f"{short[1]} to {short[2]}"


def cost_text(part: Mapping[str, Any]) -> tuple[str, str]:
    """What contacts cost, and its 95% interval where the result has one."""
    return estimate_text(part.get("cost_estimate", {"mean": part["cost"]}))


def large(x: float) -> str:
    """41.3 billion, 2.4 million, 612."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(x) >= size:
            return f"{number(x / size)} {word}"
    return count(x)
