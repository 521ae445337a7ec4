"""What a reader found odd in somebody's data, how often, what it did about it, and what else one may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError, Problem


@dataclass(frozen=True)
class Question:
    """A kind of oddity, the choices one has, and the one that is taken unless told otherwise."""

    name: str
    what: str
    """"messages to customers without an order": read after a count."""
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Finding:
    """An oddity that occurred."""

    question: Question
    count: int
    decision: str
    """What was done: one of the question's choices."""
    first: str = ""
    """Where it occurs first."""
    detail: str = ""

    def __str__(self) -> str:
        first = f", first in {self.first}" if self.first else ""
        detail = f" ({self.detail})" if self.detail else ""
        others = " or ".join(choice for choice in self.question.choices if choice != self.decision)
        return f"{self.count:,} {self.question.what}{detail}{first}: {self.decision} (else: {others})"

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        told = {"first": self.first} if self.first else {}
        told |= {"detail": self.detail} if self.detail else {}
        return {
            "name": self.question.name,
            "what": self.question.what,
            "count": self.count,
            "decision": self.decision,
            "choices": list(self.question.choices),
        } | told


class Findings:
    """Counts oddities while reading; refuses in the end what is to be refused, all at once."""

    def __init__(self, where: str, questions: tuple[Question, ...], decisions: Mapping[str, str]) -> None:
        self.where = where
        self.questions = {question.name: question for question in questions}
        self.decisions = {name: question.default for name, question in self.questions.items()}
        self._take(decisions)
        self._count: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._detail: dict[str, str] = {}

    def _take(self, decisions: Mapping[str, str]) -> None:
        problems = []
        for name, choice in decisions.items():
            if name not in self.questions:
                problems.append(Problem("decide", "unknown question", name, ", ".join(self.questions)))
            elif choice not in self.questions[name].choices:
                allowed = ", ".join(self.questions[name].choices)
                problems.append(Problem(f"decide {name}", "unknown choice", choice, allowed))
            else:
                self.decisions[name] = choice
        if problems:
            raise InputError(problems)

    def __getitem__(self, name: str) -> str:
        """The decision on a question."""
        return self.decisions[name]

    def add(self, name: str, count: int, first: str = "", detail: str = "") -> None:
        """Some more occurrences."""
        if count:
            self._count[name] = self._count.get(name, 0) + count
            self._first.setdefault(name, first)
            if detail:
                self._detail[name] = detail

    def done(self) -> tuple[Finding, ...]:
        """All that was found; InputError if anything of it is to be refused."""
        found = tuple(
            Finding(question, self._count[name], self.decisions[name], self._first[name], self._detail.get(name, ""))
            for name, question in self.questions.items()
            if name in self._count
        )
        refused = [finding for finding in found if finding.decision == "refuse"]
        if refused:
            raise InputError(self._problem(finding) for finding in refused)
        return found

    def _problem(self, f: Finding) -> Problem:
        others = " or ".join(f"{f.question.name}={choice}" for choice in f.question.choices if choice != "refuse")
        detail = f" ({f.detail})" if f.detail else ""
        allowed = f"correct them, or decide {others}" if others else "correct them"
        return Problem(self.where, f"{f.count:,} {f.question.what}{detail}", f.first or None, allowed)
