"""Choices in error texts, named the way the user gives them: an argument, an option or a key of a scenario.

Readers speak of ``refunds='net'``, the argument of a Python function. On the command line the same choice is
``--refunds net``, in a scenario file ``base.refunds = "net"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sim.errors import InputError

_CHOICE = re.compile(r"\b(duplicates|refunds|decimal|before_registration)='([\w,]+)'")
_MESSAGE_MAPPING = re.compile(r"\bname it with (\w+)=")
_DECISION = re.compile(r"\bdecide (\w+=\w+)")
_MAPPING = re.compile(r"\bmap (it|one) with (\w+)=")


@contextmanager
def as_options() -> Iterator[None]:
    """Errors raised inside name choices as options of the command line."""
    with _said(_option):
        yield


def _option(text: str) -> str:
    said = _CHOICE.sub(lambda found: f"--{found[1].replace('_', '-')} {found[2]}", text)
    text = _MAPPING.sub(r"map \1 with --columns \2=", said)
    text = _MESSAGE_MAPPING.sub(r"name it with --message-columns \1=", text)
    return _DECISION.sub(r"--decide \1", text)


@contextmanager
def as_keys() -> Iterator[None]:
    """Errors raised inside name choices as keys of a scenario."""
    with _said(lambda text: _MAPPING.sub(r"map \1 with base.columns.\2=", _CHOICE.sub(r'base.\1 = "\2"', text))):
        yield


@contextmanager
def _said(reword: Callable[[str], str]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(
            replace(problem, what=reword(problem.what), allowed=problem.allowed and reword(problem.allowed))
            for problem in error.problems
        ) from error
