"""Mistakes of the user's: said once, completely, without a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, what is wrong, what was given and what is allowed."""

    where: str
    """File, line, key or column, as exact as it is known."""
    what: str
    """What is wrong, one sentence without a full stop."""
    given: str | None = None
    allowed: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.given is not None:
            text += f" (given: {self.given})"
        if self.allowed is not None:
            text += f"; allowed: {self.allowed}"
        return text


class InputError(ValueError):
    """One or more problems in what the user gave; the command line prints them and exits with 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, where: str, what: str, given: object = None, allowed: str | None = None) -> InputError:
        """An error of one problem."""
        return cls([Problem(where, what, None if given is None else str(given), allowed)])
