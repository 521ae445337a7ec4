"""Overrides of the command line: ``--set key=value``, the value in TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from scenarios import locate
from scenarios.merge import Layer
from sim.errors import InputError, Problem


def parse_overrides(overrides: Sequence[str]) -> list[Layer]:
    """``key=value`` texts, the value in TOML, as one layer each."""
    layers: list[Layer] = []
    problems: list[Problem] = []
    given: set[locate.Path] = set()
    for text in overrides:
        try:
            path, value = _parse_override(text)
        except InputError as error:
            problems += error.problems
            continue
        if path in given:
            where = f"--set {text.partition('=')[0].strip()}"
            problems.append(Problem(where, "is set twice", text, "each key once"))
        given.add(path)
        data: Any = value
        for key in reversed(path):
            data = {key: data}
        layers.append(Layer("--set", data))
    if problems:
        raise InputError(problems)
    return layers


def override_path(text: str) -> tuple[str, ...]:
    """The key of a ``key=value`` text, as a path."""
    return _parse_override(text)[0]


def _parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    key, equals, value = _split_override(text)
    where, allowed = f"--set {text}", "key=value, like channels.sms.unit_cost=0.08"
    if not equals or not key or not value or "\n" in text:
        raise InputError.of(where, "is not an override", text, allowed)
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        raise InputError.of(where, "is not a key", key, allowed) from None
    path: list[str] = []
    while isinstance(node, dict):
        (name,) = node
        path.append(name)
        node = node[name]
    try:
        return tuple(path), tomllib.loads(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        if re.fullmatch(r"[A-Za-z][\w:./ -]*", value):
            return tuple(path), value  # a bare word: the quotes that a shell eats
        raise InputError.of(f"--set {key}", "the value is not TOML", value, "a TOML value; text in quotes") from None


def _split_override(text: str) -> tuple[str, str, str]:
    """Key, "=", value; an equals sign inside a quoted key does not count."""
    quoted = ""
    for position, character in enumerate(text):
        if character in "\"'" and quoted in ("", character):
            quoted = "" if quoted else character
        elif character == "=" and not quoted:
            return text[:position].strip(), "=", text[position + 1 :].strip()
    return text.strip(), "", ""
