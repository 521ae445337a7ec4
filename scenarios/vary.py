"""The same scenario with other values: what ``--variant`` and ``--vary`` say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scenarios.load import LoadedScenario, load_scenario, require_orders_file
from scenarios.overrides import override_path
from scenarios.world import FrameScenario
from sim.errors import InputError


def varied(loaded: LoadedScenario, changes: Sequence[str], option: str = "--variant") -> LoadedScenario:
    """``loaded`` with "key=value" texts on top; ``option``: what errors call the place they come from."""
    try:
        given = {override_path(text) for text in changes}
        kept = [text for text in loaded.overrides if override_path(text) not in given]
        again = load_scenario(loaded.path, [*kept, *changes], presets=loaded.presets)
    except InputError as error:
        raise _called(error, option) from None
    if isinstance(loaded, FrameScenario):
        return FrameScenario.of(again, loaded.frame)
    require_orders_file(again)
    return again


def _called(error: InputError, option: str) -> InputError:
    """The same problems, with the option that the user gave instead of ``--set``."""
    problems = error.problems
    return InputError(
        replace(one, where=option + one.where.removeprefix("--set")) if one.where.startswith("--set") else one
        for one in problems
    )


def parse_variant(text: str) -> tuple[str, tuple[str, ...]]:
    """``name: key=value; key=value`` -> name and overrides; without a name the text itself is the name."""
    allowed = 'NAME: key=value; key=value, like "dearer SMS: channels.sms.unit_cost=0.08"'
    colon = next((at for at, ch in _unquoted(text) if ch in ":="), None)
    named = colon is not None and text[colon] == ":"
    name, rest = (text[:colon].strip(), text[(colon or 0) + 1 :]) if named else (text.strip(), text)
    changes = tuple(part for part in split_unquoted(rest, ";") if part)
    if not name or not changes or not all(any(ch == "=" for _, ch in _unquoted(part)) for part in changes):
        raise InputError.of("--variant", "is not a name and changes", text, allowed)
    return name, changes


def split_unquoted(text: str, separator: str) -> list[str]:
    """Parts between separators that stand outside quotes and brackets."""
    cuts, depth = [-1], 0
    for at, ch in _unquoted(text):
        depth += (ch in "[{") - (ch in "]}")
        if ch == separator and depth == 0:
            cuts.append(at)
    return [text[a + 1 : b].strip() for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _unquoted(text: str) -> Iterator[tuple[int, str]]:
    """Characters outside quotes, with their places."""
    quote = ""
    for at, ch in enumerate(text):
        if ch in "\"'" and quote in ("", ch):
            quote = "" if quote else ch
        elif not quote:
            yield at, ch
