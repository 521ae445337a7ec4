"""How keys and values are written in messages, and which known word an unknown one is nearest to."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable
from typing import Any

from scenarios.locate import Path

UNITS = ("days", "weeks", "months", "years", "hours", "day", "week", "month", "year", "hour", "share", "percent")
"""Suffixes of keys that are units."""


def dotted(path: Path) -> str:
    """``channels.sms.unit_cost``; names that are not bare keys are quoted, list positions stand in brackets."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
            continue
        bare = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else '"' + key.replace('"', '\\"') + '"'
        text += f".{bare}" if text else bare
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word this one was probably meant to be."""
    choices = list(known)
    stem = without_unit(word)
    same_stem = [choice for choice in choices if stem != word and without_unit(choice) == stem]
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return same_stem[0] if same_stem else (folded[close[0]] if close else None)


def without_unit(key: str) -> str:
    """``half_life`` of ``half_life_days``."""
    head, _, tail = key.rpartition("_")
    return head.removesuffix("_per") if head and tail in UNITS else key


def shown(value: Any) -> str:
    """A value as the user would write it, shortened."""
    if isinstance(value, dict) and "value" in value and not isinstance(value["value"], dict):
        value = value["value"]
    text = _toml(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return f"{value:g}" if isinstance(value, float) else str(value)
