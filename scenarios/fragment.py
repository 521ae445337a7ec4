"""What a fit leaves for scenarios: a fragment to extend, in which every fitted value has its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Z95 = 1.959964
"""Half-width of a 95% interval in standard errors."""
LOWEST = {"q": 1.0}
"""Parameters that must stay above something else than 0."""

Tables = dict[str, list[str]]
"""Name of a table -> its lines."""


def together(*parts: Tables) -> Tables:
    """Tables that several parts of a fit fill, each table once."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: [line for part in parts for line in part.get(name, [])] for name in names}


def tables_text(tables: Tables) -> str:
    """TOML; a table without lines is left out."""
    return "".join(f"\n[{name}]\n" + "\n".join(lines) + "\n" for name, lines in tables.items() if lines)


def fitted_line(key: str, value: float, low: float | None = None, high: float | None = None) -> str:
    """``key = { value = ..., origin = "fitted", low = ..., high = ... }``."""
    ends = "" if low is None or high is None else f", low = {low:.6g}, high = {high:.6g}"
    return f'{key} = {{ value = {value:.6g}, origin = "fitted"{ends} }}'


def fit_fragment(
    organic: Mapping[str, Any],
    spend: Mapping[str, Any],
    label: str = "",
    history_contacts: str = "none",
    more: Tables | None = None,
) -> str:
    """TOML with ``[base.fitted_model]``, from the ``organic`` and ``spend`` parts of a fit's result.

    ``history_contacts``: how past contacts were dealt with in this fit; what uses it must go on likewise. ``more``:
    lines of other tables, and of [base].

    Use it after a scenario: ``extends = ["library:base.toml", "scenario_fragment.toml"]``.
    """
    head = f"# Fitted by contactpolicy fit{f', {label}' if label else ''}. low and high: 95% intervals of the fit."
    lines = [head, "[base]", f'history_contacts = "{history_contacts}"', *(more or {}).get("base", []), ""]
    lines += ["[base.fitted_model]", f'model = "{organic["model"]}"']
    lines += [f"k = {organic['k']}"] if "k" in organic else []
    lines += [_line(key, organic) for key in ("r", "alpha", "a", "b")]
    lines += [_line(key, spend) for key in ("p", "q", "gamma")]
    return (
        "\n".join(lines) + "\n" + tables_text({name: found for name, found in (more or {}).items() if name != "base"})
    )


def _line(key: str, part: Mapping[str, Any]) -> str:
    """``r = { value = ..., origin = "fitted", low = ..., high = ... }``; no interval without a standard error."""
    value, error = float(part[key]), part.get("se", {}).get(key)
    text = f'{key} = {{ value = {value!r}, origin = "fitted"'
    if "low" in part and key in part["low"] and key in part["high"]:
        text += f", low = {part['low'][key]:.6g}, high = {part['high'][key]:.6g}"
    elif error is not None and math.isfinite(error):
        least = LOWEST.get(key, 0.0)
        factor = math.exp(min(Z95 * error / (value - least), 20.0))  # on the log scale it stays in its range
        low, high = least + (value - least) / factor, least + (value - least) * factor
        text += f", low = {low:.6g}, high = {high:.6g}"
    return text + " }"
